package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

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

// newBench opens a bench with a data folder of its own; with the test both end.
func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchIn(t, t.TempDir())
}

// newBenchIn opens a bench with that data folder; with the test it is closed.
func newBenchIn(t *testing.T, home string) *bench {
	t.Helper()
	b := &bench{t: t, home: home}
	b.play(succeeding)
	b.open()
	t.Cleanup(b.close)
	return b
}

// hinder keeps the folder of a cycle from being removed, until the returned function is called.
func (b *bench) hinder(cycle int64) (end func()) {
	b.t.Helper()
	folder := filepath.Join(b.home, cycleFolder(cycle))
	if runtime.GOOS != "windows" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(folder), 0o700), os.WriteFile(folder, nil, 0o600)); err != nil {
			b.t.Fatal(err)
		}
		return func() {
			if err := os.Remove(folder); err != nil {
				b.t.Error(err)
			}
		}
	}
	// Windows takes a file in the place of a folder for one that is not there, and removes no file that is open.
	if err := os.MkdirAll(folder, 0o700); err != nil {
		b.t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(folder, "open"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { f.Close() })
	return func() {
		if err := f.Close(); err != nil {
			b.t.Error(err)
		}
	}
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

// close ends the loop and closes the data, if they are open.
func (b *bench) close() {
	if b.store == nil {
		return
	}
	b.Stop()
	if err := b.store.Close(); err != nil {
		b.t.Error(err)
	}
	b.store = nil
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
