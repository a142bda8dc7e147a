package app

import (
	"context"
	"sync"

	"fyne.io/fyne/v2"
)

// work runs what must not hold up the window. What a person does is done in the order in which they did it: quick calls
// (the store answers in milliseconds) stand in one queue; what takes long, an answer or whatever touches a model's file, runs beside it.
// Whatever has begun is waited for by stop.
type work struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	queue   []func(context.Context)
	busy    bool // one goroutine is emptying the queue
	stopped bool
}

func newWork() *work {
	ctx, cancel := context.WithCancel(context.Background())
	return &work{ctx: ctx, cancel: cancel}
}

// queued runs do after everything queued before it, then done on the UI goroutine. Once stop has begun nothing new is
// taken, but what a person gave us before that is still carried out: do gets a context that stop does not cancel.
func queued[T any](w *work, do func(context.Context) (T, error), done func(T, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.queue = append(w.queue, func(ctx context.Context) {
		v, err := do(ctx)
		fyne.Do(func() { done(v, err) })
	})
	if !w.busy {
		w.busy = true
		w.wg.Add(1)
		go w.empty()
	}
}

// none is the result of a call that has no other result than its error.
type none struct{}

func (w *work) empty() {
	defer w.wg.Done()
	for {
		w.mu.Lock()
		if len(w.queue) == 0 {
			w.busy = false
			w.mu.Unlock()
			return
		}
		next := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()
		next(context.WithoutCancel(w.ctx))
	}
}

// beside runs do on a goroutine of its own, with a context that stop and the returned function cancel.
func (w *work) beside(do func(context.Context)) context.CancelFunc {
	ctx, cancel := context.WithCancel(w.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return cancel
	}
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		defer cancel()
		do(ctx)
	}()
	return cancel
}

// stop takes nothing new, cancels what runs beside, and waits until all of it and the queue are done.
func (w *work) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.cancel()
	w.wg.Wait()
}
