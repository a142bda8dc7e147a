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
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clara/model"
	"clara/store"
)

const testHash = "0000000000000000000000000000000000000000000000000000000000000000"

// bench is a trainer over a store of its own, whose cycles are played by the test.
type bench struct {
	*Trainer
	t     *testing.T
	store *store.Store
	home  string
	runs  atomic.Int32
	next  atomic.Pointer[playFunc]
}

// playFunc plays a cycle.
type playFunc func(ctx context.Context, j Job, progress func(Progress)) (Outcome, error)

func (b *bench) play(f playFunc) { b.next.Store(&f) }

// promoted is the outcome of a cycle that made another version.
func promoted(j Job) (Outcome, error) {
	o := Outcome{Report: Report{Verdict: VerdictProven, Reason: reason(CodeProven, "proven better"), MannerKey: fmt.Sprint(len(j.Samples))}}
	for _, l := range j.Lessons {
		o.Report.Lessons = append(o.Report.Lessons, Asked{Lesson: l.ID, Answer: l.Answer, Known: true, Outcome: LessonKnown})
	}
	// Without adapters of its own an outcome only counts as another version if the one
	// before had some: the job says so where the bench plays a promotion.
	return o, nil
}

// succeeding plays a cycle that ends as promoted says.
func succeeding(_ context.Context, j Job, _ func(Progress)) (Outcome, error) { return promoted(j) }

// untilStopped plays a cycle that runs until somebody stops it.
func untilStopped(ctx context.Context, _ Job, _ func(Progress)) (Outcome, error) {
	<-ctx.Done()
	return Outcome{}, fmt.Errorf("cycle: %w", ctx.Err())
}

