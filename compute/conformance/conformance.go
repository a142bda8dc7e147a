// Package conformance is the suite that every engine has to pass: each operation
// of [compute.Backend] against a reference in float64, forward and backward, on
// awkward shapes, with strides, aliases and operands that do not fit.
//
// An operation is one file: its reference, its tolerance, its cases, its misfits
// and its benchmark. A tolerance is derived, never tuned: c * eps * sum|terms|,
// where c follows from how often a value is rounded. It is checked as
// !(d <= tol), so that NaN fails.
//
// Around each operand lie sentinels, which are NaN: a stray write changes one, a
// stray read spoils the result. Operands that are no result must keep every bit.
package conformance

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"

	"clara/compute"
)

// seed of all random values; it is printed with every failure.
const seed = 20260131

// testCase is one call (or a few) with its check.
type testCase struct {
	name string
	run  func(e *env) error
}

// misfit is a call whose operands do not fit together.
type misfit struct {
	name string
	call func() error
}

// operation is one method of the contract, or two that belong together.
type operation struct {
	name    string
	cases   []testCase
	misfits func(e *env) []misfit
	bench   []benchmark
}

// operations in the order of the contract.
func operations() []operation {
	return []operation{
		memoryOperation(),
		embeddingOperation(),
		linearOperation(),
		linearBackwardOperation(),
		matMulOperation(),
		rmsNormOperation(),
		rmsNormBackwardOperation(),
		ropeOperation(),
		attentionOperation(),
		attentionBackwardOperation(),
		gluOperation(),
		gluBackwardOperation(),
		addOperation(),
		scaleOperation(),
		copyRowsOperation(),
		headLogProbsOperation(),
		headLogProbsBackwardOperation(),
		headTopKOperation(),
		adamWOperation(),
		sumSquaresOperation(),
	}
}

// Run holds an engine against the contract. open starts a fresh engine.
func Run(t *testing.T, open func() (compute.Backend, error)) {
	b := start(t, open)
	t.Logf("engine %+v, seed %d", b.Info(), seed)
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			for _, c := range op.cases {
				if err := runCase(b, op, c); err != nil {
					t.Errorf("%s (seed %d): %v", c.name, seed, err)
				}
			}
			if err := runMisfits(b, op); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("MemoryUse", func(t *testing.T) { runMemoryUse(t, b) })
	t.Run("Concurrent", func(t *testing.T) { runConcurrent(t, b) })
	t.Run("Foreign", func(t *testing.T) { runForeign(t, b, open) })
	t.Run("Closed", func(t *testing.T) { runClosed(t, open) })
}

func start(t testing.TB, open func() (compute.Backend, error)) compute.Backend {
	t.Helper()
	b, err := open()
	if err != nil {
		t.Fatalf("start the engine: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close the engine: %v", err)
		}
	})
	return b
}

// runCase runs one case with random values of its own, whatever ran before.
func runCase(b compute.Backend, op operation, c testCase) error {
	e := newEnv(b, op.name+"/"+c.name)
	defer e.free()
	if err := c.run(e); err != nil {
		return err
	}
	return e.verify()
}

// runMisfits requires that each misfit is refused and nothing was written.
func runMisfits(b compute.Backend, op operation) error {
	if op.misfits == nil {
		return nil
	}
	e := newEnv(b, op.name+"/misfits")
	defer e.free()
	var errs []error
	for _, m := range op.misfits(e) {
		if err := m.call(); !errors.Is(err, compute.ErrShape) {
			errs = append(errs, fmt.Errorf("%s: %w: %v", m.name, errAccepted, err))
		}
	}
	if e.err != nil {
		errs = append(errs, e.err)
	}
	if err := e.verify(); err != nil {
		errs = append(errs, fmt.Errorf("after refused calls: %w", err))
	}
	return errors.Join(errs...)
}

var errAccepted = errors.New("operands that do not fit were not refused with ErrShape")

// concurrentCases is how many cases of an operation run beside others: enough to
// let every operation meet every other, few enough for the race detector.
const concurrentCases = 6

// runConcurrent runs cases from two goroutines at once, different ones: what they
// compute has to be as right as alone. Run it with -race.
func runConcurrent(t *testing.T, b compute.Backend) {
	var wg sync.WaitGroup
	for first := range 2 {
		wg.Go(func() {
			for _, op := range operations() {
				stride := max(2, len(op.cases)/concurrentCases)
				for i := first * stride / 2; i < len(op.cases); i += stride {
					if err := runCase(b, op, op.cases[i]); err != nil {
						t.Errorf("%s/%s beside another goroutine: %v", op.name, op.cases[i].name, err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// runForeign requires that memory of another engine is refused.
func runForeign(t *testing.T, b compute.Backend, open func() (compute.Backend, error)) {
	other := start(t, open)
	here, there := newEnv(b, "foreign"), newEnv(other, "foreign")
	defer here.free()
	defer there.free()
	y, x := here.in("y", 2, 3), there.in("x", 2, 3)
	if err := errors.Join(here.err, there.err); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(y.Tensor, x.Tensor, 1); !errors.Is(err, compute.ErrShape) {
		t.Errorf("memory of another engine was accepted: %v", err)
	}
	if err := here.verify(); err != nil {
		t.Error(err)
	}
}

// runClosed requires that a closed engine says that it is lost.
func runClosed(t *testing.T, open func() (compute.Backend, error)) {
	b, err := open()
	if err != nil {
		t.Fatal(err)
	}
	e := newEnv(b, "closed")
	x := e.in("x", 2, 3)
	if e.err != nil {
		t.Fatal(e.err)
	}
	if err := b.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := b.Scale(x.Tensor, 2); !errors.Is(err, compute.ErrLost) {
		t.Errorf("an operation of a closed engine: %v", err)
	}
	if _, err := b.Alloc(1); !errors.Is(err, compute.ErrLost) {
		t.Errorf("memory of a closed engine: %v", err)
	}
	if _, err := b.MemoryUse(); !errors.Is(err, compute.ErrLost) {
		t.Errorf("the memory in use of a closed engine: %v", err)
	}
}

// randomOf seeds a generator with the suite's seed and a name.
func randomOf(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
