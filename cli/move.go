package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"clara/configs"
	"clara/trainer"
)

func (c *program) moveCommand() *cobra.Command {
	var to string
	var use, bare bool
	cmd := &cobra.Command{
		Use:   "move",
		Short: "Train everything it was taught on another base model",
		Long: `Trains all lessons and all feedback on another base model, and prints how both do:
the model in use, and the other one untrained, with the lessons put before it, and
after the training. A model without a reader is prepared first (models prepare), which
takes minutes, unless --no-prepare is given. The model in use stays the same, unless
--use is given. It exits with 6 where the gate refuses the training: then the model in
use stays in any case, and the other one would answer untrained, with the lessons
alone. Ctrl+C stops it: nothing is used then, and a preparation goes on with the next
call.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return c.usage("--to names the other model's file", "--to nennt die Datei des anderen Modells")
			}
			return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.move(cmd.Context(), s, to, !bare, use) })
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the GGUF `file` of the other model")
	cmd.Flags().BoolVar(&use, "use", false, "let the other model answer from now on, unless the gate refused it")
	cmd.Flags().BoolVar(&bare, "no-prepare", false, "move to a model without a reader as it is: lessons are used less surely there")
	return cmd
}

func (c *program) move(ctx context.Context, s *Session, to string, prepare, use bool) (err error) {
	path, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	o := c.options
	o.Model = path
	r, closeModel, err := c.Runner(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeModel()) }()
	p := c.newProgress()
	card, err := s.Trainer.Move(ctx, r, prepare, p.show)
	p.end()
	if err != nil {
		return err
	}
	use = use && card.State != trainer.CycleRefused
	if use {
		if _, err := s.File.Modify(func(set *configs.Settings) { set.Model.Path = path }); err != nil {
			return err
		}
	}
	if err := c.show(card, func() { c.sayMove(card, path, use) }); err != nil {
		return err
	}
	return c.language.endOf(card.State, card.Reason, c.language.say("The model in use goes on answering; all feedback is kept.", "Das benutzte Modell antwortet weiter; alle Rückmeldungen bleiben."))
}

func (c *program) sayMove(card trainer.ScoreCard, path string, used bool) {
	for _, row := range []struct {
		english, german string
		score           trainer.Score
	}{
		{"before", "vorher", card.Old},
		{"untrained", "untrainiert", card.Base},
		{"with the lessons", "mit den Lektionen", card.Instant},
		{"after", "nachher", card.After},
	} {
		x := row.score
		c.sayf("%-18s %s: lessons %d of %d, varied %d of %d, leaks %d of %d, unrelated kept %d of %d, manner %d of %d",
			"%-18s %s: Lektionen %d von %d, abgewandelt %d von %d, fälschlich %d von %d, Übriges richtig %d von %d, Umgangston %d von %d",
			c.language.say(row.english, row.german), x.Model, x.Known, x.Lessons, x.Variants, x.VariantsOf, x.Swapped, x.SwappedOf, x.Kept, x.KeptOf, x.Manner, x.MannerOf)
	}
	c.sayf("Asked were %d of %d lessons, %d of them in variants too.", "Abgefragt wurden %d von %d Lektionen, %d davon auch abgewandelt.", len(card.Lessons), card.Of, card.Widely)
	for _, l := range card.Lessons {
		switch {
		case l.Before && !l.After:
			c.sayf("  no longer known: %s", "  nicht mehr gekonnt: %s", l.Question)
		case !l.Before && l.After:
			c.sayf("  newly known: %s", "  neu gekonnt: %s", l.Question)
		}
	}
	if !card.Reader {
		c.sayf("%s has no reader: lessons are used less surely there. To make one: clara --model %q models prepare", "%s hat keinen Leser: Lektionen wirken dort weniger sicher. Einen machen: clara --model %q models prepare", card.After.Model, path)
	}
	if card.State == trainer.CycleRefused {
		c.sayf("The training was not used.", "Das Training wird nicht benutzt.")
	}
	if used {
		c.sayf("%s answers from now on.", "Ab jetzt antwortet %s.", card.After.Model)
	} else {
		c.sayf("To use it: clara --model %q chat, or model.path in the settings.", "Benutzen: clara --model %q chat, oder model.path in den Einstellungen.", path)
	}
}
