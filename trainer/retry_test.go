package trainer

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clara/model"
)

// A gentler try is for harm by what was trained just now: not for what is still missed,
// nor for an adapter that the version before had already.
func TestWhatIsTriedAgain(t *testing.T) {
	trained, kept := Outcome{Knowledge: new(model.Adapter)}, Outcome{KeepManner: true}
	for _, c := range []struct {
		code    string
		outcome Outcome
		want    bool
	}{
		{CodeForgets, trained, true},
		{CodeLanguage, trained, true},
		{CodeLength, trained, true},
		{CodeOwnMissed, trained, false},
		{CodeLosesKnown, trained, true},
		{CodeForgets, kept, false},
	} {
		c.outcome.Report.Verdict, c.outcome.Report.Reason = VerdictRefused, reason(c.code, "refused")
		if got := c.outcome.gentler(); got != c.want {
			t.Errorf("%s: tried again %v", c.code, got)
		}
	}
	trained.Report.Verdict = VerdictNotProven
	if trained.gentler() {
		t.Error("what passed is tried again")
	}
}

func TestTwoRefusalsAreSaidTogether(t *testing.T) {
	first := reason(CodeForgets, "refused: forgets too much", "kept", 20, "of", 30, "limit", 0.8)
	second := reason(CodeLeaks, "refused: leaks", "leaks", 3, "of", 29, "limit", 0.05)
	both := refusedTwice(first, second)
	if both.Code != CodeRefusedTwice || both.Text != "refused twice: forgets too much; trained half as fast and held twice as firmly: leaks" {
		t.Errorf("%+v", both)
	}
	tries := Tries(both)
	if len(tries) != 2 || tries[0].Code != CodeForgets || tries[1].Code != CodeLeaks || !maps.Equal(tries[0].Args, first.Args) || !maps.Equal(tries[1].Args, second.Args) {
		t.Errorf("taken apart: %+v", tries)
	}
	if one := Tries(first); len(one) != 1 || one[0].Text != first.Text {
		t.Errorf("a single reason: %+v", one)
	}
}

// Whether a gentle adapter is still right depends on what the refusal was about: a
// lesson that was unlearnt since leaves no trace.
func TestGentleKeysDependOnTheLessons(t *testing.T) {
	a, b := testJob(), testJob()
	if a.gentleKey("x") == "x" || a.gentleKey("x") != b.gentleKey("x") {
		t.Error("equal jobs have other gentle keys")
	}
	b.Lessons[0].State, b.Lessons[0].ID = LessonKnown, 9
	if a.gentleKey("x") != b.gentleKey("x") || a.triedKey(nil) != b.triedKey(nil) {
		t.Error("a gentle key depends on more than what the lessons say")
	}
	b.Lessons = nil
	if a.gentleKey("x") == b.gentleKey("x") || a.triedKey(nil) == b.triedKey(nil) {
		t.Error("the key of a gentle adapter does not depend on the lessons")
	}
}

func ratedSample(n int, score float64) JobSample {
	return JobSample{ID: int64(n), Form: FormRating, Prompt: fmt.Sprintf("question %d", n), Answer: "an answer of some words", Score: score, Weight: 1}
}

