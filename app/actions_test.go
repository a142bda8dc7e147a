package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"go.uber.org/goleak"

	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// openSample is a window over the sample data with its last conversation open. The model counts as loaded.
func openSample(t *testing.T, settings configs.Settings) *window {
	t.Helper()
	w := newTestWindow(t, Params{Trainer: sampleTrainer(t), Settings: settings, Learning: learningOf}, wide)
	w.fillSamples(t, placeChat, trainer.PhaseWaiting)
	return w
}

// learningOf stands for the conversion that package main has, as far as the tests change settings.
func learningOf(s configs.Settings) trainer.Settings {
	l := trainer.DefaultSettings()
	l.QualityThreshold, l.MinBatchSize, l.LearningRate = s.Continuous.QualityThreshold, s.Continuous.MinBatchSize, s.Continuous.LearningRate
	return l
}

func spoken(code string) configs.Settings {
	return look{language: code}.settings()
}

// find returns the first object on screen that a test accepts.
func find[T fyne.CanvasObject](t *testing.T, w *window, accept func(T) bool) T {
	t.Helper()
	var found T
	done := false
	onScreen(w, func(s seen) {
		if o, ok := s.o.(T); ok && !done && accept(o) {
			found, done = o, true
		}
	})
	if !done {
		t.Fatalf("no such %T on screen", found)
	}
	return found
}

// tap presses what says words: a button, a row or a link.
func tap(t *testing.T, w *window, words string) {
	t.Helper()
	o := find(t, w, func(o fyne.CanvasObject) bool {
		a, ok := o.(fyne.Accessible)
		_, tappable := o.(fyne.Tappable)
		return ok && tappable && a.AccessibilityLabel() == words
	})
	test.Tap(o.(fyne.Tappable))
	w.settle(t)
}

// reads says whether words stand on screen.
func reads(w *window, words string) bool {
	found := false
	onScreen(w, func(s seen) {
		if a, ok := s.o.(fyne.Accessible); ok && strings.Contains(a.AccessibilityLabel(), words) {
			found = true
		}
	})
	return found
}

// press types a shortcut of the platform's own modifier.
func (w *window) press(t *testing.T, key fyne.KeyName) {
	t.Helper()
	i := slices.IndexFunc(shortcuts, func(s shortcut) bool { return s.key == key })
	if i < 0 {
		t.Fatalf("no shortcut with %s", key)
	}
	w.strike(shortcuts[i]) // Fyne's test canvas takes no shortcuts
	w.settle(t)
}

func (w *window) lastAnswer() trainer.Entry { return w.chat.entries[len(w.chat.entries)-1] }

// correctAsLesson corrects an answer by something to be known, as a person does.
func (w *window) correctAsLesson(t *testing.T, id int64) {
	t.Helper()
	w.chat.correct(id)
	w.chat.editor.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	w.chat.editor.kind, w.chat.editor.kindChosen = trainer.Knowledge, true
	w.chat.editor.submit()
	w.settle(t)
}

// onDisk reads the conversation again, as the next start would.
func (w *window) onDisk(t *testing.T) trainer.Entry {
	t.Helper()
	all, err := w.Trainer.Entries(t.Context(), w.chat.conversation.ID)
	if err != nil {
		t.Fatal(err)
	}
	return all[len(all)-1]
}

func TestRatingIsKeptAndTakenBack(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	stars := w.chat.feed.Row(id).(*widgets.Answer)
	stars.OnRated(5)
	w.settle(t)
	if got := w.onDisk(t); got.Stars != 5 {
		t.Fatalf("after five stars the disk has %d", got.Stars)
	}
	if !reads(w, "Saved – used in the next training.") {
		t.Error("nothing thanks for the rating")
	}
	w.press(t, fyne.KeyZ)
	if got := w.onDisk(t); got.Stars != 0 {
		t.Errorf("after taking it back the disk has %d stars", got.Stars)
	}
	if w.lastAnswer().Stars != 0 || w.undo != nil {
		t.Error("the window still has the rating")
	}
}

