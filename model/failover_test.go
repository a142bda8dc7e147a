package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
)

// failing is an engine that computes until it has done so many operations. From then on
// each fails, or, where there is no error to fail with, reads as no number.
type failing struct {
	compute.Backend
	name   string
	left   atomic.Int64
	with   error
	once   bool // only one operation fails
	closed atomic.Bool
}

func (f *failing) Info() compute.Info { return compute.Info{Name: f.name} }

func (f *failing) Close() error {
	f.closed.Store(true)
	return f.Backend.Close()
}

// count is the error of the next operation.
func (f *failing) count() error {
	if f.left.Add(-1) >= 0 || f.with == nil {
		return nil
	}
	if f.once {
		f.left.Store(math.MaxInt64)
	}
	return fmt.Errorf("a planted fault: %w", f.with)
}

func (f *failing) Alloc(n int) (compute.Memory, error) {
	if err := f.count(); err != nil {
		return nil, err
	}
	return f.Backend.Alloc(n)
}

func (f *failing) NewWeight(m compute.Matrix) (compute.Weight, error) {
	if err := f.count(); err != nil {
		return nil, err
	}
	return f.Backend.NewWeight(m)
}

func (f *failing) Write(dst compute.Tensor, src []float32) error {
	return errors.Join(f.count(), f.Backend.Write(dst, src))
}

func (f *failing) Read(dst []float32, src compute.Tensor) error {
	err := errors.Join(f.count(), f.Backend.Read(dst, src))
	if f.left.Load() < 0 {
		dst[len(dst)/2] = float32(math.NaN()) // also where the error is overlooked
	}
	return err
}

func (f *failing) Linear(y, x compute.Tensor, w compute.Weight, p compute.Precision, accumulate bool) error {
	return errors.Join(f.count(), f.Backend.Linear(y, x, w, p, accumulate))
}

func (f *failing) LinearBackward(dx, dy compute.Tensor, w compute.Weight, accumulate bool) error {
	return errors.Join(f.count(), f.Backend.LinearBackward(dx, dy, w, accumulate))
}

func (f *failing) HeadLogProbs(logp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	return errors.Join(f.count(), f.Backend.HeadLogProbs(logp, lse, h, w, ids))
}

func (f *failing) HeadTopK(ids []int32, logp []float32, h compute.Tensor, w compute.Weight, k int) error {
	return errors.Join(f.count(), f.Backend.HeadTopK(ids, logp, h, w, k))
}

func (f *failing) AdamW(param, grad, m, v compute.Tensor, s compute.AdamWStep) error {
	return errors.Join(f.Backend.AdamW(param, grad, m, v, s), f.count()) // it has changed the parameters
}

func (f *failing) SumSquares(x compute.Tensor) (float64, error) {
	if err := f.count(); err != nil {
		return 0, err
	}
	sum, err := f.Backend.SumSquares(x)
	if f.left.Load() < 0 {
		sum = math.NaN()
	}
	return sum, err
}

// chain is a tiny model on engines of which each but the last is to fail.
type chain struct {
	*Runner
	engines []*failing
	mu      sync.Mutex
	moves   []string
	causes  []error
}

