package app

import (
	"context"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// askWhy shows what keeps the program from learning, or takes that away again.
func (v *learningView) askWhy() {
	if v.findings != nil {
		v.findings = nil
		v.showWhy()
		return
	}
	queued(v.w.work, func(ctx context.Context) ([]trainer.Finding, error) {
		return v.w.Trainer.Doctor(ctx)
	}, func(found []trainer.Finding, err error) {
		if err != nil {
			v.w.failed(err)
			return
		}
		v.findings = found
		v.showWhy()
	})
}

// showWhy lists each question with its answer and the one thing to do.
func (v *learningView) showWhy() {
	if v.why != nil {
		v.w.renew(v.body, v.fillWhy)
	}
}

func (v *learningView) fillWhy() {
	v.why.RemoveAll()
	v.why.Hide()
	defer v.body.Refresh()
	if v.findings == nil {
		return
	}
	list := widgets.VStack(10, widgets.CardHead(say("why.ask"), widgets.NewIconButton(widgets.IconCross, say("close"), v.askWhy)))
	for _, f := range v.findings {
		list.Add(findingLine(f))
	}
	v.why.Add(widgets.Card(list, 10, 16))
	v.why.Show()
}

func findingLine(f trainer.Finding) fyne.CanvasObject {
	glyph, tone := widgets.IconCheck, widgets.ToneSuccess
	if !f.Good {
		glyph, tone = widgets.IconAlert, widgets.ToneWarning
	}
	words := widgets.VStack(1, widgets.Strong(findingTitle(f.Subject)).Wrapped(), widgets.Body(findingWords(f)).Wrapped())
	if key, ok := hintKeys[f.Hint]; ok {
		words.Add(widgets.Muted(say(key)).Wrapped())
	}
	return widgets.HStackTop(10, widgets.Sized(20, 20, widgets.NewIcon(glyph, 18, tone.Ink())), widgets.Grow(words))
}

// findingTitle is the question that a finding answers.
func findingTitle(subject string) string {
	switch subject {
	case trainer.SubjectBuffer:
		return say("why.buffer")
	case trainer.SubjectTraining:
		return say("why.training")
	case trainer.SubjectImprovement:
		return say("why.improvement")
	}
	return say("why.model")
}

// findingWords says the reason; what is in order has figures that tell which it is.
func findingWords(f trainer.Finding) string {
	if f.Reason.Code != trainer.CodeGood {
		return because(f.Reason)
	}
	switch f.Subject {
	case trainer.SubjectBuffer:
		return say("why.kept", argumentsOf(f.Reason)...)
	case trainer.SubjectImprovement:
		return say("why.known", argumentsOf(f.Reason)...)
	case trainer.SubjectModel:
		return say("why.loaded", argumentsOf(f.Reason)...)
	}
	return because(f.Reason)
}
