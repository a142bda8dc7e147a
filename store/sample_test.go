package store

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func rate(t tester, s *Store, score float64, replaces ...int64) Sample {
	t.Helper()
	x, _, err := s.AddFeedback(t.Context(), Feedback{Sample: Sample{Form: FormRating, Kind: Manner, Score: score}, Replaces: replaces})
	check(t, err)
	return x
}

// asTheyAre are samples that a cycle used as what they teach now.
func asTheyAre(t tester, s *Store, ids []int64) map[int64]Kind {
	t.Helper()
	as := make(map[int64]Kind)
	for _, id := range ids {
		x, err := s.Sample(t.Context(), id)
		check(t, err)
		as[id] = x.Kind
	}
	return as
}

func wantStates(t *testing.T, s *Store, want map[int64]SampleState) {
	t.Helper()
	for id, state := range want {
		x, err := s.Sample(t.Context(), id)
		check(t, err)
		if x.State != state {
			t.Errorf("sample %d is %s, want %s", id, x.State, state)
		}
		if (x.Reason.Code == ReasonReplaced) != (state == SampleRejected) {
			t.Errorf("sample %d is %s for %q", id, x.State, x.Reason.Code)
		}
	}
}

// Rated three times, taken back, and taken back again: each time the rating
// before stands, and undoing the undo goes the same way.
func TestTakingBackBringsTheRatingBefore(t *testing.T) {
	s := newStore(t)
	a := rate(t, s, -1).ID
	b := rate(t, s, 0, a).ID
	c := rate(t, s, 1, b).ID
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleRejected, c: SampleNew})
	check(t, s.DeleteSample(t.Context(), c))
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleNew})
	check(t, s.DeleteSample(t.Context(), b))
	wantStates(t, s, map[int64]SampleState{a: SampleNew})
	check(t, s.RestoreSample(t.Context(), c))
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, c: SampleNew})
	check(t, s.RestoreSample(t.Context(), b))
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleRejected, c: SampleNew})
}

// No stars at all: no rating of the message stands, however many there were, and
// other feedback is left alone.
func TestFeedbackOfAMessageIsDeletedAsAWhole(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	talk := must(addConversation(ctx, s, Conversation{}))(t)
	m := must(s.AddMessage(ctx, Message{Conversation: talk.ID, Role: RoleAssistant}))(t)
	other := must(s.AddMessage(ctx, Message{Conversation: talk.ID, Role: RoleAssistant}))(t)
	on := func(message int64, form Form, replaces ...int64) int64 {
		t.Helper()
		x, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: form, Kind: Manner, Message: message}, Replaces: replaces})
		check(t, err)
		return x.ID
	}
	a := on(m.ID, FormRating)
	b := on(m.ID, FormRating, a)
	c := on(m.ID, FormRating, b)
	correction, elsewhere := on(m.ID, FormCorrection), on(other.ID, FormRating)
	check(t, s.As("ann").DeleteFeedback(ctx, m.ID, FormRating))
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleRejected, c: SampleNew})
	check(t, s.DeleteFeedback(ctx, m.ID, FormRating))
	wantStates(t, s, map[int64]SampleState{a: SampleDeleted, b: SampleDeleted, c: SampleDeleted, correction: SampleNew, elsewhere: SampleNew})
	check(t, s.DeleteFeedback(ctx, m.ID, FormRating))
	check(t, s.RestoreSample(ctx, b))
	wantStates(t, s, map[int64]SampleState{b: SampleNew, c: SampleDeleted})
}

// What is deleted with all that it replaced leaves nothing of that standing, and is brought
// back alone. What replaced it later, and was taken back, stays as it was.
func TestDeletedWithWhatItReplaced(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	a := rate(t, s, -1).ID
	b := rate(t, s, 0, a).ID
	c := rate(t, s, 1, b).ID
	other := rate(t, s, 1).ID
	check(t, s.DeleteSample(ctx, c))
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleNew, c: SampleDeleted})
	wantErr(t, s.DeleteWithReplaced(ctx, c), ErrNotFound) // it is deleted already
	wantErr(t, s.As("ann").DeleteWithReplaced(ctx, b), ErrNotFound)
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleNew})
	check(t, s.DeleteWithReplaced(ctx, b))
	wantStates(t, s, map[int64]SampleState{a: SampleDeleted, b: SampleDeleted, c: SampleDeleted, other: SampleNew})
	check(t, s.RestoreSample(ctx, b))
	wantStates(t, s, map[int64]SampleState{b: SampleNew, c: SampleDeleted, other: SampleNew})
	if x := must(s.Sample(ctx, a))(t); x.State != SampleDeleted {
		t.Errorf("what it had replaced is %s", x.State)
	}
	check(t, s.Check(ctx))
}

func TestNewRatingAfterTakingBackStaysTheNewest(t *testing.T) {
	s := newStore(t)
	a := rate(t, s, -1).ID
	b := rate(t, s, 0, a).ID
	check(t, s.DeleteSample(t.Context(), b))
	c := rate(t, s, 1, a).ID
	check(t, s.RestoreSample(t.Context(), b))
	wantStates(t, s, map[int64]SampleState{a: SampleRejected, b: SampleRejected, c: SampleNew})
}

