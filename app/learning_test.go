package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clara/trainer"
)

// openEnded is a window on the place Lernen after a cycle that made the version in use.
func openEnded(t *testing.T) *window {
	t.Helper()
	w := openSample(t, spoken(german))
	w.show(placeLearning)
	w.settle(t)
	active := w.learning.versions[slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.Active })]
	s := w.state
	s.Phase, s.Active = trainer.PhaseWaiting, trainer.ActiveVersion{ID: active.ID, Number: active.Number, Verdict: active.Verdict}
	s.Last = &trainer.CycleEnd{Cycle: active.Cycle, State: trainer.CyclePromoted, Verdict: active.Verdict, Reason: active.Reason, Version: active.ID, Number: active.Number}
	w.heard(trainer.Event{State: s})
	w.settle(t)
	if !reads(w, "Version 12 ist aktiv") || !reads(w, "nachweislich besser") {
		t.Fatal("the end of the cycle is not said")
	}
	return w
}

// What a cycle brought is said only as long as it answers.
func TestAVersionIsNotCalledActiveAfterAnotherWasRestored(t *testing.T) {
	w := openEnded(t)
	s := w.state
	s.Active = trainer.ActiveVersion{}
	w.heard(trainer.Event{State: s, News: []trainer.News{{Kind: trainer.NewsActivated, From: 12, Reason: trainer.Reason{Code: trainer.CodeRestored}}}})
	w.settle(t)
	if reads(w, "Version 12 ist aktiv") {
		t.Error("the version that was left is still called active")
	}
	if w.learning.stations()[4].Title != versionName(0) {
		t.Error("the loop does not name the version that answers")
	}
	for _, x := range w.learning.stations()[2:4] {
		if strings.Contains(x.Value, "besser") || x.Value == say("loop.done") {
			t.Errorf("%s is said to be %q", x.Title, x.Value)
		}
	}
}

// Whether something was forgotten is said by what was measured, whatever else a version is turned down for.
func TestOnlyForgettingIsCalledForgetting(t *testing.T) {
	clean := func(change func(*trainer.Figures)) *trainer.Figures {
		f := sampleFigures()
		change(&f)
		return &f
	}
	reason := func(code string) trainer.Reason { return trainer.Reason{Code: code} }
	for name, c := range map[string]struct {
		row  trainer.VersionRow
		want forgetting
	}{
		"passed":             {trainer.VersionRow{Figures: clean(func(*trainer.Figures) {})}, forgotNothing},
		"refused for little": {trainer.VersionRow{Verdict: trainer.VerdictRefused, Reason: reason(trainer.CodeUntaught), Figures: clean(func(*trainer.Figures) {})}, forgotNothing},
		"general answers":    {trainer.VersionRow{Verdict: trainer.VerdictRefused, Reason: reason(trainer.CodeForgets), Figures: clean(func(f *trainer.Figures) { f.Kept = 19 })}, forgotTooMuch},
		"behind a lesson":    {trainer.VersionRow{Verdict: trainer.VerdictRefused, Reason: reason(trainer.CodeForgetsBehind), Figures: clean(func(f *trainer.Figures) { f.Behind, f.BehindOf, f.BehindLimit = 19, 29, .75 })}, forgotTooMuch},
		"general knowledge":  {trainer.VersionRow{Verdict: trainer.VerdictRefused, Reason: reason(trainer.CodeGeneral), Figures: clean(func(f *trainer.Figures) { f.Canary = .06 })}, forgotTooMuch},
		"half of the limit":  {trainer.VersionRow{Figures: clean(func(f *trainer.Figures) { f.Canary = .03 })}, forgotSome},
		"without a limit":    {trainer.VersionRow{Figures: clean(func(f *trainer.Figures) { f.ChatKL, f.ChatLimit = 1.2, 0 })}, forgotNothing},
		"one lesson lost":    {trainer.VersionRow{Figures: clean(func(f *trainer.Figures) { f.Lost = []string{"When does it open?"} })}, forgotSome},
		"lessons lost":       {trainer.VersionRow{Verdict: trainer.VerdictRefused, Reason: reason(trainer.CodeLosesKnown), Figures: clean(func(f *trainer.Figures) { f.Lost = []string{"When does it open?"} })}, forgotTooMuch},
	} {
		if got := forgot(c.row); got != c.want {
			t.Errorf("%s: %d, not %d", name, got, c.want)
		}
	}
}

