package store

import (
	"encoding/json"
	"strings"
	"testing"
)

// correct saves a correction with its lesson.
func correct(t *testing.T, s *Store) (Sample, Lesson) {
	t.Helper()
	x, l, err := s.AddFeedback(t.Context(), Feedback{
		Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "When?", Better: "At 8."}, Lesson: &Lesson{Question: "When?", Answer: "At 8."},
	})
	check(t, err)
	return x, l
}

// A cycle's end that is refused leaves the cycle running and nothing written,
// however late in it the fault comes.
func TestFinishCycleIsAllOrNothing(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	x, l := correct(t, s)
	other := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
	_, _, err := s.FinishCycle(ctx, CycleEnd{Cycle: other.ID, State: CycleFailed, Reason: Reason{Code: "nan", Text: "the loss was not a number"}})
	check(t, err)
	c := must(s.StartCycle(ctx, Cycle{BaseHash: "base", Job: json.RawMessage(`{"seed":1}`)}))(t)
	good := func() CycleEnd {
		return CycleEnd{
			Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{x.ID: x.Kind}, Version: &Version{Samples: []int64{x.ID}},
			Results: []LessonResult{{Lesson: l.ID, Outcome: LessonKnown}},
		}
	}
	before := read(t, s)
	for name, v := range map[string]struct {
		change func(*CycleEnd)
		want   error
	}{
		"promoted without a version": {func(e *CycleEnd) { e.Version = nil }, ErrInvalid},
		"refused with a version":     {func(e *CycleEnd) { e.State = CycleRefused }, ErrInvalid},
		"still running":              {func(e *CycleEnd) { e.State = CycleRunning }, ErrInvalid},
		"cut":                        {func(e *CycleEnd) { e.State = CycleCut }, ErrInvalid},
		"no such state":              {func(e *CycleEnd) { e.State, e.Version = "fine", nil }, ErrInvalid},
		"unknown cycle":              {func(e *CycleEnd) { e.Cycle = 77 }, ErrNotFound},
		"a finished cycle":           {func(e *CycleEnd) { e.Cycle = other.ID }, ErrFinished},
		"report is no JSON":          {func(e *CycleEnd) { e.Report = json.RawMessage("{") }, ErrInvalid},
		"unknown sample":             {func(e *CycleEnd) { e.Used[77] = Manner }, ErrNotFound},
		"unknown parent":             {func(e *CycleEnd) { e.Version.Parent = 77 }, ErrNotFound},
		"figures are no JSON":        {func(e *CycleEnd) { e.Version.Figures = json.RawMessage("kept") }, ErrInvalid},
		"unknown lesson, at the end": {func(e *CycleEnd) { e.Results = append(e.Results, LessonResult{Lesson: 77, Outcome: LessonKnown}) }, ErrNotFound},
		"no outcome, at the end":     {func(e *CycleEnd) { e.Results[0].Outcome = LessonNew }, ErrInvalid},
	} {
		e := good()
		v.change(&e)
		_, _, err := s.FinishCycle(ctx, e)
		t.Run(name, func(t *testing.T) {
			wantErr(t, err, v.want)
			same(t, before, read(t, s))
		})
	}
	_, _, err = s.FinishCycle(ctx, good())
	check(t, err)
}

func TestOnlyOneCycleRuns(t *testing.T) {
	s := newStore(t)
	c := must(s.StartCycle(t.Context(), Cycle{}))(t)
	_, err := s.StartCycle(t.Context(), Cycle{})
	wantErr(t, err, ErrRunning)
	must(s.As("ann").StartCycle(t.Context(), Cycle{}))(t)
	cut := must(s.MarkCut(t.Context()))(t)
	if len(cut) != 1 || cut[0].ID != c.ID || cut[0].State != CycleCut || cut[0].Finished.IsZero() {
		t.Errorf("cut: %+v", cut)
	}
	if again := must(s.MarkCut(t.Context()))(t); len(again) != 0 {
		t.Errorf("cut twice: %+v", again)
	}
	must(s.StartCycle(t.Context(), Cycle{}))(t)
}

func TestTrailIsTheLastResultsInOrder(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	_, a := correct(t, s)
	_, b := correct(t, s)
	for _, outcome := range []LessonState{LessonMissed, LessonKnown, LessonLost, LessonKnown} {
		check(t, s.AddResults(ctx, "base", []LessonResult{{Lesson: a.ID, Outcome: outcome}, {Lesson: b.ID, Outcome: LessonMissed}}))
	}
	outcomes := func(trail []LessonResult) (out []LessonState) {
		for _, r := range trail {
			out = append(out, r.Outcome)
		}
		return out
	}
	same(t, []LessonState{LessonLost, LessonKnown}, outcomes(must(s.Trail(ctx, "base", a.ID, 2))(t)))
	same(t, []LessonState{LessonMissed, LessonKnown, LessonLost, LessonKnown}, outcomes(must(s.Trail(ctx, "base", a.ID, 0))(t)))
	trails := must(s.Trails(ctx, "base", 3))(t)
	same(t, []LessonState{LessonKnown, LessonLost, LessonKnown}, outcomes(trails[a.ID]))
	same(t, []LessonState{LessonMissed, LessonMissed, LessonMissed}, outcomes(trails[b.ID]))
	if l := must(s.Lesson(ctx, "base", a.ID))(t); l.State != LessonKnown {
		t.Errorf("the lesson is %s", l.State)
	}
}

