package app

import (
	"testing"

	"fyne.io/fyne/v2"

	"clara/trainer"
)

// What was taken back by what is offered on the screen is not taken back again by the keyboard.
func TestNothingIsTakenBackTwice(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	for _, back := range []struct {
		how string
		do  func()
	}{
		{"the link", func() { w.chat.saved[id].undo.run() }},
		{"the star", func() { w.chat.rate(id, 0) }},
	} {
		w.chat.rate(id, 5)
		w.settle(t)
		back.do()
		w.settle(t)
		w.press(t, fyne.KeyZ)
		if reads(w, "That did not work") || w.undo != nil {
			t.Errorf("taken back by %s, the rating is taken back once more", back.how)
		}
		if got := w.onDisk(t); got.Stars != 0 {
			t.Errorf("taken back by %s, the disk has %d stars", back.how, got.Stars)
		}
	}
}

// A rating that is taken away leaves the way back from a correction of the same answer.
func TestTheStarLeavesTheWayBackFromACorrection(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.chat.rate(id, 2)
	w.settle(t)
	w.chat.correct(id)
	w.chat.editor.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	w.chat.editor.kind, w.chat.editor.kindChosen = trainer.Knowledge, true
	w.chat.editor.submit()
	w.settle(t)
	w.chat.rate(id, 0)
	w.settle(t)
	w.press(t, fyne.KeyZ)
	if got := w.onDisk(t); got.Better != "" || got.Stars != 0 {
		t.Errorf("the disk has the correction %q and %d stars", got.Better, got.Stars)
	}
}

func TestWhatWasUnlearntIsPutBackOnce(t *testing.T) {
	w := openSample(t, spoken(english))
	before := len(w.lessonsOnDisk(t))
	w.show(placeLessons)
	w.settle(t)
	tap(t, w, "Unlearn …")
	tap(t, w, "Unlearn")
	tap(t, w, "Undo")
	w.press(t, fyne.KeyZ)
	if got := len(w.lessonsOnDisk(t)); got != before || reads(w, "That did not work") {
		t.Errorf("%d lessons instead of %d after the undo", got, before)
	}
}

// What was corrected here and unlearnt among the lessons offers no way back here any more.
func TestUnlearningEndsTheWayBackInTheConversation(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.chat.correct(id)
	w.chat.editor.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	w.chat.editor.kind, w.chat.editor.kindChosen = trainer.Knowledge, true
	w.chat.editor.submit()
	w.settle(t)
	w.lessons.takeBack(w.chat.saved[id].sample)
	w.settle(t)
	if _, ok := w.chat.saved[id]; ok {
		t.Error("the conversation still offers to take it back")
	}
}

// A correction that was saved again with another importance is the same one: the way back leads to
// the importance before, and not to no correction.
func TestTheWayBackFromAnotherImportance(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	const better = "Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben."
	w.chat.correct(id)
	w.chat.editor.better.SetText(better)
	w.chat.editor.kind, w.chat.editor.kindChosen = trainer.Knowledge, true
	w.chat.editor.submit()
	w.settle(t)
	lessons := len(w.lessonsOnDisk(t))
	w.chat.correct(id)
	w.settle(t)
	w.chat.editor.importance = 5
	w.chat.editor.submit()
	w.settle(t)
	importance := func() int {
		t.Helper()
		c, err := w.Trainer.Standing(t.Context(), id)
		if err != nil || c.Better != better {
			t.Fatalf("on the answer stands %+v, %v", c, err)
		}
		return c.Importance
	}
	if got := importance(); got != 5 || len(w.lessonsOnDisk(t)) != lessons {
		t.Fatalf("saved again it has the importance %d, and there are %d lessons instead of %d", got, len(w.lessonsOnDisk(t)), lessons)
	}
	w.press(t, fyne.KeyZ)
	if got := importance(); got != usualImportance || w.onDisk(t).Better != better {
		t.Errorf("after the way back it has the importance %d", got)
	}
}