// Every reason of the gate makes a sentence of its own, whatever it begins with.
func TestWhyAVersionWasRefusedIsASentence(t *testing.T) {
	for language, want := range map[string]string{
		german:  "Gelerntes erscheint an falscher Stelle: 3 von 29 Antworten, höchstens 5 %. Weiter antwortet: Version 12.",
		english: "Lessons appear in the wrong place: 3 of 29 answers, at most 5 %. This goes on answering: Version 12.",
	} {
		w := openSample(t, spoken(language))
		w.show(placeLearning)
		s := w.state
		s.Last = &trainer.CycleEnd{Cycle: 14, State: trainer.CycleRefused, Verdict: trainer.VerdictRefused, Reason: trainer.Reason{
			Code: trainer.CodeLeaks, Args: map[string]string{"leaks": "3", "of": "29", "limit": "0.05"},
		}}
		w.heard(trainer.Event{State: s})
		w.settle(t)
		if !reads(w, want) {
			t.Errorf("%s: %q is not to be read", language, want)
		}
	}
}

// When the ratings fell and the version before answers again, the reason is said, and the way back is offered until something else happens.
func TestGoingBackByItselfIsSaid(t *testing.T) {
	w := openEnded(t)
	s := w.state
	s.Active = trainer.ActiveVersion{ID: 11, Number: 11}
	why := trainer.Reason{Code: trainer.CodeRolledBack, Args: map[string]string{"low": "3", "of": "5", "version": "12", "before": "4.1", "after": "1.8"}}
	w.heard(trainer.Event{State: s, News: []trainer.News{{Kind: trainer.NewsRolledBack, Version: 11, Number: 11, From: 12, Reason: why}}})
	w.settle(t)
	for _, words := range []string{"CLARA ist zurückgekehrt zu: Version 11", "3 der ersten 5 Bewertungen von Version 12 hatten 1 oder 2 Sterne", "Version 12 behalten"} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read", words)
		}
	}
	tap(t, w, "Einzelheiten")
	if !reads(w, "Folgt auf") || w.learning.opened != keyOf(w.learning.versions[slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.Number == 12 })]) {
		t.Errorf("the details are those of %+v", w.learning.opened)
	}
	s.Last = &trainer.CycleEnd{Cycle: 14, State: trainer.CycleRefused, Verdict: trainer.VerdictRefused, Reason: forgetsReason}
	w.heard(trainer.Event{State: s, News: []trainer.News{{Kind: trainer.NewsCycleEnded, End: s.Last}}})
	w.settle(t)
	if reads(w, "Version 12 behalten") || !reads(w, "Die Version aus Zyklus 14 wurde nicht übernommen") {
		t.Error("the end of the next cycle is not said in its place")
	}
}

// The head of the conversation names the version that answers again, without being opened anew.
func TestTheHeadNamesTheVersionThatAnswersAgain(t *testing.T) {
	w := openSample(t, spoken(german))
	s := w.state
	s.Active = trainer.ActiveVersion{ID: 11, Number: 11}
	w.heard(trainer.Event{State: s, News: []trainer.News{{Kind: trainer.NewsRolledBack, Version: 11, Number: 11, From: 12}}})
	w.settle(t)
	if !reads(w, "SmolLM2 135M Instruct · Version 11") {
		t.Error("the head names the version that was left")
	}
}

