package trainer

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What keeps a cycle from beginning ends the wait for its end, of the demo as well: the loop tries
// again for ever.
func TestAWaitForACycleThatCannotBeginEnds(t *testing.T) {
	for name, wait := range map[string]func(*Trainer, context.Context) error{
		"once": func(t *Trainer, ctx context.Context) error {
			_, _, err := t.TrainOnce(ctx, nil)
			return err
		},
		"demo": func(t *Trainer, ctx context.Context) error {
			d := &demo{DemoParams: DemoParams{Progress: func(DemoStage, Progress) {}}, trainer: t}
			return d.train(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.attach()
				db, err := sql.Open("sqlite", b.store.Path())
				if err != nil {
					t.Fatal(err)
				}
				_, err = db.ExecContext(t.Context(), "CREATE TRIGGER refuse BEFORE INSERT ON cycles BEGIN SELECT raise(ABORT, 'no cycle is taken'); END")
				if err := errors.Join(err, db.Close()); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				var told *UserError
				if err := wait(b.Trainer, ctx); !errors.As(err, &told) || told.Reason.Code != CodeCycleFailed {
					t.Errorf("it ends with %v", err)
				}
			})
		})
	}
}

// A cycle ends with how it ended and what it newly knows; without learning there is none.
func TestOneCycleIsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		for name, x := range map[string]struct {
			play  playFunc
			state CycleState
		}{"done": {succeeding, CycleChecked}, "failed": {failing, CycleFailed}} {
			b.play(x.play)
			before := b.runs.Load()
			end, _, err := b.TrainOnce(t.Context(), nil)
			if err != nil || end.State != x.state || end.Reason.Code == "" || b.runs.Load() != before+1 {
				t.Errorf("%s: %+v, %v", name, end, err)
			}
		}
		off := DefaultSettings()
		off.Enabled = false
		if err := b.SetSettings(t.Context(), off); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.TrainOnce(t.Context(), nil); !errors.Is(err, ErrOff) {
			t.Errorf("with learning switched off it ends with %v", err)
		}
	})
}

// What fails in the upkeep, and keeps no cycle from beginning, ends no wait for one.
func TestUpkeepThatFailsEndsNoWaitForACycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		v := b.holding(b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner))
		b.hinder(v.Cycle)
		time.Sleep(Restorable + time.Hour)
		unerased := false
		end, _, err := b.TrainOnce(t.Context(), func(s State) { unerased = unerased || s.Trouble != nil })
		if err != nil || end.State != CycleChecked || !unerased {
			t.Errorf("it ends with %+v, %v; trouble with the upkeep: %v", end, err, unerased)
		}
	})
}

// A cycle that failed is told in the words of what it failed by, whatever is in trouble beside it.
func TestACycleThatFailedIsToldForItsOwnReason(t *testing.T) {
	for name, trouble := range map[string]*Finding{
		"alone":                nil,
		"beside other trouble": {Subject: SubjectTraining, Reason: reason(CodeUpkeepFailed, "the disk is gone")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.attach()
				b.hub.update(func(s *State) { s.Trouble = trouble })
				b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
					time.Sleep(time.Minute) // all that was told before is read by then
					return Outcome{}, &UserError{Reason: reason(CodeTrainingMemory, "too little memory")}
				})
				if end, _, err := b.TrainOnce(t.Context(), nil); err != nil || end.State != CycleFailed || end.Reason.Code != CodeTrainingMemory {
					t.Errorf("it ends with %+v, %v", end, err)
				}
			})
		})
	}
}

func failing(context.Context, Job, func(Progress)) (Outcome, error) {
	return Outcome{}, errors.New("the engine broke")
}
