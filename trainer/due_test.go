package trainer

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clara/store"
)

// answered keeps what a lesson answered where a person asked it, outside of a cycle.
func (b *bench) answered(s Sample, outcome LessonState) {
	b.t.Helper()
	l, err := b.store.LessonOf(b.t.Context(), testHash, s.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.store.AddResults(b.t.Context(), testHash, []store.LessonResult{{Lesson: l.ID, Outcome: outcome, Answer: "no idea"}}); err != nil {
		b.t.Fatal(err)
	}
	b.tell(NewsLessons)
}

// The window asks a lesson as soon as it is saved. One that is missed then waits for a training
// as if nobody had asked it; one that is known needs none.
func TestALessonMissedOutsideOfACycleIsTrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.start()
		b.answered(b.teach("Who leads IT?", "Maria leads IT.", Knowledge), LessonKnown)
		b.want(PhaseWaiting, CodeNothingNew)
		missed := b.teach("Who leads sales?", "Karl leads sales.", Knowledge)
		b.answered(missed, LessonMissed)
		if s := b.want(PhaseDue, CodeInterval); s.NewLessons != 1 {
			t.Errorf("%d lessons wait for a cycle, want 1", s.NewLessons)
		}
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			o, err := promoted(j)
			for i := range o.Report.Lessons {
				o.Report.Lessons[i].Known, o.Report.Lessons[i].Outcome = false, LessonMissed
			}
			return o, err
		})
		time.Sleep(b.Settings().TrainInterval)
		b.wantRuns(1)
		b.want(PhaseWaiting, CodeNothingNew)
		b.answered(missed, LessonMissed) // a cycle has tried it
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantRuns(1)
	})
}

// Another model has its own lessons to learn: what a cycle on the one before has asked counts
// for nothing there.
func TestALessonMissedOnAnotherModelIsTrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := b.teach("Who leads sales?", "Karl leads sales.", Knowledge)
		l, err := b.store.LessonOf(t.Context(), "another", s.ID)
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: "another"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{
			Cycle: c.ID, State: CycleChecked, Used: map[int64]Kind{s.ID: Knowledge}, Results: []LessonResult{{Lesson: l.ID, Outcome: LessonMissed}},
		}); err != nil {
			t.Fatal(err)
		}
		b.attach()
		b.start()
		b.answered(s, LessonMissed)
		time.Sleep(b.Settings().TrainInterval)
		b.wantRuns(1)
	})
}

// A correction that a manner was trained on, and that is about what is true after all, must not
// stay in the manner, though its lesson is known at once.
func TestACorrectionThatIsNoMannerAnyMoreLeavesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := b.teach("Who leads IT?", "Maria leads IT.", Manner)
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{
			Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{s.ID: Manner}, Version: &Version{Samples: []int64{s.ID}},
		}); err != nil {
			t.Fatal(err)
		}
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		if err := b.SetKind(t.Context(), s.ID, Manner); err != nil { // as it is
			t.Fatal(err)
		}
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantRuns(0)
		b.Pause()
		if err := b.SetKind(t.Context(), s.ID, Knowledge); err != nil {
			t.Fatal(err)
		}
		b.answered(s, LessonKnown)
		b.Resume()
		time.Sleep(b.Settings().TrainInterval)
		b.wantRuns(1)
		time.Sleep(10 * b.Settings().TrainInterval) // once
		b.wantRuns(1)
	})
}

// What starts a training is named, and nothing that does not.
func TestTooFewRatingsNameACorrectionOnlyWhereItTrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.start()
		if s := b.want(PhaseWaiting, CodeNothingNew); s.Why.Text != "there is nothing new to learn" {
			t.Errorf("before any training: %q", s.Why.Text)
		}
		b.rate("first", 5)
		for _, on := range []bool{true, false} {
			set := DefaultSettings()
			set.TrainOnCorrection = on
			if err := b.SetSettings(t.Context(), set); err != nil {
				t.Fatal(err)
			}
			if why := b.want(PhaseDue, CodeTooFewRatings).Why; strings.Contains(why.Text, "on a correction of manner") != on || why.Args["correction"] != strconv.FormatBool(on) {
				t.Errorf("with training on a correction %v: %+v", on, why)
			}
		}
	})
}
