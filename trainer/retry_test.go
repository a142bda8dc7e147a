package trainer

import (
	"fmt"
	"maps"
	"testing"

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
		{CodeLosesKnown, trained, false},
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
	if a.gentleKey("x") != b.gentleKey("x") || a.triedKey("x") != b.triedKey("x") {
		t.Error("a gentle key depends on more than what the lessons say")
	}
	b.Lessons = nil
	if a.gentleKey("x") == b.gentleKey("x") || a.triedKey("x") == b.triedKey("x") {
		t.Error("the key of a gentle adapter does not depend on the lessons")
	}
}

func ratedSample(n int, score float64) JobSample {
	return JobSample{ID: int64(n), Form: FormRating, Prompt: fmt.Sprintf("question %d", n), Answer: "an answer of some words", Score: score, Weight: 1}
}

// From ten ratings on about every fifth is kept apart; a rating does not change sides
// as others come and go or its stars change; corrections always train.
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

// Beside a base that knew the canary texts by heart any manner is harm: it is trained once
// more at half the rate, and refused again: both tries are told, nothing is used, and the same job ends the
// same way.
func TestHarmIsTriedOnceMore(t *testing.T) {
	r := tinyRunner(t, 1)
	facts, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	clear(facts.Canary)
	j := Job{Format: jobFormat, Base: r.Info().Hash, Model: "tiny", Recipe: DefaultSettings().recipe()}
	j.Recipe.Rank, j.Recipe.Epochs = 4, 1
	for n := range 3 {
		j.Samples = append(j.Samples, JobSample{ID: int64(n), Form: FormCorrection, Prompt: fmt.Sprint("What is ", n, "?"), Better: fmt.Sprint("Dear reader, it is ", n, "."), Score: 1, Weight: 1})
	}
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