func TestDeletedWhileACycleRunsStaysToBeErased(t *testing.T) {
	s := newStore(t)
	x := rate(t, s, 1)
	c := must(s.StartCycle(t.Context(), Cycle{BaseHash: "base"}))(t)
	check(t, s.DeleteSample(t.Context(), x.ID))
	_, _, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{x.ID: x.Kind}, Version: &Version{Samples: []int64{x.ID}}})
	check(t, err)
	if n := must(s.Erasures(t.Context(), "base"))(t); n != 1 {
		t.Errorf("%d deleted samples in the version, want 1", n)
	}
	check(t, s.RestoreSample(t.Context(), x.ID))
	wantStates(t, s, map[int64]SampleState{x.ID: SampleUsed})
}

func TestRestoredWhileACycleRunsWithoutItIsNew(t *testing.T) {
	s := newStore(t)
	x := rate(t, s, 1)
	c := must(s.StartCycle(t.Context(), Cycle{}))(t)
	_, _, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{x.ID: x.Kind}, Version: &Version{}})
	check(t, err)
	check(t, s.DeleteSample(t.Context(), x.ID))
	must(s.StartCycle(t.Context(), Cycle{}))(t)
	check(t, s.RestoreSample(t.Context(), x.ID))
	wantStates(t, s, map[int64]SampleState{x.ID: SampleNew})
}

func TestMadeSomethingElseWhileACycleRunsIsNew(t *testing.T) {
	s := newStore(t)
	x, _ := correct(t, s)
	c := must(s.StartCycle(t.Context(), Cycle{}))(t)
	check(t, s.SetKind(t.Context(), x.ID, Manner, nil))
	_, _, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: c.ID, State: CycleChecked, Used: map[int64]Kind{x.ID: Knowledge}})
	check(t, err)
	wantStates(t, s, map[int64]SampleState{x.ID: SampleNew})
}

// What is taken back goes from use with the version that holds it; put back, it has to train
// again.
func TestRestoredWhereAVersionWithoutItWasActivatedIsNew(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	x := rate(t, s, 1)
	c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
	_, v, err := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{x.ID: x.Kind}, Version: &Version{Samples: []int64{x.ID}}})
	check(t, err)
	for _, c := range []struct {
		activate int64
		want     SampleState
	}{{v.ID, SampleUsed}, {0, SampleNew}} {
		check(t, s.DeleteSample(ctx, x.ID))
		check(t, s.ActivateVersion(ctx, "base", c.activate, CauseRollback, Reason{}))
		check(t, s.RestoreSample(ctx, x.ID))
		wantStates(t, s, map[int64]SampleState{x.ID: c.want})
	}
}

func TestDeletedAndRestoredWhileACycleRunsWithItIsUsed(t *testing.T) {
	s := newStore(t)
	x := rate(t, s, 1)
	c := must(s.StartCycle(t.Context(), Cycle{}))(t)
	_, _, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{x.ID: x.Kind}, Version: &Version{}})
	check(t, err)
	must(s.StartCycle(t.Context(), Cycle{}))(t)
	check(t, s.DeleteSample(t.Context(), x.ID))
	check(t, s.RestoreSample(t.Context(), x.ID))
	wantStates(t, s, map[int64]SampleState{x.ID: SampleUsed})
}

func TestFeedbackIsRefusedAsAWhole(t *testing.T) {
	s := newStore(t)
	good := Sample{Form: FormRating, Kind: Manner, Score: 0.5, Importance: 3}
	with := func(change func(*Feedback)) Feedback {
		f := Feedback{Sample: good}
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		feedback Feedback
		want     error
	}{
		"score above 1":      {with(func(f *Feedback) { f.Sample.Score = 1.5 }), ErrInvalid},
		"score NaN":          {with(func(f *Feedback) { f.Sample.Score = math.NaN() }), ErrInvalid},
		"importance 6":       {with(func(f *Feedback) { f.Sample.Importance = 6 }), ErrInvalid},
		"importance below 1": {with(func(f *Feedback) { f.Sample.Importance = -1 }), ErrInvalid},
		"no form":            {with(func(f *Feedback) { f.Sample.Form = "" }), ErrInvalid},
		"no kind":            {with(func(f *Feedback) { f.Sample.Kind = "fact" }), ErrInvalid},
		"unknown message":    {with(func(f *Feedback) { f.Sample.Message = 77 }), ErrNotFound},
		"unknown version":    {with(func(f *Feedback) { f.Sample.Version = 77 }), ErrNotFound},
		"replaces nothing":   {with(func(f *Feedback) { f.Replaces = []int64{77} }), ErrNotFound},
		"reason, no code":    {with(func(f *Feedback) { f.Reject = Reason{Text: "because"} }), ErrInvalid},
		"lesson too long": {with(func(f *Feedback) {
			f.Lesson = &Lesson{Answer: strings.Repeat("x", MaxText+1)}
		}), ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.AddFeedback(t.Context(), c.feedback)
			wantErr(t, err, c.want)
		})
	}
	if all := must(s.Samples(t.Context(), SampleQuery{States: []SampleState{SampleNew, SampleUsed, SampleRejected, SampleDeleted}}))(t); len(all) != 0 {
		t.Errorf("something was written: %+v", all)
	}
}

