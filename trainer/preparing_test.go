package trainer

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"clara/model"
)

// unprepared attaches a played model without a reader whose preparation takes ten steps
// of a second each, kept after every second one.
func (b *bench) unprepared(end *reader, report ReaderReport) (steps *int, seeds *[]uint64) {
	steps, seeds = new(int), new([]uint64)
	kept := 0
	b.prepare = func(ctx context.Context, _ *model.Runner, p preparation) (*reader, ReaderReport, error) {
		*seeds = append(*seeds, p.Seed)
		for done := kept; done < 10; done++ {
			p.Progress(Progress{Step: StepReader, Done: done, Of: 10})
			select {
			case <-ctx.Done():
				return nil, ReaderReport{}, ctx.Err()
			case <-time.After(time.Second):
			}
			*steps++
			if done%2 == 1 {
				kept = done + 1
			}
		}
		kept = 0
		return end, report, nil
	}
	b.attach()
	b.model.current.reader.Store(&reader{state: ReaderNone})
	if err := b.renew(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return steps, seeds
}

// breakOnce lets the next preparation fail at once.
func (b *bench) breakOnce() {
	works := b.prepare
	b.prepare = func(context.Context, *model.Runner, preparation) (*reader, ReaderReport, error) {
		b.prepare = works
		return nil, ReaderReport{}, errors.New("the engine broke")
	}
}

var readyReader = &reader{state: ReaderPrepared}

// A model without a reader is prepared once it is there, beside whatever the user does,
// and says so; a pause stops it, and it goes on where it was.
func TestModelWithoutAReaderIsPrepared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		steps, _ := b.unprepared(readyReader, ReaderReport{})
		if s := b.State(); s.Reader != ReaderNone {
			t.Errorf("the state says %q of the reader", s.Reader)
		}
		var heard []NewsKind
		events := b.Watch(t.Context())
		go func() {
			for e := range events {
				for _, n := range e.News {
					heard = append(heard, n.Kind)
				}
			}
		}()
		b.start()
		time.Sleep(3500 * time.Millisecond)
		s := b.want(PhasePreparing, CodePreparing)
		if s.Progress.Step != StepReader || s.Progress.Done != 3 || s.Progress.Of != 10 {
			t.Errorf("progress %+v, want 3 of 10", s.Progress)
		}
		if f := b.doctorModel(s); !f.Good {
			t.Errorf("the doctor on a model that is being prepared: %+v", f)
		}
		b.rate("kept meanwhile", 5)
		b.want(PhasePreparing, CodePreparing)

		b.Pause()
		time.Sleep(time.Minute)
		b.want(PhasePaused, CodePaused)
		b.Resume()
		time.Sleep(8500 * time.Millisecond)
		s = b.settle()
		if s.Phase == PhasePreparing || *steps != 3+8 {
			t.Errorf("%s after %d steps, want 3 and, from the second on, 8", s.Phase, *steps)
		}
		if s.Reader != ReaderPrepared || s.NewRatings != 1 || s.Progress.Of != 0 {
			t.Errorf("afterwards: %+v", s)
		}
		if !slices.Contains(heard, NewsReader) {
			t.Errorf("no news of the reader: %q", heard)
		}
	})
}

// The user's training goes first; the preparation goes on after it.
func TestPreparationGivesWayToAWantedCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		steps, _ := b.unprepared(readyReader, ReaderReport{})
		b.Train() // before the loop runs, as `clara train` does it
		b.start()
		time.Sleep(500 * time.Millisecond)
		if n := b.runs.Load(); n != 1 {
			t.Fatalf("%d cycles at first, want 1", n)
		}
		b.want(PhasePreparing, CodePreparing)
		time.Sleep(2 * time.Second)
		b.Train()
		time.Sleep(9 * time.Second)
		if s := b.settle(); b.runs.Load() != 2 || s.Reader != ReaderPrepared || *steps != 10 {
			t.Errorf("%d cycles, reader %s after %d steps, want 2, prepared, 10", b.runs.Load(), s.Reader, *steps)
		}
	})
}

// Feedback does not wait for minutes: a cycle that is due goes first, by itself too, and
// the preparation goes on from what it has kept.
func TestPreparationGivesWayToADueCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		steps, seeds := b.unprepared(readyReader, ReaderReport{})
		b.rate("kept before", 5)
		time.Sleep(b.Settings().TrainInterval - 2500*time.Millisecond)
		b.start()
		time.Sleep(2 * time.Second)
		b.want(PhasePreparing, CodePreparing)
		b.wantRuns(0)
		time.Sleep(time.Second) // the interval is over, after two steps
		b.want(PhasePreparing, CodePreparing)
		b.wantRuns(1)
		time.Sleep(4 * time.Second)
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.want(PhasePreparing, CodePreparing)
		b.wantRuns(2)
		time.Sleep(5 * time.Second)
		if s := b.settle(); s.Reader != ReaderPrepared || *steps != 10 || len(*seeds) != 3 {
			t.Errorf("reader %s after %d steps in %d goes, want it prepared after 10 in 3", s.Reader, *steps, len(*seeds))
		}
	})
}

