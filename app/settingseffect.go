package app

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// effectAfter is how long after the last change its effect is computed.
const effectAfter = 150 * time.Millisecond

// computeEffect asks the trainer what the thresholds would do to the samples that there are.
func (d *settingsDialog) computeEffect() {
	if d.section != sectionLearning {
		return
	}
	if len(d.wrong) > 0 {
		return // the effect of the last good values stays
	}
	s := d.w.Learning(d.draft)
	queued(d.w.work, func(ctx context.Context) (trainer.Effect, error) {
		return d.w.Trainer.Effect(ctx, s)
	}, func(e trainer.Effect, err error) {
		if d.section != sectionLearning || d.w.settings != d {
			return
		}
		if err != nil {
			d.failed(say("settings.no_effect"), fault(err))
			return
		}
		d.effect.Objects = []fyne.CanvasObject{d.effectCard(e)}
		d.page.Refresh()
	})
}

// mostDots is how many samples are drawn one by one; more become a bar.
const mostDots = 36

func (d *settingsDialog) effectCard(e trainer.Effect) fyne.CanvasObject {
	if e.Samples == 0 {
		return widgets.On(widgets.ColorPrimarySoft, 10, widgets.Body(say("effect.none")).Wrapped(), 12, 14)
	}
	parts := make([]string, 0, 4)
	for _, code := range sortedByCount(e.Dropped) {
		if key, ok := droppedKeys[code]; ok {
			parts = append(parts, sayN(key, e.Dropped[code]))
		}
	}
	text := ""
	if len(parts) > 0 {
		text = say("effect.dropped", "Reasons", strings.Join(parts, ", "))
	}
	switch {
	case e.StartsNow:
		text = join(text, say("effect.now"))
	case e.StartsIn > 0:
		text = join(text, say("effect.in", "Left", span(e.StartsIn)))
	default:
		text = join(text, say("effect.why", "Why", waits(e.Why, d.draft.Continuous.TrainOnCorrection)))
	}
	for _, n := range e.Notes {
		text = join(text, because(n))
	}
	words := widgets.VStack(4, widgets.Strong(sayN("effect.trains", e.Samples, "Trains", whole(e.Trains))).Wrapped(), widgets.Caption(text).Wrapped())
	if e.Samples > mostDots {
		m := widgets.NewMeter(float64(e.Trains)/float64(e.Samples), 0, widgets.ColorPrimary)
		return widgets.On(widgets.ColorPrimarySoft, 10, widgets.VStack(10, words, m), 12, 14)
	}
	dots := widgets.WrapRow(4)
	for i := range e.Samples {
		b := widgets.NewBox(widgets.ColorPrimary, "", 4)
		if i >= e.Trains {
			b = widgets.NewBox("", widgets.ColorError, 4)
			b.Width = 1.5
		}
		dots.Add(widgets.Sized(15, 15, b))
	}
	row := widgets.HStack(12, widgets.Grow(dots))
	if d.saved() { // the samples there are judged by what is saved
		row.Add(widgets.NewLink(say("effect.show"), func() {
			if d.saved() {
				d.close()
				d.w.show(placeLearning)
			}
		}))
	}
	return widgets.On(widgets.ColorPrimarySoft, 10, widgets.VStack(10, words, row), 12, 14)
}