// openChain opens one. lasting is for how many operations each engine works; the one
// after them always does.
func openChain(t *testing.T, with error, lasting ...int64) *chain {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(path, tinyModel(t, "llama"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &chain{}
	for i := range len(lasting) + 1 {
		be, err := cpu.New(cpu.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		f := &failing{Backend: be, name: fmt.Sprint(i), with: with}
		f.left.Store(math.MaxInt64)
		if i < len(lasting) {
			f.left.Store(lasting[i])
		}
		c.engines = append(c.engines, f)
	}
	o := Options{
		Context: 256,
		Next: func(failed compute.Info) (compute.Backend, error) {
			i := slices.IndexFunc(c.engines, func(f *failing) bool { return f.name == failed.Name })
			if i+1 == len(c.engines) {
				return nil, errLast
			}
			return c.engines[i+1], nil
		},
		Moved: func(from, to compute.Info, cause error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.moves, c.causes = append(c.moves, from.Name+to.Name), append(c.causes, cause)
		},
	}
	var err error
	if c.Runner, err = Open(context.Background(), path, c.engines[0], o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := c.engines[0].Close(); err != nil {
			t.Error(err)
		}
		for i, e := range c.engines {
			if at := slices.IndexFunc(c.engines, func(f *failing) bool { return f.name == c.Info().Engine.Name }); i <= at && !e.closed.Load() {
				t.Errorf("engine %d was not closed", i)
			}
		}
	})
	return c
}

var errLast = errors.New("there is no other engine")

// loaded is the number of operations that laying the model on an engine takes.
func loaded(t *testing.T) int64 {
	t.Helper()
	return math.MaxInt64 - openChain(t, compute.ErrLost).engines[0].left.Load()
}

// request is greedy with f32 activations, so that a prompt that is read at once gives
// what one token at a time does.
func (c *chain) request() Request {
	q := greedy(tinyPrompts[3], 24, randomAdapter(c.Runner, 3, 9))
	q.Sampling = Sampling{Temperature: .8, TopK: 20, Seed: 7, RepeatPenalty: 1.1}
	return q
}

// faults are what an engine fails with; a wrong one reads as no number instead.
var faults = map[string]error{"lost": compute.ErrLost, "memory": compute.ErrMemory, "unsupported": compute.ErrUnsupported, "wrong": nil}

// An answer whose engine fails goes on, on the next one: none of its tokens is lost, told
// twice, or another.
func TestAnswerOutlivesItsEngine(t *testing.T) {
	undisturbed := openChain(t, nil)
	want, err := undisturbed.Generate(t.Context(), undisturbed.request(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.IDs) < 12 {
		t.Fatalf("the answer has %d tokens: it shows little", len(want.IDs))
	}
	load := loaded(t)
	for name, with := range faults {
		for _, after := range []int64{0, 1, 40, 140, 260, 700} {
			c := openChain(t, with, load+after)
			var told []int32
			got, err := c.Generate(t.Context(), c.request(), func(p Piece) {
				if p.ID >= 0 {
					told = append(told, p.ID)
				}
			})
			if err != nil {
				t.Fatalf("%s after %d operations: %v", name, after, err)
			}
			if got.Text != want.Text || got.Finish != want.Finish || !slices.Equal(got.IDs, want.IDs) || !slices.Equal(told, want.IDs) {
				t.Errorf("%s after %d operations: %v (told %v), want %v", name, after, got.IDs, told, want.IDs)
			}
			if !slices.Equal(c.moves, []string{"01"}) || c.Info().Engine.Name != "1" || !c.engines[0].closed.Load() {
				t.Errorf("%s after %d operations: moved %v to %s, closed: %v", name, after, c.moves, c.Info().Engine.Name, c.engines[0].closed.Load())
			}
			if cause := c.causes[0]; with != nil && !errors.Is(cause, with) || with == nil && !errors.Is(cause, ErrNoNumbers) {
				t.Errorf("%s after %d operations: the cause is %v", name, after, cause)
			}
			again, err := c.Generate(t.Context(), c.request(), nil)
			if err != nil || again.Text != want.Text || again.CachedTokens == 0 {
				t.Errorf("%s: the answer after it: %q, %d cached, %v", name, again.Text, again.CachedTokens, err)
			}
		}
	}
}

// The same for answers side by side, log-probabilities and distributions.
func TestBackgroundOutlivesItsEngine(t *testing.T) {
	var qs []Request
	for _, p := range tinyPrompts {
		qs = append(qs, greedy(p, 24))
	}
	all := func(c *chain) string {
		answers, err := c.GenerateAll(t.Context(), qs, Background)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, a := range answers {
			text += fmt.Sprint(a.IDs, a.Finish, a.Text)
		}
		lps, err := c.LogProbs(t.Context(), tinySequences, nil, Background)
		if err != nil {
			t.Fatal(err)
		}
		tops, err := c.TopK(t.Context(), tinySequences, nil, 3, Background)
		if err != nil {
			t.Fatal(err)
		}
		return text + fmt.Sprint(lps, tops)
	}
	begun := openChain(t, nil)
	load := loaded(t)
	want := all(begun)
	whole := math.MaxInt64 - begun.engines[0].left.Load() - load
	for _, with := range []error{compute.ErrLost, compute.ErrMemory} {
		for after := int64(0); after < whole; after += whole/7 + 1 {
			c := openChain(t, with, load+after)
			if got := all(c); got != want {
				t.Errorf("%v after %d operations: %s\nwant %s", with, after, got, want)
			}
			if !slices.Equal(c.moves, []string{"01"}) {
				t.Errorf("%v after %d operations: moved %v", with, after, c.moves)
			}
		}
	}
}

// A training whose engine fails ends with the parameters that it would have had, bit for
// bit, also where the next engine fails while steps are repeated.
func TestTrainingOutlivesItsEngine(t *testing.T) {
	const n = rescueSteps + 4
	train := func(c *chain) []byte {
		tr, err := c.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		trainSome(t, tr, n)
		return saved(t, tr)
	}
	begun := openChain(t, nil)
	load := loaded(t)
	want := train(begun)
	whole := math.MaxInt64 - begun.engines[0].left.Load() - load
	for name, with := range map[string]error{"lost": compute.ErrLost, "wrong": nil} {
		for after := int64(0); after < whole; after += whole/9 + 1 {
			c := openChain(t, with, load+after, load+whole/5)
			if got := train(c); !slices.Equal(got, want) {
				t.Errorf("%s after %d of %d operations: the training is another", name, after, whole)
			}
			if len(c.moves) == 0 || c.moves[0] != "01" {
				t.Errorf("%s after %d operations: moved %v", name, after, c.moves)
			}
		}
	}
}

// A training that goes beyond the numbers by itself ends for that, at the step that it was at
// before; the engine, which does well without it, is not left.
func TestTrainingBeyondNumbersLeavesTheEngine(t *testing.T) {
	c := openChain(t, nil, math.MaxInt64)
	wild := wildAdapter(c.Runner)
	tr, err := c.NewTraining(TrainingOptions{From: wild})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	items := []Item{{Sequence: tinySequences[0]}}
	if _, err := tr.Step(t.Context(), items, nll, steps()); !errors.Is(err, ErrDiverged) {
		t.Errorf("log-probabilities that are no numbers: %v", err)
	}
	if after, err := tr.Adapter(); err != nil || after.Hash() != wild.Hash() || tr.Steps() != 0 {
		t.Errorf("after %d steps the adapter is another, %v", tr.Steps(), err)
	}
	learning, err := c.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer learning.Close()
	trainSome(t, learning, 2)
	before := saved(t, learning)
	if _, err := learning.Step(t.Context(), items, noNumberBack, steps()); !errors.Is(err, ErrDiverged) {
		t.Errorf("a gradient that is no number: %v", err)
	}
	if !slices.Equal(saved(t, learning), before) {
		t.Error("the training is another")
	}
	if trainSome(t, learning, 4); len(c.moves) != 0 {
		t.Errorf("moved %v", c.moves)
	}
}

// Answers and a training that meet on an engine that is lost all go on, and the engine is
// changed once.
func TestAllLeaveALostEngine(t *testing.T) {
	undisturbed := openChain(t, nil)
	want, err := undisturbed.Generate(t.Context(), undisturbed.request(), nil)
	if err != nil {
		t.Fatal(err)
	}
	load := loaded(t)
	for _, after := range []int64{100, 900, 2500} {
		c := openChain(t, compute.ErrLost, load+after)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for range 4 {
					if got, err := c.Generate(t.Context(), c.request(), nil); err != nil || got.Text != want.Text {
						t.Errorf("%q, %v, want %q", got.Text, err, want.Text)
					}
				}
			})
		}
		wg.Go(func() {
			tr, err := c.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
			if err != nil {
				t.Error(err)
				return
			}
			defer tr.Close()
			trainSome(t, tr, 5)
		})
		wg.Wait()
		if !slices.Equal(c.moves, []string{"01"}) || !c.engines[0].closed.Load() {
			t.Errorf("after %d operations: moved %v, closed %v", after, c.moves, c.engines[0].closed.Load())
		}
	}
}

