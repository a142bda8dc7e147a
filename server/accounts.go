package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"clara/trainer"
)

// Opened is a user's trainer, running, over a store of the user's own.
type Opened struct {
	Trainer *trainer.Trainer
	Close   func() error // stops the trainer and closes the store
}

// account is what the server holds of one user while it runs.
type account struct {
	name    string
	trainer *trainer.Trainer
	close   func() error
	rate    *rate.Limiter
	threads *threads

	ready chan struct{} // closed when the fields above are set, or err is
	err   error         // why it could not be opened

	asked    time.Time      // when the last request for something ended; guarded by accounts.mu, as is busy
	busy     int            // requests under way
	requests sync.WaitGroup // as many
	closed   chan struct{}  // closed when it is closed while the server goes on

	access context.Context // ends, with errRemoved, when the user is removed
	remove context.CancelCauseFunc
}

// errClosed says that an account was being closed and now is: whoever asked for it may have
// been removed meanwhile, and is to be looked for again.
var errClosed = errors.New("the account was being closed")

// errRemoved is what the requests of a user who is removed end with.
var errRemoved = problem(http.StatusUnauthorized, "the user was removed", "`clara users add NAME` makes another one.")

// accounts opens each user once, on the first request. Users have a trainer, a store and
// adapters each: nothing of one can be reached with another's.
type accounts struct {
	open  func(ctx context.Context, user string) (Opened, error)
	limit func() *rate.Limiter
	log   *slog.Logger

	mu   sync.Mutex
	all  map[string]*account // by name; "": the desktop's own user
	gone map[string]*account // removed or at rest, and not closed yet
	rest map[string]*threads // of those at rest, who go on where they were
	over bool                // closeAll closes what is left: nothing is opened any more
	wait sync.WaitGroup      // closings
}

func newAccounts(p Params) *accounts {
	return &accounts{
		open: p.Open, log: p.Log, all: make(map[string]*account), gone: make(map[string]*account), rest: make(map[string]*threads),
		limit: func() *rate.Limiter { return rate.NewLimiter(rate.Limit(p.Limits.Rate), p.Limits.Burst) },
	}
}

// get returns a user's account, opened, for a request, which is counted in; done counts it
// out. Others who ask meanwhile wait for the same opening. One that is being closed is waited
// for, and the error is errClosed. Once closeAll has begun the error is errEnding.
func (as *accounts) get(ctx context.Context, name string) (a *account, done func(), err error) {
	return as.enter(ctx, name, true)
}