func TestUndoBringsTheRatingBeforeBack(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	for _, stars := range []int{2, 4, 5} {
		w.chat.rate(id, stars)
	}
	w.settle(t)
	w.press(t, fyne.KeyZ)
	if disk, shown := w.onDisk(t), w.lastAnswer(); disk.Stars != 4 || shown.Stars != 4 || shown.Rating != disk.Rating {
		t.Errorf("after the undo the disk has %d stars, the window %d; want 4", disk.Stars, shown.Stars)
	}
	w.chat.rate(id, 0)
	w.settle(t)
	if disk, shown := w.onDisk(t), w.lastAnswer(); disk.Stars != 0 || shown.Stars != 0 || shown.Rating != 0 {
		t.Errorf("without a rating the disk has %d stars, the window %d", disk.Stars, shown.Stars)
	}
}

func TestNeutralRatingSaysWhyItDoesNotTrain(t *testing.T) {
	w := openSample(t, spoken(german))
	w.chat.rate(w.lastAnswer().ID, 3)
	w.settle(t)
	if !reads(w, "fließt aber nicht ins Training ein: neutral bewertet") {
		t.Error("the reason is not said")
	}
}

func TestCorrectionBecomesALessonAndCanBeTakenBack(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.chat.correct(id)
	w.settle(t)
	d := w.chat.editor
	if !d.save.Disabled() {
		t.Error("an unchanged answer can be saved")
	}
	before := len(w.lessonsOnDisk(t))
	d.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	w.settle(t)
	if d.save.Disabled() {
		t.Fatal("a changed answer cannot be saved")
	}
	d.kind, d.kindChosen = trainer.Knowledge, true
	d.submit()
	w.settle(t)
	if got := w.onDisk(t); !strings.Contains(got.Better, "fünften Tag") {
		t.Fatalf("the disk has the correction %q", got.Better)
	}
	if w.chat.editor != nil {
		t.Error("the editor is still open")
	}
	if got := len(w.lessonsOnDisk(t)); got != before+1 {
		t.Errorf("%d lessons instead of %d", got, before+1)
	}
	if !reads(w, "Saved – a lesson from now on.") {
		t.Error("nothing says that it is a lesson now")
	}
	w.press(t, fyne.KeyZ)
	if got := w.onDisk(t); got.Better != "" {
		t.Errorf("after taking it back the disk has the correction %q", got.Better)
	}
	if got := len(w.lessonsOnDisk(t)); got != before {
		t.Errorf("%d lessons instead of %d after taking one back", got, before)
	}
}

// A correction that is looked at again is what was saved, in all its parts, and saving it as it is would change nothing.
func TestACorrectionIsOpenedAsItWasSaved(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	correct := func() *editor {
		t.Helper()
		w.chat.correct(id)
		w.settle(t)
		if w.chat.editor == nil {
			t.Fatal("no editor is open")
		}
		return w.chat.editor
	}
	choose := func(grade string) {
		t.Helper()
		s := find(t, w, func(s *widgets.Segmented) bool { return slices.Equal(s.Names, []string{"1", "2", "3", "4", "5"}) })
		for s.Names[s.On] != grade {
			s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
		}
	}
	d := correct()
	d.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	d.kind, d.kindChosen = trainer.Knowledge, true
	choose("4")
	typeKeyword(t, w, "fünften Tag | 5. Tag")
	d.submit()
	w.settle(t)

	d = correct()
	if !d.save.Disabled() {
		t.Error("an unchanged correction can be saved")
	}
	if d.importance != 4 || !slices.Equal(d.keywords.Value(), []string{"fünften Tag | 5. Tag"}) {
		t.Errorf("it is opened with the importance %d and the keywords %q", d.importance, d.keywords.Value())
	}
	choose("5")
	if d.save.Disabled() {
		t.Fatal("another importance cannot be saved")
	}
	d.submit()
	w.settle(t)
	if l := w.lessonsOnDisk(t)[0]; l.Importance != 5 || len(l.Keywords) != 1 || !slices.Equal(l.Keywords[0], []string{"fünften Tag", "5. Tag"}) {
		t.Errorf("the disk has the importance %d and the keywords %q", l.Importance, l.Keywords)
	}
	for _, change := range []func(){
		func() { d.better.SetText("Ein Bescheid gilt am sechsten Tag.") },
		func() { typeKeyword(t, w, "sechsten") },
		func() {
			test.Tap(find(t, w, func(c *widgets.Chip) bool { return c.Hint != "" && strings.Contains(c.Hint, "fünften Tag") }))
		},
	} {
		d = correct()
		if !d.save.Disabled() {
			t.Error("an unchanged correction can be saved")
		}
		change()
		if d.save.Disabled() {
			t.Error("a changed correction cannot be saved")
		}
		d.onStop()
	}
}

