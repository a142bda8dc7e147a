package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		b.want(PhaseNoModel, CodeNoModel)
		b.attach()
		b.want(PhaseWaiting, CodeNothingNew)

		set := DefaultSettings()
		set.Enabled = false
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.want(PhaseOff, CodeOff)
		if err := b.SetSettings(t.Context(), DefaultSettings()); err != nil {
			t.Fatal(err)
		}
		b.Pause()
		b.want(PhasePaused, CodePaused)
		b.Resume()
		b.want(PhaseWaiting, CodeNothingNew)
	})
}

// The shipped profile: a correction of manner at once, eight ratings at once,
// anything else after 180 s.
func TestWhatStartsACycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		b.attach()

		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.settle()
		if n := b.runs.Load(); n != 1 {
			t.Fatalf("%d cycles after a correction of manner, want 1", n)
		}
		b.want(PhaseWaiting, CodeNothingNew)

		b.rate("first", 5)
		s := b.want(PhaseDue, CodeTooFewRatings)
		if left := time.Until(s.StartsAt); left <= 179*time.Second || left > 180*time.Second {
			t.Errorf("one rating: training in %v, want 180 s", left)
		}
		if s.NewRatings != 1 || s.LeastRating != 8 {
			t.Errorf("%d of %d ratings, want 1 of 8", s.NewRatings, s.LeastRating)
		}
		for i := range 6 {
			b.rate(fmt.Sprint("more ", i), 3+2*(i%2))
		}
		b.settle()
		if n := b.runs.Load(); n != 1 {
			t.Fatalf("%d cycles after few ratings, want 1", n)
		}
		// Ratings of three stars say nothing and do not count.
		for i := range 4 {
			b.rate(fmt.Sprint("good ", i), 4)
		}
		b.settle()
		if n := b.runs.Load(); n != 2 {
			t.Fatalf("%d cycles after eight ratings, want 2", n)
		}

		b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
		b.want(PhaseDue, CodeInterval)
		time.Sleep(179 * time.Second)
		b.settle()
		if n := b.runs.Load(); n != 2 {
			t.Fatal("a lesson started a cycle before its time")
		}
		time.Sleep(2 * time.Second)
		b.settle()
		if n := b.runs.Load(); n != 3 {
			t.Fatalf("%d cycles after 181 s, want 3", n)
		}
		if s := b.settle(); s.Lessons.Known != 1 || s.Phase != PhaseWaiting {
			t.Errorf("after the cycle: %+v, %s", s.Lessons, s.Phase)
		}

		b.Train()
		b.settle()
		if n := b.runs.Load(); n != 4 {
			t.Fatalf("%d cycles after Train, want 4", n)
		}
	})
}

// A pause stops a running cycle; nothing of it is used, and it runs again after it.
func TestPauseStopsACycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(func(ctx context.Context, j Job, progress func(Progress)) (Outcome, error) {
			for i := range 10 {
				progress(Progress{Step: StepManner, Done: i, Of: 10, Started: time.Now()})
				select {
				case <-ctx.Done():
					return Outcome{}, fmt.Errorf("cycle: %w", ctx.Err())
				case <-time.After(5 * time.Second):
				}
			}
			return promoted(j)
		})
		b.start()
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		time.Sleep(12 * time.Second)
		s := b.want(PhaseRunning, CodeCorrection)
		if s.Progress.Done != 2 || s.Progress.Of != 10 {
			t.Errorf("progress %d of %d, want 2 of 10", s.Progress.Done, s.Progress.Of)
		}
		b.Pause()
		b.want(PhasePaused, CodePaused)
		b.wantCycles(CycleStopped)
		b.Resume()
		time.Sleep(time.Minute)
		b.want(PhaseWaiting, CodeNothingNew)
		if n := b.runs.Load(); n != 2 {
			t.Errorf("%d runs, want 2", n)
		}
	})
}

// A program that is killed leaves a running cycle: the next start marks it as cut and
// starts it again. One that is stopped in good order starts it again as well.
func TestInterruptedCyclesStartAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err != nil {
			t.Fatal(err)
		}
		written := filepath.Join(b.home, cycleFolder(c.ID), mannerFolder)
		if err := os.MkdirAll(written, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := b.store.Close(); err != nil { // as if killed: nothing ended the cycle
			t.Fatal(err)
		}
		b.open()
		if _, err := os.Stat(written); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what the killed cycle had written stays: %v", err)
		}
		b.reopen() // by what trains nothing, such as a look at the figures
		b.attach()
		b.start()
		b.settle()
		b.wantCycles(CycleChecked, CycleCut)
		if n := b.runs.Load(); n != 1 {
			t.Errorf("%d runs, want 1", n)
		}
	})
}