// A lesson is known since the first cycle after the last result that did not show it, and
// was asked widely where the trainer has details of it.
func TestAskingsSayWhen(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	_, a := correct(t, s)
	_, b := correct(t, s)
	_, never := correct(t, s)
	var cycles []int64
	for range 3 {
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
		_, _, err := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CycleChecked})
		check(t, err)
		cycles = append(cycles, c.ID)
	}
	wide := json.RawMessage(`{"asked":[{"question":"who?"}]}`)
	for i, outcome := range []LessonState{LessonKnown, LessonLost, LessonKnown, LessonKnown, LessonKnown} {
		cycle := []int64{cycles[0], 0, 0, cycles[1], cycles[2]}[i] // the third is of no cycle
		r := LessonResult{Lesson: a.ID, Cycle: cycle, Outcome: outcome, Details: json.RawMessage("{}")}
		if i == 2 {
			r.Details = wide
		}
		check(t, s.AddResults(ctx, "base", []LessonResult{r}))
	}
	check(t, s.AddResults(ctx, "base", []LessonResult{{Lesson: b.ID, Cycle: cycles[2], Outcome: LessonMissed}}))
	check(t, s.AddResults(ctx, "other", []LessonResult{{Lesson: never.ID, Cycle: cycles[2], Outcome: LessonKnown}}))
	trail := must(s.Trail(ctx, "base", a.ID, 0))(t)
	last := must(s.Trail(ctx, "base", b.ID, 1))(t)
	same(t, map[int64]Asking{
		a.ID: {Lesson: a.ID, Last: trail[4].ID, Widely: trail[2].ID, Since: cycles[1]},
		b.ID: {Lesson: b.ID, Last: last[0].ID},
	}, must(s.Askings(ctx, "base"))(t))
}

// The jobs quote all feedback that there was, each of them anew: those of the last cycles are
// kept, and those of versions that can still be used. Of the others the figures and the reasons
// stay.
func TestOldCyclesKeepTheirFiguresAlone(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	job, report := json.RawMessage(`{"samples":[]}`), json.RawMessage(`{"lessons":[{"answer":"Ann"}],"open":[],"manner_key":"ab","figures":{"known":3}}`)
	run := func(of *Store, state CycleState) (Cycle, Version) {
		t.Helper()
		c := must(of.StartCycle(ctx, Cycle{BaseHash: "base", Job: job}))(t)
		e := CycleEnd{Cycle: c.ID, State: state, Report: report, Reason: Reason{Code: "why"}}
		if state == CyclePromoted {
			e.Version = new(Version)
		}
		c, v, err := of.FinishCycle(ctx, e)
		check(t, err)
		return c, v
	}
	_, gone := run(s, CyclePromoted)
	kept, _ := run(s, CyclePromoted)
	old, _ := run(s, CycleRefused)
	other, _ := run(s.As("ann"), CycleChecked)
	check(t, s.RemoveVersion(ctx, gone.ID))
	last, _ := run(s, CycleChecked)
	for range jobsKept {
		run(s, CycleChecked)
	}
	for _, id := range []int64{gone.Cycle, old.ID, last.ID} {
		c := must(s.Cycle(ctx, id))(t)
		if c.Job != nil || string(c.Report) != `{"manner_key":"ab","figures":{"known":3}}` || c.Reason.Code != "why" {
			t.Errorf("cycle %d has job %s and report %s", id, c.Job, c.Report)
		}
	}
	for _, c := range []Cycle{must(s.Cycle(ctx, kept.ID))(t), must(s.Cycle(ctx, last.ID+1))(t), must(s.As("ann").Cycle(ctx, other.ID))(t)} {
		if string(c.Job) != string(job) || string(c.Report) != string(report) {
			t.Errorf("cycle %d has job %s and report %s", c.ID, c.Job, c.Report)
		}
	}
}

// The outlines of all cycles are read from their index alone: the rows are as long as their jobs
// and reports.
func TestCycleOutlinesReadNoRows(t *testing.T) {
	s := newStore(t)
	c := must(s.StartCycle(t.Context(), Cycle{BaseHash: "base", Job: json.RawMessage(`{"seed":1}`)}))(t)
	_, _, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: c.ID, State: CycleFailed, Report: json.RawMessage(`{"loss":1}`), Reason: Reason{Code: "nan", Text: "the loss was not a number"}})
	check(t, err)
	running := must(s.StartCycle(t.Context(), Cycle{BaseHash: "base"}))(t)
	got := must(s.CycleOutlines(t.Context(), 0))(t)
	if len(got) != 2 || got[0].ID != running.ID || !got[0].Finished.IsZero() || got[1].State != CycleFailed || got[1].Reason.Code != "nan" ||
		!got[1].Started.Equal(c.Started) || got[1].Finished.IsZero() || got[1].Job != nil || got[1].Report != nil {
		t.Errorf("the outlines are %+v", got)
	}
	plan := must(collect(t.Context(), s.db.read, func(r scanner) (step string, err error) {
		var id, parent, unused int
		return step, r.Scan(&id, &parent, &unused, &step)
	}, "EXPLAIN QUERY PLAN "+selectOutline+ofUserNewestFirst, s.user, -1))(t)
	if len(plan) != 1 || !strings.Contains(plan[0], "USING COVERING INDEX cycles_outline") {
		t.Errorf("they are read so: %q", plan)
	}
}
