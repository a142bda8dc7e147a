// Package trainer is CLARA's continuous learning: it answers with what it has
// been taught, keeps the feedback, trains adapters on it in the background,
// proves them before use, and can take every step back.
//
// A [Trainer] is one loop over one store and one model. One goroutine owns its
// phases (state.go); training itself is [RunCycle], a pure function of a [Job].
// The faces (window, command line, server) call the methods of Trainer and
// follow it through [Trainer.Watch]; every method is safe for concurrent use.
package trainer

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"clara/store"
)

// Params is what a Trainer is made of. All of it stays with the caller: the
// trainer closes neither store nor model.
type Params struct {
	Store    *store.Store
	Home     string       // the data folder; adapters are kept in its folder "versions"
	User     string       // whose feedback this is; "": "local"
	Settings Settings     // checked by New
	Log      *slog.Logger // nil: nothing is logged
}

// Trainer is the loop. Make it with New, run it with Start, end it with Stop.
type Trainer struct {
	store *store.Store // of the user
	home  string
	log   *slog.Logger
	now   func() time.Time
	cycle cycleFunc // RunCycle, but for tests of the loop
	hub   *hub      // the state, and who watches it

	settings atomic.Pointer[Settings]
	paused   atomic.Bool
	answers  atomic.Int32 // under way

	interrupted atomic.Bool // a cycle was cut short or stopped: it is started again

	model    modelSlot
	speaking atomic.Pointer[speaker] // what answers now; nil: no model
	refresh  sync.Mutex              // one renewal of speaking at a time
	feedback sync.Mutex              // one writer of feedback at a time, so that "the newest wins" has an order

	// Requests to the loop. Size 1: they coalesce, and no sender waits.
	changed   chan struct{} // something in the store, the settings or the model is new
	wanted    chan struct{} // train now
	asked     chan struct{} // ask the lessons now
	cancelled chan struct{} // end the running cycle

	lifecycle sync.Mutex
	stop      func() // ends the loop; nil: it does not run
	done      chan struct{}
}

// ErrNoModel says that a method needs a model and none is attached yet.
var ErrNoModel = errors.New("no model is loaded yet")

// ErrRunning says that Start was called twice.
var ErrRunning = errors.New("the trainer is running already")
