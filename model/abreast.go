package model

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"clara/compute"
)

// abreast computes the next tokens of all answers under way in one pass over the weights,
// each with its own cache and its own adapters (continuous batching, Yu et al. 2022).
// Reading the weights is most of the work for one token, and is shared.
//
// Whoever wants tokens computed hands an extension in. One of them leads: it waits until
// all that are expected have come, computes the pass for all, and lets them go on. Each
// then chooses its token in its own goroutine, so that one whose reader is slow holds up
// nobody: who does not come within patience is no longer expected.
type abreast struct {
	net      *network
	patience time.Duration // how long a pass waits for an answer that is not ready; shippedPatience

	mu       sync.Mutex
	expected map[*session]bool // that extend again as soon as they have their token
	waiting  []*extension
	leading  bool          // somebody gathers or computes a pass
	all      chan struct{} // size 1: all that are expected wait

	arena  *compute.Arena // of the pass; the leader's
	logits []float32      // of the pass; the leader's
}

// shippedPatience is several times what choosing a token takes, and little against a pass.
const shippedPatience = 3 * time.Millisecond

// extension are tokens that a session is to be extended by.
type extension struct {
	session   *session
	stack     *stack  // nil: the base
	ids       []int32 // not empty; promptRows at most where others are not to wait long
	precision compute.Precision
	logits    []float32 // receives those behind the last token; nil: not wanted

	err   error
	woken chan bool // size 1: true: lead the next pass; false: it is computed
}

func newAbreast(n *network) *abreast {
	return &abreast{net: n, patience: shippedPatience, expected: make(map[*session]bool), all: make(chan struct{}, 1)}
}

// extend appends the tokens to their session. The error wraps ErrNoNumbers where the
// engine yields such.
func (a *abreast) extend(e *exec, x *extension) error {
	x.woken = make(chan bool, 1)
	a.mu.Lock()
	a.expected[x.session] = true
	a.waiting = append(a.waiting, x)
	lead := !a.leading
	a.leading = true
	a.announce()
	a.mu.Unlock()
	if lead || <-x.woken {
		a.lead(e)
	}
	return x.err
}

// leave says that a session extends no more.
func (a *abreast) leave(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.expected, s)
	a.announce()
}

// announce tells who gathers that all are there. The caller holds mu.
func (a *abreast) announce() {
	if len(a.waiting) == len(a.expected) {
		select {
		case a.all <- struct{}{}:
		default:
		}
	}
}

// ErrPass is what the requests in a pass end with that panics; that of its leader ends by the panic.
// A server goes on, and later requests are answered.
var ErrPass = errors.New("the computation broke off")

// lead gathers and computes a pass, in which the leader's own extension is the first.
func (a *abreast) lead(e *exec) {
	pass := a.gather()
	err := ErrPass
	defer func() { a.handOn(pass, err) }()
	err = a.compute(e, pass)
}

// handOn lets the next pass be led, and those go on whose pass ended with err.
func (a *abreast) handOn(pass []*extension, err error) {
	a.mu.Lock()
	if len(a.waiting) > 0 {
		a.waiting[0].woken <- true
	} else {
		a.leading = false
	}
	a.mu.Unlock()
	for _, x := range pass {
		if err != nil {
			x.err = err
		}
		x.woken <- false // the leader's own stays in its channel
	}
}

// gather waits for those that are expected and takes as many as go into one pass.
func (a *abreast) gather() []*extension {
	late := time.NewTimer(a.patience)
	defer late.Stop()
	for {
		a.mu.Lock()
		if len(a.waiting) >= len(a.expected) {
			break
		}
		a.mu.Unlock()
		select {
		case <-a.all:
			continue
		case <-late.C:
		}
		a.mu.Lock()
		clear(a.expected)
		for _, x := range a.waiting {
			a.expected[x.session] = true
		}
		break
	}
	defer a.mu.Unlock()
	var pass, rest []*extension
	rows := 0
	for _, x := range a.waiting {
		if len(pass) > 0 && (rows+len(x.ids) > promptRows || len(pass) == sideBySide || x.precision != pass[0].precision) {
			rest = append(rest, x)
			continue
		}
		pass, rows = append(pass, x), rows+len(x.ids)
	}
	a.waiting = rest
	return pass
}

// compute runs a pass. Only one does so at a time.
func (a *abreast) compute(e *exec, pass []*extension) error {
	// Who leads lends the pass the engine, not the end of its own request.
	e = &exec{Backend: e.Backend, on: e.on, ctx: context.WithoutCancel(e.ctx)}
	order := slices.Clone(pass)
	slices.SortStableFunc(order, func(x, y *extension) int { return cmp.Compare(x.stack.name(), y.stack.name()) })
	b := new(batch)
	for _, x := range order {
		from := len(b.ids)
		for i, id := range x.ids {
			at := len(x.session.ids) + i
			b.add(id, at, at, compute.Span{From: 0, To: int32(at + 1)})
		}
		b.stretches = append(b.stretches, stretch{from: from, to: len(b.ids), cache: x.session.cache, lora: x.stack.loraOf()})
		if x.logits != nil {
			b.out = append(b.out, int32(len(b.ids)-1))
		}
	}
	if err := a.makeRoom(len(b.ids), len(b.out), b.rank()); err != nil {
		return err
	}
	vocabulary := a.net.Vocabulary
	h := a.net.forward(e, b, nil, a.arena, nil, order[0].precision)
	if n := len(b.out); n > 0 {
		z := e.take(a.arena, n, vocabulary)
		if e.err == nil {
			e.do(e.Linear(z, h, a.net.head, order[0].precision, false))
			e.do(e.Read(a.logits[:n*vocabulary], z))
		}
	}
	if e.err != nil {
		return e.err
	}
	logits := a.logits
	for _, x := range order {
		if x.logits != nil {
			copy(x.logits, logits[:vocabulary])
			logits = logits[vocabulary:]
			own := exec{Backend: e.Backend}
			own.numbers(x.logits)
			x.err = own.err
		}
		if x.err == nil {
			x.session.ids = append(x.session.ids, x.ids...)
		}
	}
	return nil
}

// makeRoom makes the arena fit a pass, and empties it.
func (a *abreast) makeRoom(rows, outs, rank int) error {
	outs = max(1, outs)
	if len(a.logits) < outs*a.net.Vocabulary {
		a.logits = make([]float32, outs*a.net.Vocabulary)
	}
	var err error
	a.arena, err = compute.FitArena(a.arena, a.net.be, a.net.forwardValues(max(rows, promptRows), outs, rank, false)+rowsOf(outs, a.net.Vocabulary))
	return err
}

// close frees the arena. No pass may be under way.
func (a *abreast) close() {
	if a.arena != nil {
		a.arena.Free()
		a.arena = nil
	}
}
