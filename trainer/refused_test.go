package trainer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What the gate refused trains again only when something is new, or when it is no
// longer what was refused; a restart of the program changes nothing of that.
func TestRefusedFeedbackWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) { return refused(), nil })
		b.start()
		b.attach()
		first := b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
		time.Sleep(3 * time.Minute)
		b.wantRuns(1)
		time.Sleep(10 * time.Hour)
		s := b.want(PhaseWaiting, CodeRefusedWaits)
		b.wantRuns(1)
		if s.NewLessons != 0 || s.Lessons.New != 1 {
			t.Errorf("%d lessons are new to a cycle, %d not known; want 0, 1", s.NewLessons, s.Lessons.New)
		}
		if e, err := b.Effect(t.Context(), b.Settings()); err != nil || e.Why.Code != CodeRefusedWaits || e.StartsNow {
			t.Errorf("the effect: %+v, %v", e, err)
		}
		if f := doctorTraining(s, DefaultSettings(), time.Now()); f.Good || f.Hint != HintReviewFeedback {
			t.Errorf("the doctor: %+v", f)
		}

		b.close()
		b.open()
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeRefusedWaits)

		b.teach("Who leads sales?", "Karl leads sales.", Knowledge)
		b.want(PhaseDue, CodeInterval)
		time.Sleep(3 * time.Minute)
		b.wantRuns(2)
		b.want(PhaseWaiting, CodeRefusedWaits)
		b.play(succeeding)
		if err := b.TakeBack(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		b.wantRuns(3)
		b.want(PhaseWaiting, CodeNothingNew)
	})
}

// What was refused is trained again once it would be trained otherwise.
func TestRefusedFeedbackTrainsWithOtherSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) { return refused(), nil })
		b.start()
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		time.Sleep(time.Hour)
		b.want(PhaseWaiting, CodeRefusedWaits)
		n := b.runs.Load()
		set := b.Settings()
		set.TrainInterval *= 2 // no part of the recipe
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.want(PhaseWaiting, CodeRefusedWaits)
		set.LearningRate *= 2
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.wantRuns(n + 1)
		b.want(PhaseWaiting, CodeRefusedWaits)
	})
}

// What was refused at the full rate, by a program that trained each model at it, is trained again at
// the lower one that a large model gets.
func TestRefusedFeedbackTrainsAtAnotherRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var divisor int
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
			o := refused()
			o.Report.RateDivisor = divisor
			return o, nil
		})
		b.start()
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.wantRuns(1)
		b.want(PhaseWaiting, CodeRefusedWaits)
		b.Stop()
		b.model.current.info.Parameters = 8_030_261_248
		b.refused.Store(nil) // of the program before
		divisor = 5
		b.start()
		b.wantRuns(2)
		b.want(PhaseWaiting, CodeRefusedWaits)
		b.Stop()
		b.refused.Store(nil)
		b.start()
		b.want(PhaseWaiting, CodeRefusedWaits)
		b.wantRuns(2)
	})
}

func TestRefusedCorrectionWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) { return refused(), nil })
		b.start()
		b.attach()
		bad := b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.teach("What is rain?", "Dear reader, rain is water.", Manner)
		time.Sleep(time.Hour)
		b.want(PhaseWaiting, CodeRefusedWaits)
		n := b.runs.Load()
		b.play(succeeding)
		if err := b.TakeBack(t.Context(), bad.ID); err != nil {
			t.Fatal(err)
		}
		b.wantRuns(n + 1)
		b.want(PhaseWaiting, CodeNothingNew)
	})
}
