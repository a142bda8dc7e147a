package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A hand-off by channel or WaitGroup costs 25 to 130 us (measured), more than
// most operations of a decoded token take. So a worker that has run out of work
// first spins for spinTime, in which a region starts in under a microsecond, and
// only then parks. (On Windows, whose clock is coarse, that may be up to 15 ms later.)
const (
	spinTime   = 300 * time.Microsecond
	spinPauses = 8  // PAUSE instructions between two looks
	spinLooks  = 64 // looks between two looks at the clock, and at the scheduler
)

// pool runs the tasks of one region at a time on its workers; the caller is
// worker 0. Which worker takes which task is open, so tasks must not add up
// across workers if results are to be the same every time.
type pool struct {
	workers []*worker
	done    sync.WaitGroup
	stop    atomic.Bool

	// What the present region runs; written before state opens it.
	task func(worker, task int)
	n    int64

	_    [64]byte // each on a cache line of its own
	next atomic.Int64
	_    [64]byte
	// state is region<<32 | open<<31 | workers inside.
	state atomic.Uint64
	_     [64]byte
}

const (
	stateOpen   = 1 << 31
	stateRegion = 1 << 32
)

type worker struct {
	parked atomic.Bool
	wake   chan struct{}
}

// newPool starts threads-1 workers; close ends them.
func newPool(threads int) *pool {
	p := &pool{}
	for i := 1; i < threads; i++ {
		w := &worker{wake: make(chan struct{}, 1)}
		p.workers = append(p.workers, w)
		p.done.Add(1)
		go p.work(i, w)
	}
	return p
}

// size is the number of workers with the caller.
func (p *pool) size() int { return len(p.workers) + 1 }

// close waits for the workers to end. No region may be under way.
func (p *pool) close() {
	p.stop.Store(true)
	for _, w := range p.workers {
		w.unpark()
	}
	p.done.Wait()
}

// run calls f(worker, i) for every i in [0, n) and returns when all are done. A
// single task stays on the calling thread. One region at a time. A task that panics on the
// caller's worker ends it by that panic, once the others have left the region.
func (p *pool) run(n int, f func(worker, task int)) {
	if n <= 1 || len(p.workers) == 0 {
		for i := range n {
			f(0, i)
		}
		return
	}
	p.task, p.n = f, int64(n)
	p.next.Store(0)
	p.state.Store((p.state.Load()/stateRegion+1)*stateRegion | stateOpen)
	for _, w := range p.workers[:min(n-1, len(p.workers))] {
		w.unpark()
	}
	// Deferred, for a server outlives a panic: the next region would be counted wrong if the
	// workers of this one were still inside.
	defer p.closeRegion()
	p.take(0)
}

// closeRegion waits for the workers inside; one that has not come yet is not waited for.
func (p *pool) closeRegion() {
	p.state.And(^uint64(stateOpen))
	for looks := 1; p.state.Load()%stateOpen != 0; looks++ {
		pause(spinPauses)
		if looks%spinLooks == 0 {
			runtime.Gosched() // the worker may need this very processor
		}
	}
	p.task = nil
}

func (p *pool) take(id int) {
	for {
		i := p.next.Add(1) - 1
		if i >= p.n {
			return
		}
		p.task(id, int(i))
	}
}

func (p *pool) work(id int, w *worker) {
	defer p.done.Done()
	var last uint64 // the region that this worker has been in
	for p.wait(w, last) {
		s := p.state.Load()
		if s&stateOpen == 0 || s/stateRegion == last || !p.state.CompareAndSwap(s, s+1) {
			continue
		}
		last = s / stateRegion
		p.take(id)
		p.state.Add(^uint64(0))
	}
}

// wait returns true when a region other than last is open, false when the pool
// closes.
func (p *pool) wait(w *worker, last uint64) bool {
	ready := func() bool {
		s := p.state.Load()
		return s&stateOpen != 0 && s/stateRegion != last || p.stop.Load()
	}
	var since time.Time
	for looks := 1; !ready(); looks++ {
		pause(spinPauses)
		if looks%spinLooks != 0 {
			continue
		}
		runtime.Gosched()
		switch {
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > spinTime:
			w.parked.Store(true)
			// Look once more: a region that opened before parked was set woke nobody.
			if !ready() || !w.parked.CompareAndSwap(true, false) {
				<-w.wake
			}
			since = time.Time{}
		}
	}
	return !p.stop.Load()
}

// unpark wakes the worker if it is parked.
func (w *worker) unpark() {
	if w.parked.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}
