package app

import (
	"cmp"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"clara/trainer"
	"clara/widgets"
)

// keepAnswer keeps an answer as the trainer does.
func keepAnswer(t *testing.T, w *window, ask trainer.Ask, text string) trainer.Entry {
	t.Helper()
	s, ctx := storeOf[w.Trainer], t.Context()
	other, err := s.Message(ctx, cmp.Or(ask.Again, ask.Instead))
	if err != nil {
		t.Fatal(err)
	}
	question := other.Parent
	if ask.Instead != 0 {
		asked, err := s.AddMessage(ctx, trainer.Message{Conversation: other.Conversation, Parent: other.Parent, Role: trainer.RoleUser, Text: ask.Text})
		if err != nil {
			t.Fatal(err)
		}
		question = asked.ID
	}
	answer, err := s.AddMessage(ctx, trainer.Message{Conversation: other.Conversation, Parent: question, Role: trainer.RoleAssistant, Text: text, Finish: trainer.FinishEnd})
	if err != nil {
		t.Fatal(err)
	}
	return trainer.Entry{Message: answer}
}

// answers does what the model would: it keeps an answer to a question that was just asked.
func (w *window) answers(t *testing.T, ask trainer.Ask, text string) trainer.Entry {
	t.Helper()
	e := keepAnswer(t, w, ask, text)
	a := w.chat.writing[ask.Conversation]
	if a == nil {
		t.Fatal("nothing is being written")
	}
	w.chat.answered(a, e, nil)
	w.settle(t)
	return e
}

func TestAnswerAgainStandsBesideTheFirst(t *testing.T) {
	w := openSample(t, spoken(english))
	id, first := w.chat.conversation.ID, w.lastAnswer()
	w.chat.rate(first.ID, 2)
	w.settle(t)
	w.chat.writing[id] = &answering{conversation: id, again: first.ID, stop: func() {}}
	w.chat.show()
	w.settle(t)
	if ids := w.chat.feed.IDs(); ids[len(ids)-1] != rowWriting || w.chat.feed.Row(first.ID) != nil {
		t.Error("the new answer is not written in the place of the first")
	}
	second := w.answers(t, trainer.Ask{Conversation: id, Again: first.ID}, "Am vierten Tag.")
	if !reads(w, "2 / 2") || !reads(w, "Am vierten Tag.") || w.lastAnswer().Stars != 0 {
		t.Fatalf("the second answer is not shown as the second: %+v", w.lastAnswer())
	}
	row := w.chat.feed.Row(second.ID).(*widgets.Answer)
	w.frame.Canvas().Focus(row)
	row.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	w.settle(t)
	if w.lastAnswer().ID != first.ID || w.lastAnswer().Stars != 2 || !reads(w, "1 / 2") || reads(w, "Am vierten Tag.") {
		t.Errorf("the first answer does not come back with its rating: %+v", w.lastAnswer())
	}
	if w.frame.Canvas().Focused() != fyne.Focusable(w.chat.feed.Row(first.ID).(*widgets.Answer)) {
		t.Error("the next key does not go to the answer that is shown")
	}
	if got := w.onDisk(t); got.ID != first.ID {
		t.Error("the next start would show the other answer")
	}
}

func TestQuestionAskedDifferentlyIsABranch(t *testing.T) {
	w := openSample(t, spoken(english))
	id, first := w.chat.conversation.ID, w.chat.entries[0]
	w.chat.revise(first.ID)
	w.settle(t)
	r := w.chat.revision
	send := find(t, w, func(b *widgets.Button) bool { return b.Text == "Send" })
	if !send.Disabled() {
		t.Error("the question can be sent as it was")
	}
	r.field.SetText("Wie lange kann ich widersprechen?")
	if send.Disabled() {
		t.Fatal("a question that is another cannot be sent")
	}
	w.chat.closeEditor()
	ask := trainer.Ask{Conversation: id, Instead: first.ID, Text: r.field.Text}
	w.chat.entries = nil
	w.chat.writing[id] = &answering{conversation: id, stop: func() {}}
	w.answers(t, ask, "Einen Monat.")
	if len(w.chat.entries) != 2 || !reads(w, "2 / 2") || !reads(w, "Einen Monat.") {
		t.Fatalf("the branch is not shown: %d messages", len(w.chat.entries))
	}
	tap(t, w, "Version before")
	if len(w.chat.entries) != 4 || w.chat.entries[0].ID != first.ID || !reads(w, "1 / 2") {
		t.Errorf("the branch before does not come back: %d messages", len(w.chat.entries))
	}
}

