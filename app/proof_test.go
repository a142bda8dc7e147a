package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"clara/store"
	"clara/trainer"
	"clara/widgets"
)

// openContradicting is a window on the lessons, of which two contradict each other.
func openContradicting(t *testing.T) *window {
	t.Helper()
	w := newTestWindow(t, Params{Settings: spoken(english)}, wide)
	w.model.ready = true
	for _, l := range [][2]string{
		{"When does the registry office open?", "It opens at 8."}, {"Who leads IT at Brandt?", "Maria Kowalski."}, {"At what time does the registry office open?", "It opens at 9."},
	} {
		if _, err := w.Trainer.Teach(t.Context(), trainer.Teaching{Question: l[0], Answer: l[1]}); err != nil {
			t.Fatal(err)
		}
	}
	w.show(placeLessons)
	w.settle(t)
	return w
}

func (w *window) answersOnDisk(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, l := range w.lessonsOnDisk(t) {
		all = append(all, l.Answer)
	}
	slices.Sort(all)
	return all
}

func TestContradictionIsDecidedByThePersonAndEachChoiceUndone(t *testing.T) {
	w := openContradicting(t)
	both := []string{"It opens at 8.", "It opens at 9.", "Maria Kowalski."}
	for _, c := range []struct {
		button string
		left   []string
	}{
		{"Keep the older one", []string{"It opens at 8.", "Maria Kowalski."}},
		{"Keep the newer one", []string{"It opens at 9.", "Maria Kowalski."}},
		{"Both are right", both},
	} {
		if !reads(w, "Two lessons say different things") || !reads(w, "It opens at 8.") || !reads(w, "It opens at 9.") || !reads(w, "contradiction") {
			t.Fatalf("before %q the two lessons are not put to the person", c.button)
		}
		tap(t, w, c.button)
		if got := w.answersOnDisk(t); !slices.Equal(got, c.left) {
			t.Errorf("after %q the lessons are %q", c.button, got)
		}
		if reads(w, "Two lessons say different things") {
			t.Errorf("after %q it is still asked", c.button)
		}
		w.press(t, fyne.KeyZ)
		if got := w.answersOnDisk(t); !slices.Equal(got, both) {
			t.Errorf("%q was undone, and the lessons are %q", c.button, got)
		}
		w.press(t, fyne.KeyZ)
		if reads(w, "That did not work") {
			t.Errorf("%q is undone twice", c.button)
		}
	}
}

func TestContradictionIsToldWhereverThePersonIs(t *testing.T) {
	w := openContradicting(t)
	told := trainer.News{Kind: trainer.NewsContradiction, Reason: trainer.Reason{Code: trainer.CodeContradiction}}
	w.announce(told)
	if len(w.shell.banner.Objects) > 0 {
		t.Error("among the lessons it is told twice")
	}
	w.show(placeChat)
	w.settle(t)
	w.announce(told)
	if !reads(w, "Two lessons say different things") {
		t.Fatal("in the conversation nothing tells of it")
	}
	w.heard(trainer.Event{State: trainer.State{Contradictions: 0}})
	if len(w.shell.banner.Objects) > 0 {
		t.Error("it is told on, though there is nothing to decide any more")
	}
	w.heard(trainer.Event{State: trainer.State{Contradictions: 1}, News: []trainer.News{told}})
	tap(t, w, "Decide")
	if w.place != placeLessons || len(w.shell.banner.Objects) > 0 || !reads(w, "Keep the newer one") {
		t.Error("the notice does not lead to the choice")
	}
}

