package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) trainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "train",
		Short: "Train on the feedback now",
		Long: `Runs one training cycle on all feedback there is, whether or not anything is new,
and waits for its end. The new version is checked before it may answer; it exits with 6
where the check refuses it. What was trained and helps no lesson is left out: that is
done. Ctrl+C stops it: nothing of it is used then, and the loop starts it again.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.train(cmd.Context(), s.Trainer) })
		},
	}
}

// trained is a cycle as train prints it.
type trained struct {
	Cycle   int64              `json:"cycle"`
	State   trainer.CycleState `json:"state"`
	Verdict string             `json:"verdict"`
	Reason  trainer.Reason     `json:"reason"`
	Version int                `json:"version"` // its number; 0: it made none
	Seconds float64            `json:"seconds"`
	Known   []string           `json:"newly_known"`
	Figures *trainer.Figures   `json:"figures,omitempty"`
}

func (c *program) train(ctx context.Context, t *trainer.Trainer) error {
	p := c.newProgress()
	end, known, err := t.TrainOnce(ctx, p.follow)
	p.end()
	if errors.Is(err, context.Canceled) || end.State == trainer.CycleStopped {
		c.note("Nothing of this training is used; it begins again with the next one.", "Von diesem Training wird nichts benutzt; es beginnt mit dem nächsten von vorn.")
		return context.Canceled
	}
	if err != nil {
		return err
	}
	done := trained{
		Cycle: end.Cycle, State: end.State, Verdict: end.Verdict, Reason: end.Reason, Version: end.Number, Seconds: end.Seconds,
		Known: append([]string{}, known...),
	}
	rows, err := t.Versions(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Cycle == done.Cycle {
			done.Figures = r.Figures
		}
	}
	return c.report(done)
}

// report says how a cycle ended; one that made nothing to use falls short.
func (c *program) report(done trained) error {
	l := c.language
	err := c.show(done, func() {
		switch done.State {
		case trainer.CyclePromoted:
			c.sayf("Version %d answers now, after %s s: %s.", "Version %d antwortet jetzt, nach %s s: %s.",
				done.Version, l.number(done.Seconds, 0), l.because(done.Reason))
		case trainer.CycleChecked:
			c.sayf("No new version, after %s s: %s.", "Keine neue Version, nach %s s: %s.", l.number(done.Seconds, 0), l.because(done.Reason))
		}
		for _, q := range done.Known {
			c.sayf("Newly known: %s", "Sitzt jetzt: %s", brief(q, 70))
		}
	})
	if err != nil {
		return err
	}
	hint := l.say("All feedback is kept.", "Alle Rückmeldungen bleiben.")
	switch {
	case done.State == trainer.CycleRefused:
		hint = l.say("The version before goes on answering; all feedback is kept.", "Die Version davor antwortet weiter; alle Rückmeldungen bleiben.")
	case isDiskFull(done.Reason):
		hint = l.say("All feedback is kept. Free some space on the disk and train again.",
			"Alle Rückmeldungen bleiben. Schaffen Sie Platz auf dem Datenträger und trainieren Sie noch einmal.")
	}
	return l.endOf(done.State, done.Reason, hint)
}

// endOf is the error of a cycle that fell short: it failed, or the gate refused what it made.
// One that found nothing to do, or that helped no lesson, did what was to be done, and what
// answered before goes on answering.
func (l language) endOf(state trainer.CycleState, why trainer.Reason, hint string) error {
	switch {
	case state == trainer.CycleRefused:
		return short("refused", l.say("the new version may not answer: %s", "die neue Version darf nicht antworten: %s", l.refusal(why)), hint)
	case state == trainer.CycleFailed && isDiskFull(why):
		return &toldError{failure{"disk_full", l.because(why), hint, exitData}}
	case state == trainer.CycleFailed:
		return short("cycle_failed", l.because(why), hint)
	}
	return nil
}

// isDiskFull says that a reason is a full disk, or quotes one.
func isDiskFull(why trainer.Reason) bool {
	fault, _ := trainer.Fault(why)
	return why.Code == trainer.CodeDiskFull || fault.Code == trainer.CodeFaultDisk
}