// A training can be of nothing new, as the one that practises a lesson.
func TestATrainingOfNothingNewCountsNoFeedback(t *testing.T) {
	for _, c := range []struct {
		language string
		ratings  int
		want     string
	}{
		{english, 7, "7 new ratings · training, 12 s left"},
		{english, 0, "Training, 12 s left"},
		{german, 7, "7 neue Rückmeldungen · trainiert, noch 12 s"},
		{german, 0, "Trainiert, noch 12 s"},
	} {
		w := openSample(t, spoken(c.language))
		w.state = sampleState(trainer.PhaseRunning)
		w.state.NewRatings = c.ratings
		if _, words := w.statusWords(); words != c.want {
			t.Errorf("the status line says %q, not %q", words, c.want)
		}
	}
}

// The seconds until a training run on, though the trainer tells them once.
func TestTheSecondsUntilATrainingRunOn(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	s := sampleState(trainer.PhaseDue)
	s.StartsAt, s.Why = noon.Add(75*time.Second), trainer.Reason{Code: trainer.CodeInterval, Args: map[string]string{"seconds": "180"}}
	w.heard(trainer.Event{State: s})
	w.settle(t)
	if !reads(w, "something is new, training starts in 75 s.") {
		t.Errorf("it says %q", w.learning.sentence())
	}
	if s.Why.Args["seconds"] != "180" {
		t.Error("the state of the trainer is changed")
	}
}

// Where the settings let no correction start a training, none is said to.
func TestNoCorrectionIsSaidToTrainThatDoesNot(t *testing.T) {
	few := sampleState(trainer.PhaseDue)
	few.NewRatings, few.StartsAt = 3, noon.Add(2*time.Minute)
	few.Why = trainer.Reason{Code: trainer.CodeTooFewRatings, Args: map[string]string{"ratings": "3", "least": "8", "seconds": "120"}}
	for _, on := range []bool{true, false} {
		w := openSample(t, spoken(english))
		w.Settings.Continuous.TrainOnCorrection = on
		w.show(placeLearning)
		w.heard(trainer.Event{State: few})
		w.settle(t)
		if reads(w, "Training starts at 8, on a correction of manner, or in 2 min") != on || !reads(w, "Training starts at 8") {
			t.Errorf("with the setting %v it says %q", on, w.learning.sentence())
		}
	}
}

// A reason that is a sentence already gets no second full stop.
func TestReasonsEndInOneFullStop(t *testing.T) {
	w := openSample(t, spoken(english))
	w.state.Why = trainer.Reason{Code: trainer.CodeCutTwice}
	if words := w.learning.sentence(); !strings.HasSuffix(words, "new feedback.") {
		t.Errorf("it says %q", words)
	}
}

// As long as the versions could not be read, none of them is called the base model.
func TestAVersionThatWasNotReadIsNotCalledTheBase(t *testing.T) {
	w := openSample(t, spoken(english))
	w.learning.refresh()
	w.settle(t)
	id := w.learning.versions[slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.Number == 12 })].ID
	if got := w.learning.nameOf(id); got != "Version 12" {
		t.Errorf("it is called %q", got)
	}
	w.learning.versions = nil
	if got := w.learning.nameOf(id); got != "–" || w.learning.nameOf(0) != "Base model" {
		t.Errorf("unread, it is called %q, and the base %q", got, w.learning.nameOf(0))
	}
}

// While the lessons move, nothing is said to train, and nothing is offered that would have to wait for the end of it.
func TestAMoveIsNoTraining(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	w.heard(trainer.Event{State: sampleState(trainer.PhaseRunning)})
	w.settle(t)
	s := sampleState(trainer.PhaseMoving)
	s.Why = trainer.Reason{Code: trainer.CodeMoves}
	w.heard(trainer.Event{State: s})
	w.settle(t)
	if !reads(w, "The lessons are moving") || !reads(w, "the lessons are moved to another model") {
		t.Errorf("it says %q", w.learning.sentence())
	}
	for _, words := range []string{"has run for", "Train now", "Cancel training"} {
		if reads(w, words) {
			t.Errorf("%q is to be read", words)
		}
	}
	if _, rests := w.rests(); !rests {
		t.Error("what waits for the end of the move is said to be done")
	}
}

