package app

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"clara/configs"
	"clara/trainer"
)

// frame is a window that remembers whether it is hidden and what its close button does.
type frame struct {
	fyne.Window
	hidden bool
	close  func()
}

func (f *frame) Show() { f.hidden = false; f.Window.Show() }

func (f *frame) Hide() { f.hidden = true; f.Window.Hide() }

func (f *frame) SetCloseIntercept(do func()) { f.close = do }

// startTray starts a window on a desktop with or without a tray.
func startTray(t *testing.T, s configs.Settings, tray bool) (*window, *frame, *testApp) {
	t.Helper()
	w := newTestWindow(t, Params{Settings: s, Tray: tray}, wide)
	f := &frame{Window: w.frame, close: w.askToClose}
	w.frame = f
	w.start()
	w.settle(t)
	return w, f, w.App.(*testApp)
}

func labels(m *fyne.Menu) (all []string) {
	for _, i := range m.Items {
		if !i.IsSeparator {
			all = append(all, i.Label)
		}
	}
	return all
}

// stopped says whether the window has begun to quit.
func (w *window) stopped() bool {
	w.work.mu.Lock()
	defer w.work.mu.Unlock()
	return w.work.stopped
}

func TestMenuOfTheTrayFollowsLanguageAndPause(t *testing.T) {
	w, _, a := startTray(t, spoken(english), true)
	check := func(want ...string) {
		t.Helper()
		if got := labels(a.menu); !slices.Equal(got, want) {
			t.Errorf("the menu is %q, not %q", got, want)
		}
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	check("Open CLARA", "Pause learning", "Quit")
	w.heard(trainer.Event{State: sampleState(trainer.PhasePaused)})
	check("Open CLARA", "Resume learning", "Quit")
	w.Settings.Window.Language = german
	w.restyle()
	check("CLARA öffnen", "Lernen fortsetzen", "Beenden")
	before := a.menu
	w.heard(trainer.Event{State: sampleState(trainer.PhasePaused)})
	if a.menu != before {
		t.Error("a menu that says the same is made anew")
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhaseNoModel)})
	check("CLARA öffnen", "Lernen anhalten", "Beenden")
	if !a.menu.Items[1].Disabled {
		t.Error("learning can be paused without a model")
	}
}

func TestMenuOfTheTrayOpensAndQuits(t *testing.T) {
	w, f, a := startTray(t, spoken(english), true)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	f.Hide()
	a.menu.Items[0].Action()
	if f.hidden {
		t.Error("it does not open the window")
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)})
	a.menu.Items[len(a.menu.Items)-1].Action()
	w.waitFor(t, w.stopped)
	if !f.hidden {
		t.Error("it does not close the window")
	}
}

func TestClosingWhileTrainingAsksOnce(t *testing.T) {
	w, f, _ := startTray(t, spoken(english), true)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)})
	asks := func() bool { return reads(w, "A training is running") }

	f.close()
	if !asks() || f.hidden {
		t.Fatal("it does not ask")
	}
	w.typeKey(fyne.KeyEscape)
	if asks() || f.hidden || w.stopped() {
		t.Error("Escape does not leave everything as it is")
	}
	f.close()
	tap(t, w, "Keep the window open")
	if asks() || f.hidden || w.stopped() {
		t.Error("the window is not kept as it is")
	}
	f.close()
	tap(t, w, "Go on in the tray")
	if asks() || !f.hidden || w.stopped() {
		t.Error("it does not go on hidden")
	}
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsActivated, Number: 3, Known: []string{"When does the office open?"}}}})
	if told := w.App.(*testApp).told; len(told) != 1 {
		t.Errorf("the desktop is told %q", told)
	}

	w.forward()
	f.close()
	if asks() || !f.hidden {
		t.Error("it asks again what was answered")
	}
	w.forward()
	w.askToQuit()
	if !asks() {
		t.Error("the key to quit stops a training without asking")
	}
	tap(t, w, "Stop and quit")
	w.waitFor(t, w.stopped)
}

func TestQuestionOfATrainingEndsWithIt(t *testing.T) {
	w, f, _ := startTray(t, spoken(english), true)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)})
	f.close()
	w.heard(trainer.Event{State: sampleState(trainer.PhaseChecking)})
	if !reads(w, "A training is running") {
		t.Error("the question goes while there is something to stop")
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	if reads(w, "A training is running") || f.hidden || w.stopped() {
		t.Error("the question outlives its training")
	}
}