func (w *window) lessonsOnDisk(t *testing.T) []trainer.LessonView {
	t.Helper()
	all, err := w.Trainer.Lessons(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEscapeClosesTheEditorAndLosesNothing(t *testing.T) {
	w := openSample(t, spoken(english))
	before := w.onDisk(t)
	w.chat.correct(w.lastAnswer().ID)
	w.chat.editor.better.SetText("something else")
	w.settle(t)
	w.chat.editor.better.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	w.settle(t)
	if w.chat.editor != nil {
		t.Error("the editor is still open")
	}
	if got := w.onDisk(t); got.Better != before.Better || got.Text != before.Text {
		t.Error("an editor that was left has changed the answer")
	}
}

func TestTeachingMakesALesson(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english)}, wide)
	w.model.ready = true
	w.show(placeLessons)
	w.settle(t)
	if !reads(w, "No lessons yet") {
		t.Error("the empty view does not say that it is empty")
	}
	tap(t, w, "New lesson")
	d := w.lessons.editor
	d.question.SetText("When does the registry office in Neuburg open?")
	d.better.SetText("The registry office in Neuburg opens at 8 am.")
	w.settle(t)
	d.submit()
	w.settle(t)
	all := w.lessonsOnDisk(t)
	if len(all) != 1 || all[0].Answer != "The registry office in Neuburg opens at 8 am." {
		t.Fatalf("the disk has %d lessons: %+v", len(all), all)
	}
	if !reads(w, "When does the registry office in Neuburg open?") {
		t.Error("the list does not show the new lesson")
	}
}

func TestAnswerAndCheckOfALessonAreChangedTogether(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	tap(t, w, say("lesson.edit"))
	answer := find(t, w, func(e *widgets.Editor) bool { return e.PlaceHolder == say("editor.answer_hint") })
	answer.SetText("The office has moved to the old mill.")
	word := find(t, w, func(e *widgets.Line) bool { return e.PlaceHolder == say("keywords.hint") })
	word.SetText("old mill")
	word.OnSubmit()
	tap(t, w, say("save"))
	all := w.lessonsOnDisk(t)
	i := slices.IndexFunc(all, func(l trainer.LessonView) bool { return l.Answer == "The office has moved to the old mill." })
	if i < 0 || !slices.Contains(flat(all[i].Keywords), "old mill") {
		t.Errorf("the lessons are %+v", all)
	}
}

// typeKeyword types a keyword without the Return that puts it into the list.
func typeKeyword(t *testing.T, w *window, word string) *widgets.Line {
	t.Helper()
	field := find(t, w, func(e *widgets.Line) bool { return e.PlaceHolder == say("keywords.hint") })
	field.SetText(word)
	return field
}

func TestAKeywordIsSavedAlsoWithoutReturn(t *testing.T) {
	w := openSample(t, spoken(english))
	w.chat.correct(w.lastAnswer().ID)
	d := w.chat.editor
	d.better.SetText("Ein Bescheid gilt am fünften Tag nach der Aufgabe zur Post als bekannt gegeben.")
	d.kind, d.kindChosen = trainer.Knowledge, true
	w.settle(t)
	typeKeyword(t, w, "fünften Tag")
	d.submit()
	w.settle(t)
	if l := w.lessonsOnDisk(t)[0]; !slices.Contains(flat(l.Keywords), "fünften Tag") {
		t.Errorf("the correction is checked by %q", flat(l.Keywords))
	}

	w.show(placeLessons)
	w.settle(t)
	w.lessons.choose(w.lessonsOnDisk(t)[0].ID)
	tap(t, w, "Edit")
	w.frame.Canvas().Focus(typeKeyword(t, w, "bekannt"))
	w.submit() // by the keys
	w.settle(t)
	if l := w.lessonsOnDisk(t)[0]; !slices.Contains(flat(l.Keywords), "bekannt") || w.lessons.detail != detailShow {
		t.Errorf("the edited lesson is checked by %q", flat(l.Keywords))
	}
}