func newBench(t *testing.T, home string) *bench {
	t.Helper()
	b := &bench{t: t, home: home}
	b.play(succeeding)
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	st, err := store.Open(b.t.Context(), filepath.Join(b.home, "clara.db"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.store = st
	b.Trainer, err = New(b.t.Context(), Params{Store: st, Home: b.home, Settings: DefaultSettings()})
	if err != nil {
		b.t.Fatal(err)
	}
	b.cycle = func(ctx context.Context, _ *model.Runner, j Job, _ *BaseFacts, _ *memory, progress func(Progress)) (Outcome, error) {
		b.runs.Add(1)
		return (*b.next.Load())(ctx, j, progress)
	}
}

// reopen closes the data and opens it again.
func (b *bench) reopen() {
	b.t.Helper()
	b.close()
	b.open()
}

// attach plays a model that is loaded.
func (b *bench) attach() {
	a := &attached{info: model.Info{Name: "played", Hash: testHash, Context: 2048}, base: &BaseFacts{}}
	a.reader.Store(&reader{state: ReaderBuiltIn})
	a.ctx, a.cancel = context.WithCancel(context.Background())
	b.model.mu.Lock()
	b.model.current = a
	b.model.mu.Unlock()
	if err := b.renew(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	wake(b.changed)
}

// load attaches a model; what it returns takes that away.
func (b *bench) load(r *model.Runner) (unload func()) {
	b.t.Helper()
	if err := b.Attach(b.t.Context(), r); err != nil {
		b.t.Fatal(err)
	}
	return func() {
		if err := b.Attach(context.Background(), nil); err != nil {
			b.t.Error(err)
		}
	}
}

func (b *bench) start() {
	if err := b.Start(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) close() {
	b.Stop()
	if err := b.store.Close(); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) rate(prompt string, stars int) Sample {
	s, err := b.AddRating(b.t.Context(), prompt, "an answer of several words", stars, "test", 3)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) teach(question, answer string, kind Kind) Sample {
	s, err := b.Teach(b.t.Context(), Teaching{Question: question, Answer: answer, Given: "something else", Kind: kind})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// settle waits until the loop has nothing to do.
func (b *bench) settle() State {
	synctest.Wait()
	return b.State()
}

func (b *bench) want(phase Phase, code string) State {
	b.t.Helper()
	s := b.settle()
	if s.Phase != phase || s.Why.Code != code {
		b.t.Fatalf("the loop is %s (%s: %s), want %s (%s)", s.Phase, s.Why.Code, s.Why.Text, phase, code)
	}
	return s
}

// wantCycles compares the states of all cycles, the newest first.
func (b *bench) wantCycles(want ...CycleState) {
	b.t.Helper()
	cycles, err := b.Cycles(b.t.Context(), 0)
	if err != nil {
		b.t.Fatal(err)
	}
	var got []CycleState
	for _, c := range cycles {
		got = append(got, c.State)
	}
	if !slices.Equal(got, want) {
		b.t.Fatalf("the cycles are %q, want %q", got, want)
	}
}

func TestPhases(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
			b.rate(fmt.Sprint("more ", i), 1+4*(i%2))
		}
		b.settle()
		if n := b.runs.Load(); n != 1 {
			t.Fatalf("%d cycles after few ratings, want 1", n)
		}
		// Ratings of one star are below the threshold and do not count.
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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

// A cycle that fails is tried again after one minute, then two; feedback is kept.
func TestFailuresAreRetried(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		broken := errors.New("the engine broke")
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) { return Outcome{}, broken })
		b.start()
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		s := b.want(PhaseDue, CodeRetryLater)
		if s.Trouble == nil || s.Last == nil || s.Last.State != CycleFailed || s.Last.Reason.Code != CodeCycleFailed {
			t.Errorf("trouble %+v, last %+v", s.Trouble, s.Last)
		}
		first := s.Trouble
		time.Sleep(61 * time.Second)
		if s = b.settle(); s.Trouble == nil || first == nil || !sameReason(s.Trouble.Reason, first.Reason) {
			t.Errorf("what fails twice for one reason is told as %+v and %+v", first, s.Trouble)
		}
		if n := b.runs.Load(); n != 2 {
			t.Fatalf("%d runs after a minute, want 2", n)
		}
		b.play(succeeding)
		time.Sleep(121 * time.Second)
		s = b.want(PhaseWaiting, CodeNothingNew)
		if s.Trouble != nil {
			t.Errorf("a trouble stays: %+v", s.Trouble)
		}
	})
}

// A program that is killed leaves a running cycle: the next start marks it as cut and
// starts it again. One that is stopped in good order starts it again as well.
func TestInterruptedCyclesStartAgain(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err != nil {
			t.Fatal(err)
		}
		written := filepath.Join(home, cycleFolder(c.ID), mannerFolder)
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
		defer func() { b.close() }()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		if _, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: strings.Repeat("1", 64)}); err != nil {
			t.Fatal(err)
		}
		if err := b.store.Close(); err != nil {
			t.Fatal(err)
		}
		b.open()
		defer func() { b.close() }()
		b.attach()
		b.start()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleCut)
	})
}

