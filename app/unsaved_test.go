package app

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// A half-written correction is there again when its editor is opened again, whatever led away from it.
func TestACorrectionThatWasLeftIsGoneOnWith(t *testing.T) {
	w := openSample(t, spoken(english))
	first, other := w.chat.entries[1], w.lastAnswer()
	ways := map[string]func(){
		"another conversation": func() { w.chat.openConversation(w.chat.all[1]) },
		"a new conversation":   w.newConversation,
		"the search":           w.openSearch,
		"the presets":          w.openPresets,
		"another answer":       func() { w.chat.correct(first.ID) },
		"teaching":             func() { w.chat.teach(other.ID) },
		"another question":     func() { w.chat.revise(w.chat.entries[0].ID) },
		"another version":      func() { w.chat.turnTo(first.ID) },
		"the same answer":      func() {},
	}
	talk := w.chat.conversation
	for name, lead := range ways {
		w.chat.correct(other.ID)
		d := w.chat.editor
		d.better.SetText("half a correction, by " + name)
		d.kinds.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
		d.kinds.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
		d.keywords.Set(nil)
		typeKeyword(t, w, name)
		lead()
		w.settle(t)
		w.chat.openConversation(talk)
		w.settle(t)
		w.chat.correct(other.ID)
		w.settle(t)
		d = w.chat.editor
		if got := d.better.Text; got != "half a correction, by "+name || d.kind != trainer.Knowledge || !d.kindChosen || !slices.Contains(d.keywords.Value(), name) || d.save.Disabled() {
			t.Errorf("after %s the editor has %q with %q", name, got, d.keywords.Value())
		}
		w.typeKey(fyne.KeyEscape)
		w.chat.correct(other.ID)
		if d = w.chat.editor; d.better.Text != other.Text || d.wordsChosen {
			t.Errorf("after Escape the editor has %q", d.better.Text)
		}
		w.chat.closeEditor()
	}
}

func TestACorrectionThatIsSavedIsNotBegunAnyMore(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.chat.correct(id)
	w.chat.editor.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	w.chat.closeEditor()
	w.chat.correct(id)
	w.chat.editor.submit()
	w.settle(t)
	if got := w.onDisk(t); got.Better == "" || w.chat.editor != nil {
		t.Fatalf("the disk has the correction %q", got.Better)
	}
	if len(w.unsaved) != 0 {
		t.Errorf("what was saved counts as unsaved: %v", w.unsaved)
	}
}

func TestAQuestionThatIsAskedDifferentlyIsGoneOnWith(t *testing.T) {
	w := openSample(t, spoken(english))
	talk, first := w.chat.conversation, w.chat.entries[0]
	w.chat.revise(first.ID)
	w.chat.revision.field.SetText("half a question")
	w.newConversation()
	w.settle(t)
	w.chat.openConversation(talk)
	w.settle(t)
	w.chat.revise(first.ID)
	if got := w.chat.revision.field.Text; got != "half a question" {
		t.Errorf("the editor has %q", got)
	}
	w.typeKey(fyne.KeyEscape)
	w.chat.revise(first.ID)
	if got := w.chat.revision.field.Text; got != first.Text {
		t.Errorf("after Escape the editor has %q", got)
	}
}

func TestALessonThatIsWrittenIsGoneOnWith(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	first, second := w.lessons.lessons[0], w.lessons.lessons[1]
	tap(t, w, "New lesson")
	w.lessons.editor.question.SetText("When does the registry office open?")
	tap(t, w, "New lesson")
	w.lessons.choose(first.ID)
	tap(t, w, "New lesson")
	if got := w.lessons.editor.question.Text; got != "When does the registry office open?" {
		t.Errorf("the new lesson is about %q", got)
	}
	w.typeKey(fyne.KeyEscape)
	tap(t, w, "New lesson")
	if got := w.lessons.editor.question.Text; got != "" {
		t.Errorf("after Escape the new lesson is about %q", got)
	}

	edit := func(l trainer.LessonView) {
		t.Helper()
		w.lessons.choose(l.ID)
		tap(t, w, "Edit")
	}
	edit(first)
	w.lessons.edit.answer.SetText("half an answer")
	typeKeyword(t, w, "half")
	edit(second)
	if got := w.lessons.edit.answer.Text; got != second.Answer {
		t.Errorf("the editor of the other lesson has %q", got)
	}
	w.lessons.reveal(first.ID, first.Question) // as the chip below an answer does
	w.settle(t)
	tap(t, w, "Edit")
	if e := w.lessons.edit; e.answer.Text != "half an answer" || !slices.Contains(e.keys.Value(), "half") {
		t.Errorf("the editor has %q with %q", e.answer.Text, e.keys.Value())
	}
	tap(t, w, "Cancel")
	tap(t, w, "Edit")
	if got := w.lessons.edit.answer.Text; got != first.Answer {
		t.Errorf("after Cancel the editor has %q", got)
	}
}

// A preset that is being written is asked about like any other text, also from another place, until it is saved or given up.
func TestQuittingAsksAboutAHalfWrittenPreset(t *testing.T) {
	w := openSample(t, spoken(english))
	w.openPresets()
	tap(t, w, "New preset")
	if w.keepEditors(); len(w.unsaved) != 0 {
		t.Errorf("nothing is written, and it counts as unsaved: %v", w.unsaved)
	}
	w.presets.editor.name.SetText("Letters")
	w.show(placeLessons)
	w.askToQuit()
	if w.stopped() || !reads(w, "“Letters” is written, but not saved") {
		t.Fatal("the preset is lost without a word")
	}
	tap(t, w, "Keep the window open")
	w.openPresets()
	if e := w.presets.editor; e == nil || e.name.Text != "Letters" {
		t.Fatal("the preset is not gone on with")
	}
	tap(t, w, "Save")
	if len(w.unsaved) != 0 {
		t.Errorf("what was saved counts as unsaved: %v", w.unsaved)
	}
	tap(t, w, "Edit Letters")
	find(t, w, func(l *widgets.Line) bool { return l.Name == say("set.temperature") }).SetText("3") // out of range: it cannot be kept
	w.askToQuit()
	if w.stopped() || !reads(w, "“Letters” is written, but not saved") {
		t.Fatal("a value that cannot be kept is lost without a word")
	}
	tap(t, w, "Keep the window open")
	w.escape()
	w.askToQuit()
	w.waitFor(t, w.stopped)
}

// The program asks before it ends with something written, and about a training after that.
func TestQuittingAsksAboutWhatIsNotSaved(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.chat.correct(id)
	w.chat.editor.better.SetText("Ein Bescheid gilt am fünften Tag.")
	w.askToQuit()
	if !reads(w, "“Ein Bescheid gilt am fünften Tag.” is written, but not saved") {
		t.Error("it is not said what would be lost")
	}
	tap(t, w, "Keep the window open")
	if w.stopped() || w.chat.editor == nil {
		t.Fatal("the window is closed, or the editor")
	}
	w.state.Phase = trainer.PhaseRunning
	w.askToQuit()
	tap(t, w, "Quit without saving")
	if w.stopped() || !reads(w, "A training is running") {
		t.Fatal("the training is not asked about")
	}
	tap(t, w, "Keep the window open")

	w.state.Phase = trainer.PhaseWaiting
	w.chat.editor.onStop()
	w.chat.correct(id)
	w.chat.revise(w.chat.entries[0].ID) // nothing is written in either
	w.askToQuit()
	w.waitFor(t, w.stopped)
}
