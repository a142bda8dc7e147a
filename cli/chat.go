package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"clara/configs"
	"clara/trainer"
)

func (c *program) chatCommand() *cobra.Command {
	var once, preset string
	var ask trainer.Ask
	cmd := &cobra.Command{
		Use:   "chat",
		Short: "Talk with the model",
		Long: `Talks with the model, with all that it has learnt. A line is a question; a line that
begins with a slash is a command (/help lists them): rate, correct and teach as in
the window. Ctrl+C stops an answer, once more ends the conversation.

What is typed at a prompt is kept for the next time in the file history of the data
folder; what is older than a day goes from it with each start of CLARA.

With --once it answers one question and ends; a text of - is read from stdin.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tokens, _ := configs.KeyOf("answer.max_tokens")
			if n := float64(ask.MaxTokens); cmd.Flags().Changed("max-tokens") && (n < tokens.Range.Min || n > tokens.Range.Max) {
				return c.usage("--max-tokens is %s to %s, not %d", "--max-tokens geht von %s bis %s, %d nicht", c.language.number(tokens.Range.Min, 0), c.language.number(tokens.Range.Max, 0), ask.MaxTokens)
			}
			if ask.System != "" && preset != "" {
				return c.usage("name --system or --preset: a preset has a system prompt", "--system oder --preset: Eine Vorlage hat eine Anweisung")
			}
			if !cmd.Flags().Changed("once") {
				return c.dialogue(cmd.Context(), ask, preset, slashed)
			}
			if once == "-" {
				text, err := c.readAll()
				if err != nil {
					return err
				}
				once = text
			}
			if strings.TrimSpace(once) == "" {
				return c.usage("the question is empty", "die Frage ist leer")
			}
			ask.Text = once
			return c.openedWithModel(cmd.Context(), func(s *Session) error {
				p, err := c.presetNamed(cmd.Context(), s.Trainer, preset)
				if err != nil {
					return err
				}
				ask.Preset = p.ID
				return c.askOnce(cmd.Context(), s.Trainer, ask)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&once, "once", "", "answer this `text` and end")
	f.BoolVar(&ask.Greedy, "greedy", false, "always take the most probable token")
	f.IntVar(&ask.MaxTokens, "max-tokens", 0, "end an answer after so many `tokens` (default: the settings')")
	f.StringVar(&ask.System, "system", "", "system prompt of the conversation (default: the settings')")
	f.StringVar(&preset, "preset", "", "`name` of the preset that the conversation goes by (default: the settings)")
	f.BoolVar(&ask.WithoutLesson, "without-lessons", false, "put no lesson before the model")
	f.Uint64Var(&ask.Seed, "seed", 0, "seed of the sampling (default: the preset's, else another one each time)")
	return cmd
}

// answered is an answer as chat prints it.
type answered struct {
	Conversation int64          `json:"conversation"`
	Message      int64          `json:"message"`
	Answer       string         `json:"answer"`
	Finish       trainer.Finish `json:"finish"`
	Tokens       int            `json:"tokens"`
	Seconds      float64        `json:"seconds"`
	TokensPerSec float64        `json:"tokens_per_s"`
	Version      int            `json:"version"` // its number; 0: the untrained base
	Lesson       int64          `json:"lesson"`  // put before the model; 0: none
	Question     string         `json:"lesson_question,omitempty"`
	Preset       string         `json:"preset,omitempty"` // that it was made with; "": the settings
}

func answerOf(e trainer.Entry) answered {
	a := answered{
		Conversation: e.Conversation, Message: e.ID, Answer: e.Text, Finish: e.Finish, Tokens: e.Tokens, Seconds: e.Seconds,
		Version: e.Number, Lesson: e.Lesson, Question: e.Question, Preset: e.Preset,
	}
	if e.Seconds > 0 {
		a.TokensPerSec = float64(e.Tokens) / e.Seconds
	}
	return a
}

func (c *program) askOnce(ctx context.Context, t *trainer.Trainer, ask trainer.Ask) error {
	c.noteBroken(t.State())
	e, err := t.Answer(ctx, ask, c.streamed())
	if err != nil {
		return err
	}
	if err := c.show(answerOf(e), func() { c.endAnswer(e) }); err != nil {
		return err
	}
	return ctx.Err()
}

// endAnswer ends the line of an answer that was streamed, and says what it was given by and
// whether it was stopped.
func (c *program) endAnswer(e trainer.Entry) {
	c.sayf("", "")
	var marks []string
	if e.Question != "" {
		marks = append(marks, c.language.say("lesson: ", "Lektion: ")+brief(e.Question, 60))
	}
	if e.Finish == trainer.FinishCancelled {
		marks = append(marks, c.language.say("stopped", "angehalten"))
	}
	if marks != nil {
		c.note("(%s)", "(%s)", strings.Join(marks, ", "))
	}
}

// streamed prints the text of an answer as it comes; nil with --json.
func (c *program) streamed() func(string) {
	if c.json {
		return nil
	}
	return func(text string) { _, _ = c.out.Write([]byte(printable(text))) }
}