// What stands in the composer has nothing to do with the question above that is asked differently.
func TestAskingDifferentlyLeavesTheComposerAsItIs(t *testing.T) {
	w := openSample(t, spoken(english))
	id, first := w.chat.conversation.ID, w.chat.entries[0]
	w.chat.composer.SetText("half a question")
	w.chat.revise(first.ID)
	a := &answering{conversation: id, instead: first.ID, stop: func() {}}
	w.chat.writing[id] = a
	w.chat.asked(a, trainer.Message{ID: 99, Conversation: id, Role: trainer.RoleUser, Text: "Wie lange kann ich widersprechen?"})
	w.settle(t)
	if w.chat.revision != nil || len(w.chat.entries) != 1 || w.chat.entries[0].ID != 99 {
		t.Fatalf("the new question does not stand in the place of the old: %d messages", len(w.chat.entries))
	}
	if got := w.chat.composer.Text(); got != "half a question" {
		t.Errorf("the composer has %q", got)
	}
}

// A question that was asked differently counts as unsaved no more, also where another conversation was opened before it was on disk.
func TestAQuestionAskedDifferentlyIsNotLeftUnsaved(t *testing.T) {
	w := openSample(t, spoken(english))
	id, first := w.chat.conversation.ID, w.chat.entries[0]
	w.chat.revise(first.ID)
	w.chat.revision.field.SetText("Wie lange kann ich widersprechen?")
	a := &answering{conversation: id, instead: first.ID, stop: func() {}}
	w.chat.writing[id] = a
	w.chat.openConversation(w.chat.all[1])
	w.chat.asked(a, trainer.Message{ID: 99, Conversation: id, Role: trainer.RoleUser, Text: "Wie lange kann ich widersprechen?"})
	w.settle(t)
	if len(w.unsaved) != 0 {
		t.Errorf("%v counts as unsaved", w.unsaved)
	}
}

func TestAQuestionThatCouldNotBeKeptStaysInItsEditor(t *testing.T) {
	w := openSample(t, spoken(english))
	id, first := w.chat.conversation.ID, w.chat.entries[0]
	w.chat.revise(first.ID)
	r := w.chat.revision
	r.field.SetText("Wie lange kann ich widersprechen?")
	r.field.OnSubmit() // there is no model, which the window does not know
	if ids := w.chat.feed.IDs(); len(ids) != 2 || ids[0] != first.ID || ids[1] != rowWriting {
		t.Errorf("while it is being kept the rows are %d", ids)
	}
	w.waitFor(t, func() bool { return w.chat.writing[id] == nil })
	if w.chat.revision != r || len(w.chat.entries) != 4 || r.field.Text != "Wie lange kann ich widersprechen?" {
		t.Fatalf("of %d messages the editor is %v", len(w.chat.entries), w.chat.revision)
	}
	find(t, w, func(e *widgets.Editor) bool { return e == r.field })
}

func TestEscapeLeavesTheQuestionAsItWas(t *testing.T) {
	w := openSample(t, spoken(english))
	w.frame.Canvas().Unfocus()
	w.chat.composer.OnUp()
	w.settle(t)
	r := w.chat.revision
	if r == nil || r.message != w.chat.entries[2].ID {
		t.Fatal("up in the empty composer does not open the last question")
	}
	r.field.SetText("something else")
	r.field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	w.settle(t)
	if w.chat.revision != nil || !reads(w, "Und wann gilt ein Brief") {
		t.Error("Escape does not close it")
	}
	if !w.chat.composer.HasFocus() {
		t.Error("the keyboard stays with a field that is gone")
	}
}

func TestPencilBesideAQuestionOpensIt(t *testing.T) {
	w := openSample(t, spoken(german))
	b := find(t, w, func(b *widgets.Button) bool { return b.AccessibilityLabel() == "Frage anders stellen" })
	test.Tap(b)
	w.settle(t)
	if w.chat.revision == nil || !strings.HasPrefix(w.chat.revision.field.Text, "Bis wann") {
		t.Error("it does not")
	}
}

func TestAnswerThatWasCutCanBeGoneOnWith(t *testing.T) {
	w := openSample(t, spoken(english))
	if reads(w, "write on") {
		t.Error("a finished answer can be gone on with")
	}
	id, last := w.chat.conversation.ID, len(w.chat.entries)-1
	w.chat.entries[last].Finish = trainer.FinishCancelled
	w.chat.update(w.chat.entries[last].ID)
	link := find(t, w, func(l *widgets.Link) bool { return l.Text == "write on" })
	if link.OnTapped == nil || !reads(w, "stopped by you") {
		t.Fatal("an answer that was stopped cannot be gone on with")
	}
	// What it had is shown from the first moment on, in its place.
	a := &answering{conversation: id, again: w.chat.entries[last].ID, stop: func() {}}
	a.text.WriteString(w.chat.entries[last].Text)
	w.chat.writing[id] = a
	w.chat.show()
	w.settle(t)
	if row, ok := w.chat.feed.Row(rowWriting).(*widgets.Answer); !ok || row.Text() != w.chat.entries[last].Text {
		t.Error("what was there is gone while it is written on")
	}
	w.answers(t, trainer.Ask{Conversation: id, Again: w.chat.entries[last].ID}, w.chat.entries[last].Text+" Das gilt nicht immer.")
	if !reads(w, "Das gilt nicht immer.") || !reads(w, "2 / 2") || len(w.chat.entries) != 4 {
		t.Error("the whole answer does not stand beside the one that was cut")
	}
}