// A cycle on another model, such as that of a move that was killed, is not started again
// on the one in use.
func TestInterruptedMoveStartsNoCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if _, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: strings.Repeat("1", 64)}); err != nil {
			t.Fatal(err)
		}
		if err := b.store.Close(); err != nil {
			t.Fatal(err)
		}
		b.open()
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleCut)
	})
}

// A cycle that only asks the lessons says which version answered, and is no training.
func TestAskingNamesTheVersionThatAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		before := b.version()
		b.attach()
		b.start()
		b.teach("What is fog?", "Fog is a cloud.", Knowledge)
		b.settle()
		time.Sleep(b.Settings().TrainInterval)
		b.settle()
		lessons, err := b.Lessons(t.Context())
		if err != nil || len(lessons) != 1 || len(lessons[0].Trail) != 1 {
			t.Fatalf("lessons %+v, %v", lessons, err)
		}
		if l := lessons[0]; l.Version != before.ID || l.Trained != 0 {
			t.Errorf("version %d answered after %d trainings, want version %d after none", l.Version, l.Trained, before.ID)
		}
	})
}

// Watch gives the state first, merges what a slow reader misses, and ends with its
// context.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		slow := b.Watch(ctx)
		b.start()
		b.attach()
		for i := range 100 {
			b.rate(fmt.Sprint("question ", i), 3)
		}
		b.settle()
		e := <-slow
		if e.State.Buffer.Total != 100 || e.State.Buffer.Dropped[CodeNeutral] != 100 {
			t.Errorf("the latest state has %+v", e.State.Buffer)
		}
		if len(e.News) == 0 || len(e.News) > newsKept {
			t.Errorf("%d news", len(e.News))
		}
		cancel()
		synctest.Wait()
		for range slow {
		}
	})
}

// Feedback is undone and redone; what trains is what stands.
func TestTakeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		first := b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
		second := b.teach("who leads IT", "Karl leads IT.", Knowledge)
		answerOf := func() string {
			s := b.speaking.Load()
			if i, _, ok := s.router.Match("Who leads IT?"); ok {
				return s.lessons[i].Answer
			}
			return ""
		}
		if got := answerOf(); got != "Karl leads IT." {
			t.Errorf("the newer one answers %q", got)
		}
		if err := b.TakeBack(t.Context(), second.ID); err != nil {
			t.Fatal(err)
		}
		if got := answerOf(); got != "Maria leads IT." {
			t.Errorf("the older one stands again: %q", got)
		}
		if err := b.PutBack(t.Context(), second.ID); err != nil {
			t.Fatal(err)
		}
		if got := answerOf(); got != "Karl leads IT." {
			t.Errorf("put back: %q", got)
		}
		if err := b.SetKind(t.Context(), second.ID, Manner); err != nil {
			t.Fatal(err)
		}
		if got := answerOf(); got == "Karl leads IT." {
			t.Errorf("a correction of manner is put before the model: %q", got)
		}
		_ = first
	})
}

func TestRefusals(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	if _, err := b.Answer(ctx, Ask{Text: "Hello?"}, nil); !errors.Is(err, ErrNoModel) {
		t.Errorf("an answer without a model: %v", err)
	}
	var told *UserError
	if _, err := b.Teach(ctx, Teaching{Question: "q", Answer: " "}); !errors.As(err, &told) || told.Reason.Code != CodeEmpty {
		t.Errorf("an empty lesson: %v", err)
	}
	if _, err := b.AddRating(ctx, "q", "a b c", 6, "test", 3); !errors.Is(err, ErrStars) {
		t.Errorf("six stars: %v", err)
	}
	if _, err := b.AddFeedbackSample(ctx, "a b c", 2, "test", 3); !errors.Is(err, ErrScore) {
		t.Errorf("a score of 2: %v", err)
	}
	set := DefaultSettings()
	set.BufferSize, set.QualityThreshold = 0, -3
	var wrong *RangeError
	if err := b.SetSettings(ctx, set); !errors.As(err, &wrong) || b.Settings().BufferSize != 1000 {
		t.Errorf("settings out of range: %v", err)
	}
}

