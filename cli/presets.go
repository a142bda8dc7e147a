package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clara/configs"
	"clara/trainer"
)

func (c *program) presetsCommand() *cobra.Command {
	list := func(cmd *cobra.Command, _ []string) error {
		return c.opened(cmd.Context(), func(s *Session) error { return c.listPresets(cmd.Context(), s.Trainer) })
	}
	cmd := &cobra.Command{
		Use:   "presets",
		Short: "System prompts and sampling under names, to be chosen per conversation",
		Long: `A preset is a system prompt with how answers are drawn, under a name. A conversation
goes by the one that was chosen for it (clara chat --preset NAME), else by the settings.
Changing a preset changes the next answer of each conversation that goes by it; the
conversations of a deleted one go by the settings.`,
		Args: c.noArgs,
		RunE: list,
	}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the presets by their names", Args: c.noArgs, RunE: list},
		&cobra.Command{
			Use:   "show [NAME]",
			Short: "Show one preset; without a name, what the settings say",
			Args:  c.args(0, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.opened(cmd.Context(), func(s *Session) error {
					p, err := c.presetNamed(cmd.Context(), s.Trainer, strings.Join(args, ""))
					if err != nil {
						return err
					}
					return c.showPreset(p)
				})
			},
		},
		c.setPresetCommand(),
		&cobra.Command{
			Use:   "delete NAME",
			Short: "Delete a preset; its conversations go by the settings",
			Args:  c.args(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.opened(cmd.Context(), func(s *Session) error { return c.deletePreset(cmd.Context(), s.Trainer, args[0]) })
			},
		})
	return cmd
}

// presetView is a preset as the commands print it; its names are those of the settings file.
type presetView struct {
	Name          string  `json:"name"` // "": the settings
	System        string  `json:"system"`
	Temperature   float64 `json:"temperature"`
	TopP          float64 `json:"top_p"`
	TopK          int     `json:"top_k"`
	MinP          float64 `json:"min_p"`
	RepeatPenalty float64 `json:"repeat_penalty"`
	MaxTokens     int     `json:"max_tokens"`
	Seed          int64   `json:"seed"` // 0: another one for each answer
	Conversations int     `json:"conversations"`
}

func presetViewOf(p trainer.Preset) presetView {
	return presetView{
		Name: p.Name, System: p.System, Temperature: p.Temperature, TopP: p.TopP, TopK: p.TopK, MinP: p.MinP,
		RepeatPenalty: p.RepeatPenalty, MaxTokens: p.MaxTokens, Seed: p.Seed, Conversations: p.Conversations,
	}
}

// presetNamed finds a preset by its name; that of the empty name are the settings.
func (c *program) presetNamed(ctx context.Context, t *trainer.Trainer, name string) (trainer.Preset, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return t.DefaultPreset(), nil
	}
	if p, found, err := findPreset(ctx, t, name); found || err != nil {
		return p, err
	}
	command := "clara presets"
	if c.atPrompt != nil {
		command = c.atPrompt("preset")
	}
	return trainer.Preset{}, &toldError{failure{
		"not_found", c.language.say("there is no preset %q", "die Vorlage %q gibt es nicht", name),
		c.language.say("`%s` lists those that there are.", "`%s` zeigt, welche es gibt.", command), exitNotFound,
	}}
}

// findPreset finds a preset by its name, in capitals or not.
func findPreset(ctx context.Context, t *trainer.Trainer, name string) (p trainer.Preset, found bool, err error) {
	all, err := t.Presets(ctx)
	for _, p := range all {
		if strings.EqualFold(p.Name, strings.TrimSpace(name)) {
			return p, true, err
		}
	}
	return trainer.Preset{}, false, err
}