// From ten ratings on about every fifth is kept apart; a rating does not change sides
// as others come and go or its stars change, as long as there are some of its kind that train;
// corrections always train.
func TestRatingsKeptApart(t *testing.T) {
	var all []JobSample
	for n := range 9 {
		all = append(all, ratedSample(n, 1))
	}
	if train, held := holdOut(all); len(train) != 9 || held != nil {
		t.Errorf("of 9 ratings %d train", len(train))
	}
	for n := 9; n < 400; n++ {
		all = append(all, ratedSample(n, -1))
	}
	all = append(all, JobSample{ID: 1000, Form: FormCorrection, Prompt: "q", Better: "b", Weight: 1})
	train, held := holdOut(all)
	if len(train)+len(held) != 401 || len(held) < 55 || len(held) > 105 || train[len(train)-1].ID != 1000 {
		t.Fatalf("%d train, %d are kept apart", len(train), len(held))
	}
	side := make(map[int64]bool)
	for _, s := range held {
		side[s.ID] = true
	}
	fewer := append([]JobSample(nil), all[:120]...)
	for i := range fewer {
		fewer[i].Score = -fewer[i].Score
	}
	_, some := holdOut(fewer)
	for _, s := range some {
		if !side[s.ID] {
			t.Errorf("rating %d changed sides", s.ID)
		}
	}
	again, none := holdOut(train)
	if len(again) != len(train) || none != nil {
		t.Error("what trains is parted once more")
	}
	// Where all good ones or all bad ones would be kept apart they train, and no others beside them.
	drawn := 0
	for n := range 400 {
		for _, score := range []float64{1, -1} {
			var most []JobSample
			for i := range 12 {
				most = append(most, ratedSample(i, -score))
			}
			_, without := holdOut(most)
			few := append([]JobSample{ratedSample(1000+n, score), ratedSample(2000+n, score)}[n%2:], most...)
			train, held := holdOut(few)
			if train[0].Score != score {
				t.Fatalf("all ratings of %v, with %d, are kept apart", score, few[0].ID)
			}
			lots := 0
			for _, s := range few[:len(few)-len(most)] {
				lots += boolToInt(s.ticket()%heldEvery == 0)
			}
			if all := lots == len(few)-len(most); all && len(held) != len(without) {
				t.Fatalf("%d are kept apart, %d without those that have to train", len(held), len(without))
			} else if all {
				drawn++
			}
			if again, none := holdOut(train); len(again) != len(train) || none != nil {
				t.Fatal("what trains is parted once more")
			}
		}
	}
	if drawn == 0 {
		t.Error("none was drawn: this shows nothing")
	}
	j := Job{Base: testHash, Samples: all}
	key := j.mannerKey()
	j.Samples = train
	if j.mannerKey() != key {
		t.Error("what is kept apart is part of the manner's key")
	}
}

func TestPairsOfRatings(t *testing.T) {
	held := []HeldRating{
		{Good: true, Before: 0.1, After: 0.5}, {Good: false, Before: 0.1, After: 0.2}, // better: .4 against .1
		{Good: true, Before: 0.3, After: 0.3}, {Good: false, Before: 0.1, After: 0.4}, // worse
		{Good: true, Before: 0, After: 9}, // without a bad one beside it
	}
	if better, worse := pairs(held); better != 1 || worse != 1 {
		t.Errorf("%d better, %d worse", better, worse)
	}
}

// mannerJob is a job of three corrections, beside what is measured of the tiny base.
func mannerJob(t *testing.T, r *model.Runner) (Job, *BaseFacts) {
	t.Helper()
	facts, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	j := Job{Format: jobFormat, Base: r.Info().Hash, Model: "tiny", Recipe: DefaultSettings().recipe()}
	j.Recipe.Rank, j.Recipe.Epochs = 4, 1
	for n := range 3 {
		j.Samples = append(j.Samples, JobSample{ID: int64(n), Form: FormCorrection, Prompt: fmt.Sprint("What is ", n, "?"), Better: fmt.Sprint("Dear reader, it is ", n, "."), Score: 1, Weight: 1})
	}
	return j, facts
}

