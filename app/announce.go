package app

import (
	"strings"
	"unicode"

	"clara/trainer"
	"clara/widgets"
)

// announce tells, wherever the person is, what happened in the background and matters: a new version, one turned down, one taken
// back. The conversation and the learning view say it in their own place; there it is not said twice.
func (w *window) announce(n trainer.News) {
	switch n.Kind {
	case trainer.NewsActivated:
		w.notify(learnedWords(n))
		if w.place == placeLessons || w.place == placeModel {
			w.snackbar.Say(learnedWords(n), say("place.learning"), func() { w.show(placeLearning) })
		}
	case trainer.NewsRolledBack:
		words := say("news.rolled_back", "Version", versionName(n.Number), "Why", sentence(because(n.Reason)))
		w.notify(words)
		w.snackbar.Say(words, say("place.learning"), func() { w.show(placeLearning) })
	case trainer.NewsReader, trainer.NewsReaderRefused:
		w.snackbar.Say(because(n.Reason), say("place.model"), func() { w.show(placeModel) })
	case trainer.NewsContradiction:
		w.warn()
	case trainer.NewsEngine:
		w.model.info, w.model.ready = w.Trainer.ModelInfo()
		w.modelChanged()
		w.snackbar.Say(say("news.engine", "From", engineName(n.Reason.Args["from"]), "To", engineName(n.Reason.Args["to"])), say("place.model"), func() { w.show(placeModel) })
	case trainer.NewsCycleEnded:
		if n.End == nil {
			break
		}
		switch words := say("news.refused", "Why", because(n.End.Reason)); n.End.State {
		case trainer.CycleRefused:
			w.notify(words)
			if w.place != placeLearning {
				w.snackbar.Say(words, say("place.learning"), func() { w.show(placeLearning) })
			}
		case trainer.CycleChecked: // whoever lets a lesson be practised waits for this
			if n.End.Reason.Code == trainer.CodeInVain && w.place != placeLearning {
				w.snackbar.Say(say("verdict.vain_title"), say("place.learning"), func() { w.show(placeLearning) })
			}
		case trainer.CycleFailed: // in the window the trouble says it (tellTrouble)
			w.notify(because(n.End.Reason))
		}
	}
}

// tellTrouble tells of a lasting trouble, with what can be done about it, until it is answered or over. It can wait: any other notice
// goes before it, and it comes once that is gone; so does the welcome, which has no place that it could lead to.
func (w *window) tellTrouble() {
	f := w.state.Trouble
	if f == nil {
		w.upset = ""
		w.untellOf(matterTrouble)
		return
	}
	what := sameTrouble(f.Reason)
	switch known := what == w.upset; {
	case known && (w.calmed || w.about == matterTrouble), w.told != nil && w.about != matterTrouble, w.welcoming():
		return
	case !known:
		w.upset, w.calmed = what, false
	}
	w.tellOf(matterTrouble, func() widgets.Notice {
		text := sentence(because(f.Reason))
		if key, ok := hintKeys[f.Hint]; ok {
			text = join(text, say(key))
		}
		return widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("trouble.title"), Text: text,
			Actions: []widgets.Action{
				{Label: say("trouble.look"), OnTapped: func() { w.dismiss(); w.show(placeLearning) }},
				{Label: say("close"), OnTapped: w.dismiss},
			},
		}
	})
}

// sameTrouble is equal for reasons that are one trouble. A training that fails again may name other numbers: its files lie in a
// folder of its cycle.
func sameTrouble(r trainer.Reason) string {
	if r.Code != trainer.CodeCycleFailed {
		return r.Code + " " + r.Text
	}
	return r.Code + " " + strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return -1
		}
		return c
	}, r.Text)
}

// learnedWords says that a version took over and what it newly knows.
func learnedWords(n trainer.News) string {
	if len(n.Known) == 0 {
		return say("news.active", "Version", versionName(n.Number))
	}
	if len(n.Known) == 1 {
		return say("news.learned", "Version", versionName(n.Number), "Lesson", brief(n.Known[0], 48))
	}
	return sayN("news.learned_more", len(n.Known)-1, "Version", versionName(n.Number), "Lesson", brief(n.Known[0], 40))
}
