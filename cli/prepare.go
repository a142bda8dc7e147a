package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) prepareCommand() *cobra.Command {
	var o trainer.PrepareOptions
	cmd := &cobra.Command{
		Use:   "prepare",
		Short: "Prepare the model for lessons",
		Long: `Makes the reader of the model: an adapter with the skill of using a lesson where it
fits, and of ignoring it where it does not. Without one lessons work, but less
surely. It takes minutes, once for each model; the window does it by itself. The
reader is checked before it is used. Ctrl+C stops it, and the next call goes on.

The same model and seed give the same reader.`,
		Args: c.noArgs,
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "make a reader although there is one, or although the same was refused before")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 0, "`number` that all random choices come from (default: continuous.seed)")
	cmd.Flags().StringVar(&o.Out, "out", "", "write the reader into this `folder` instead of using it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return c.openedWithModel(cmd.Context(), func(s *Session) error {
			if !cmd.Flags().Changed("seed") {
				o.Seed = s.Trainer.Settings().Seed
			}
			return c.prepare(cmd.Context(), s.Trainer, o)
		})
	}
	return cmd
}

// prepared is a preparation as prepare prints it.
type prepared struct {
	Reader trainer.ReaderState   `json:"reader"` // that the model uses now
	Report *trainer.ReaderReport `json:"report,omitempty"`
}

func (c *program) prepare(ctx context.Context, t *trainer.Trainer, o trainer.PrepareOptions) error {
	bar := c.newProgress()
	report, err := t.PrepareModel(ctx, o, bar.show)
	bar.end()
	l := c.language
	there := errors.Is(err, trainer.ErrPrepared)
	switch {
	case ctx.Err() != nil && err != nil:
		c.note("What was trained is kept; the next call with the same seed goes on.", "Das Trainierte bleibt; der nächste Aufruf mit demselben Startwert macht weiter.")
		return context.Canceled
	case err != nil && !there:
		return err
	}
	info, _ := t.ModelInfo()
	said := prepared{Reader: info.Reader}
	if report.Base != "" {
		said.Report = &report
	}
	f := report.Figures
	err = c.show(said, func() {
		switch {
		case there && said.Report == nil:
			c.sayf("%s is prepared: its reader comes with the program. --force makes another.", "%s ist vorbereitet: Sein Leser kommt mit dem Programm. --force macht einen neuen.", info.Name)
		case there:
			c.sayf("%s is prepared already, with recipe %d. --force prepares it anew.", "%s ist schon vorbereitet, mit Rezept %d. --force bereitet es neu vor.", info.Name, report.Recipe)
		case report.Verdict != trainer.VerdictRefused:
			c.sayf("%s is prepared, after %s s: it reads %d of %d lessons that it had never seen (%d without), keeps %d of %d general answers behind a lesson that is about something else.",
				"%s ist vorbereitet, nach %s s: Es liest %d von %d nie gesehenen Lektionen (ohne: %d) und behält %d von %d allgemeinen Antworten hinter einer Lektion über etwas anderes.",
				info.Name, l.number(report.Seconds, 0), f.Known, f.KnownOf, f.KnownBefore, f.Behind, f.BehindOf)
		}
		if report.First.Code != "" && !there {
			c.sayf("It learnt at half the rate. At the full one it was refused: %s", "Er lernte halb so schnell. In vollem Tempo durfte er nicht benutzt werden: %s", l.refusal(report.First))
		}
		if o.Out != "" && report.Verdict != trainer.VerdictRefused {
			c.sayf("It is in %s.", "Er liegt in %s.", o.Out)
		}
	})
	if err == nil && !there && report.Verdict == trainer.VerdictRefused {
		return short("refused", l.say("the reader may not be used: %s", "der Leser darf nicht benutzt werden: %s", l.refusal(report.Reason)),
			l.say("Lessons go on working by their turn alone. --seed makes another reader.", "Lektionen werden weiter nur gelesen. --seed macht einen anderen Leser."))
	}
	return err
}