// Beside a base that knew the canary texts by heart any manner is harm: it is trained once
// more at half the rate, and refused again: both tries are told, nothing is used, and the same job ends the
// same way.
func TestHarmIsTriedOnceMore(t *testing.T) {
	r := tinyRunner(t, 1)
	j, facts := mannerJob(t, r)
	clear(facts.Canary)
	tries := 0
	o, err := RunCycle(t.Context(), r, j, facts, func(p Progress) { tries = max(tries, p.Try+1) })
	if err != nil {
		t.Fatal(err)
	}
	rep := o.Report
	if rep.Verdict != VerdictRefused || rep.Reason.Code != CodeRefusedTwice || len(rep.Tries) != 2 || tries != 2 {
		t.Fatalf("%s (%s) after %d tries of %d", rep.Verdict, rep.Reason.Text, len(rep.Tries), tries)
	}
	first, second := rep.Tries[0], rep.Tries[1]
	if first.Rate != 1 || second.Rate != 0.5 || second.Anchors != 2 || first.Reason.Code == "" || first.Reason.Code == CodeRefusedTwice {
		t.Errorf("the tries: %+v and %+v", first.Reason, second.Reason)
	}
	if first.Figures.ChatKL == second.Figures.ChatKL || len(first.Losses) == 0 || len(rep.Losses) != len(second.Losses) {
		t.Errorf("both tries have the figures %+v", first.Figures)
	}
	if m := rep.Memory; m.Parts != 1 || m.Bytes <= 0 {
		t.Errorf("its steps fitted so: %+v", m)
	}
	if len(rep.Trained) != 1 || rep.MannerKey != j.gentleKey(j.mannerKey()) {
		t.Errorf("trained %v, key %s", rep.Trained, rep.MannerKey)
	}
}

