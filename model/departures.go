package model

import (
	"context"
	"sync"
)

// departures lets a request that finds too little memory on an engine wait for the answers that
// have it there and give it back when they end. An answer that fails for want of an engine has
// given back what it had, but has not ended: two that each hope for the other's memory would
// wait for ever.
type departures struct {
	mu      sync.Mutex
	inside  int           // answers that compute
	ended   int           // that were inside and are over
	changed chan struct{} // closed at the next change
}

func newDepartures() *departures { return &departures{changed: make(chan struct{})} }

// enter counts an answer in and says how many have ended before.
func (d *departures) enter() (ended int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside++
	return d.ended
}

// leave counts an answer out; over is whether it has ended.
func (d *departures) leave(over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
	if over {
		d.ended++
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

// next waits until more answers have ended than seen and returns how many have; ok is false
// where there is none to wait for, or ctx ends.
func (d *departures) next(ctx context.Context, seen int) (ended int, ok bool) {
	for {
		d.mu.Lock()
		ended, inside, changed := d.ended, d.inside, d.changed
		d.mu.Unlock()
		if ended != seen {
			return ended, true
		}
		if inside == 0 {
			return ended, false
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ended, false
		}
	}
}