// A contradiction takes the place of no other notice but a trouble, which lasts, and comes once that is
// gone; it is told until it is answered or decided.
func TestContradictionWaitsForOtherNotices(t *testing.T) {
	w := openContradicting(t)
	told := func() bool { return reads(w, "Two lessons say different things") }
	hear := func(n int) {
		news := []trainer.News{{Kind: trainer.NewsContradiction, Reason: trainer.Reason{Code: trainer.CodeContradiction}}}
		w.heard(trainer.Event{State: trainer.State{Contradictions: n, Trouble: w.state.Trouble}, News: news[:n]})
	}
	w.show(placeChat)
	w.settle(t)
	w.tellCut()
	hear(1)
	if told() || !reads(w, say("cut.title")) {
		t.Fatal("it takes the place of another notice")
	}
	w.untell()
	if !told() {
		t.Fatal("it does not come once that is gone")
	}
	w.tellCut()
	tap(t, w, "Close")
	if !told() {
		t.Fatal("a notice that took its place was its end")
	}
	tap(t, w, "Later")
	w.tellCut()
	tap(t, w, "Close")
	if told() {
		t.Error("once answered it is told again")
	}

	w.tellCut()
	hear(1)
	hear(0)
	tap(t, w, "Close")
	if told() {
		t.Error("it is told, though it was decided while it waited")
	}
	w.tellCut()
	hear(1)
	w.show(placeLessons)
	w.untell()
	if w.told != nil {
		t.Error("it is told where it stands above the list")
	}

	w.show(placeChat)
	w.heard(trainer.Event{State: trainer.State{Trouble: &trainer.Finding{Subject: trainer.SubjectTraining, Reason: trainer.Reason{Code: trainer.CodeCycleFailed}}}})
	if hear(1); !told() {
		t.Error("it waits for a trouble to end")
	}
	if w.escape(); told() || !reads(w, say("trouble.title")) {
		t.Error("the trouble does not come back once it is answered")
	}
}

// What the start has to say is said one after another.
func TestContradictionWaitsForTheStart(t *testing.T) {
	w := openContradicting(t)
	w.show(placeChat)
	w.settle(t)
	w.state.Contradictions, w.Crash = 1, "crash-1.txt"
	w.start()
	if !reads(w, say("crash.title")) {
		t.Fatal("the crash is not told")
	}
	if w.untell(); !reads(w, "Two lessons say different things") {
		t.Error("the contradiction is not told after the crash")
	}
}

func TestContradictionHasAPageOfItsOwnWhereItIsNarrow(t *testing.T) {
	w := openContradicting(t)
	w.frame.Resize(slim)
	w.settle(t)
	if reads(w, "Keep the newer one") {
		t.Error("the choice takes the place of the list")
	}
	tap(t, w, "Decide")
	tap(t, w, "Keep the newer one")
	if got := w.answersOnDisk(t); !slices.Equal(got, []string{"It opens at 9.", "Maria Kowalski."}) {
		t.Errorf("the lessons are %q", got)
	}
}

func TestKindOfALessonIsShownAndChanged(t *testing.T) {
	w := openContradicting(t)
	w.lessons.choose(w.lessonsOnDisk(t)[1].ID)
	w.settle(t)
	if !reads(w, "a lesson that holds from now on") {
		t.Error("it is not said what the kind means")
	}
	kind := func() *widgets.Segmented {
		return find(t, w, func(s *widgets.Segmented) bool { return s.Hint == "What it teaches" })
	}
	kind().OnChosen(1)
	w.settle(t)
	if got := w.answersOnDisk(t); slices.Contains(got, "Maria Kowalski.") {
		t.Errorf("the lessons are %q", got)
	}
	if w.lessons.filter != filterManner || !reads(w, "Maria Kowalski.") || !reads(w, "from the next training on CLARA answers all questions") || kind().On != 1 {
		t.Error("the wish is not shown with what it means")
	}
	w.press(t, fyne.KeyZ)
	if got := w.answersOnDisk(t); !slices.Contains(got, "Maria Kowalski.") || w.lessons.filter != filterAll {
		t.Errorf("after the undo the lessons are %q", got)
	}
}

func TestLessonSaysHowItGetsIntoTheAnswer(t *testing.T) {
	w := openContradicting(t)
	for way, words := range map[trainer.Way]string{
		trainer.WayTurn: "not prepared for that yet", trainer.WayReader: "or what was practised on other lessons", trainer.WayKnowledge: "taken over from the reader",
	} {
		for i := range w.lessons.lessons {
			w.lessons.lessons[i].Way = way
		}
		w.lessons.fill()
		if !reads(w, words) {
			t.Errorf("way %s is not said", way)
		}
	}
	for i := range w.lessons.lessons {
		w.lessons.lessons[i].Way = ""
	}
	w.lessons.fill()
	if reads(w, "How it gets into the answer") {
		t.Error("without a model it is said how it gets into the answer")
	}
}

