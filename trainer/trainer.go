// Package trainer is CLARA's continuous learning: it answers with what it has
// been taught, keeps the feedback, trains adapters on it in the background,
// checks them for harm before use, and can go back to the versions before.
//
// A [Trainer] is one loop over one store and one model. One goroutine owns its
// phases (state.go); training itself is [RunCycle], a pure function of a [Job].
// The faces (window, command line, server) call the methods of Trainer and
// follow it through [Trainer.Watch]; every method is safe for concurrent use.
package trainer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"clara/model"
	"clara/store"
)

// Params is what a Trainer is made of. All of it stays with the caller: the
// trainer closes neither store nor model.
type Params struct {
	Store    *store.Store
	Home     string       // the data folder; adapters are kept in its folder "versions"
	Readers  string       // the data folder whose prepared readers are used; "": Home
	Bases    *store.Store // keeps what is measured of untrained models; nil: Store
	Slot     *Slot        // taken for work in the background; nil: this trainer is alone with its model
	User     string       // whose feedback this is; "": "local"
	Settings Settings     // checked by New
	Log      *slog.Logger // nil: nothing is logged
}

// Trainer is the loop. Make it with New, run it with Start, end it with Stop.
type Trainer struct {
	store   *store.Store // of the user
	bases   *store.Store // with what is measured of untrained models
	slot    *Slot
	home    string
	readers string // the data folder with the prepared readers
	log     *slog.Logger
	now     func() time.Time
	cycle   cycleFunc // runCycle, but for tests of the loop
	hub     *hub      // the state, and who watches it

	prepare prepareFunc // makeReader, but for tests of the loop

	settings atomic.Pointer[Settings]
	paused   atomic.Bool
	answers  atomic.Int32 // under way

	interrupted atomic.Pointer[string]  // the base of a cycle that was cut short or stopped: it is started again on that; nil: none
	refused     atomic.Pointer[refusal] // of the last decided cycle; nil: to be looked up
	cutTwice    atomic.Pointer[string]  // workKey of what the program was killed over twice in a row; nil: nothing

	model    modelSlot
	speaking atomic.Pointer[speaker] // what answers now; nil: no model
	refresh  sync.Mutex              // one renewal of speaking at a time
	feedback sync.Mutex              // one writer of feedback at a time, so that "the newest wins" has an order

	disputed sync.Mutex // of disputes
	disputes disputes   // of the lessons as a face asked for them last

	// Requests to the loop. Size 1: they coalesce, and no sender waits.
	changed   chan struct{} // something in the store, the settings or the model is new
	wanted    chan struct{} // train now
	asked     chan struct{} // ask the lessons now
	cancelled chan struct{} // end the running cycle

	lifecycle sync.Mutex
	stop      context.CancelCauseFunc // ends the loop; nil: it does not run
	done      chan struct{}
}

// ErrNoModel says that a method needs a model and none is attached yet.
var ErrNoModel = errors.New("no model is loaded yet")

// ErrOff says that there is no training as the settings are.
var ErrOff error = &UserError{Reason: reason(CodeOff, "learning is switched off"), Hint: HintEnable}

// ErrRunning says that the loop runs: Start was called twice, or a method is called that
// works without it.
var ErrRunning = errors.New("the trainer is running already")

// cycleFunc is runCycle.
type cycleFunc func(ctx context.Context, r *model.Runner, j Job, base *BaseFacts, m *memory, progress func(Progress)) (Outcome, error)

