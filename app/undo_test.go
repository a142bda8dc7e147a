package app

import (
	"slices"
	"testing"
	"time"

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
	w.correctAsLesson(t, id)
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
	w.correctAsLesson(t, id)
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

// An answer whose correction is unlearnt among the lessons stands there again as it was given, and its correction once that is undone.
func TestTheConversationFollowsWhatIsUnlearntElsewhere(t *testing.T) {
	w := openSample(t, spoken(english))
	given := w.lastAnswer()
	w.chat.correct(given.ID)
	better := "Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben."
	w.chat.editor.better.SetText(better)
	w.chat.editor.kind, w.chat.editor.kindChosen = trainer.Knowledge, true
	w.chat.editor.submit()
	w.settle(t)
	news := trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsLessons}, {Kind: trainer.NewsSamples}}}
	w.show(placeLessons)
	w.lessons.takeBack(w.lastAnswer().Fix)
	w.settle(t)
	w.heard(news)
	w.show(placeChat)
	w.settle(t)
	if e := w.lastAnswer(); e.Better != "" || e.Fix != 0 || reads(w, better) || reads(w, "corrected by you") {
		t.Errorf("the answer still shows the correction %q", e.Better)
	}
	w.press(t, fyne.KeyZ)
	w.heard(news)
	w.settle(t)
	if e := w.lastAnswer(); e.Better != better || !reads(w, "corrected by you") {
		t.Errorf("after the undo the answer shows the correction %q", e.Better)
	}
}

// What is read of the feedback takes no star away that was given meanwhile.
func TestAStarStaysThatIsGivenWhileFeedbackIsRead(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsSamples}}})
	w.chat.rate(id, 4)
	w.settle(t)
	if got := w.lastAnswer().Stars; got != 4 {
		t.Errorf("the answer has %d stars", got)
	}
}

// The chip below an answer leads to the lesson that has taken the place of the one that was used, and says so where there is none.
func TestTheChipLeadsToNoOtherLesson(t *testing.T) {
	w := openSample(t, spoken(english))
	e := w.lastAnswer()
	if err := w.Trainer.SetAnswer(t.Context(), e.Lesson, "am fünften Tag"); err != nil {
		t.Fatal(err)
	}
	chip := func() {
		t.Helper()
		w.show(placeChat)
		w.settle(t)
		tap(t, w, "Open the lesson “Wann gilt ein Brief der Behörde als bekannt gegeben?”")
	}
	chip()
	if !reads(w, "am fünften Tag") || w.lessons.chosen == e.Lesson || w.lessons.chosen == 0 {
		t.Errorf("it leads to lesson %d", w.lessons.chosen)
	}
	if err := w.Trainer.Unlearn(t.Context(), w.lessons.chosen); err != nil {
		t.Fatal(err)
	}
	chip()
	if !reads(w, "This lesson is no longer there.") {
		t.Error("another lesson is shown without a word")
	}
}

// A lesson that is taught again with another importance is the one that there is: the way back
// leads to the importance before, and not to no lesson.
func TestTheWayBackFromALessonTaughtAgain(t *testing.T) {
	w := openSample(t, spoken(english))
	teach := func(importance int) {
		t.Helper()
		w.lessons.teach()
		w.lessons.editor.question.SetText("Wer leitet die IT bei Brandt?")
		w.lessons.editor.better.SetText("Maria Koch leitet die IT bei Brandt.")
		w.lessons.editor.importance = importance
		w.lessons.editor.submit()
		w.settle(t)
	}
	before := len(w.lessonsOnDisk(t))
	teach(usualImportance)
	teach(5)
	importance := func() int {
		t.Helper()
		lessons := w.lessonsOnDisk(t)
		if len(lessons) != before+1 {
			t.Fatalf("there are %d lessons, want %d", len(lessons), before+1)
		}
		return lessons[0].Importance
	}
	if got := importance(); got != 5 {
		t.Errorf("taught again it has the importance %d", got)
	}
	w.press(t, fyne.KeyZ)
	w.settle(t)
	if got := importance(); got != usualImportance {
		t.Errorf("after the way back it has the importance %d", got)
	}
}

// What was deleted comes back by the keys, too, also once something else was said or another place opened; and once only.
func TestWhatWasDeletedComesBackByTheKeys(t *testing.T) {
	w := openSample(t, spoken(english))
	w.withPresets(t)
	conversations, all := len(w.chat.all), len(w.presets.all)
	for _, c := range []struct {
		what   string
		delete func()
	}{
		{"conversation", func() { w.chat.delete(w.chat.conversation) }},
		{"preset", func() { w.presets.delete(w.presets.all[0]) }},
	} {
		c.delete()
		w.settle(t)
		if len(w.chat.all)+len(w.presets.all) != conversations+all-1 {
			t.Fatalf("the %s is not deleted", c.what)
		}
		w.copyText("something else")
		w.show(placeLessons)
		w.settle(t)
		w.press(t, fyne.KeyZ)
		if len(w.chat.all) != conversations || len(w.presets.all) != all {
			t.Errorf("the %s does not come back", c.what)
		}
		w.show(placeChat)
		c.delete()
		w.settle(t)
		tap(t, w, "Undo")
		w.press(t, fyne.KeyZ)
		if len(w.chat.all) != conversations || len(w.presets.all) != all || reads(w, "That did not work") || w.undo != nil {
			t.Errorf("the %s is taken back twice, or not at all", c.what)
		}
	}
}

// What is erased by now is said to be gone, in words.
func TestTheWayBackFromWhatIsErased(t *testing.T) {
	w := openSample(t, spoken(german))
	w.show(placeLessons)
	w.settle(t)
	tap(t, w, "Verlernen …")
	tap(t, w, "Verlernen")
	if err := storeOf[w.Trainer].EraseSamples(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	tap(t, w, "Rückgängig")
	if !reads(w, "Das gibt es nicht mehr.") {
		t.Error("it is not said that it is gone")
	}
}

// Unlearning once more, before it is seen that it is done, is no fault.
func TestALessonIsUnlearntOnce(t *testing.T) {
	w := openSample(t, spoken(english))
	before := len(w.lessonsOnDisk(t))
	w.show(placeLessons)
	w.settle(t)
	tap(t, w, "Unlearn …")
	sample := w.lessons.lessons[slices.IndexFunc(w.lessons.lessons, func(l trainer.LessonView) bool { return l.ID == w.lessons.chosen })].Sample
	w.lessons.unlearn(sample)
	w.lessons.unlearn(sample)
	w.settle(t)
	if w.told != nil || len(w.lessonsOnDisk(t)) != before-1 {
		t.Errorf("%d lessons are left of %d; a fault is told: %v", len(w.lessonsOnDisk(t)), before, w.told != nil)
	}
	for range 2 {
		tap(t, w, "Undo")
		if len(w.lessonsOnDisk(t)) != before {
			t.Fatal("it is not put back")
		}
		w.lessons.unlearn(sample)
		w.settle(t)
		if w.told != nil || len(w.lessonsOnDisk(t)) != before-1 {
			t.Fatal("what was put back is not unlearnt")
		}
	}
}