// A cycle that only asks the lessons says which version answered, and is no training.
func TestAskingNamesTheVersionThatAnswered(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		b.attach()
		first := b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
		second := b.teach("who leads IT", "Karl leads IT.", Knowledge)
		answerOf := func() string {
			s := b.speaking.Load()
			if i, _, ok := s.router.match("Who leads IT?"); ok {
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
	b := newBench(t, t.TempDir())
	defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer func() { b.close() }()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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

// What fails because the loop ends is no trouble: nobody is told that training failed.
func TestWhatFailsBecauseTheLoopEndsIsNoTrouble(t *testing.T) {
	b := newBench(t, t.TempDir())
	defer b.close()
	b.attach()
	a := b.model.use()
	defer a.users.Done()
	ended, end := context.WithCancel(t.Context())
	end()
	l := &loop{Trainer: b.Trainer}
	if l.askAnew(ended, a) || l.phraseNext(ended, a) {
		t.Error("something begins although the loop ends")
	}
	l.startDue(ended)
	if f := b.State().Trouble; f != nil {
		t.Errorf("trouble: %+v", *f)
	}
	l.hinder(t.Context(), errors.New("the disk is gone"))
	if f := b.State().Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed || f.Subject != SubjectTraining {
		t.Errorf("what fails while the loop goes on is told as %+v", f)
	}
	if l.relieve(); b.State().Trouble == nil {
		t.Error("its trouble ended in the round in which it failed")
	}
	l.hindered = false
	if l.relieve(); b.State().Trouble != nil {
		t.Error("its trouble stays once it passes")
	}
	l.failed("", errors.New("the engine broke"))
	l.hinder(t.Context(), errors.New("the disk is gone"))
	l.hindered = false
	l.relieve()
	if f := b.State().Trouble; f == nil || f.Reason.Code != CodeCycleFailed {
		t.Errorf("of the training that failed it is told %+v", f)
	}
}

// ended notes a cycle that ended in a state, with what it was given and what it found.
func (b *bench) ended(state CycleState, job, report string) {
	b.t.Helper()
	c, err := b.store.StartCycle(b.t.Context(), Cycle{BaseHash: testHash, Job: json.RawMessage(job)})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, _, err := b.store.FinishCycle(b.t.Context(), store.CycleEnd{Cycle: c.ID, State: state, Report: json.RawMessage(report)}); err != nil {
		b.t.Fatal(err)
	}
}

// Upkeep that fails is tried again within a minute, so that its trouble ends when it passes.
func TestUpkeepIsTriedAgainSoon(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		if err := b.store.ActivateVersion(t.Context(), testHash, 0, CauseRestore, Reason{}); err != nil {
			t.Fatal(err)
		}
		b.ended(CycleChecked, "", `{"phrasing": "unreadable"}`)
		b.attach()
		inManner := *b.speaking.Load()
		inManner.manner = new(model.Adapter)
		b.speaking.Store(&inManner)
		b.start()
		if f := b.want(PhaseWaiting, CodeNothingNew).Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed {
			t.Fatalf("what could not be read is told as %+v", f)
		}
		b.ended(CycleChecked, "", "")
		time.Sleep(time.Minute)
		if f := b.settle().Trouble; f != nil {
			t.Errorf("a minute later it is still told: %+v", f)
		}
	})
}

// A look at what is new that failed is trouble until the next one passes, whatever runs
// meanwhile, and says nothing of the rest of the upkeep.
func TestALookThatPassesEndsTheTroubleOfTheLast(t *testing.T) {
	b := newBench(t, t.TempDir())
	defer b.close()
	b.attach()
	b.ended(CycleRefused, `["unreadable"]`, "")
	l := &loop{Trainer: b.Trainer}
	if _, ok := l.count(t.Context()); ok || b.State().Trouble == nil {
		t.Fatal("a look that failed is no trouble")
	}
	b.ended(CycleChecked, "", "")
	if _, ok := l.count(t.Context()); !ok || b.State().Trouble != nil {
		t.Errorf("after one that passed there is %+v", b.State().Trouble)
	}
	l.hinder(t.Context(), errors.New("the disk is gone"))
	if _, ok := l.count(t.Context()); !ok || b.State().Trouble == nil {
		t.Error("it ended the trouble of what is not tried again yet")
	}
}

// What fails again and again is told once, also where several parts of the upkeep do, each in
// words of its own; after all has passed it is news again.
func TestWhatHindersIsToldOnce(t *testing.T) {
	b := newBench(t, t.TempDir())
	defer b.close()
	watched := b.Watch(t.Context())
	l := &loop{Trainer: b.Trainer}
	told := func() (n int) {
		t.Helper()
		for _, news := range (<-watched).News {
			n += boolToInt(news.Kind == NewsTrouble)
		}
		return n
	}
	round := func() {
		l.fails(t.Context(), &l.unerased, errors.New("erase: busy"))
		l.hindered = false
		l.hinder(t.Context(), errors.New("rollback: busy"))
		l.hinder(t.Context(), errors.New("asking: busy"))
		l.relieve()
	}
	for range 3 {
		round()
	}
	if n := told(); n != 3 {
		t.Errorf("three that fail were told %d times in three rounds", n)
	}
	l.hindered = false
	l.relieve()
	if f := b.State().Trouble; f == nil || !strings.Contains(f.Reason.Text, "erase") {
		t.Errorf("once all but the erasing passes, %+v is shown", f)
	}
	if l.passes(&l.unerased); b.State().Trouble != nil {
		t.Errorf("once all passes, %+v is shown", b.State().Trouble)
	}
	told()
	round()
	if n := told(); n != 3 {
		t.Errorf("what passed and fails anew was told %d times, want 3", n)
	}
}

// A cycle whose model is exchanged as it starts is one that was stopped: it does not train the
// other one.
func TestACycleKeepsItsModel(t *testing.T) {
	b := newBench(t, t.TempDir())
	defer b.close()
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

// A cycle whose end cannot be kept is not told as one that was decided.
func TestAnEndThatIsNotKeptIsAFailure(t *testing.T) {
	b := newBench(t, t.TempDir())
	defer b.close()
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		t.Fatal(err)
	}
	l := &loop{Trainer: b.Trainer}
	asked, _ := promoted(Job{}) // without adapters of its own: nothing changed
	for what, o := range map[string]Outcome{"a refusal": refused(), "an asking": asked} {
		var e CycleEnd
		err := l.conclude(t.Context(), work{cycle: c.ID, job: Job{Base: testHash}, used: map[int64]Kind{77: Manner}}, workResult{outcome: o}, &e)
		if !errors.Is(err, ErrNotFound) || e.State != CycleFailed || e.Reason.Code != CodeCycleFailed {
			t.Errorf("%s that used an unknown sample ended as %+v, %v", what, e, err)
		}
	}
	b.wantCycles(CycleRunning)
}

// What was asked for, such as practice, has nothing new that would start it once more.
func TestClosedWhileItTrainsGoesOnWithTheProgram(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer func() { b.close() }()
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

// A cycle whose end could not be written, as on a full disk, keeps the next from starting
// no longer than that lasts.
func TestACycleWhoseEndWasNotKeptIsEndedBeforeTheNext(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		if _, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash}); err != nil {
			t.Fatal(err)
		}
		b.attach()
		b.start()
		b.Train()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleFailed)
	})
}