// New checks p and makes a Trainer that is not running yet. A cycle that a crash cut
// short is marked so, and started again when the loop runs, as is one that Stop stopped;
// unless a crash cut the same short twice in a row.
func New(ctx context.Context, p Params) (*Trainer, error) {
	if err := p.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("settings of the trainer: %w", err)
	}
	t := &Trainer{
		store: p.Store, bases: cmp.Or(p.Bases, p.Store), slot: cmp.Or(p.Slot, new(Slot)), home: p.Home, readers: cmp.Or(p.Readers, p.Home), log: p.Log, now: time.Now, cycle: runCycle, hub: newHub(),
		changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1), asked: make(chan struct{}, 1), cancelled: make(chan struct{}, 1),
	}
	t.prepare = t.makeReader
	if p.User != "" {
		t.store = p.Store.As(p.User)
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	t.settings.Store(&p.Settings)
	cut, err := t.store.MarkCut(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for a cycle that was cut short: %w", err)
	}
	for _, c := range cut {
		t.log.Warn("the last cycle was cut short", "cycle", c.ID)
		if err := t.discard(c.ID); err != nil {
			t.log.Warn("a cycle that was cut short has left files", "error", err)
		}
	}
	if err := t.resume(ctx); err != nil {
		return nil, err
	}
	l := &loop{Trainer: t}
	if err := l.look(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// resume lets the last cycle start again where a crash cut it short, or where it was stopped because
// the program was closed, or for a move during which it was closed. It may have been asked for: then
// nothing else would start it. Where the same work was cut short the time before, too, it may be what
// kills the program, and waits for the user or for new feedback. That goes by what the store holds, not
// by what was found running just now: the data is also opened where nothing trains.
func (t *Trainer) resume(ctx context.Context) error {
	last, err := t.store.Cycles(ctx, 2)
	if err != nil {
		return fmt.Errorf("look for a cycle that was cut short or stopped: %w", err)
	}
	if len(last) == 0 {
		return nil
	}
	c, key := last[0], workKeyOf(last[0])
	switch {
	case c.State == CycleCut && len(last) == 2 && last[1].State == CycleCut && key != "" && workKeyOf(last[1]) == key:
		t.log.Error("training the same was cut short twice and is not started again", "cycle", c.ID)
		t.cutTwice.Store(&key)
		f := Finding{Subject: SubjectTraining, Reason: cutTwiceReason(), Hint: HintTrainNow}
		t.hub.update(func(s *State) { s.Trouble = &f })
	case c.State == CycleCut, c.State == CycleStopped && (c.Reason.Code == CodeEnded || c.Reason.Code == CodeMoves):
		t.interrupted.Store(&c.BaseHash)
	}
	return nil
}

// isInterrupted says whether a cycle on the attached model is to be started again. One on
// another model, such as that of a move, waits for that model.
func (t *Trainer) isInterrupted() bool {
	base := t.interrupted.Load()
	return base != nil && *base == t.baseHash()
}

func cutTwiceReason() Reason {
	return reason(CodeCutTwice, "the program ended in the middle of this training twice in a row; it is not started again by itself")
}

// Start runs the loop in a goroutine of its own until ctx ends or Stop is called.
func (t *Trainer) Start(ctx context.Context) error {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if t.stop != nil {
		return ErrRunning
	}
	ctx, t.stop = context.WithCancelCause(ctx)
	t.done = make(chan struct{})
	t.hub.update(func(s *State) { s.Phase = "" }) // that of a loop before: this one has not looked yet
	l := &loop{Trainer: t}
	go func() {
		defer close(t.done)
		l.run(ctx)
	}()
	return nil
}

// Stop ends the loop in good order and waits for it: a running cycle is cancelled,
// marked as stopped, and started again after the next Start.
func (t *Trainer) Stop() { t.stopFor(context.Canceled) }

// StopToMove is Stop before a Move: until the next Start, State says what learning stands
// still for.
func (t *Trainer) StopToMove() { t.stopFor(errMoves) }

func (t *Trainer) stopFor(cause error) {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if t.stop == nil {
		return
	}
	t.stop(cause)
	<-t.done
	t.stop = nil
}

// Settings are the present ones.
func (t *Trainer) Settings() Settings { return *t.settings.Load() }

// SetSettings checks s and uses it from the next decision on. The error joins one
// *RangeError for each value out of range; with any error nothing has changed.
func (t *Trainer) SetSettings(ctx context.Context, s Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	before := t.settings.Swap(&s)
	if err := t.renew(ctx); err != nil {
		t.settings.Store(before)
		return fmt.Errorf("use other settings: %w", err)
	}
	wake(t.changed)
	return nil
}

// Train starts a cycle as soon as a model is there and none runs, whether or not
// anything is new.
func (t *Trainer) Train() { wake(t.wanted) }

// Pause keeps the loop from training until Resume. A running cycle is stopped;
// nothing of it is used.
func (t *Trainer) Pause() {
	t.paused.Store(true)
	wake(t.changed)
}

// Resume ends a Pause.
func (t *Trainer) Resume() {
	t.paused.Store(false)
	wake(t.changed)
}

// CancelCycle stops the running cycle, if one runs, and waits for new feedback.
func (t *Trainer) CancelCycle() { wake(t.cancelled) }