func TestUnlearningAsksAndCanBeUndone(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	before := len(w.lessonsOnDisk(t))
	tap(t, w, "Unlearn …")
	if !reads(w, "Nothing has to be trained") {
		t.Error("it is not said that no adapter was trained on it")
	}
	for _, l := range w.lessons.lessons {
		w.lessons.trained = append(w.lessons.trained, l.Sample)
	}
	w.lessons.showDetail(detailUnlearn)
	if !reads(w, "trained again without it") {
		t.Error("it is not said that a training follows")
	}
	if got := len(w.lessonsOnDisk(t)); got != before {
		t.Fatal("it was unlearnt without asking")
	}
	tap(t, w, "Unlearn")
	if got := len(w.lessonsOnDisk(t)); got != before-1 {
		t.Fatalf("%d lessons instead of %d", got, before-1)
	}
	tap(t, w, "Undo")
	if got := len(w.lessonsOnDisk(t)); got != before {
		t.Errorf("%d lessons instead of %d after the undo", got, before)
	}
}

func TestKeywordsAreGroupsOfWhichOneWordIsEnough(t *testing.T) {
	got := groups([]string{"8 am | eight", "Tuesday", " | "})
	if len(got) != 2 || len(got[0]) != 2 || got[0][1] != "eight" || got[1][0] != "Tuesday" {
		t.Errorf("read as %q", got)
	}
	if f := flat(got); len(f) != 2 || f[0] != "8 am | eight" {
		t.Errorf("written as %q", f)
	}
}

func TestConversationIsDeletedAndBroughtBack(t *testing.T) {
	w := openSample(t, spoken(german))
	before := len(w.chat.all)
	w.chat.delete(w.chat.conversation)
	w.settle(t)
	if len(w.chat.all) != before-1 || w.chat.conversation.ID != 0 {
		t.Fatal("the conversation is still there")
	}
	tap(t, w, "Rückgängig")
	if len(w.chat.all) != before || len(w.chat.entries) != 4 {
		t.Errorf("%d conversations with %d messages after the undo", len(w.chat.all), len(w.chat.entries))
	}
}

// An answer that ends while its conversation is deleted says nothing over the way back.
func TestAConversationIsDeletedWhileAnAnswerIsWritten(t *testing.T) {
	w := openSample(t, spoken(english))
	c := w.chat.conversation
	a := &answering{conversation: c.ID, stop: func() {}}
	w.chat.writing[c.ID] = a
	w.chat.delete(c)
	w.chat.answered(a, trainer.Entry{Message: trainer.Message{ID: 99, Conversation: c.ID, Role: trainer.RoleAssistant, Text: "So far", Finish: trainer.FinishCancelled}}, nil)
	w.settle(t)
	if w.chat.conversation.ID != 0 || reads(w, say("fault.title")) {
		t.Fatalf("conversation %d is shown, and a fault: %v", w.chat.conversation.ID, reads(w, say("fault.title")))
	}
	tap(t, w, "Undo")
	if w.chat.conversation.ID != c.ID || len(w.chat.entries) != 4 {
		t.Errorf("after the undo conversation %d is shown with %d messages", w.chat.conversation.ID, len(w.chat.entries))
	}
}

func TestConversationIsRenamed(t *testing.T) {
	w := openSample(t, spoken(german))
	w.chat.rename()
	line := find(t, w, func(*widgets.Line) bool { return true })
	line.SetText("Fristen")
	line.OnSubmit()
	w.settle(t)
	if w.chat.all[0].Title != "Fristen" || w.chat.conversation.Title != "Fristen" {
		t.Errorf("the title is %q", w.chat.all[0].Title)
	}
}

func TestWithoutAModelNothingIsLostAndTheReasonIsSaid(t *testing.T) {
	var tries atomic.Int32
	load := func(context.Context, func(Model)) error {
		tries.Add(1)
		return errors.New("models/x.gguf: unexpected end of file")
	}
	w := newTestWindow(t, Params{Settings: spoken(english), Load: load}, wide)
	w.loadModel()
	w.settle(t)
	w.waitFor(t, func() bool { return !w.model.busy })
	w.chat.composer.SetText("a question")
	w.chat.send("a question")
	w.settle(t)
	if got := w.chat.composer.Text(); got != "a question" {
		t.Errorf("the composer has %q", got)
	}
	w.show(placeModel)
	w.settle(t)
	if !reads(w, "The model could not be loaded") || !reads(w, "unexpected end of file") {
		t.Error("the view does not say what is wrong")
	}
	tap(t, w, "Try again")
	w.waitFor(t, func() bool { return !w.model.busy })
	if n := tries.Load(); n != 2 || w.model.err == nil {
		t.Errorf("after the second try the model was loaded %d times, the last with %v", n, w.model.err)
	}
}

