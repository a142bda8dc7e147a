//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"slices"
	"sync"

	"clara/compute"
)

// Backend is the engine. It implements [compute.Backend]; only Read, SumSquares,
// HeadTopK, what allocates and Close wait for the card.
type Backend struct {
	info compute.Info
	limits
	jobs chan func(*device)
	done chan struct{} // closed when the device is gone

	// mu is held by one operation at a time, until its work has been handed to the
	// device's goroutine; it guards everything below, and the order of the jobs.
	mu      sync.Mutex
	closed  bool
	buffers map[*buffer]struct{}
	scratch [scratches]*buffer
	rotated rotations
	plans   plans
	next    int      // the next part of the index ring
	held    *product // see lowrank.go

	lostMu sync.Mutex
	lost   error // why the device is of no more use
}

var _ compute.Backend = (*Backend)(nil)

// queued jobs may wait for the device: enough for an operation's dispatches to be
// prepared while those before run, and no more, for they have to end before an answer
// that overtakes a training begins, and before the program ends.
const queued = 64

// New starts an engine on the first card that has OpenGL 4.3. The error wraps
// [ErrNoOpenGL] where there is none. Close it.
func New(o Options) (compute.Backend, error) {
	b, err := open(o)
	if err != nil {
		return nil, err // not a nil *Backend in an interface
	}
	return b, nil
}

func open(o Options) (*Backend, error) {
	b := &Backend{
		jobs:    make(chan func(*device), queued),
		done:    make(chan struct{}),
		buffers: make(map[*buffer]struct{}),
	}
	opened := make(chan error, 1)
	d := new(device)
	go serve(o, b.jobs, opened, d, b.done)
	if err := <-opened; err != nil {
		<-b.done
		return nil, err
	}
	b.limits = d.limits
	b.info = compute.Info{Name: "opengl", Device: d.name}
	return b, nil
}

// Info describes the engine; it does not change.
func (b *Backend) Info() compute.Info { return b.info }

// Close waits for what is under way, gives back all memory, also that which was not
// freed, and ends the context and its thread. Closing twice does nothing.
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.sendHeld()
	b.closed = true
	for m := range b.buffers {
		b.release(m)
	}
	close(b.jobs)
	<-b.done
	return nil
}

// begin locks the engine for operation op and sends what was held for it. Without an
// error the caller unlocks.
func (b *Backend) begin(op string) error {
	err := b.enter(op)
	if err == nil {
		b.sendHeld()
	}
	return err
}

// enter is begin of an operation that looks at what is held itself.
func (b *Backend) enter(op string) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return fmt.Errorf("%s on a closed opengl engine: %w", op, compute.ErrLost)
	}
	if err := b.failure(); err != nil {
		b.mu.Unlock()
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// failure is why the device is lost, or nil.
func (b *Backend) failure() error {
	b.lostMu.Lock()
	defer b.lostMu.Unlock()
	return b.lost
}

// send hands a job to the device's goroutine and does not wait.
func (b *Backend) send(job func(*device)) {
	b.jobs <- func(d *device) {
		job(d)
		if d.lost != nil {
			b.lostMu.Lock()
			b.lost = d.lost
			b.lostMu.Unlock()
		}
	}
}

// wait hands a job to the device's goroutine and waits for it, and with it for all
// jobs before. Where the card computes for longer, the job itself has to wait.
func (b *Backend) wait(job func(*device) error) error {
	result := make(chan error, 1)
	b.send(func(d *device) {
		err := job(d)
		if d.lost != nil {
			err = d.lost
		}
		result <- err
	})
	return <-result
}

// dispatch sends one run of a shader.
func (b *Backend) dispatch(c dispatch) {
	b.send(func(d *device) { d.run(c) })
}

// misfit is the error of an operation whose operands do not fit together.
func (b *Backend) misfit(op, format string, args ...any) error {
	return fmt.Errorf("%s: "+format+": %w", slices.Concat([]any{op}, args, []any{compute.ErrShape})...)
}