// enter is get; asks says whether it is for a request of the user.
func (as *accounts) enter(ctx context.Context, name string, asks bool) (*account, func(), error) {
	as.mu.Lock()
	if as.over {
		as.mu.Unlock()
		return nil, nil, errEnding
	}
	if leaving := as.gone[name]; leaving != nil {
		as.mu.Unlock()
		select {
		case <-leaving.closed:
			return nil, nil, errClosed
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	a := as.all[name]
	first := a == nil
	if first {
		a = &account{name: name, rate: as.limit(), threads: cmp.Or(as.rest[name], newThreads()), ready: make(chan struct{}), closed: make(chan struct{})}
		a.access, a.remove = context.WithCancelCause(context.Background())
		as.all[name] = a
	}
	a.busy++
	a.requests.Add(1)
	as.mu.Unlock()
	leave := func() {
		as.mu.Lock()
		if a.busy--; asks {
			a.asked = time.Now()
		}
		as.mu.Unlock()
		a.requests.Done()
	}
	entered := false
	defer func() {
		if !entered {
			leave()
		}
	}()
	if first {
		as.prepare(ctx, a)
	}
	select {
	case <-a.ready:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if a.err != nil {
		return nil, nil, a.err
	}
	entered = true
	return a, leave, nil
}

// errOpening is what an opening that panics ends with.
var errOpening = errors.New("the opening broke off")

// prepare opens an account for all who wait: one who leaves does not end it. One that panics is
// an error: with the data of one user the server would end for all, as it opens each without a
// request, too.
func (as *accounts) prepare(ctx context.Context, a *account) {
	var opened Opened
	err := errOpening
	defer func() {
		if e := recover(); e != nil {
			as.log.Error("the opening of the data of a user broke off", "user", a.name, "error", e, "stack", string(debug.Stack()))
		}
		a.trainer, a.close, a.err = opened.Trainer, opened.Close, err
		if err != nil {
			a.err = fmt.Errorf("open the data of user %q: %w", a.name, err)
			as.mu.Lock()
			delete(as.all, a.name) // the next request tries again
			as.mu.Unlock()
		}
		close(a.ready)
	}()
	opened, err = as.open(context.WithoutCancel(ctx), a.name)
}

// keep closes the accounts of users who were removed, and ends their requests.
func (as *accounts) keep(users []User) {
	known := map[string]bool{"": true}
	for _, u := range users {
		known[u.Name] = true
	}
	as.mu.Lock()
	defer as.mu.Unlock()
	for name, a := range as.all {
		if known[name] {
			continue
		}
		a.remove(errRemoved)
		as.shut(a)
	}
	maps.DeleteFunc(as.rest, func(name string, _ *threads) bool { return !known[name] })
}

// shut closes an account once its requests have ended. The caller holds mu.
func (as *accounts) shut(a *account) {
	delete(as.all, a.name)
	as.gone[a.name] = a
	as.wait.Go(func() {
		<-a.ready
		a.requests.Wait()
		a.remove(nil)
		if a.err == nil {
			if err := a.close(); err != nil {
				as.log.Error("data of a user not closed", "user", a.name, "error", err)
			}
		}
		as.mu.Lock()
		delete(as.gone, a.name)
		as.mu.Unlock()
		close(a.closed)
	})
}

// restTime is how long after the last request of a user their data stay open for the next one.
const restTime = 10 * time.Minute

// mostAwake is how many users at a time are looked after without a request of theirs. Each
// has a database open and maybe adapters in memory.
const mostAwake = 8

// wake opens the accounts of users who may have something due, as many as may be open for
// that, and returns those that are left. An account that no request came to for restTime is
// closed once it has nothing to train on. Only tend calls it, which ends before closeAll begins.
func (as *accounts) wake(ctx context.Context, users []User) (left []User) {
	as.mu.Lock()
	awake := 0
	for _, a := range as.all {
		switch {
		case a.busy > 0 || time.Since(a.asked) < restTime:
		case a.isIdle():
			as.rest[a.name] = a.threads
			as.shut(a)
		default:
			awake++
		}
	}
	as.mu.Unlock()
	for ; len(users) > 0 && awake < mostAwake && ctx.Err() == nil; awake++ {
		_, done, err := as.enter(ctx, users[0].Name, false)
		users = users[1:]
		if errors.Is(err, errClosed) {
			continue // removed, or was at rest just now
		}
		if err != nil {
			as.log.Error("what is due for a user is neither trained on nor erased for now", "error", err)
			continue
		}
		done()
	}
	return users
}

// isIdle says whether an account is open and its loop has nothing to do.
func (a *account) isIdle() bool {
	select {
	case <-a.ready:
	default:
		return false
	}
	if a.err != nil {
		return false
	}
	switch st := a.trainer.State(); st.Phase {
	case trainer.PhaseWaiting:
		return st.Why.Code != trainer.CodeOthersTurn
	case trainer.PhaseNoModel, trainer.PhaseOff, trainer.PhasePaused:
		return true
	}
	return false
}

// closeAll closes every account once its requests have ended: those under way have to be
// ending. One that comes nevertheless is refused: serve may have ended without net/http's
// waiting for its handlers, by an error or because they took too long.
func (as *accounts) closeAll() error {
	as.mu.Lock()
	as.over = true
	all := slices.Collect(maps.Values(as.all))
	clear(as.all)
	as.mu.Unlock() // an opening that fails takes mu before it is ready
	as.wait.Wait()
	var errs []error
	for _, a := range all {
		<-a.ready
		a.requests.Wait() // the connection of one that is cut is gone before its handler has ended
		a.remove(nil)
		if a.err == nil {
			errs = append(errs, a.close())
		}
	}
	return errors.Join(errs...)
}