func TestRejectingIsAllOrNothing(t *testing.T) {
	s := newStore(t)
	a, b := rate(t, s, 1).ID, rate(t, s, 1).ID
	wantErr(t, s.RejectSamples(t.Context(), []int64{a, 77, b}, Reason{Code: "neutral"}), ErrNotFound)
	wantStates(t, s, map[int64]SampleState{a: SampleNew, b: SampleNew})
}

func TestSampleQuery(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	cycle := must(s.StartCycle(ctx, Cycle{}))(t)
	_, version, err := s.FinishCycle(ctx, CycleEnd{Cycle: cycle.ID, State: CyclePromoted, Version: &Version{}})
	check(t, err)
	talk := must(addConversation(ctx, s, Conversation{}))(t)
	m := must(s.AddMessage(ctx, Message{Conversation: talk.ID, Role: RoleAssistant}))(t)
	other := must(s.AddMessage(ctx, Message{Conversation: must(addConversation(ctx, s, Conversation{}))(t).ID, Role: RoleAssistant}))(t)
	add := func(x Sample) int64 {
		t.Helper()
		got, _, err := s.AddFeedback(ctx, Feedback{Sample: x})
		check(t, err)
		return got.ID
	}
	a := add(Sample{Form: FormRating, Kind: Manner, Source: "user", Message: m.ID, Created: day(1)})
	b := add(Sample{Form: FormCorrection, Kind: Knowledge, Source: "user", Message: other.ID, Version: version.ID, Created: day(2)})
	c := add(Sample{Form: FormText, Kind: Manner, Source: "api", Created: day(3)})
	d := add(Sample{Form: FormRating, Kind: Manner, Source: "demo", Version: version.ID, Created: day(4)})
	check(t, s.RejectSamples(ctx, []int64{c}, Reason{Code: "neutral"}))
	check(t, s.DeleteSample(ctx, d))
	base := int64(0)
	for name, q := range map[string]struct {
		SampleQuery
		want []int64
	}{
		"all but deleted":   {SampleQuery{}, []int64{a, b, c}},
		"newest first":      {SampleQuery{NewestFirst: true, Limit: 2}, []int64{c, b}},
		"oldest":            {SampleQuery{Limit: 1}, []int64{a}},
		"buffer":            {SampleQuery{States: []SampleState{SampleNew, SampleUsed}}, []int64{a, b}},
		"deleted":           {SampleQuery{States: []SampleState{SampleDeleted}}, []int64{d}},
		"no state":          {SampleQuery{States: []SampleState{}}, nil},
		"forms":             {SampleQuery{Forms: []Form{FormRating, FormText}}, []int64{a, c}},
		"kind":              {SampleQuery{Kinds: []Kind{Knowledge}}, []int64{b}},
		"source":            {SampleQuery{Source: "api"}, []int64{c}},
		"IDs":               {SampleQuery{IDs: []int64{c, a, d}}, []int64{a, c}},
		"no ID":             {SampleQuery{IDs: []int64{}}, nil},
		"message":           {SampleQuery{Message: m.ID}, []int64{a}},
		"conversation":      {SampleQuery{Conversation: talk.ID}, []int64{a}},
		"untrained base":    {SampleQuery{Version: &base}, []int64{a, c}},
		"version":           {SampleQuery{Version: &version.ID}, []int64{b}},
		"since":             {SampleQuery{Since: day(2)}, []int64{b, c}},
		"several at a time": {SampleQuery{Since: day(2), Kinds: []Kind{Manner}, Source: "api"}, []int64{c}},
	} {
		var got []int64
		for _, x := range must(s.Samples(ctx, q.SampleQuery))(t) {
			got = append(got, x.ID)
		}
		if !slices.Equal(got, q.want) {
			t.Errorf("%s: %v, want %v", name, got, q.want)
		}
	}
}

func TestSettingTheKindMakesASampleNew(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	x, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{Form: FormCorrection, Kind: Knowledge}, Lesson: &Lesson{Question: "first"}})
	check(t, err)
	c := must(s.StartCycle(ctx, Cycle{}))(t)
	_, _, err = s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CycleRefused, Used: map[int64]Kind{x.ID: x.Kind}})
	check(t, err)
	check(t, s.SetKind(ctx, x.ID, Manner, nil))
	wantStates(t, s, map[int64]SampleState{x.ID: SampleNew})
	if l := must(s.Lessons(ctx, ""))(t); len(l) != 0 {
		t.Errorf("a manner sample shows the lesson %+v", l)
	}
	check(t, s.SetKind(ctx, x.ID, Knowledge, &Lesson{Question: "second"}))
	if l := must(s.Lessons(ctx, ""))(t); len(l) != 1 || l[0].Question != "first" {
		t.Errorf("the lesson did not come back: %+v", l)
	}
}
