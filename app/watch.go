package app

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
)

// How often the window follows the trainer at most: the seconds in the status line at 2 Hz, everything else (the chart
// among it) at 5 Hz.
const (
	statusEvery = 500 * time.Millisecond
	chartEvery  = 200 * time.Millisecond
)

// watch follows the trainer until ctx ends. The trainer hands over its latest state with all the news since, so a pause here
// loses nothing. While something counts on (a cycle, or the seconds to one) the status is shown anew by itself; with nothing
// going on the window is left alone.
func (w *window) watch(ctx context.Context) {
	events := w.Trainer.Watch(ctx)
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	tick.Stop()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return
			}
			if counts(e.State) {
				tick.Reset(statusEvery)
			} else {
				tick.Stop()
			}
			fyne.Do(func() { w.heard(e) })
			if !pause(ctx, chartEvery) {
				return
			}
		case <-tick.C:
			fyne.Do(w.count)
		}
	}
}

// counts says whether the status line changes although the state does not.
func counts(s trainer.State) bool {
	return s.Phase == trainer.PhaseDue || s.Phase == trainer.PhaseRunning || s.Phase == trainer.PhaseChecking
}

// pause waits for d; false means that ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// count shows the seconds that have passed.
func (w *window) count() {
	w.shell.showStatus()
	if w.place == placeLearning {
		w.learning.showSentence()
	}
}

// heard takes over an event of the trainer.
func (w *window) heard(e trainer.Event) {
	w.state = e.State
	w.shell.showStatus()
	w.shell.showCounts()
	w.showMenus()
	for _, v := range w.views() {
		v.heard(e.News)
	}
	for _, n := range e.News {
		w.announce(n)
	}
	w.unwarn()
	w.tellTrouble()
	w.unaskToQuit()
}
