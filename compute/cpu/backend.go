// Package cpu is the engine that runs on the processor: every operation of
// [compute.Backend] in Go, its inner loops in assembly where the processor has
// AVX2 or AVX-512 (see kernels.go).
//
// Each operation has a file of its own with its equation, forward and backward.
// Small work stays on the calling thread; what is larger is spread by rows over
// the threads of a pool. A result never depends on the number of threads: the
// work is cut by its shape alone and partial sums are added in a fixed order.
package cpu

import (
	"fmt"
	"runtime"
	"sync"

	"clara/compute"
)

// maxThreads bounds Options.Threads: far more than any desktop has.
const maxThreads = 1024

// Options of an engine.
type Options struct {
	// Threads that compute, the caller's included; 0: one a core. The second
	// logical processor of a core has no arithmetic units of its own.
	Threads int
}

// Backend is the engine. It implements [compute.Backend]; an operation has
// finished when its method returns.
type Backend struct {
	info compute.Info
	k    *kernels
	pool *pool
	gemm scratch

	// mu is held by one operation at a time; it guards everything below, and the
	// pool and the scratch memory above.
	mu       sync.Mutex
	closed   bool
	guarded  bool // memories end at a page that faults when touched (tests)
	memories map[*memory]struct{}
	weights  map[*weight]struct{}
	strips   stripArena
	rotation rotationTables
	rows     rowScratch
	partials sharedScratch
}

var _ compute.Backend = (*Backend)(nil)

// New starts an engine with its threads. Close it.
func New(o Options) (*Backend, error) {
	if o.Threads < 0 || o.Threads > maxThreads {
		return nil, fmt.Errorf("start the cpu engine: %d threads are outside 0..%d", o.Threads, maxThreads)
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
		if cores := processorCores(); cores > 0 {
			o.Threads = min(o.Threads, cores)
		}
	}
	k, err := newKernels()
	if err != nil {
		return nil, fmt.Errorf("start the cpu engine: %w", err)
	}
	return &Backend{
		info: compute.Info{
			Name:    "cpu",
			Device:  processorName() + ", " + k.tier,
			Threads: o.Threads,
		},
		k:        k,
		pool:     newPool(o.Threads),
		memories: make(map[*memory]struct{}),
		weights:  make(map[*weight]struct{}),
	}, nil
}

// Info describes the engine; it does not change.
func (b *Backend) Info() compute.Info { return b.info }

// Close waits for the operation that is under way, ends the threads and gives
// back all memory, also that which was not freed. Closing twice does nothing.
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	b.pool.close()
	b.gemm.free()
	b.rows.free()
	b.partials.free()
	for w := range b.weights {
		w.release()
	}
	for m := range b.memories {
		m.release()
	}
	return nil
}

// begin locks the engine for operation op. Without an error the caller unlocks.
func (b *Backend) begin(op string) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return fmt.Errorf("%s on a closed cpu engine: %w", op, compute.ErrLost)
	}
	return nil
}

// misfit is the error of an operation whose operands do not fit together.
func (b *Backend) misfit(op, format string, args ...any) error {
	return fmt.Errorf("%s: "+format+": %w", append(append([]any{op}, args...), compute.ErrShape)...)
}