// refused is the outcome of a cycle that the gate turned down.
func refused() Outcome {
	return Outcome{Report: Report{Verdict: VerdictRefused, Reason: reason(CodeForgets, "forgets too much")}}
}

func (b *bench) wantRuns(n int32) {
	b.t.Helper()
	synctest.Wait()
	if got := b.runs.Load(); got != n {
		b.t.Fatalf("%d runs, want %d", got, n)
	}
}

// What the gate refused trains again only when something is new, or when it is no
// longer what was refused; a restart of the program changes nothing of that.
func TestRefusedFeedbackWaits(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer func() { b.close() }()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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

func TestRefusedCorrectionWaits(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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

// holding makes a version in use that was trained on a sample, which is taken back.
func (b *bench) holding(s Sample) Version {
	b.t.Helper()
	c, err := b.store.StartCycle(b.t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		b.t.Fatal(err)
	}
	_, v, err := b.store.FinishCycle(b.t.Context(), store.CycleEnd{
		Cycle: c.ID, State: CyclePromoted, Used: map[int64]Kind{s.ID: s.Kind},
		Version: &Version{Parent: b.State().Active.ID, Samples: []int64{s.ID}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.TakeBack(b.t.Context(), s.ID); err != nil {
		b.t.Fatal(err)
	}
	return v
}

// An unlearning that fails or is cancelled is started again; one that is refused leaves
// nothing in use that holds what was taken back, and is not started again.
func TestUnlearning(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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

// Work beside the loop ends the trouble that such work made, and no other's; it shows
// no progress of a cycle.
func TestWorkBesideTheLoop(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		b.attach()
		l := &loop{Trainer: b.Trainer}
		play := func(phase Phase, err error) {
			b.hub.update(func(s *State) { s.Progress = Progress{Cycle: 7, Step: StepGate, Done: 3, Of: 5} })
			l.beside(t.Context(), b.model.current, phase, reason(CodeWanted, "asked for by the user"), func(context.Context, func(Progress)) error { return err })
			s := b.State()
			if s.Progress.Cycle != 0 || s.Progress.Of != 0 {
				t.Errorf("%s shows the progress of a cycle: %+v", phase, s.Progress)
			}
			if f := doctorTraining(s, DefaultSettings(), time.Now()); !f.Good || strings.Contains(f.Reason.Text, "cycle") {
				t.Errorf("the doctor on %s: %+v", phase, f)
			}
			l.end(t.Context(), <-l.now.done)
		}
		broken := errors.New("the engine broke")
		play(PhaseAsking, broken)
		if b.State().Trouble == nil || l.retryAt.IsZero() || !l.askLater {
			t.Fatal("a failed asking leaves no trouble, no wait or is not owed")
		}
		set := DefaultSettings()
		if why, _ := l.due(pending{}, &set, time.Now()); why.Code != CodeUpkeepLater || b.State().Trouble.Reason.Code != CodeUpkeepFailed {
			t.Errorf("a failed asking is told as %+v, and for a training it waits because %+v", b.State().Trouble, why)
		}
		play(PhaseAsking, nil)
		if s := b.State(); s.Trouble != nil || !l.retryAt.IsZero() || l.failures != 0 || l.askLater {
			t.Errorf("after an asking that succeeded: trouble %+v, retry at %v", s.Trouble, l.retryAt)
		}
		l.failed("", broken)
		play(PhaseAsking, nil)
		if b.State().Trouble == nil || l.retryAt.IsZero() {
			t.Error("an asking ended the trouble of a cycle")
		}
		l.succeeded("")
		if b.State().Trouble != nil || !l.retryAt.IsZero() {
			t.Error("a cycle that succeeded leaves a trouble")
		}
		b.hub.update(func(s *State) {
			s.Trouble = &Finding{Subject: SubjectModel, Reason: reason(CodeVersionBroken, "damaged")}
		})
		play(PhaseAsking, nil)
		if b.State().Trouble == nil {
			t.Error("an asking ended the trouble of a version that cannot be loaded")
		}
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
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer func() { b.close() }()
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

// A version that is made answers: what fails behind that is no training that failed, and holds
// none up. It is shown until it passes behind the next version.
func TestWhatFailsBehindANewVersionIsNoFailedTraining(t *testing.T) {
	home := t.TempDir()
	b := newBench(t, home)
	defer b.close()
	b.attach()
	set := b.Settings()
	set.KeepVersions = 1
	b.settings.Store(&set)
	before := b.version()
	inTheWay := filepath.Join(home, cycleFolder(before.Cycle)) // of its removal
	if err := os.MkdirAll(filepath.Dir(inTheWay), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &loop{Trainer: b.Trainer}
	promote := func() State {
		t.Helper()
		active, err := b.store.ActiveVersion(t.Context(), testHash)
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := promoted(Job{})
		l.now = work{running: true, cycle: c.ID, job: Job{Base: testHash, Before: JobVersion{Version: active.ID, Manner: "manner"}}, cancel: func(error) {}}
		l.end(t.Context(), workResult{outcome: o})
		l.hindered = false
		l.relieve() // the rest of the round passes
		s := b.State()
		if s.Last == nil || s.Last.State != CyclePromoted || s.Active.Number != s.Last.Number {
			t.Fatalf("the cycle ended as %+v, and version %d answers", s.Last, s.Active.Number)
		}
		if l.failures != 0 || !l.retryAt.IsZero() {
			t.Errorf("the next training waits until %v", l.retryAt)
		}
		return s
	}
	if f := promote().Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed {
		t.Errorf("what could not be removed is told as %+v", f)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	if f := promote().Trouble; f != nil {
		t.Errorf("once it passed it is still told: %+v", f)
	}
}
