package app

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"clara/trainer"
	"clara/widgets"
)

// What a person has begun, or was told, stays while other things happen.

func TestEscapeAnswersAQuestionWithNo(t *testing.T) {
	w := openSample(t, spoken(english))
	said := false
	w.ask(func() question { return question{title: "Really?", yes: "Yes", no: "No", do: func() { said = true }} })
	if !reads(w, "Really?") {
		t.Fatal("the question is not asked")
	}
	w.typeKey(fyne.KeyEscape)
	if reads(w, "Really?") || said {
		t.Error("Escape does not say no")
	}
	w.failed(errors.New("the printer is on fire"))
	w.typeKey(fyne.KeyEscape)
	if reads(w, "the printer is on fire") {
		t.Error("Escape does not close what was told")
	}
}

// The title is still a field when the conversation was read, and when an answer comes.
func TestRenamingFromTheMenuStaysOpen(t *testing.T) {
	w := openSample(t, spoken(english))
	menu := w.chat.menu(w.chat.all[1])
	i := slices.IndexFunc(menu, func(m widgets.MenuItem) bool { return m.Title == "Rename" })
	menu[i].OnTapped()
	w.settle(t)
	line := find(t, w, func(l *widgets.Line) bool { return l.AccessibilityLabel() == "Title" })
	if w.frame.Canvas().Focused() != fyne.Focusable(line) {
		t.Fatalf("the keyboard is at %T", w.frame.Canvas().Focused())
	}
	line.SetText("Another title")
	w.chat.show()
	w.modelChanged()
	w.settle(t)
	if w.frame.Canvas().Focused() != fyne.Focusable(line) || line.Text != "Another title" {
		t.Errorf("the keyboard is at %T, the field holds %q", w.frame.Canvas().Focused(), line.Text)
	}
	line.OnSubmit()
	w.settle(t)
	if !slices.ContainsFunc(w.chat.all, func(c trainer.Conversation) bool { return c.Title == "Another title" }) {
		t.Error("it is not renamed")
	}
	w.chat.rename()
	w.typeKey(fyne.KeyEscape)
	if w.chat.renaming != nil || !w.chat.composer.HasFocus() {
		t.Error("Escape does not end it")
	}
}

// The lessons are asked after each cycle, while one of them is being changed.
func TestAChangedLessonKeepsWhatIsTyped(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	tap(t, w, "Edit")
	field, ok := w.frame.Canvas().Focused().(*widgets.Editor)
	if !ok {
		t.Fatalf("the keyboard is at %T", w.frame.Canvas().Focused())
	}
	field.SetText("am fünften Tag")
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsLessons}}})
	w.settle(t)
	if now := find(t, w, func(e *widgets.Editor) bool { return true }); now.Text != "am fünften Tag" || w.frame.Canvas().Focused() != fyne.Focusable(now) {
		t.Fatalf("the field holds %q, the keyboard is at %T", now.Text, w.frame.Canvas().Focused())
	}
	field.SetText(" ")
	if save := find(t, w, func(b *widgets.Button) bool { return b.Text == "Save" }); !save.Disabled() {
		t.Error("a lesson without an answer can be saved")
	}
	field.SetText("am fünften Tag")
	tap(t, w, "Save")
	if !reads(w, "am fünften Tag") {
		t.Error("the change is not kept")
	}
}

// A lesson that is known now leaves the list of those that are not; what is asked or edited stays with it.
func TestALessonThatLeavesTheFilterStaysInItsPane(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	w.lessons.filter = filterMissing
	i := slices.IndexFunc(w.lessons.lessons, func(l trainer.LessonView) bool { return l.State == trainer.LessonMissed })
	missed := w.lessons.lessons[i]
	outcomes := func(s trainer.LessonState) {
		t.Helper()
		if err := storeOf[w.Trainer].AddResults(t.Context(), "b179c952", []trainer.LessonResult{{Lesson: missed.ID, Outcome: s}}); err != nil {
			t.Fatal(err)
		}
		w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsLessons}}})
		w.settle(t)
	}

	w.lessons.choose(missed.ID)
	tap(t, w, "Unlearn …")
	outcomes(trainer.LessonKnown)
	if !reads(w, "Should CLARA unlearn this? “"+missed.Question+"”") {
		t.Fatal("the question is not about the lesson any more that it was asked about")
	}
	tap(t, w, "Unlearn")
	if slices.ContainsFunc(w.lessonsOnDisk(t), func(l trainer.LessonView) bool { return l.ID == missed.ID }) {
		t.Fatal("another lesson was unlearnt")
	}
	tap(t, w, "Undo")

	outcomes(trainer.LessonMissed)
	w.lessons.choose(missed.ID)
	tap(t, w, "Edit")
	w.lessons.edit.answer.SetText("am fünften Tag")
	outcomes(trainer.LessonKnown)
	if field := find(t, w, func(*widgets.Editor) bool { return true }); field.Text != "am fünften Tag" {
		t.Errorf("the field holds %q", field.Text)
	}
	tap(t, w, "Cancel")
	outcomes(trainer.LessonKnown)
	if w.lessons.chosen == missed.ID {
		t.Error("nothing is done with it any more, and still it is chosen")
	}
}