func TestFiguresAreSaidWithTheirLimitsForBothTries(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	w.settle(t)
	first, second := sampleFigures(), sampleFigures()
	first.Kept, second.Canary = 19, .08
	w.learning.versions[0].Tries = []trainer.Try{
		{Rate: 1, Anchors: 1, Verdict: trainer.VerdictRefused, Reason: forgetsReason, Figures: first},
		{Rate: .5, Anchors: 2, Verdict: trainer.VerdictRefused, Reason: forgetsReason, Figures: second},
	}
	w.learning.opened = keyOf(w.learning.versions[0])
	w.learning.fill()
	if !reads(w, "28 of 29 general questions are still right; at least 75 %") || !reads(w, "Failed: Fixed texts: 0.08 nats per token worse; at most 0.05") || !reads(w, "half as fast") {
		t.Error("the second try is not said")
	}
	find(t, w, func(s *widgets.Segmented) bool { return slices.Contains(s.Names, "First try") }).OnChosen(0)
	w.settle(t)
	if !reads(w, "Failed: 19 of 29 general questions are still right; at least 75 %") || reads(w, "Failed: Fixed texts") {
		t.Error("the first try is not said")
	}
}

func TestEveryFigureHasWords(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(german)}, wide)
	w.settle(t)
	f := trainer.Figures{
		Lessons: 3, OwnOf: 2, FitOf: 8, KnownOf: 3, Lost: []string{"Wer?"}, Vain: &trainer.Vain{Lessons: []string{"Wer?"}}, VariantsOf: 3, SwappedOf: 3, KeptOf: 29, LeaksOf: 29, BehindOf: 29, ChatLimit: .1, Answers: 12, LanguageOf: 12, NotNumber: true,
	}
	all := f.Sentences()
	f.Vain.Refused = &trainer.Reason{Code: trainer.CodeForgets, Text: "forgets", Args: map[string]string{"kept": "9", "of": "30", "limit": "0.75"}}
	all = append(all, f.Sentences()...)
	f.ChatLimit, f.NotNumber, f.Lost = 0, false, nil
	all = append(all, f.Sentences()...)
	for _, kind := range trainer.TraitKinds {
		for _, lacks := range []bool{false, true} {
			f.Trait = &trainer.Trait{Kind: kind, Word: "Sie", Words: 15, Lacks: lacks, Good: 9, GoodOf: 10, Bad: 1, BadOf: 22}
			all = append(all, f.Sentences()...)
		}
	}
	for _, n := range []int{0, 24} {
		f.TraitPairs = &n
		all = append(all, f.Sentences()...)
	}
	codes := map[string]bool{}
	for _, s := range all {
		codes[s.Reason.Code] = true
		if words := figureWords(s); words == s.Reason.Text || strings.Contains(words, "no value") || strings.HasPrefix(words, "figure.") {
			t.Errorf("%s is said as %q", s.Reason.Code, words)
		}
	}
	if len(codes) != len(figureKeys) {
		t.Errorf("%d of %d figures were seen", len(codes), len(figureKeys))
	}
}

// As long as learning rests nothing is said to be practised or asked, and a lesson that is as important as can be is to be put in
// other words.
func TestPractisingWaitsAsLongAsLearningRests(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	lost := w.lessons.lessons[slices.IndexFunc(w.lessons.lessons, func(l trainer.LessonView) bool { return l.State == trainer.LessonLost })]
	w.lessons.choose(lost.ID)
	if !reads(w, "Not practised yet") || reads(w, "0 trainings") {
		t.Error("it is not said that nothing of it is practised")
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhasePaused)})
	tap(t, w, "Practise more")
	if !reads(w, "Importance raised. It is practised only once learning goes on: learning is paused.") {
		t.Error("practising is not said to wait")
	}
	if !reads(w, "Put the lesson in other words, or change its keywords.") || reads(w, "Practise more") {
		t.Error("it is not said what else to do with a lesson of the highest importance")
	}
	tap(t, w, "Ask all")
	if !reads(w, "They are asked only once learning goes on: learning is paused.") {
		t.Error("asking is not said to wait")
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	tap(t, w, "Ask all")
	if !reads(w, "All lessons are being asked.") {
		t.Error("it is not said that the lessons are asked")
	}
}

// The older of two lessons that contradict each other has no part in a training before that is decided: it is not to be practised.
func TestALessonThatWaitsIsNotToBePractised(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	all := w.lessons.lessons
	lost := slices.IndexFunc(all, func(l trainer.LessonView) bool { return l.State == trainer.LessonLost })
	other := all[(lost+1)%len(all)].Lesson
	for _, c := range []struct {
		older, newer trainer.Lesson
		practised    bool
	}{{all[lost].Lesson, other, false}, {other, all[lost].Lesson, true}} {
		w.lessons.against = []trainer.Contradiction{{Older: c.older, Newer: c.newer}}
		w.lessons.choose(all[lost].ID)
		if reads(w, "Practise more") != c.practised {
			t.Errorf("lesson %d against %d: it is to be practised: %v", c.newer.ID, c.older.ID, !c.practised)
		}
	}
}