// A new lesson waits for the reader, which may be all that it needs.
func TestNewLessonsWaitForTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.unprepared(readyReader, ReaderReport{})
		b.teach("Who leads the IT department at Brandt?", "Maria leads the IT department at Brandt.", Knowledge)
		time.Sleep(b.Settings().TrainInterval)
		b.start()
		time.Sleep(9 * time.Second)
		b.want(PhasePreparing, CodePreparing)
		b.wantRuns(0)
	})
}

// A model whose preparation failed does not keep another one from being prepared.
func TestFailedPreparationIsOfItsModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.unprepared(readyReader, ReaderReport{})
		b.breakOnce()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.attach()
		b.model.current.reader.Store(&reader{state: ReaderNone})
		wake(b.changed) // it may have looked at the model before
		time.Sleep(11 * time.Second)
		if s := b.settle(); s.Reader != ReaderPrepared {
			t.Errorf("the other model: %s", s.Reader)
		}
	})
}

// It does not start where it is not wanted, and starts when it is asked for.
func TestPreparationOnlyAsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		set := DefaultSettings()
		set.PrepareModels = false
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		steps, _ := b.unprepared(readyReader, ReaderReport{})
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.Prepare()
		b.want(PhasePreparing, CodePreparing)
		time.Sleep(4500 * time.Millisecond)
		b.CancelPreparing()
		b.want(PhaseWaiting, CodeNothingNew)
		if err := b.SetSettings(t.Context(), DefaultSettings()); err != nil { // it was cancelled
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		b.want(PhaseWaiting, CodeNothingNew)

		set.Enabled = false
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.Prepare()
		b.want(PhaseOff, CodeOff)
		set.Enabled = true
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.want(PhasePreparing, CodePreparing)
		time.Sleep(7 * time.Second)
		if s := b.want(PhaseWaiting, CodeNothingNew); s.Reader != ReaderPrepared || *steps != 10 {
			t.Errorf("reader %s after %d steps, want prepared after 10", s.Reader, *steps)
		}
	})
}

// A refused reader is told and not made again by itself; asked for, another is tried.
func TestRefusedReaderIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		why := reason(CodeForgets, "refused: forgets too much", "kept", 20, "of", 30)
		report := ReaderReport{Verdict: VerdictRefused, Seed: 5, Reason: why}
		_, seeds := b.unprepared(&reader{state: ReaderRefused, report: &report}, report)
		b.start()
		time.Sleep(11 * time.Second)
		s := b.want(PhaseWaiting, CodeNothingNew)
		if s.Reader != ReaderRefused {
			t.Errorf("the state says %q of the reader", s.Reader)
		}
		f := b.doctorModel(s)
		if f.Good || f.Hint != HintPrepare || f.Reason.Code != CodeReaderRefused || f.Reason.Args["gate"] != CodeForgets || f.Reason.Args["kept"] != "20" {
			t.Errorf("the doctor: %+v", f)
		}
		time.Sleep(24 * time.Hour)
		b.settle()
		b.Prepare()
		time.Sleep(11 * time.Second)
		b.want(PhaseWaiting, CodeNothingNew)
		if !slices.Equal(*seeds, []uint64{0, 6}) {
			t.Errorf("seeds %v, want 0 and 6", *seeds)
		}
	})
}

// A preparation that fails keeps no cycle from running and is tried again in an hour.
func TestFailedPreparationIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.unprepared(readyReader, ReaderReport{})
		b.breakOnce()
		b.start()
		s := b.want(PhaseWaiting, CodeNothingNew)
		if s.Trouble == nil || s.Trouble.Reason.Code != CodePrepareFailed {
			t.Errorf("the trouble is %+v", s.Trouble)
		}
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.settle()
		if n := b.runs.Load(); n != 1 {
			t.Errorf("%d cycles, want 1", n)
		}
		time.Sleep(time.Hour + 11*time.Second)
		if s := b.settle(); s.Reader != ReaderPrepared || s.Trouble != nil {
			t.Errorf("an hour later: %s, %+v", s.Reader, s.Trouble)
		}
	})
}

// Who asks for a reader after a failure need not wait until it would be tried again.
func TestFailedPreparationIsTriedAtOnceWhenAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.unprepared(readyReader, ReaderReport{})
		b.breakOnce()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.Prepare()
		time.Sleep(11 * time.Second)
		if s := b.settle(); s.Reader != ReaderPrepared || s.Trouble != nil {
			t.Errorf("asked for: %s, %+v", s.Reader, s.Trouble)
		}
	})
}

// An asking that the user wanted meanwhile is owed, whatever came of the preparation.
func TestAskingWantedDuringAPreparationIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		l := &loop{Trainer: b.Trainer, askedNow: true}
		for _, state := range []ReaderState{ReaderRefused, ReaderPrepared} {
			b.model.current.reader.Store(&reader{state: state})
			l.endPreparing(work{reader: b.model.current}, nil)
			if !l.askedNow {
				t.Errorf("%s: the asking is lost", state)
			}
		}
	})
}
