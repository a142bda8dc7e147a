package cpu

import (
	"errors"
	"runtime"
	"testing"

	"clara/compute"
	"clara/compute/conformance"
)

// openGuarded starts an engine of a tier whose memories end at a page that
// faults when touched: what reads or writes past an operand crashes.
func openGuarded(k *kernels, threads int) func() (compute.Backend, error) {
	return func() (compute.Backend, error) {
		b, err := New(Options{Threads: threads})
		if err != nil {
			return nil, err
		}
		b.k, b.guarded = k, true
		b.info.Device = k.tier
		return b, nil
	}
}

func TestConformance(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) { conformance.Run(t, openGuarded(k, 2)) })
	t.Run("one thread", func(t *testing.T) { conformance.Run(t, openGuarded(tiers()[0], 1)) })
}

func TestConformanceFindsFaults(t *testing.T) { conformance.Faults(t, openGuarded(tiers()[0], 2)) }

func BenchmarkBackend(b *testing.B) {
	conformance.Bench(b, func() (compute.Backend, error) { return New(Options{}) })
}

func TestNewRefusesThreadsOutOfRange(t *testing.T) {
	for _, threads := range []int{-1, maxThreads + 1} {
		if b, err := New(Options{Threads: threads}); err == nil {
			_ = b.Close()
			t.Errorf("%d threads were accepted", threads)
		}
	}
}

func TestInfo(t *testing.T) {
	b, err := New(Options{Threads: 3})
	must(t, err)
	defer func() { must(t, b.Close()) }()
	if i := b.Info(); i.Name != "cpu" || i.Threads != 3 || i.Device == "" {
		t.Errorf("%+v", i)
	}
}

func TestThreadsDefaultToCores(t *testing.T) {
	b, err := New(Options{})
	must(t, err)
	defer func() { must(t, b.Close()) }()
	n := b.Info().Threads
	if cores := processorCores(); n < 1 || n > runtime.GOMAXPROCS(0) || cores > 0 && n > cores {
		t.Errorf("%d threads on %d cores, %d processors", n, cores, runtime.NumCPU())
	}
}

func TestFreedOperandsAreRefused(t *testing.T) {
	b := engine(t, tiers()[0], 1)
	x := tensor(t, b, source(t, 1), 2, 3, 0)
	x.Mem.Free()
	x.Mem.Free() // a second time does nothing
	if err := b.Scale(x, 2); !errors.Is(err, compute.ErrShape) {
		t.Errorf("freed memory: %v", err)
	}
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 1, Cols: 1, Data: make([]byte, 4)})
	must(t, err)
	w.Free()
	w.Free()
	if err := b.Embedding(tensor(t, b, source(t, 1), 1, 1, 0), w, []int32{0}, 1); !errors.Is(err, compute.ErrShape) {
		t.Errorf("freed weight: %v", err)
	}
}

func TestCloseFreesEverything(t *testing.T) {
	b := engine(t, tiers()[0], 2)
	x := tensor(t, b, source(t, 1), 100, 100, 0)
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 1, Cols: 1, Data: make([]byte, 4)})
	must(t, err)
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.memories) != 0 || len(b.weights) != 0 {
		t.Errorf("%d memories and %d weights are left", len(b.memories), len(b.weights))
	}
	x.Mem.Free() // harmless
	w.Free()
	if _, err := b.NewWeight(compute.Matrix{}); !errors.Is(err, compute.ErrLost) {
		t.Errorf("a weight for a closed engine: %v", err)
	}
	if err := b.Linear(x, x, w, compute.Exact, false); !errors.Is(err, compute.ErrLost) {
		t.Errorf("a product on a closed engine: %v", err)
	}
}

func TestNewWeightRefusesCraftedMatrices(t *testing.T) {
	b := engine(t, tiers()[0], 1)
	for _, m := range []compute.Matrix{
		{Type: compute.Q8_0, Rows: 2, Cols: 32, Data: make([]byte, 34)},
		{Type: compute.Q8_0, Rows: 1, Cols: 31, Data: make([]byte, 34)},
		{Type: compute.F32, Rows: -1, Cols: -1, Data: make([]byte, 4)},
	} {
		if _, err := b.NewWeight(m); !errors.Is(err, compute.ErrShape) {
			t.Errorf("%v %dx%d in %d bytes: %v", m.Type, m.Rows, m.Cols, len(m.Data), err)
		}
	}
	if _, err := b.NewWeight(compute.Matrix{Type: 200}); !errors.Is(err, compute.ErrUnsupported) {
		t.Errorf("an unknown type: %v", err)
	}
}