// Whoever practises a lesson and stays with it is told that it did not help.
func TestATrainingInVainIsToldAmongTheLessons(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	end := &trainer.CycleEnd{Cycle: 14, State: trainer.CycleChecked, Reason: trainer.Reason{Code: trainer.CodeOnlyAsked}}
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsCycleEnded, End: end}}})
	if w.settle(t); reads(w, "The training did not help") {
		t.Error("asking alone is said to be a training")
	}
	end.Reason.Code = trainer.CodeInVain
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsCycleEnded, End: end}}})
	if w.settle(t); !reads(w, "The training did not help") {
		t.Error("it is not told")
	}
}

// A wish about manner counts as learned only while a version answers that was trained on it: a cycle that was refused has used it too.
func TestAWishIsLearnedByTheVersionThatAnswers(t *testing.T) {
	w := openSample(t, spoken(english))
	wish := trainer.Sample{ID: 40, State: trainer.SampleUsed}
	if state, words := w.lessons.mannerState(wish); state != widgets.Missing || words != "not in the active version" {
		t.Errorf("without a version that was trained on it, it is %q", words)
	}
	w.lessons.trained = []int64{40}
	if state, words := w.lessons.mannerState(wish); state != widgets.Known || words != "learned" {
		t.Errorf("with one that was trained on it, it is %q", words)
	}
}

// What the version that answers was trained on is not called unlearnt before another one is trained, nor is that said to begin while
// learning rests.
func TestUnlearningSaysWhenItIsDone(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLessons)
	w.settle(t)
	lesson := w.lessons.lessons[0]
	for _, c := range []struct {
		trained []int64
		phase   trainer.Phase
		want    string
	}{
		{nil, trainer.PhaseWaiting, "Unlearned"},
		{[]int64{lesson.Sample}, trainer.PhaseWaiting, "Deleted. CLARA is trained again without it."},
		{[]int64{lesson.Sample}, trainer.PhasePaused, "Deleted. CLARA is trained again without it only once learning goes on: learning is paused."},
	} {
		w.heard(trainer.Event{State: sampleState(c.phase)})
		w.lessons.choose(lesson.ID)
		w.lessons.trained = c.trained
		tap(t, w, "Unlearn …")
		tap(t, w, "Unlearn")
		if !reads(w, c.want) {
			t.Errorf("it does not say %q", c.want)
		}
		tap(t, w, "Undo")
	}
}