// A program that ends in good order while a cycle runs starts it again the next time
// the loop runs.
func TestStopEndsInGoodOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(untilStopped)
		b.attach()
		b.start()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.want(PhaseRunning, CodeCorrection)
		b.Stop()
		b.wantCycles(CycleStopped)
		b.play(succeeding)
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleStopped)
	})
}

// While the lessons move the loop says that it stands still, not what it was at; what is cancelled
// meanwhile does not run, and the cycle that was cut short begins again afterwards.
func TestTheLoopStandsStillForAMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(untilStopped)
		b.attach()
		b.start()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.want(PhaseRunning, CodeCorrection)
		b.StopToMove()
		if s := b.want(PhaseMoving, CodeMoves); s.Last == nil || s.Last.Reason.Code != CodeMoves {
			t.Errorf("the cycle ended as %+v", s.Last)
		}
		b.CancelCycle()
		b.play(succeeding)
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleStopped)
		b.play(untilStopped)
		b.Train()
		b.want(PhaseRunning, CodeWanted)
		b.StopToMove()
		b.close() // in the middle of the move
		b.play(succeeding)
		b.open()
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleStopped, CycleChecked, CycleStopped)
	})
}

// A cycle trains until its candidate is before the gate: asking the lessons is no check of it.
func TestACycleIsCheckedByTheGateAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		steps := make(chan Step)
		b.play(func(_ context.Context, j Job, progress func(Progress)) (Outcome, error) {
			for s := range steps {
				progress(Progress{Step: s})
			}
			return promoted(j)
		})
		b.attach()
		b.start()
		b.Train()
		for _, x := range []struct {
			step  Step
			phase Phase
		}{{StepManner, PhaseRunning}, {StepAsk, PhaseRunning}, {StepKnowledge, PhaseRunning}, {StepGate, PhaseChecking}} {
			steps <- x.step
			if s := b.want(x.phase, CodeWanted); s.Progress.Step != x.step {
				t.Errorf("the step is %s", s.Progress.Step)
			}
		}
		close(steps)
		b.want(PhaseWaiting, CodeNothingNew)
	})
}

// A cycle whose model is exchanged as it starts is one that was stopped: it does not train the
// other one.
func TestACycleKeepsItsModel(t *testing.T) {
	b := newBench(t)
	b.play(untilStopped)
	b.attach()
	a := b.model.use()
	defer a.users.Done()
	b.attach()
	a.cancel()
	l := &loop{Trainer: b.Trainer}
	if _, err := l.train(t.Context(), a, work{job: Job{Base: testHash}}); !errors.Is(err, errTakenAway) || !stopped(err) {
		t.Errorf("it ended with %v", err)
	}
}

// What was asked for, such as practice, has nothing new that would start it once more.
func TestClosedWhileItTrainsGoesOnWithTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.play(untilStopped)
		b.Train()
		b.want(PhaseRunning, CodeWanted)
		b.close()
		b.play(succeeding)
		b.open()
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleStopped)
		b.close()
		b.open() // once, not for ever
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleStopped)
	})
}