// waitFor runs the UI goroutine until something holds.
func (w *window) waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); {
		w.settle(t)
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(time.Millisecond)
	}
	w.settle(t)
}

func TestSettingsAreSavedWithTheirCommentsAndTakeEffect(t *testing.T) {
	w := openSample(t, spoken(english))
	if err := w.File.Create(); err != nil {
		t.Fatal(err)
	}
	w.openLearningSettings()
	w.settle(t)
	if !reads(w, "of your 13 samples would train") {
		t.Error("the effect is not said")
	}
	d := w.settings
	set := func(name string, text string) {
		t.Helper()
		find(t, w, func(l *widgets.Line) bool { return l.Name == name }).SetText(text)
		w.settle(t)
	}
	if !d.save.Disabled() {
		t.Error("nothing changed, and it can be saved")
	}
	set("Buffer size", "25,000")
	if !d.save.Disabled() || !reads(w, "At most 10,000") || !reads(w, "1 value is out of range") {
		t.Error("a value out of range is not refused with its range")
	}
	set("Buffer size", "1,000")
	set("Training starts after", "12")
	if d.save.Disabled() {
		t.Fatal("a value in range cannot be saved")
	}
	d.submit()
	w.settle(t)
	saved, err := w.File.Load()
	if err != nil || saved.Continuous.MinBatchSize != 12 {
		t.Fatalf("the file has %d, %v", saved.Continuous.MinBatchSize, err)
	}
	if got := w.Trainer.Settings().MinBatchSize; got != 12 {
		t.Errorf("the trainer goes by %d", got)
	}
	text, err := os.ReadFile(w.File.Path())
	if err != nil || !strings.Contains(string(text), "# ") {
		t.Errorf("the comments are gone: %v", err)
	}
	if w.settings != nil {
		t.Error("the dialog is still open")
	}
}

func TestLanguageChangesAtRunTime(t *testing.T) {
	w := openSample(t, spoken(english))
	if err := w.File.Create(); err != nil {
		t.Fatal(err)
	}
	w.chat.composer.SetText("half a question")
	w.Settings.Window.Language = german
	w.restyle()
	w.settle(t)
	if !reads(w, "Unterhaltung") || !reads(w, "Bereit zu lernen") || reads(w, "Ready to learn") {
		t.Error("the window does not speak German")
	}
	if got := w.chat.composer.Text(); got != "half a question" {
		t.Errorf("the composer has %q", got)
	}
}