// After an unlearning that the check refused, the card and the notice say which version answers again. The one that holds what was
// taken back is not offered.
func TestGoingBackToUnlearnIsSaid(t *testing.T) {
	w := openEnded(t)
	s := w.state
	s.Last = &trainer.CycleEnd{Cycle: 14, State: trainer.CycleRefused, Verdict: trainer.VerdictRefused, Reason: forgetsReason}
	s.Active = trainer.ActiveVersion{ID: 11, Number: 11}
	why := trainer.Reason{Code: trainer.CodeUnlearn, Args: map[string]string{"version": "12"}}
	w.heard(trainer.Event{State: s, News: []trainer.News{
		{Kind: trainer.NewsCycleEnded, End: s.Last}, {Kind: trainer.NewsRolledBack, Version: 11, Number: 11, From: 12, Reason: why},
	}})
	w.settle(t)
	for _, words := range []string{"CLARA ist zurückgekehrt zu: Version 11. Etwas Gelerntes wurde zurückgenommen.", "Einzelheiten"} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read", words)
		}
	}
	if reads(w, "Version 12 behalten") {
		t.Error("what was taken back is offered again")
	}
}

// What was left by a roll-back is offered only as long as its files are there.
func TestWhatWasRemovedIsNotOffered(t *testing.T) {
	w := openEnded(t)
	s := w.state
	s.Active = trainer.ActiveVersion{ID: 11, Number: 11}
	why := trainer.Reason{Code: trainer.CodeRolledBack, Args: map[string]string{"low": "3", "of": "5", "version": "12"}}
	w.heard(trainer.Event{State: s, News: []trainer.News{{Kind: trainer.NewsRolledBack, Version: 11, Number: 11, From: 12, Reason: why}}})
	w.settle(t)
	if !reads(w, "Version 12 behalten") {
		t.Fatal("the version that was left is not offered")
	}
	i := slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.Number == 12 })
	w.learning.versions[i].Removed = true
	w.learning.fill()
	if reads(w, "Version 12 behalten") {
		t.Error("a version whose files are gone is offered")
	}
}

// Nor is the version before the one that an unlearning made, which goes with it.
func TestAVersionThatWentWithAnUnlearningIsNotOffered(t *testing.T) {
	w := openEnded(t)
	if !reads(w, "Rückgängig") {
		t.Fatal("the version before is not offered")
	}
	active := slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.Active })
	parent := w.learning.versions[active].Parent
	i := slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.ID == parent })
	w.learning.versions[i].Removed = true
	w.learning.fill()
	if reads(w, "Rückgängig") {
		t.Error("a version whose files are gone is offered")
	}
}

// A roll-back is told of in the next run of the program too.
func TestGoingBackIsSaidAfterARestart(t *testing.T) {
	w := openSample(t, spoken(english))
	why := trainer.Reason{Code: trainer.CodeRolledBack, Args: map[string]string{"low": "3", "of": "5", "version": "12"}}
	if err := storeOf[w.Trainer].ActivateVersion(t.Context(), "", 0, trainer.CauseRollback, why); err != nil {
		t.Fatal(err)
	}
	w.heard(trainer.Event{State: sampleState(trainer.PhaseWaiting)})
	w.loadModel()
	w.waitFor(t, func() bool { return !w.model.busy })
	w.settle(t)
	w.show(placeLearning)
	w.settle(t)
	if !reads(w, "CLARA went back to: Base model") || !reads(w, "3 of the first 5 ratings of version 12 were one or two stars") {
		t.Error("nothing tells of it")
	}
}

// Elsewhere only the names of the versions are read, and what was unfolded is folded again.
func TestThePlaceLearningIsReadWhereItIsSeen(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	w.settle(t)
	w.learning.everything = true
	w.show(placeChat)
	w.settle(t)
	if w.learning.everything {
		t.Error("all rows stay unfolded")
	}
	w.learning.samples, w.learning.versions = nil, nil
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsSamples}}})
	w.settle(t)
	if w.learning.versions != nil {
		t.Error("the versions are read for a piece of news that changes none")
	}
	w.heard(trainer.Event{State: w.state, News: []trainer.News{{Kind: trainer.NewsActivated}}})
	w.settle(t)
	if w.learning.samples != nil || len(w.learning.versions) == 0 {
		t.Errorf("%d samples and %d versions were read", len(w.learning.samples), len(w.learning.versions))
	}
	w.show(placeLearning)
	w.settle(t)
	if len(w.learning.samples) == 0 {
		t.Error("it is not read when it is opened")
	}
}

