package app

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"clara/configs"
	"clara/trainer"
)

// look is one way in which the window is shown.
type look struct {
	name     string
	language string
	dark     bool
	size     fyne.Size
}

var (
	wide     = fyne.NewSize(1280, 800)
	slim     = fyne.NewSize(420, 800)
	allLooks = []look{
		{"light-de", german, false, wide},
		{"dark-en", english, true, wide},
		{"light-en", english, false, wide},
		{"dark-de", german, true, wide},
		{"narrow-light-de", german, false, slim},
		{"narrow-dark-en", english, true, slim},
	}
)

func (l look) settings() configs.Settings {
	s := configs.Default()
	s.Window.Language, s.Window.Appearance = l.language, "light"
	if l.dark {
		s.Window.Appearance = "dark"
	}
	return s
}

// scene is one state of a view.
type scene struct {
	name string
	show func(t testing.TB, w *window)
}

var scenes = []scene{
	{"chat", func(t testing.TB, w *window) { w.fillSamples(t, placeChat, trainer.PhaseRunning) }},
	{"lessons", func(t testing.TB, w *window) { w.fillSamples(t, placeLessons, trainer.PhaseWaiting) }},
	{"learning", func(t testing.TB, w *window) { w.fillSamples(t, placeLearning, trainer.PhaseRunning) }},
	{"model", func(t testing.TB, w *window) { w.fillSamples(t, placeModel, trainer.PhaseDue) }},
	{"correction", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.chat.correct(w.chat.entries[3].ID)
		w.chat.editor.better.SetText("Ein Bescheid, der mit der Post kommt, gilt seit 2025 **am vierten Tag nach der Aufgabe zur Post** als bekannt gegeben.")
	}},
	{"teaching", func(t testing.TB, w *window) { w.fillSamples(t, placeLessons, trainer.PhasePaused); w.lessons.teach() }},
	{"editing", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseOff)
		w.lessons.chosen = 1
		w.lessons.showDetail(detailEdit)
	}},
	{"unlearning", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseChecking)
		w.lessons.chosen = 1
		w.lessons.showDetail(detailUnlearn)
	}},
	{"manner", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseChecking)
		w.lessons.filter = filterManner
		w.lessons.choose(w.lessons.first())
	}},
	{"figures", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.learning.opened = 0
		w.learning.fill()
	}},
	{"refused", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.state.Last = &trainer.CycleEnd{Cycle: 10, State: trainer.CycleRefused, Verdict: trainer.VerdictRefused, Reason: forgetsReason}
		w.learning.fill()
	}},
	{"settings", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseRunning)
		w.openLearningSettings()
	}},
	{"appearance", func(t testing.TB, w *window) { w.fillSamples(t, placeChat, trainer.PhaseRunning); w.openSettings() }},
	{"empty", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseNoModel)
		w.model = loading{busy: true}
		w.chat.entries = nil
		w.chat.conversation = trainer.Conversation{}
		w.rebuild()
	}},
	{"closing", func(t testing.TB, w *window) { w.fillSamples(t, placeChat, trainer.PhaseRunning); w.askToClose() }},
	{"welcome", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseNoModel)
		w.App.Preferences().SetBool(preferSeen, false)
		w.model.ready = false
		w.rebuild()
	}},
}

func TestShots(t *testing.T) {
	tr := sampleTrainer(t)
	for _, l := range allLooks {
		for _, s := range scenes {
			began := time.Now()
			w := newTestWindow(t, Params{Trainer: tr, Settings: l.settings()}, l.size)
			t.Log(l.name, s.name, "new", time.Since(began))
			s.show(t, w)
			t.Log("show", time.Since(began))
			w.settle(t)
			for _, b := range w.shell.banner.Objects {
				if s.name != "closing" {
					t.Errorf("%s %s: an error is shown: %v", l.name, s.name, b)
				}
			}
			w.frame.Canvas().Capture()
			t.Log("capture", time.Since(began))
			shoot(t, w, s.name+"-"+l.name)
		}
	}
}