// An unlearning that fails or is cancelled is started again; one that is refused leaves
// nothing in use that holds what was taken back, and is not started again.
func TestUnlearning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		clean := b.version()
		b.attach()
		v := b.holding(b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner))
		if v.Parent != clean.ID {
			t.Fatalf("the parent is %d, want %d", v.Parent, clean.ID)
		}
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
			return Outcome{}, errors.New("the engine broke")
		})
		b.start()
		b.want(PhaseDue, CodeRetryLater)
		b.play(func(ctx context.Context, _ Job, _ func(Progress)) (Outcome, error) {
			<-ctx.Done()
			return Outcome{}, ctx.Err()
		})
		time.Sleep(61 * time.Second)
		b.want(PhaseRunning, CodeUnlearn)
		b.CancelCycle()
		b.want(PhaseDue, CodeStopped)
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
			time.Sleep(time.Second)
			return refused(), nil
		})
		watch, end := context.WithCancel(t.Context())
		defer end()
		events := b.Watch(watch)
		time.Sleep(182 * time.Second)
		s := b.settle()
		b.wantRuns(3)
		var told []NewsKind // the last of it is what holds
		for _, n := range (<-events).News {
			if n.Kind == NewsCycleEnded || n.Kind == NewsRolledBack {
				told = append(told, n.Kind)
			}
		}
		if !slices.Equal(told, []NewsKind{NewsCycleEnded, NewsRolledBack}) {
			t.Errorf("told was %q", told)
		}
		back, err := b.RolledBack(t.Context())
		if err != nil || back == nil || back.Number != clean.Number || back.From != v.Number || back.Reason.Code != CodeUnlearn {
			t.Errorf("after it, what brought the version in use is %+v, %v", back, err)
		}
		if s.Active.ID != clean.ID {
			t.Errorf("version %d answers after a refused unlearning, want %d", s.Active.ID, clean.ID)
		}
		if s.Trouble != nil {
			t.Errorf("a trouble: %+v", s.Trouble)
		}
		time.Sleep(time.Hour)
		b.wantRuns(3)
		if err := b.Restore(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if back, err := b.RolledBack(t.Context()); err != nil || back != nil {
			t.Errorf("after the user's choice it is %+v, %v", back, err)
		}
	})
}

// After the user's cancel a cycle waits for the interval, or for new feedback.
func TestNewFeedbackEndsTheWaitAfterACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(func(ctx context.Context, _ Job, _ func(Progress)) (Outcome, error) {
			<-ctx.Done()
			return Outcome{}, ctx.Err()
		})
		b.start()
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		b.want(PhaseRunning, CodeCorrection)
		b.CancelCycle()
		b.want(PhaseDue, CodeStopped)
		wake(b.changed) // nothing is new
		b.want(PhaseDue, CodeStopped)
		b.teach("What is rain?", "Dear reader, rain is water.", Manner)
		b.want(PhaseRunning, CodeCorrection)
		b.wantRuns(2)
	})
}

// A cycle that the user asked for is owed until it was decided, though nothing is new.
func TestAWantedCycleThatFailsIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) {
			return Outcome{}, errors.New("the engine broke")
		})
		b.start()
		b.attach()
		b.Train()
		b.want(PhaseDue, CodeRetryLater)
		b.wantRuns(1)
		b.play(succeeding)
		time.Sleep(61 * time.Second)
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantRuns(2)
	})
}

func TestTimeLeftIsMeasured(t *testing.T) {
	l := &loop{}
	p := Progress{Step: StepManner, Done: 1, Of: 10, Started: time.Now().Add(-time.Minute)}
	if left := l.left(p); left != 0 {
		t.Errorf("%v left before a whole cycle was measured", left)
	}
	l.last = Seconds{Base: 1, Manner: 10, Gate: 5, Total: 16}
	if left := l.left(p); left <= 0 {
		t.Error("nothing is left of a measured cycle")
	}
}

// A cycle in which the program was killed twice in a row is not started a third time by
// itself: it may be what kills it. The user can start it, and new feedback does.
func TestCutTwiceWaitsForTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		job := Job{Format: jobFormat, Base: testHash, Recipe: b.Settings().recipe(), Samples: []JobSample{{ID: 1}}}
		encoded, err := json.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // as if killed: nothing ends the cycle
			if _, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Job: encoded}); err != nil {
				t.Fatal(err)
			}
			if err := b.store.Close(); err != nil {
				t.Fatal(err)
			}
			b.open()
		}
		b.reopen() // as for a look at the figures, or at a server at which its user rests
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeCutTwice)
		b.reopen()
		b.attach()
		b.start()
		s := b.want(PhaseWaiting, CodeCutTwice)
		if s.Trouble == nil || s.Trouble.Reason.Code != CodeCutTwice {
			t.Errorf("the trouble is %+v", s.Trouble)
		}
		if f := doctorTraining(s, DefaultSettings(), time.Now()); f.Good || f.Hint != HintTrainNow {
			t.Errorf("the doctor: %+v", f)
		}
		time.Sleep(10 * time.Hour)
		b.wantRuns(0)
		b.teach("What is rain?", "Dear reader, rain is water.", Manner)
		s = b.want(PhaseWaiting, CodeNothingNew)
		b.wantRuns(1)
		if s.Trouble != nil {
			t.Errorf("the trouble stays: %+v", s.Trouble)
		}
	})
}
