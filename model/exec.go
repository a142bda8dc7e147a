package model

import (
	"context"
	"fmt"
	"sync"

	"clara/compute"
)

// Priority says who goes first.
type Priority int

// Foreground work goes at once. Background work (training, checks) stands still
// between two operations for as long as foreground work runs.
const (
	Foreground Priority = iota
	Background
)

// turnstile lets background work pass only while no foreground work runs.
type turnstile struct {
	mu         sync.Mutex
	foreground int
	free       chan struct{} // closed while foreground is 0
}

func newTurnstile() *turnstile {
	free := make(chan struct{})
	close(free)
	return &turnstile{free: free}
}

// enter counts a foreground request in; the returned function counts it out.
func (t *turnstile) enter() (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.foreground == 0 {
		t.free = make(chan struct{})
	}
	t.foreground++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.foreground--; t.foreground == 0 {
			close(t.free)
		}
	}
}

// pass waits until no foreground work runs.
func (t *turnstile) pass(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // select would take either
		return err
	}
	t.mu.Lock()
	free := t.free
	t.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-free:
		return nil
	}
}

// exec runs the operations of one request on the engine. The first error sticks,
// so that a forward pass reads as its equations do; whoever loops or reads a
// result looks at err. Between two operations background work gives way. Behind an error what
// is written up to the next look is still computed, and does not give way: blocks look twice.
type exec struct {
	compute.Backend
	on   *placement
	ctx  context.Context
	gate *turnstile // nil for foreground work
	err  error
	// adapted: the request computes with adapters, not with the base alone.
	adapted bool
}

// acquire returns the sum of the request's adapters, nil if there is none. Release it.
func (e *exec) acquire(adapters []*Adapter) (*stack, error) {
	st, err := e.on.stacks.acquire(adapters)
	e.adapted = st != nil
	return st, err
}

// do takes note of what an operation returned and lets answers go first.
func (e *exec) do(err error) {
	if e.err != nil {
		return
	}
	if e.err = err; err == nil && e.gate != nil {
		e.err = e.gate.pass(e.ctx)
	}
}

// take cuts a tensor from an arena; its failure sticks as well.
func (e *exec) take(a *compute.Arena, rows, cols int) compute.Tensor {
	t, err := a.Take(rows, cols)
	if err != nil && e.err == nil {
		e.err = err
	}
	return t
}

// numbers looks at what an operation returned: values that are no numbers end the request.
func (e *exec) numbers(values []float32) {
	for _, v := range values {
		if isNoNumber(v) && e.err == nil {
			e.err = fmt.Errorf("%s: %w", e.Info().Name, ErrNoNumbers)
		}
	}
}
