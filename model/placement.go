package model

import (
	"context"
	"errors"
	"fmt"

	"clara/compute"
)

// placement is the model on one engine: its weights there, and the memory of adapters
// and answers.
type placement struct {
	net        *network
	stacks     *stacks
	sessions   *sessions
	abreast    *abreast
	departures *departures
	own        bool // the engine was opened by Options.Next

	// The two belong to Runner.mu.
	users int  // requests and trainings that compute here
	left  bool // the runner has gone to another engine; the last user frees this one
}

// place lays the weights on an engine.
func (r *Runner) place(be compute.Backend) (*placement, error) {
	net, err := newNetwork(r.file, r.config, be)
	if err != nil {
		return nil, err
	}
	return &placement{net: net, stacks: newStacks(net), sessions: newSessions(net), abreast: newAbreast(net), departures: newDepartures()}, nil
}

// free gives back what the model has on the engine. Nothing may be running.
func (p *placement) free() {
	p.abreast.close()
	p.sessions.close()
	p.stacks.close()
	p.net.close()
}

// part takes a session back from an answer that has ended, or failed.
func (p *placement) part(s *session, sound bool) {
	p.abreast.leave(s)
	p.sessions.put(s, sound)
}

// spare frees what lies idle and says whether there was any.
func (p *placement) spare() bool {
	return p.sessions.close()+p.stacks.close() > 0
}

// pin returns where the model lies and keeps it there until unpin.
func (r *Runner) pin() *placement {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at.users++
	return r.at
}

func (r *Runner) unpin(p *placement) {
	r.mu.Lock()
	p.users--
	last := p.left && p.users == 0
	r.mu.Unlock()
	if last {
		p.abandon()
	}
}

// abandon frees an engine that was left. One that failed may refuse that too; nothing
// depends on it any more.
func (p *placement) abandon() {
	p.free()
	_ = p.net.be.Close()
}

// The errors of the engines, for those who know the runner alone.
var (
	ErrLost   = compute.ErrLost
	ErrMemory = compute.ErrMemory
)

// ErrNoNumbers says that an engine returned values that are no numbers. Adapters, norms and
// rotations were looked at when they were read; the matrices were not, which would be most of
// the time of loading. If every engine does so, they hold such values. Where an engine does so
// with adapters and not without, these take the model beyond the numbers: it is not left.
var ErrNoNumbers = errors.New("the engine computed what is no number")

// unusable says that an engine is of no more use for the model, as opposed to a request
// that is wrong, or has no room, on any.
func unusable(err error) bool {
	var m *MemoryError
	if errors.As(err, &m) && m.Limited {
		return false
	}
	for _, e := range []error{compute.ErrLost, compute.ErrMemory, compute.ErrUnsupported, ErrNoNumbers} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// attempts is what a request that failed remembers, so that it does not try for ever.
type attempts struct {
	spared  bool
	ended   int  // answers that had ended where the request computes, when it began
	again   bool // on an engine that computes the base soundly
	beyond  bool // there, too, no numbers came out
	adapted bool // the request is one with adapters
}

// retreat decides about a request that failed on p, which it no longer pins: nil says that
// it can be computed again, on another engine or with the memory that others left idle;
// else the error is the cause. Where other answers have the memory it waits for one of them to
// end: to leave the engine would be for all. Only one request changes it, the others wait.
func (r *Runner) retreat(ctx context.Context, p *placement, cause error, a *attempts) error {
	if !unusable(cause) {
		return cause
	}
	if errors.Is(cause, compute.ErrMemory) && !r.hasLeft(p) {
		if !a.spared {
			a.spared = true
			if p.spare() {
				return nil
			}
		}
		if ended, ok := p.departures.next(ctx, a.ended); ok {
			a.ended, a.spared = ended, false
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	select {
	case r.moving <- struct{}{}:
		defer func() { <-r.moving }()
	case <-ctx.Done():
		return cause
	}
	if r.hasLeft(p) {
		return nil
	}
	if errors.Is(cause, ErrNoNumbers) && a.adapted && r.sound(ctx, p) {
		// The adapters take the model beyond the numbers, on any engine; unless it was
		// for once, which another try shows.
		if a.again {
			a.beyond = true
			return cause
		}
		a.again = true
		return nil
	}
	next, err := r.settle(p.net.be.Info(), cause)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.at, p.left = next, true
	idle := p.users == 0
	r.mu.Unlock()
	if idle {
		p.abandon()
	}
	return nil
}

// hasLeft says whether the model lies elsewhere by now.
func (r *Runner) hasLeft(p *placement) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at != p
}

// sound says whether the engine computes numbers where the base alone reads one token.
func (r *Runner) sound(ctx context.Context, p *placement) bool {
	n := p.net
	arena, err := compute.NewArena(n.be, n.forwardValues(1, 1, 0, false)+rowsOf(1, n.Vocabulary))
	if err != nil {
		return false
	}
	defer arena.Free()
	b := &batch{out: []int32{0}}
	b.add(0, 0, 0, compute.Span{To: 1})
	return p.step(r.exec(ctx, p, Foreground), b, nil, arena, compute.Exact, make([]float32, n.Vocabulary)) == nil
}

// settle lays the model on the first of the engines after the one that failed that has
// room for it. Without one the error is the cause.
func (r *Runner) settle(failed compute.Info, cause error) (*placement, error) {
	if r.options.Next == nil {
		return nil, cause
	}
	for from := failed; ; {
		be, err := r.options.Next(from)
		if err != nil {
			return nil, errors.Join(cause, err)
		}
		p, err := r.place(be)
		if err == nil {
			p.own = true
			if r.options.Moved != nil {
				r.options.Moved(failed, be.Info(), cause)
			}
			return p, nil
		}
		from = be.Info()
		cause = errors.Join(cause, fmt.Errorf("load the model on %s: %w", from.Name, err), be.Close())
		if !unusable(err) {
			return nil, cause
		}
	}
}

// enter counts a request in, and leave counts it out: Close waits for it. Foreground
// requests make background work stand still.
func (r *Runner) enter(p Priority) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	r.running.Add(1)
	if p == Background {
		return r.running.Done, nil
	}
	answered := r.gate.enter()
	return func() { answered(); r.running.Done() }, nil
}

// run computes a request. When its engine fails, work is called once more, on the next
// one: what it is to keep of the time before lies outside of it, in host memory.
func (r *Runner) run(ctx context.Context, p Priority, work func(e *exec) error) error {
	leave, err := r.enter(p)
	if err != nil {
		return err
	}
	defer leave()
	for a := (attempts{}); ; {
		on := r.pin()
		if p == Foreground {
			a.ended = on.departures.enter()
		}
		e := r.exec(ctx, on, p)
		err := func() (err error) {
			defer func() { // also when it panics, which a server outlives
				if p == Foreground {
					on.departures.leave(!unusable(err))
				}
				r.unpin(on)
			}()
			return work(e)
		}()
		if err == nil {
			return nil
		}
		a.adapted = e.adapted
		if err = r.retreat(ctx, on, err, &a); err != nil {
			return err
		}
	}
}

// exec runs operations where the model lies; those of background work give way.
func (r *Runner) exec(ctx context.Context, on *placement, p Priority) *exec {
	e := &exec{Backend: on.net.be, on: on, ctx: ctx}
	if p == Background {
		e.gate = r.gate
	}
	return e
}