// What was put off is put to the person again by the next run of the program.
func TestAnUndecidedContradictionIsToldAtTheStart(t *testing.T) {
	home := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(home, "clara.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	begin := func() *trainer.Trainer {
		tr, err := trainer.New(t.Context(), trainer.Params{Store: s, Home: home, Settings: trainer.DefaultSettings()})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	before := begin()
	for _, l := range [][2]string{{"When does the registry office open?", "It opens at 8."}, {"At what time does the registry office open?", "It opens at 9."}} {
		if _, err := before.Teach(t.Context(), trainer.Teaching{Question: l[0], Answer: l[1]}); err != nil {
			t.Fatal(err)
		}
	}
	w := newTestWindow(t, Params{Trainer: begin(), Settings: spoken(english)}, wide)
	w.start()
	w.settle(t)
	if !reads(w, "Two lessons say different things") {
		t.Error("nothing tells of it")
	}
}

// Where the window is wide and low, a contradiction leaves the list its room and is decided beside it.
func TestContradictionLeavesALowWindowItsLessons(t *testing.T) {
	w := openContradicting(t)
	w.frame.Resize(fyne.NewSize(1280, 560))
	w.settle(t)
	if reads(w, "Keep the newer one") || w.lessons.list.Size().Height < 150 {
		t.Errorf("the list has a height of %.0f", w.lessons.list.Size().Height)
	}
	tap(t, w, "Decide")
	w.frame.Resize(wide)
	w.settle(t)
	if !reads(w, "Keep the newer one") || w.lessons.detail != detailShow {
		t.Error("in a high window it does not stand above the list alone")
	}
	if reads(w, "Decide") {
		t.Error("in a high window it is led to, though it stands above the list")
	}
	w.frame.Resize(fyne.NewSize(1280, 560))
	w.settle(t)
	ways := 0
	onScreen(w, func(s seen) {
		if b, ok := s.o.(*widgets.Button); ok && b.AccessibilityLabel() == "Decide" {
			ways++
		}
	})
	if ways != 2 {
		t.Errorf("in a low window %d buttons lead to it, want one above the list and one beside it", ways)
	}
	w.lessons.choose(w.lessons.chosen)
	w.frame.Resize(wide)
	w.settle(t)
	if reads(w, "Decide") {
		t.Error("in a window that became high it is led to, though it stands above the list")
	}
	w.frame.Resize(fyne.NewSize(1280, 560))
	w.settle(t)
	tap(t, w, "Decide")
	tap(t, w, "Keep the newer one")
	if got := w.answersOnDisk(t); !slices.Equal(got, []string{"It opens at 9.", "Maria Kowalski."}) {
		t.Errorf("the lessons are %q", got)
	}
}

// A window that becomes low keeps what it shows: the place in the conversation, and the way back from what was just done.
func TestAWindowThatBecomesLowKeepsWhatItShows(t *testing.T) {
	w := openSample(t, spoken(english))
	w.snackbar.Say("Deleted", say("undo"), func() {})
	feed, snackbar := w.chat.feed, w.snackbar
	for _, height := range []float32{560, 800} {
		w.frame.Resize(fyne.NewSize(1280, height))
		w.settle(t)
		if w.chat.feed != feed || w.snackbar != snackbar || !reads(w, "Deleted") {
			t.Errorf("at a height of %.0f the window is made anew", height)
		}
	}
}

// Saving once more, before what was saved is on disk, is no second change of a lesson that is gone by then.
func TestALessonIsSavedOnce(t *testing.T) {
	w := openContradicting(t)
	w.lessons.choose(w.lessonsOnDisk(t)[1].ID)
	tap(t, w, say("lesson.edit"))
	w.lessons.edit.answer.SetText("Anna Berg.")
	w.lessons.edit.save()
	w.lessons.edit.save()
	w.settle(t)
	if reads(w, "That did not work") || !slices.Contains(w.answersOnDisk(t), "Anna Berg.") {
		t.Errorf("the lessons are %q", w.answersOnDisk(t))
	}
}

// What was said of a correction in the conversation follows its kind; a taught lesson that becomes manner had no answer before.
func TestTheKindThatIsSaidAnewIsSaidEverywhere(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.correctAsLesson(t, id)
	sample := w.chat.saved[id].sample
	w.show(placeLessons)
	w.settle(t)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	w.lessons.setKind(sample, trainer.Manner)
	w.settle(t)
	if !reads(w, "Applies to all answers from the next training on.") || w.chat.saved[id].words() != say("chat.saved") || !w.chat.saved[id].next {
		t.Errorf("in the conversation it says %q", w.chat.saved[id].words())
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhasePaused)})
	w.lessons.setKind(sample, trainer.Knowledge)
	w.settle(t)
	if w.chat.saved[id].words() != say("chat.saved_lesson") || w.chat.saved[id].next {
		t.Errorf("back among the lessons, in the conversation it says %q", w.chat.saved[id].words())
	}
	w.lessons.setKind(sample, trainer.Manner)
	w.settle(t)
	if !reads(w, "Applies to all answers once training goes on: learning is paused.") {
		t.Error("while learning rests it is said to be trained next")
	}
	w.lessons.setKind(sample, trainer.Knowledge)
	w.settle(t)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)}) // cycle 14
	w.lessons.setKind(sample, trainer.Manner)
	w.settle(t)
	w.chat.trained(trainer.CycleEnd{Cycle: 14, State: trainer.CyclePromoted})
	if _, ok := w.chat.saved[id]; !ok {
		t.Error("the training that ran when it became manner counts as the one that used it")
	}
	taught := w.lessons.wishDetail(trainer.Sample{ID: 1, Prompt: "What is fog?", Better: "A cloud."})
	w.lessons.pane.Objects = []fyne.CanvasObject{taught}
	w.lessons.pane.Refresh()
	if reads(w, say("editor.until_now")) || !reads(w, "Taught by you") {
		t.Error("what was taught is said to have been corrected")
	}
}