// The second try of a cycle begins from the start, and says so. Asking the lessons comes before the training of knowledge.
func TestTheStationsOfACycleGoForward(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	s := sampleState(trainer.PhaseRunning)
	s.Progress.Step, s.Progress.Try, s.Progress.Done, s.Progress.Of = trainer.StepAsk, 0, 3, 24
	w.heard(trainer.Event{State: s})
	if x := w.learning.stations(); x[2].Value != "asking, 3 of 24" || x[3].Value != say("loop.waits") || strings.Contains(w.learning.sentence(), "first try") {
		t.Errorf("while it asks: %q and %q", x[2].Value, x[3].Value)
	}
	s.Progress.Step, s.Progress.Try = trainer.StepManner, 1
	w.heard(trainer.Event{State: s})
	if x := w.learning.stations(); x[2].Value != "2nd try: "+say("step.manner")+", 3 of 24" || !strings.Contains(w.learning.sentence(), "refused the first try") {
		t.Errorf("the second try: %q, %q", x[2].Value, w.learning.sentence())
	}
}

// Each version can be reached by hand, wherever the one that answers stands among them.
func TestEveryVersionIsReached(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	w.settle(t)
	all := w.learning.versions
	w.learning.versions = append(slices.Clone(all[:7]), all[len(all)-1])
	for i := range w.learning.versions {
		w.learning.versions[i].Active = i == 6
	}
	w.learning.fill()
	if !reads(w, "and 2 more") {
		t.Fatal("nothing leads to what is not listed")
	}
	tap(t, w, "and 2 more")
	for _, r := range w.learning.versions {
		if !reads(w, w.learning.rowName(r)) {
			t.Errorf("%s is not listed", w.learning.rowName(r))
		}
	}
}

// A lasting trouble stands above the view with its reason and what can be done, told once, until it ends; a question goes before it.
func TestALastingTroubleIsToldUntilItEnds(t *testing.T) {
	w := openSample(t, spoken(english))
	s := sampleState(trainer.PhaseWaiting)
	s.Trouble = &trainer.Finding{
		Subject: trainer.SubjectTraining, Hint: trainer.HintTrainNow,
		Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Text: "training failed", Args: map[string]string{"error": "a tensor is missing"}},
	}
	event := trainer.Event{State: s, News: []trainer.News{{Kind: trainer.NewsTrouble, Reason: s.Trouble.Reason}}}
	w.ask(func() question { return question{title: "Move?", yes: "Move", no: "Not now"} })
	w.heard(event)
	if !reads(w, "Move?") {
		t.Fatal("it takes the place of a question")
	}
	tap(t, w, "Not now")
	w.heard(event)
	w.settle(t)
	if !reads(w, "The training failed: a tensor is missing. Your feedback is kept.") || !reads(w, say("hint.train_now")) {
		t.Fatal("the reason, or what to do, is not said")
	}
	tap(t, w, "Close")
	w.heard(event)
	if w.told != nil {
		t.Error("it is told twice")
	}
	next := s
	told := func(text string) bool {
		next.Trouble = &trainer.Finding{Subject: trainer.SubjectTraining, Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Text: text, Args: map[string]string{"error": text}}}
		w.heard(trainer.Event{State: next})
		return w.told != nil
	}
	if !told("open versions/cycle-9/manner: permission denied") {
		t.Error("another trouble is not told")
	}
	tap(t, w, "Close")
	if told("open versions/cycle-10/manner: permission denied") {
		t.Error("what fails again is told again, as it names the files of another cycle")
	}
	well := s
	well.Trouble = nil
	w.heard(trainer.Event{State: well})
	w.heard(event)
	if w.told == nil {
		t.Error("when it comes again it is not told")
	}
	w.heard(trainer.Event{State: well})
	if w.told != nil {
		t.Error("it is told after its end")
	}
}