// A choice made with the keyboard draws its card anew: the keyboard stays on it.
func TestTheKeyboardStaysOnAChoice(t *testing.T) {
	w := openSample(t, spoken(english))
	c := w.frame.Canvas()
	for _, at := range []struct {
		place place
		name  string
	}{{placeLearning, "Kept"}, {placeLearning, "Last 5"}, {placeStatistics, "30 days"}} {
		w.show(at.place)
		w.settle(t)
		named := func(s *widgets.Segmented) bool {
			return slices.ContainsFunc(s.Names, func(n string) bool { return strings.HasPrefix(n, at.name) })
		}
		before := find(t, w, named)
		c.Focus(before)
		on := before.On
		for range 2 {
			w.typeKey(fyne.KeyRight)
			w.settle(t)
		}
		now := find(t, w, named)
		if now.On == on || c.Focused() != fyne.Focusable(now) {
			t.Errorf("%s: the choice is %d, the keyboard is at %T", at.name, now.On, c.Focused())
		}
	}
}

// A version that comes meanwhile stands before the one whose figures are looked at.
func TestFiguresStayThoseOfTheirVersion(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	w.settle(t)
	third := w.learning.versions[2]
	w.learning.openRow(keyOf(third))
	w.learning.versions = append([]trainer.VersionRow{{ID: 999, Number: 99}}, w.learning.versions...)
	w.learning.fill()
	if !reads(w, "Follows") || !reads(w, w.learning.rowName(third)) || reads(w, "Version 99") {
		t.Error("the figures are those of another row")
	}
}

func TestAPasteThatDoesNotFitIsTold(t *testing.T) {
	w := openSample(t, spoken(english))
	w.App.Clipboard().SetContent(strings.Repeat("book ", widgets.EntryLimit))
	w.chat.composer.Focus(w.frame.Canvas())
	paste := &fyne.ShortcutPaste{Clipboard: w.App.Clipboard()}
	w.frame.Canvas().Focused().(fyne.Shortcutable).TypedShortcut(paste)
	w.settle(t)
	if !reads(w, "A field takes 50,000 characters. The rest was not pasted.") {
		t.Error("what is missing is not said")
	}
}

// Model and settings have no tab of their own.
func TestTheLastTabLeadsToModelAndSettings(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english)}, slim)
	w.settle(t)
	more := find(t, w, func(o fyne.CanvasObject) bool { return o == w.shell.tabs.Tab(4) })
	test.Tap(more.(fyne.Tappable))
	w.settle(t)
	tap(t, w, "Model")
	if w.place != placeModel || w.shell.tabs.On() != int(placeModel) {
		t.Errorf("in place %d the tab is %d", w.place, w.shell.tabs.On())
	}
	test.Tap(w.shell.tabs.Tab(4).(fyne.Tappable))
	w.settle(t)
	tap(t, w, "Settings")
	if w.settings == nil {
		t.Error("the settings are not open")
	}
}

// Whoever opens the program can write as soon as the model is there, unless the keyboard is somewhere else by then.
func TestTheComposerGetsTheKeyboardOnceThereIsAModel(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english)}, wide)
	w.settle(t)
	w.frame.Canvas().Unfocus()
	w.model.ready = true
	w.modelChanged()
	if !w.chat.composer.HasFocus() {
		t.Error("the composer has not got the keyboard")
	}
	w.model.ready = false
	w.modelChanged()
	w.show(placeLessons)
	w.model.ready = true
	w.modelChanged()
	if w.chat.composer.HasFocus() {
		t.Error("a composer that is not on the screen has the keyboard")
	}
}

// The conversation of the last time is read while the window is on the screen already: whoever has gone elsewhere stays there.
func TestTheLastConversationDoesNotLeadAway(t *testing.T) {
	w := openSample(t, spoken(english))
	last := w.chat.conversation.ID
	w.chat.openLast()
	w.show(placeModel)
	w.settle(t)
	if w.place != placeModel || w.chat.conversation.ID != last {
		t.Errorf("in place %d, with conversation %d", w.place, w.chat.conversation.ID)
	}
	w.show(placeChat)
	if !reads(w, "Und wann gilt ein Brief") {
		t.Error("the conversation is not shown")
	}
}
