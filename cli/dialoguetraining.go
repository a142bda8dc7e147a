package cli

import (
	"context"
	"time"

	"clara/trainer"
)

// train starts a cycle and comes back when it has begun.
func (d *dialogue) train(ctx context.Context, _ string) error {
	if !d.trainer.Settings().Enabled {
		return trainer.ErrOff
	}
	if _, ok := d.trainer.ModelInfo(); !ok {
		return trainer.ErrNoModel
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	events := d.trainer.Watch(watching)
	if !isTraining(d.trainer.State().Phase) {
		d.trainer.Train()
	}
	for e := range events {
		for _, n := range e.News {
			if n.Kind == trainer.NewsTrouble {
				return &trainer.UserError{Reason: n.Reason}
			}
		}
		if isBusy(e.State.Phase) {
			cycle := e.State.Progress.Cycle
			if !isTraining(e.State.Phase) {
				cycle = 0 // it begins by itself after that
			}
			return d.show(struct {
				Cycle int64 `json:"cycle"`
			}{cycle}, func() {
				if cycle == 0 {
					d.sayf("The model is measured first, once; then it trains. You can go on; %s waits for it.", "Zuerst wird das Modell einmal gemessen, dann trainiert es. Sie können weitermachen; %s wartet darauf.", d.typed("wait"))
					return
				}
				d.sayf("Cycle %d trains; you can go on. %s waits for it.", "Zyklus %d trainiert; Sie können weitermachen. %s wartet darauf.", cycle, d.typed("wait"))
			})
		}
	}
	return ctx.Err()
}

// cancel stops the cycle that runs; it starts again with new feedback.
func (d *dialogue) cancel(ctx context.Context, _ string) error {
	if !isTraining(d.trainer.State().Phase) {
		return d.usage("no training runs", "es läuft kein Training")
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	events := d.trainer.Watch(watching)
	d.trainer.CancelCycle()
	for e := range events {
		if !isTraining(e.State.Phase) {
			return d.status(ctx, "")
		}
	}
	return ctx.Err()
}

// wait follows the cycle that runs to its end.
func (d *dialogue) wait(ctx context.Context, _ string) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p := d.newProgress()
	defer p.end()
	for e := range d.trainer.Watch(watching) {
		if isBusy(e.State.Phase) || isDueNow(e.State) {
			p.follow(e.State)
			continue
		}
		p.end()
		return d.status(ctx, "")
	}
	return ctx.Err()
}

func (d *dialogue) status(context.Context, string) error {
	s := d.trainer.State()
	return d.show(statusOf(s), func() { d.sayStatus(s) })
}

func (d *dialogue) why(ctx context.Context, _ string) error {
	findings, err := d.trainer.Doctor(ctx)
	if err != nil {
		return err
	}
	said := d.findings(findings)
	return d.show(struct {
		Findings []finding `json:"findings"`
	}{said}, func() { d.sayFindings(said) })
}

func isTraining(p trainer.Phase) bool {
	return p == trainer.PhaseRunning || p == trainer.PhaseChecking
}

// isBusy says whether the loop computes: it trains, or measures before it can.
func isBusy(p trainer.Phase) bool { return isTraining(p) || p == trainer.PhasePreparing }

// isDueNow says that the loop is about to train.
func isDueNow(s trainer.State) bool {
	return s.Phase == trainer.PhaseDue && time.Until(s.StartsAt) <= 0
}