func TestClosingWithoutATrainingQuits(t *testing.T) {
	w, f, _ := startTray(t, spoken(english), true)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	f.close()
	w.waitFor(t, w.stopped)
}

// A hidden window could not be found again.
func TestWithoutATrayNothingIsHidden(t *testing.T) {
	w, f, a := startTray(t, spoken(english), false)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)})
	f.close()
	if !reads(w, "Stop and quit") || !reads(w, "Keep the window open") || reads(w, "Go on in the tray") {
		t.Error("it does not ask whether to stop or to stay")
	}
	if a.menu != nil {
		t.Error("there is a menu of a tray")
	}
}

func TestMainMenuOfMacOS(t *testing.T) {
	for language, want := range map[string][][]string{
		english: {{"File", "New conversation", "Search all conversations", "Export"}, {"Learning", "Pause learning", "Train now"}, {"Settings", "Settings"}, {"Help", "Keys"}},
		german:  {{"Ablage", "Neue Unterhaltung", "Alle Unterhaltungen durchsuchen", "Exportieren"}, {"Lernen", "Lernen anhalten", "Jetzt trainieren"}, {"Einstellungen", "Einstellungen"}, {"Hilfe", "Tasten"}},
	} {
		w := openSample(t, spoken(language))
		menu := w.mainMenu()
		for i, m := range menu.Items {
			if got := append([]string{m.Label}, labels(m)...); !slices.Equal(got, want[i]) {
				t.Errorf("%s: menu %d is %q, not %q", language, i, got, want[i])
			}
		}
		menu.Items[0].Items[1].Action()
		if w.settle(t); !w.search.open {
			t.Error("it does not search")
		}
		menu.Items[0].Items[0].Action()
		if w.settle(t); w.chat.conversation.ID != 0 {
			t.Error("it makes no new conversation")
		}
		menu.Items[3].Items[0].Action()
		if w.settle(t); w.settings == nil {
			t.Error("it does not show the keys")
		}
		menu.Items[0].Items[1].Action()
		if w.settle(t); w.search.open {
			t.Error("it searches behind the settings")
		}
	}
}

// Quitting from the tray asks nothing, unless something would be lost that was written: then the window is there to ask in.
func TestQuittingFromTheTrayLosesNothingWritten(t *testing.T) {
	w, f, a := startTray(t, spoken(english), true)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	w.lessons.teach()
	w.lessons.editor.question.SetText("When does the office open?")
	f.Hide()
	a.menu.Items[len(a.menu.Items)-1].Action()
	w.settle(t)
	if w.stopped() || f.hidden || !reads(w, "“When does the office open?” is written, but not saved") {
		t.Fatal("what was written is lost without a word")
	}
	tap(t, w, "Quit without saving")
	w.waitFor(t, w.stopped)
}

// A question that lies behind a dialog cannot be answered: settings that were changed say in theirs that they are not saved.
func TestQuittingAsksInFrontOfTheSettings(t *testing.T) {
	w, f, _ := startTray(t, spoken(english), false)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)})
	w.openSettings()
	w.settle(t)
	operate(t, w, fields[0])
	f.close()
	if w.settings == nil || w.stopped() || !reads(w, "Save the settings or cancel them, then CLARA can be quit.") {
		t.Fatal("the change is lost without a word")
	}
	w.settings.close()
	w.openSettings() // nothing is changed
	f.close()
	if w.settings != nil || !reads(w, "A training is running") {
		t.Error("the question lies behind the dialog, or is not asked")
	}
}

// The move of the lessons to another model is a training too, which starts over for nobody.
func TestQuittingAsksAboutAMove(t *testing.T) {
	w, f, _ := startTray(t, spoken(english), true)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	m := &moving{offer: sampleOffers()[1]}
	w.moving = m
	asks := func() bool { return reads(w, "The lessons are being moved") }
	f.close()
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	if !asks() || w.stopped() {
		t.Fatal("minutes of training are lost without a word")
	}
	w.moved(m, *sampleScoreCard(), nil, false)
	if asks() {
		t.Error("the question outlives the move")
	}
	f.close()
	w.waitFor(t, w.stopped)
}