// Whether an adapter harms is asked anew with every lesson more, but what was refused is not
// trained anew for that: it is the same to the bit as without a memory of it.
func TestWhatWasRefusedIsNotTrainedAgain(t *testing.T) {
	r := tinyRunner(t, 1)
	j, facts := mannerJob(t, r)
	clear(facts.Canary)
	m := new(memory)
	if _, err := runCycle(t.Context(), r, j, facts, m, nil); err != nil {
		t.Fatal(err)
	}
	j.Lessons = []JobLesson{{ID: 1, Sample: 9, Question: "Who leads department 4?", Answer: "Maria.", BaseAnswer: "I do not know.", Keywords: [][]string{{""}}, State: LessonKnown, Importance: 3}}
	again, err := runCycle(t.Context(), r, j, facts, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	anew, err := RunCycle(t.Context(), r, j, facts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Report.Trained) > 0 || len(anew.Report.Trained) == 0 {
		t.Errorf("trained %v with a memory, %v without", again.Report.Trained, anew.Report.Trained)
	}
	if again.Manner.Hash() != anew.Manner.Hash() || again.Report.MannerKey != anew.Report.MannerKey {
		t.Error("the memory has another adapter than a training makes")
	}
	if diff := cmp.Diff(anew.Report.Figures, again.Report.Figures); diff != "" || again.Report.Reason.Text != anew.Report.Reason.Text {
		t.Errorf("%q instead of %q: %s", again.Report.Reason.Text, anew.Report.Reason.Text, diff)
	}
	m.unlearn("all") // as before what is unlearnt is rebuilt
	if o, err := runCycle(t.Context(), r, j, facts, m, nil); err != nil || len(o.Report.Trained) == 0 {
		t.Errorf("trained %v after all was forgotten (%v)", o.Report.Trained, err)
	}
}

// Where the full training harms and the gentle one passes, a lesson more brings no new version
// that is the same as the one in use.
func TestTheSameVersionIsNotMadeAgain(t *testing.T) {
	r := tinyRunner(t, 1)
	j, facts := mannerJob(t, r)
	made := func(rate float64) Outcome {
		j := j
		j.Recipe.MannerRate = rate
		o, err := RunCycle(t.Context(), r, j, facts, nil)
		if err != nil || o.Manner == nil {
			t.Fatalf("trained %v: %v", o.Report.Trained, err)
		}
		return o
	}
	// The tiny base is so poor that texts become likelier by any training: what has learnt
	// less stands for what harms, and the limit lies between the two.
	harmful, good := made(3e-4), made(0.5)
	set, err := facts.anchors()
	if err != nil {
		t.Fatal(err)
	}
	between := 0.0
	for _, o := range []Outcome{harmful, good} {
		nll, err := canaryNLL(t.Context(), r, set.Canary, []*model.Adapter{o.Manner})
		if err != nil {
			t.Fatal(err)
		}
		between += mean(nll) / 2
	}
	for i := range facts.Canary {
		facts.Canary[i] = between - mostCanary
	}
	dir := t.TempDir()
	if err := WriteOutcome(dir, good); err != nil {
		t.Fatal(err)
	}
	key := j.mannerKey()
	j.Before = JobVersion{Version: 1, Manner: filepath.Join(dir, mannerFolder), MannerKey: j.gentleKey(key)}
	j.Lessons = []JobLesson{{ID: 1, Sample: 9, Question: "Who leads department 4?", Answer: "Maria.", BaseAnswer: "I do not know.", Keywords: [][]string{{""}}, State: LessonKnown, Importance: 3}}
	m := new(memory)
	m.keepAdapters(map[string]trainedAdapter{nameOf(StepManner, key, fullEffort): {adapter: harmful.Manner}, nameOf(StepManner, key, gentleEffort): {adapter: good.Manner}})
	o, err := runCycle(t.Context(), r, j, facts, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Changed(j.Before) || !o.KeepManner || o.Report.Reason.Code != CodeStillGentle || len(o.Report.Tries) != 2 || o.Report.Tries[0].Verdict != VerdictRefused {
		t.Errorf("%s: %s", o.Report.Verdict, o.Report.Reason.Text)
	}
	if len(o.Report.Lessons) != 1 || !o.Report.Lessons[0].Known {
		t.Errorf("the lesson was not asked: %+v", o.Report.Lessons)
	}
}

// A version that could not be saved, as on a full disk, is not trained anew with the next try: that
// saves it. Once it is made nothing of its training is kept.
func TestWhatCouldNotBeSavedIsNotTrainedAgain(t *testing.T) {
	b := newBench(t)
	r := tinyRunner(t, 1)
	j, _ := mannerJob(t, r)
	j.Recipe.MannerRate, j.Recipe.Rank = 0.03, 32 // it passes, by far: from a third of the rate to twice as much
	for i := range j.Samples {
		s := b.teach(j.Samples[i].Prompt, j.Samples[i].Better, Manner)
		j.Samples[i].ID = s.ID
	}
	defer b.load(r)()
	a := b.model.use()
	defer a.users.Done()
	b.cycle = runCycle
	l := &loop{Trainer: b.Trainer}
	run := func() (trained []Step, e CycleEnd, err error) {
		t.Helper()
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: j.Base})
		if err != nil {
			t.Fatal(err)
		}
		w := work{cycle: c.ID, job: j, memory: a.memory, progress: make(chan Progress, 1)}
		o, err := l.train(t.Context(), a, w)
		if err != nil || o.Manner == nil || o.Report.Verdict == VerdictRefused {
			t.Fatalf("the cycle made %+v, %v", o.Report, err)
		}
		e = CycleEnd{Cycle: c.ID}
		err = l.conclude(t.Context(), w, workResult{outcome: o}, &e)
		return o.Report.Trained, e, err
	}
	inTheWay := filepath.Join(b.home, versionsFolder)
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if trained, e, err := run(); err == nil || e.State != CycleFailed || len(trained) == 0 {
		t.Fatalf("trained %v, ended as %s, %v", trained, e.State, err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	trained, e, err := run()
	if err != nil || e.State != CyclePromoted || len(trained) > 0 {
		t.Errorf("trained %v, ended as %s, %v", trained, e.State, err)
	}
	j.Before.Version = e.Version
	if trained, e, err := run(); err != nil || e.State != CyclePromoted || len(trained) == 0 {
		t.Errorf("after the version was made: trained %v, ended as %s, %v", trained, e.State, err)
	}
}
