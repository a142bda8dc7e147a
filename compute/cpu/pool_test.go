package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Every task runs once, whatever the number of workers and tasks, also right after
// the workers have parked.
func TestPoolRunsEveryTaskOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 9} {
		p := newPool(threads)
		for round := range 300 {
			n := round % 23
			var counts [23]atomic.Int32
			p.run(n, func(worker, i int) {
				if worker < 0 || worker >= p.size() {
					t.Errorf("worker %d of %d", worker, p.size())
				}
				counts[i].Add(1)
			})
			for i := range counts {
				want := int32(0)
				if i < n {
					want = 1
				}
				if got := counts[i].Load(); got != want {
					t.Fatalf("%d threads, %d tasks: task %d ran %d times", threads, n, i, got)
				}
			}
			if round%100 == 99 {
				time.Sleep(3 * spinTime)
			}
		}
		p.close()
	}
}

// No two tasks run on one worker at a time: its scratch is its own.
func TestPoolWorkersAreExclusive(t *testing.T) {
	p := newPool(4)
	defer p.close()
	var busy [4]atomic.Bool
	for range 200 {
		p.run(16, func(worker, _ int) {
			if !busy[worker].CompareAndSwap(false, true) {
				t.Error("a worker runs two tasks at once")
			}
			runtime.Gosched()
			busy[worker].Store(false)
		})
	}
}

// A region does not wait for workers that never came: with one processor that
// could only be the caller's own.
func TestPoolOnOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p := newPool(3)
	defer p.close()
	var mu sync.Mutex
	sum := 0
	start := time.Now()
	for range 100 {
		p.run(8, func(_, i int) {
			mu.Lock()
			sum += i
			mu.Unlock()
		})
	}
	if sum != 100*28 {
		t.Errorf("sum of the tasks is %d, want %d", sum, 100*28)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("100 regions took %v", d)
	}
}

// A task may panic on the caller's worker, and a server goes on: the panic does not overtake
// the other workers, and the regions behind it are whole.
func TestPoolOutlivesAPanic(t *testing.T) {
	p := newPool(2)
	defer p.close()
	for round := 0; round < 3; {
		inside := make(chan struct{})
		enter := sync.OnceFunc(func() { close(inside) })
		var left, alone atomic.Bool
		func() {
			defer func() {
				if got := recover(); got != "a task" && !alone.Load() {
					t.Errorf("run panicked with %v", got)
				}
			}()
			p.run(2, func(worker, _ int) {
				if worker == 0 {
					<-inside
					panic("a task")
				}
				alone.Store(left.Load()) // it has both tasks: nothing panics, and the round says nothing
				enter()
				time.Sleep(20 * time.Millisecond)
				left.Store(true)
			})
		}()
		if !left.Load() {
			t.Fatal("run ended while a worker was inside")
		}
		if alone.Load() {
			continue
		}
		round++
		for range 2 {
			var sum atomic.Int64
			p.run(100, func(_, i int) { sum.Add(int64(i)) })
			if sum.Load() != 4950 {
				t.Errorf("the tasks add up to %d, want 4950", sum.Load())
			}
		}
	}
}

// BenchmarkPool is the price of a region: what is left over two halves of nothing.
func BenchmarkPool(b *testing.B) {
	p := newPool(2)
	defer p.close()
	for b.Loop() {
		p.run(2, func(int, int) {})
	}
}