func TestUnreadableSettingsAreNamedWithTheirLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "continuous.toml")
	if err := os.WriteFile(path, []byte("[continuous]\nlearning_rate = \"fast\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := configs.NewFile(path)
	_, err := f.Load()
	w := newTestWindow(t, Params{Settings: spoken(english), File: f, FileError: err}, wide)
	w.start()
	w.settle(t)
	if !reads(w, "The settings cannot be read") || !reads(w, "line 2: continuous.learning_rate") {
		t.Error("the settings are not named with the line")
	}
}

// A training that runs can be stopped without pausing all that follow.
func TestTrainingThatRunsCanBeStopped(t *testing.T) {
	w := openSample(t, spoken(english))
	w.fillSamples(t, placeLearning, trainer.PhaseRunning)
	w.settle(t)
	if !reads(w, "Stop this training") {
		t.Error("it cannot")
	}
	w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
	w.settle(t)
	if reads(w, "Stop this training") {
		t.Error("nothing runs that could be stopped")
	}
}

func TestEndingFromOutsideClosesTheWindow(t *testing.T) {
	ended := make(chan struct{})
	w := newTestWindow(t, Params{Settings: spoken(english), Ended: ended}, wide)
	w.start()
	w.settle(t)
	close(ended)
	w.waitFor(t, func() bool {
		w.work.mu.Lock()
		defer w.work.mu.Unlock()
		return w.work.stopped
	})
}

func TestPlacesByKey(t *testing.T) {
	w := openSample(t, spoken(english))
	for key, p := range map[fyne.KeyName]place{fyne.Key2: placeLessons, fyne.Key3: placeLearning, fyne.Key4: placeStatistics, fyne.Key5: placeModel, fyne.Key1: placeChat} {
		w.press(t, key)
		if w.place != p {
			t.Errorf("key %s opens place %d", key, w.place)
		}
	}
	w.press(t, fyne.KeyN)
	if w.chat.conversation.ID != 0 || len(w.chat.entries) != 0 {
		t.Error("no new conversation")
	}
	w.press(t, fyne.KeyComma)
	if w.settings == nil {
		t.Fatal("no settings")
	}
	if w.press(t, fyne.Key2); w.place != placeChat {
		t.Errorf("behind the settings the place becomes %d", w.place)
	}
	w.escape()
	w.settle(t)
	if w.settings != nil {
		t.Error("Escape does not close the settings")
	}
}

// tappableCanHaveTheKeyboard: what can be tapped can have the keyboard as well.
func tappableCanHaveTheKeyboard(t *testing.T, w *window, _ string) {
	onScreen(w, func(s seen) {
		if _, ok := s.o.(fyne.Tappable); !ok || s.o.Size().Width == 0 {
			return
		}
		switch s.o.(type) {
		case *widget.Entry:
			return
		}
		if _, ok := s.o.(fyne.Focusable); ok || swallows[fmt.Sprintf("%T", s.o)] {
			return
		}
		t.Errorf("%T can be tapped, but not have the keyboard", s.o)
	})
}

// swallows are the layers that take a tap beside a dialog, or keep one on its ground from going through, and Fyne's scroll bars.
var swallows = map[string]bool{"*widgets.overlay": true, "*widgets.catch": true, "*widget.scrollBarArea": true}

func TestNothingRunsOnAfterTheWindow(t *testing.T) {
	tr := newTrainer(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newTestWindow(t, Params{Trainer: tr, Settings: spoken(english)}, wide)
	w.start()
	w.settle(t)
	w.work.stop()
	w.settle(t)
}

// A training that taught nothing is told as one, and not as nothing to train.
func TestTrainingInVainIsTold(t *testing.T) {
	w := openSample(t, configs.Default())
	w.show(placeLearning)
	vain := trainer.Reason{Code: trainer.CodeInVain, Args: map[string]string{"count": "1", "lessons": "What is fog?", "known": "0", "before": "0", "of": "1"}}
	w.state.Last = &trainer.CycleEnd{Cycle: 10, State: trainer.CycleChecked, Reason: vain}
	w.learning.fill()
	w.settle(t)
	if !reads(w, say("verdict.vain_title")) || !reads(w, "Trained (1): What is fog? – 0 of 1 lessons are known with it") {
		t.Error("the notice does not say that the training did not help, and why")
	}
}

// The thanks for a rating speak of the next training until that has been.
func TestThanksEndWithTheTrainingTheySpeakOf(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	ended := func(cycle int64, state trainer.CycleState) {
		end := &trainer.CycleEnd{Cycle: cycle, State: state}
		w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting), News: []trainer.News{{Kind: trainer.NewsCycleEnded, End: end}}})
		w.settle(t)
	}
	thanked := func() bool { _, ok := w.chat.saved[id]; return ok }
	w.chat.rate(id, 5)
	w.settle(t)
	if ended(14, trainer.CycleFailed); !thanked() {
		t.Error("a training that failed has used it")
	}
	if ended(15, trainer.CyclePromoted); thanked() {
		t.Error("after the training it is still said that the next one will use it")
	}
	w.state = sampleState(trainer.PhaseRunning) // cycle 14
	w.chat.rate(id, 4)
	w.settle(t)
	if ended(14, trainer.CyclePromoted); !thanked() {
		t.Error("the training that ran before it was given has used it")
	}
	if ended(15, trainer.CycleRefused); thanked() {
		t.Error("after the next training it is still said that the next one will use it")
	}
	w.press(t, fyne.KeyZ)
	if got := w.onDisk(t); got.Stars != 5 {
		t.Errorf("it cannot be taken back any more: the disk has %d stars", got.Stars)
	}
}