func (c *program) listPresets(ctx context.Context, t *trainer.Trainer) error {
	all, err := t.Presets(ctx)
	if err != nil {
		return err
	}
	views := []presetView{}
	for _, p := range all {
		views = append(views, presetViewOf(p))
	}
	return c.show(struct {
		Presets []presetView `json:"presets"`
	}{views}, func() {
		l := c.language
		if len(all) == 0 {
			c.sayf("No presets: all conversations go by the settings. `clara presets set` makes one.",
				"Keine Vorlagen: Alle Unterhaltungen gehen nach den Einstellungen. `clara presets set` legt eine an.")
			return
		}
		rows := make([][]string, len(all))
		for i, p := range all {
			rows[i] = []string{p.Name, strconv.Itoa(p.Conversations), l.exact(p.Temperature), strconv.Itoa(p.MaxTokens), brief(p.System, 60)}
		}
		c.table([]string{l.say("name", "Name"), l.say("conversations", "Unterhaltungen"), l.say("temperature", "Temperatur"), l.say("tokens", "Token"), l.say("system prompt", "Anweisung")}, rows)
	})
}

func (c *program) showPreset(p trainer.Preset) error {
	return c.show(presetViewOf(p), func() {
		l := c.language
		name, seed, system := p.Name, strconv.FormatInt(p.Seed, 10), p.System
		if name == "" {
			name = l.say("the settings", "die Einstellungen")
		}
		if p.Seed == 0 {
			seed = l.say("another one each time", "jedes Mal ein anderer")
		}
		if system == "" {
			system = l.say("the model's own", "die des Modells")
		}
		c.table([]string{l.say("name", "Name"), name}, [][]string{
			{"temperature", l.exact(p.Temperature)},
			{"top_p", l.exact(p.TopP)},
			{"top_k", strconv.Itoa(p.TopK)},
			{"min_p", l.exact(p.MinP)},
			{"repeat_penalty", l.exact(p.RepeatPenalty)},
			{"max_tokens", strconv.Itoa(p.MaxTokens)},
			{"seed", seed},
		})
		c.sayf("System prompt:\n%s", "Anweisung:\n%s", system)
	})
}

func (c *program) deletePreset(ctx context.Context, t *trainer.Trainer, name string) error {
	if strings.TrimSpace(name) == "" {
		return c.usage("name the preset to delete", "welche Vorlage soll gelöscht werden?")
	}
	p, err := c.presetNamed(ctx, t, name)
	if err != nil {
		return err
	}
	if err := t.DeletePreset(ctx, p.ID); err != nil {
		return err
	}
	return c.show(struct {
		Deleted       string `json:"deleted"`
		Conversations int    `json:"conversations"` // that go by the settings from now on
	}{p.Name, p.Conversations}, func() {
		c.sayf("%q is deleted; %s by the settings from now on.", "%q ist gelöscht; %s ab jetzt nach den Einstellungen.", p.Name,
			c.language.count(p.Conversations, "conversation goes", "conversations go", "Unterhaltung geht", "Unterhaltungen gehen"))
	})
}

