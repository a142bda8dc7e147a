package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clara/compute"
)

// crowded is an engine that has room for so many bytes, of which caches alone take notice.
type crowded struct {
	compute.Backend
	cache   int // values
	most    int64
	mu      sync.Mutex
	refused atomic.Int64
}

func (c *crowded) Alloc(n int) (compute.Memory, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if use, err := c.MemoryUse(); n == c.cache && (err != nil || use.Used+4*int64(n) > c.most) {
		c.refused.Add(1)
		return nil, fmt.Errorf("%d values: %w", n, compute.ErrMemory)
	}
	return c.Backend.Alloc(n)
}

// An answer for whose cache there is no room while others have theirs waits for one of them to
// end: the model does not leave the engine, which would be for all. Called off, it ends at once.
func TestAnAnswerWaitsForTheMemoryOfOthers(t *testing.T) {
	be := &crowded{most: math.MaxInt64}
	r := openTinyOn(t, "llama", Options{Context: 256, Next: func(compute.Info) (compute.Backend, error) {
		t.Error("the engine is left")
		return nil, errLast
	}}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
	q := greedy(tinyPrompts[3], 12)
	alone, err := r.Generate(t.Context(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.at.spare()
	use, err := be.MemoryUse()
	if err != nil {
		t.Fatal(err)
	}
	be.cache = int(r.at.net.cacheBytes() / 4 * 256)
	be.most = use.Used + 4*int64(be.cache)*5/2

	answer := func(ctx context.Context, onPiece func(Piece)) error {
		res, err := r.Generate(ctx, q, onPiece)
		if err == nil && !slices.Equal(res.IDs, alone.IDs) {
			err = fmt.Errorf("%v, alone %v", res.IDs, alone.IDs)
		}
		return err
	}
	slow, begun := make(chan struct{}), make(chan struct{}, 2)
	release := sync.OnceFunc(func() { close(slow) })
	defer release()
	ended := make(chan error, 5)
	for range 2 {
		go func() {
			var once sync.Once
			ended <- answer(t.Context(), func(Piece) { once.Do(func() { begun <- struct{}{}; <-slow }) })
		}()
	}
	<-begun
	<-begun
	refused := func(n int64) {
		t.Helper()
		for be.refused.Load() < n {
			select {
			case err := <-ended:
				t.Fatalf("an answer ended before the others: %v", err)
			case <-time.After(time.Millisecond):
			}
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	off := make(chan error, 1)
	go func() { off <- answer(gone, nil) }()
	refused(1)
	cancel()
	if err := <-off; !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	before := be.refused.Load()
	for range 3 {
		go func() { ended <- answer(t.Context(), nil) }()
	}
	refused(before + 3)
	release()
	for range 5 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// A training leaves room for the cache of a conversation, unless one lies idle, or its steps
// would not fit.
func TestATrainingLeavesRoomForAnAnswer(t *testing.T) {
	be := &scarce{}
	r := openTinyOn(t, "llama", Options{Context: 256}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
	n, items := r.at.net, tinyItems()
	const rank = 3
	whole, err := n.divide(items, 3, rank, unlimited)
	if err != nil {
		t.Fatal(err)
	}
	var none *MemoryError
	if _, err := n.divide(items, 3, rank, 0); !errors.As(err, &none) {
		t.Fatal(err)
	}
	step := func(free int64) Plan {
		t.Helper()
		be.free = free
		tr, err := r.NewTraining(TrainingOptions{Rank: rank, Alpha: 6, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		report, err := tr.Step(t.Context(), items, nll, steps())
		if err != nil {
			t.Fatal(err)
		}
		return report.Plan
	}
	cache := 256 * n.cacheBytes()
	free := whole.bytes/3*4 + cache/2
	if p := step(free); p.Bytes > (free-cache)/4*3 {
		t.Errorf("of %d bytes, %d of them for a cache: %+v", free, cache, p)
	}
	if p := step(none.Least/3*4 + 16); p.Bytes > none.Least+16 {
		t.Errorf("with little memory: %+v, least are %d bytes", p, none.Least)
	}
	if _, err := r.Generate(t.Context(), greedy(tinyPrompts[0], 4), nil); err != nil {
		t.Fatal(err)
	}
	if p := step(free); p.Bytes != whole.bytes {
		t.Errorf("where a cache lies idle: %+v, all is %d bytes", p, whole.bytes)
	}
}

// One that failed is waited for by nobody, since it may wait itself; one that ended is news once.
func TestWhoFailedIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepartures()
		seen := d.enter()
		d.enter()
		d.leave(false)
		waited := make(chan bool, 1)
		go func() {
			_, ok := d.next(t.Context(), seen)
			waited <- ok
		}()
		synctest.Wait()
		select {
		case <-waited:
			t.Error("it does not wait for the one inside")
		default:
		}
		d.leave(false)
		if <-waited {
			t.Error("an answer is said to have ended")
		}
		d.enter()
		d.leave(true)
		ended, ok := d.next(t.Context(), seen)
		if _, again := d.next(t.Context(), ended); !ok || again {
			t.Errorf("an answer has ended: %v, another: %v", ok, again)
		}
	})
}
