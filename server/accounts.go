package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

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

	requests sync.WaitGroup // under way
	closed   chan struct{}  // closed when it is closed after its user was removed
}

// accounts opens each user once, on the first request. Users have a trainer, a store and
// adapters each: nothing of one can be reached with another's.
type accounts struct {
	open  func(ctx context.Context, user string) (Opened, error)
	limit func() *rate.Limiter
	log   *slog.Logger

	mu   sync.Mutex
	all  map[string]*account // by name; "": the desktop's own user
	gone map[string]*account // removed, and not closed yet
	wait sync.WaitGroup      // closings
}

func newAccounts(p Params) *accounts {
	return &accounts{
		open: p.Open, log: p.Log, all: make(map[string]*account), gone: make(map[string]*account),
		limit: func() *rate.Limiter { return rate.NewLimiter(rate.Limit(p.Limits.Rate), p.Limits.Burst) },
	}
}

// get returns a user's account, opened, with a request counted in; done counts it out.
// Others who ask meanwhile wait for the same opening.
func (as *accounts) get(ctx context.Context, name string) (a *account, done func(), err error) {
	for {
		as.mu.Lock()
		leaving := as.gone[name]
		if leaving == nil {
			break
		}
		as.mu.Unlock()
		select {
		case <-leaving.closed:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	a = as.all[name]
	first := a == nil
	if first {
		a = &account{name: name, rate: as.limit(), threads: newThreads(), ready: make(chan struct{}), closed: make(chan struct{})}
		as.all[name] = a
	}
	a.requests.Add(1)
	as.mu.Unlock()
	if first {
		// It is for all who wait: one who leaves does not end it.
		opened, err := as.open(context.WithoutCancel(ctx), name)
		a.trainer, a.close, a.err = opened.Trainer, opened.Close, err
		if err != nil {
			a.err = fmt.Errorf("open the data of user %q: %w", name, err)
			as.mu.Lock()
			delete(as.all, name) // the next request tries again
			as.mu.Unlock()
		}
		close(a.ready)
	}
	select {
	case <-a.ready:
	case <-ctx.Done():
		a.requests.Done()
		return nil, nil, ctx.Err()
	}
	if a.err != nil {
		a.requests.Done()
		return nil, nil, a.err
	}
	return a, a.requests.Done, nil
}

// keep closes the accounts of users who were removed, once their requests have ended.
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
		delete(as.all, name)
		as.gone[name] = a
		as.wait.Go(func() {
			<-a.ready
			a.requests.Wait()
			if a.err == nil {
				if err := a.close(); err != nil {
					as.log.Error("data of a removed user not closed", "user", name, "error", err)
				}
			}
			as.mu.Lock()
			delete(as.gone, name)
			as.mu.Unlock()
			close(a.closed)
		})
	}
}

// closeAll closes every account. No request may be under way.
func (as *accounts) closeAll() error {
	as.wait.Wait()
	as.mu.Lock()
	defer as.mu.Unlock()
	var errs []error
	for name, a := range as.all {
		<-a.ready
		if a.err == nil {
			errs = append(errs, a.close())
		}
		delete(as.all, name)
	}
	return errors.Join(errs...)
}