// setPresetCommand makes a preset or changes what is named of one.
func (c *program) setPresetCommand() *cobra.Command {
	var v trainer.Preset
	var from, rename string
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Make a preset, or change what is named of one",
		Long: `Changes of the preset what is named. One that is not there is made, from the settings or,
with --from, from another preset.`,
		Args: c.args(1, 1),
	}
	f := cmd.Flags()
	f.StringVar(&v.System, "system", "", "system prompt, - from stdin; empty: the model's own")
	f.Float64Var(&v.Temperature, "temperature", 0, "0 always takes the most probable token; higher is more varied")
	f.Float64Var(&v.TopP, "top-p", 0, "only the most probable tokens whose probabilities add up to this; 0 and 1: all")
	f.IntVar(&v.TopK, "top-k", 0, "only so many of the most probable tokens; 0: all")
	f.Float64Var(&v.MinP, "min-p", 0, "only tokens with at least this share of the best one's probability; 0: all")
	f.Float64Var(&v.RepeatPenalty, "repeat-penalty", 0, "divides the logit of a token that has just been used; 1: off")
	f.IntVar(&v.MaxTokens, "max-tokens", 0, "the longest answer in `tokens`")
	f.Int64Var(&v.Seed, "seed", 0, "the same seed draws the same; 0: another one for each answer")
	f.StringVar(&from, "from", "", "begin a new preset as a copy of this `preset`")
	f.StringVar(&rename, "rename", "", "give it another `name`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var p trainer.Preset // what is kept in the end
		flags := []struct {
			flag, key string // the key of the settings with the range; "": a text
			value     float64
			set       func()
		}{
			{"temperature", "answer.temperature", v.Temperature, func() { p.Temperature = v.Temperature }},
			{"top-p", "answer.top_p", v.TopP, func() { p.TopP = v.TopP }},
			{"top-k", "answer.top_k", float64(v.TopK), func() { p.TopK = v.TopK }},
			{"min-p", "answer.min_p", v.MinP, func() { p.MinP = v.MinP }},
			{"repeat-penalty", "answer.repeat_penalty", v.RepeatPenalty, func() { p.RepeatPenalty = v.RepeatPenalty }},
			{"max-tokens", "answer.max_tokens", float64(v.MaxTokens), func() { p.MaxTokens = v.MaxTokens }},
			{"seed", "continuous.seed", float64(v.Seed), func() { p.Seed = v.Seed }},
			{flag: "system", set: func() { p.System = v.System }},
			{flag: "rename", set: func() { p.Name = rename }},
		}
		changed := cmd.Flags().Changed
		for _, n := range flags {
			key, ok := configs.KeyOf(n.key)
			if ok && changed(n.flag) && !(n.value >= key.Range.Min && n.value <= key.Range.Max) {
				return c.usage("--%s is %s to %s, not %s", "--%s geht von %s bis %s, %s nicht",
					n.flag, c.language.number(key.Range.Min, 0), c.language.number(key.Range.Max, 0), c.language.exact(n.value))
			}
		}
		if v.System == "-" {
			text, err := c.readAll()
			if err != nil {
				return err
			}
			v.System = text
		}
		return c.opened(cmd.Context(), func(s *Session) error {
			var err error
			if p, err = c.presetToSet(cmd.Context(), s.Trainer, args[0], from); err != nil {
				return err
			}
			for _, n := range flags {
				if changed(n.flag) {
					n.set()
				}
			}
			if p, err = s.Trainer.SavePreset(cmd.Context(), p); err != nil {
				return err
			}
			return c.showPreset(p)
		})
	}
	return cmd
}

// presetToSet is the preset of a name, or a new one of that name.
func (c *program) presetToSet(ctx context.Context, t *trainer.Trainer, name, from string) (trainer.Preset, error) {
	p, found, err := findPreset(ctx, t, name)
	if found && from != "" {
		return p, c.usage("--from is for a new preset, and %q is there", "--from ist für eine neue Vorlage, und %q gibt es schon", p.Name)
	}
	if found || err != nil {
		return p, err
	}
	p, err = c.presetNamed(ctx, t, from)
	p.ID, p.Name = 0, name
	return p, err
}

// preset shows which preset the conversation goes by, or lets it go by another one.
func (d *dialogue) preset(ctx context.Context, rest string) error {
	if rest == "" {
		return d.listPresets(ctx, d.trainer)
	}
	name := rest
	if rest == noPreset {
		name = ""
	}
	p, err := d.presetNamed(ctx, d.trainer, name)
	if err != nil {
		return err
	}
	if d.ask.Conversation != 0 {
		if err := d.trainer.ChoosePreset(ctx, d.ask.Conversation, p.ID); err != nil {
			return err
		}
	}
	d.ask.Preset = p.ID
	return d.show(presetViewOf(p), func() {
		if p.ID == 0 {
			d.sayf("From here on answers go by the settings.", "Ab hier gehen Antworten nach den Einstellungen.")
			return
		}
		d.sayf("From here on answers go by %q.", "Ab hier gehen Antworten nach %q.", p.Name)
	})
}

// noPreset is typed to go by the settings again.
const noPreset = "-"