// Where memory lies idle, an engine that has no more is not left, but given what lies idle.
func TestIdleMemoryIsGivenUpFirst(t *testing.T) {
	answered := func(c *chain) Result {
		res, err := c.Generate(t.Context(), c.request(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	c := openChain(t, compute.ErrMemory, math.MaxInt64)
	want := answered(c)
	c.engines[0].once = true
	c.engines[0].left.Store(20)
	if got := answered(c); got.Text != want.Text || len(c.moves) != 0 {
		t.Errorf("%q, want %q; moved %v", got.Text, want.Text, c.moves)
	}
	c.engines[0].once = false
	c.engines[0].left.Store(20)
	if got := answered(c); got.Text != want.Text || len(c.moves) != 1 {
		t.Errorf("where that does not help: %q, want %q; moved %v", got.Text, want.Text, c.moves)
	}
}

// A step that the options leave no room for is refused where the model lies: no engine
// changes that, and what lies idle there is kept.
func TestLimitOfTrainingLeavesTheEngine(t *testing.T) {
	c := openChain(t, nil, math.MaxInt64)
	if _, err := c.Generate(t.Context(), c.request(), nil); err != nil {
		t.Fatal(err)
	}
	tr, err := c.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for _, limit := range []int64{1, c.config.trainedBytes(2) + 5000} {
		c.options.TrainingMemory = limit
		_, err := tr.Step(t.Context(), tinyItems(), nll, steps())
		var m *MemoryError
		if !errors.As(err, &m) || m.Least <= m.Free || m.Free+m.Adapter != limit || errors.Is(err, errLast) || len(c.moves) != 0 {
			t.Errorf("with %d bytes: %v, moved %v", limit, err, c.moves)
		}
	}
	c.options.TrainingMemory = 0
	if _, err := tr.Step(t.Context(), tinyItems(), nll, steps()); err != nil {
		t.Errorf("the step without a limit: %v", err)
	}
	if got, err := c.Generate(t.Context(), c.request(), nil); err != nil || got.CachedTokens == 0 {
		t.Errorf("the answer after it: %d tokens cached, %v", got.CachedTokens, err)
	}
}

// wildAdapter takes the model beyond the numbers.
func wildAdapter(r *Runner) *Adapter {
	wild := randomAdapter(r, 3, 9)
	for l := range wild.layers {
		for p := range projections {
			for i := range wild.layers[l][p].b {
				wild.layers[l][p].b[i] = 3e38
			}
		}
	}
	return newAdapter(&r.config, wild.rank, wild.alpha, wild.scale, wild.layers)
}

// An adapter that takes the model beyond the numbers is refused; the engine, which does well
// without it, is not left.
func TestAdapterBeyondNumbersLeavesTheEngine(t *testing.T) {
	c := openChain(t, nil, math.MaxInt64)
	want, err := c.Generate(t.Context(), c.request(), nil)
	if err != nil {
		t.Fatal(err)
	}
	wild := wildAdapter(c.Runner)
	ads := []*Adapter{wild}
	if _, err := c.Generate(t.Context(), greedy(tinyPrompts[3], 24, wild), nil); !errors.Is(err, ErrNoNumbers) {
		t.Errorf("an answer: %v", err)
	}
	if _, err := c.GenerateAll(t.Context(), []Request{greedy(tinyPrompts[3], 24, wild), greedy(tinyPrompts[1], 24, wild)}, Background); !errors.Is(err, ErrNoNumbers) {
		t.Errorf("answers side by side: %v", err)
	}
	if _, err := c.LogProbs(t.Context(), tinySequences, ads, Background); !errors.Is(err, ErrNoNumbers) {
		t.Errorf("log-probabilities: %v", err)
	}
	if _, err := c.TopK(t.Context(), tinySequences, ads, 3, Background); !errors.Is(err, ErrNoNumbers) {
		t.Errorf("distributions: %v", err)
	}
	if got, err := c.Generate(t.Context(), c.request(), nil); err != nil || got.Text != want.Text || len(c.moves) != 0 {
		t.Errorf("the answer after it: %q, %v, want %q; moved %v", got.Text, err, want.Text, c.moves)
	}
}

// Without another engine a failure is an error, and the model can be closed.
func TestLastEngineFails(t *testing.T) {
	c := openChain(t, compute.ErrLost, loaded(t)+50)
	c.engines[1].left.Store(loaded(t) + 50)
	if _, err := c.Generate(t.Context(), c.request(), nil); !errors.Is(err, compute.ErrLost) || !errors.Is(err, errLast) {
		t.Errorf("an answer: %v", err)
	}
	if _, err := c.LogProbs(t.Context(), tinySequences, nil, Background); !errors.Is(err, compute.ErrLost) {
		t.Errorf("log-probabilities: %v", err)
	}
	if _, err := c.NewTraining(TrainingOptions{Rank: 2, Alpha: 4}); !errors.Is(err, compute.ErrLost) {
		t.Errorf("a training: %v", err)
	}
}

// A model that an engine has no room for is loaded on the next that has.
func TestModelIsLoadedWhereThereIsRoom(t *testing.T) {
	c := openChain(t, compute.ErrMemory, 3, 5)
	if !slices.Equal(c.moves, []string{"02"}) || c.Info().Engine.Name != "2" || !errors.Is(c.causes[0], compute.ErrMemory) {
		t.Errorf("moved %v because of %v", c.moves, c.causes)
	}
}