// A trouble takes the place of no other notice, and comes once that is gone; it is told until it is answered, not once shown.
func TestALastingTroubleWaitsForOtherNotices(t *testing.T) {
	w := openSample(t, spoken(english))
	s := sampleState(trainer.PhaseWaiting)
	s.Trouble = &trainer.Finding{Subject: trainer.SubjectTraining, Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "a tensor is missing"}}}
	event := trainer.Event{State: s}
	troubled := func() bool { return reads(w, say("trouble.title")) } // the status line names the reason, too
	w.askToRemoveVersions(shortage{room: trainer.Room{Old: 2, OldBytes: 1000}})
	w.heard(event)
	if troubled() {
		t.Fatal("it takes the place of what was offered")
	}
	w.untell()
	if !troubled() {
		t.Fatal("it does not come once the offer is gone")
	}
	stands := w.shell.banner.Objects[0]
	if w.heard(event); w.shell.banner.Objects[0] != stands {
		t.Error("it is made anew with each event")
	}
	w.failed(errUnread)
	w.heard(event)
	if troubled() {
		t.Fatal("it takes the place of a fault")
	}
	tap(t, w, "Close")
	if !troubled() {
		t.Fatal("a fault that took its place was its end")
	}
	w.escape()
	w.failed(errUnread)
	tap(t, w, "Close")
	if w.heard(event); w.told != nil {
		t.Error("once answered it is told again")
	}
}

// A trouble that lasts from before the start comes after what the start has to say.
func TestATroubleWaitsForTheStart(t *testing.T) {
	w := openSample(t, spoken(english))
	w.state.Trouble = &trainer.Finding{Subject: trainer.SubjectTraining, Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "a tensor is missing"}}}
	w.Crash = "crash-1.txt"
	w.start()
	if !reads(w, say("crash.title")) {
		t.Fatal("the crash is not told")
	}
	if w.untell(); !reads(w, say("trouble.title")) {
		t.Error("the trouble is not told after the crash")
	}
}

func TestATroubleWaitsForTheEndOfTheWelcome(t *testing.T) {
	w := openSample(t, spoken(english))
	w.App.Preferences().SetBool(preferSeen, false)
	w.rebuild()
	s := sampleState(trainer.PhaseWaiting)
	s.Trouble = &trainer.Finding{Subject: trainer.SubjectTraining, Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "a tensor is missing"}}}
	if w.heard(trainer.Event{State: s}); reads(w, say("trouble.title")) {
		t.Error("it stands above the welcome, where nothing can be looked at")
	}
	tap(t, w, say("welcome.start"))
	if !reads(w, say("trouble.title")) {
		t.Error("it is not told after the welcome")
	}
}

// One of something is not said in the plural.
func TestOneIsNotSeveral(t *testing.T) {
	openSample(t, spoken(german))
	for want, r := range map[string]trainer.Reason{
		"1 neue Bewertung liegt vor":         {Code: trainer.CodeEnoughRatings, Args: map[string]string{"ratings": "1", "least": "1"}},
		"8 neue Bewertungen liegen vor":      {Code: trainer.CodeEnoughRatings, Args: map[string]string{"ratings": "8", "least": "8"}},
		"1 von 3 Lektionen sitzt noch nicht": {Code: trainer.CodeLessonsMissed, Args: map[string]string{"missed": "1", "total": "3"}},
		"1 von 8 neuen Bewertungen liegt vor. Das Training beginnt bei 8, bei einer Korrektur der Art": {Code: trainer.CodeTooFewRatings, Args: map[string]string{"ratings": "1", "least": "8", "seconds": "0"}},
		"nur 1 von 2 Rückmeldungen im Training: 1 neutral (drei Sterne)":                               {Code: trainer.CodeBufferEmpty, Args: map[string]string{"kept": "1", "total": "2", "top": trainer.CodeNeutral, "count": "1"}},
	} {
		if got := because(r); got != want {
			t.Errorf("it says %q, not %q", got, want)
		}
	}
}
