package app

import (
	"testing"

	"clara/configs"
	"clara/trainer"
)

// broken closes the store behind a window, so that nothing can be read any more.
func (w *window) broken(t *testing.T) {
	t.Helper()
	if err := storeOf[w.Trainer].Close(); err != nil {
		t.Fatal(err)
	}
}

// What could not be read is said in its place, not shown as empty, with a way to try again.
func TestWhatCannotBeReadIsNotShownAsEmpty(t *testing.T) {
	w := newTestWindow(t, Params{Trainer: sampleTrainer(t), Settings: spoken(english)}, wide)
	w.broken(t)
	for _, c := range []struct {
		at          place
		says, empty string
	}{
		{placeLessons, "The lessons cannot be read", "No lessons yet"},
		{placeLearning, "What was learned cannot be read", "No feedback yet"},
		{placeStatistics, "The figures cannot be read", "Too few ratings"},
	} {
		w.show(c.at)
		w.settle(t)
		if !reads(w, c.says) || reads(w, c.empty) || !reads(w, "Try again") {
			t.Errorf("%q is not said, or there is said to be nothing", c.says)
		}
	}
	w.chat.openConversation(trainer.Conversation{ID: 1, Title: "Deadlines"})
	w.settle(t)
	if !reads(w, "This conversation cannot be read") || reads(w, say("chat.empty_title")) {
		t.Error("a conversation that cannot be read looks like a new one")
	}
}

// As long as nothing was read nothing is said to be empty.
func TestWhatIsStillBeingReadIsNotShownAsEmpty(t *testing.T) {
	w := newTestWindow(t, Params{Trainer: sampleTrainer(t), Settings: spoken(english)}, wide)
	w.start() // its queue waits for the UI goroutine
	if reads(w, say("chat.empty_title")) {
		t.Error("a conversation that is being read looks like a new one")
	}
	w.show(placeLessons)
	if reads(w, say("lessons.empty_title")) {
		t.Error("lessons that are being read look like none")
	}
	w.settle(t) // opens the last conversation
	w.show(placeLessons)
	if !reads(w, "Widerspruchsfrist") || reads(w, say("reading")) {
		t.Error("what was read is not shown")
	}
}

// A notice waits for its answer, whatever becomes of the window: of its width, and of the first run.
func TestNoticeOutlivesTheWidgetsOfTheWindow(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english)}, wide)
	w.askToMove(sampleOffers()[1])
	title := w.told().Title
	w.frame.Resize(slim)
	w.settle(t)
	if !w.narrow || !reads(w, title) {
		t.Error("the question is gone in a narrow window")
	}
	if err := w.choose(configs.Window{Language: "de"}); err != nil {
		t.Fatal(err)
	}
	w.rebuild()
	w.settle(t)
	if inGerman := w.told().Title; inGerman == title || !reads(w, inGerman) || reads(w, title) {
		t.Errorf("in another language it says %q", inGerman)
	}
	w.untell()
	if reads(w, title) || w.told != nil {
		t.Error("it stays after its answer")
	}
	w.App.Preferences().SetBool(preferSeen, false)
	w.rebuild()
	w.failed(errUnread)
	if !reads(w, say("fault.title")) {
		t.Error("the first run says nothing of an error")
	}
}

// What cannot be saved is said in the dialog, which hides the notices of the window.
func TestSettingsThatCannotBeSavedSaySoInTheDialog(t *testing.T) {
	file := configs.NewFile("/nowhere/continuous.toml")
	w := newTestWindow(t, Params{File: file, Settings: spoken(english)}, wide)
	w.openSettings()
	w.settle(t)
	operate(t, w, fields[0])
	tap(t, w, say("save"))
	if w.settings == nil || len(w.settings.trouble.Objects) == 0 || !reads(w, "That was not saved") || w.settings.save.Disabled() {
		t.Error("it is not said, or cannot be tried again")
	}
}
