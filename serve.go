package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gofrs/flock"

	"clara/cli"
	"clara/server"
	"clara/store"
	"clara/trainer"
)

// serve loads the model and answers over HTTP, until ctx ends. What is wrong with the
// address is said before the model is loaded, which takes long.
func (s *session) serve(ctx context.Context, o cli.ServeOptions) error {
	users := server.NewUsers(s.home, store.WriteFile)
	l, err := server.Listen(o.Addr, users)
	if err != nil {
		return err
	}
	if _, err := s.load(ctx, nil); err != nil {
		return errors.Join(err, l.Close())
	}
	following, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { s.follow(following, nil) })
	defer func() { stop(); done.Wait() }()
	return server.Run(ctx, l, server.Params{
		Version: version, Users: users, Open: s.openUser,
		Limits: server.Limits{Parallel: o.Parallel, Queue: o.Queue, Rate: o.Rate}, Log: s.log, Ready: o.Ready,
	})
}

// serverLimits are the server's own.
func serverLimits() cli.ServeOptions {
	l := server.Limits{}.WithDefaults()
	return cli.ServeOptions{Parallel: l.Parallel, Queue: l.Queue, Rate: l.Rate}
}

// usersFolder holds a folder for each user of the server, below the data folder.
const usersFolder = "users"

// openUser opens and starts the trainer of a user of the server, with a store and
// adapters in a folder of the user's own; "" is the user of this data folder. What the
// model itself is known to do is measured once for all.
func (s *session) openUser(ctx context.Context, name string) (_ server.Opened, err error) {
	if name == "" {
		return server.Opened{Trainer: s.trainer, Close: func() error { s.trainer.Stop(); return nil }}, s.trainer.Start(context.WithoutCancel(ctx))
	}
	home := filepath.Join(s.home, usersFolder, name)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return server.Opened{}, fmt.Errorf("make the user's data folder: %w", err)
	}
	var closings []func() error
	closeAll := func() error {
		var errs []error
		for _, end := range slices.Backward(closings) {
			errs = append(errs, end())
		}
		return errors.Join(errs...)
	}
	opened := false
	defer func() {
		if !opened { // also where it panics: the server goes on, and would hold the folder itself
			err = errors.Join(err, closeAll())
		}
	}()
	lock, err := lockFolder(home) // it is a data folder like any other: --home may name it
	if err != nil {
		return server.Opened{}, err
	}
	closings = append(closings, lock.Close)
	st, err := store.Open(ctx, filepath.Join(home, "clara.db"))
	if err != nil {
		return server.Opened{}, err
	}
	closings = append(closings, st.Close)
	t, err := s.newTrainer(ctx, name, home, st)
	if err != nil {
		return server.Opened{}, err
	}
	closings = append(closings, func() error { return s.endTrainer(t) })
	if err = t.Attach(ctx, s.runner()); err == nil {
		err = t.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		return server.Opened{}, err
	}
	opened = true
	return server.Opened{Trainer: t, Close: closeAll}, nil
}

// newTrainer makes the trainer of a user of the server, which goes by the settings from then on.
func (s *session) newTrainer(ctx context.Context, name, home string, st *store.Store) (*trainer.Trainer, error) {
	s.following.Lock()
	defer s.following.Unlock()
	t, err := trainer.New(ctx, trainer.Params{
		Store: st, Home: home, Readers: s.home, Bases: s.store, Slot: &s.slot, Settings: learning(s.settings), Log: s.log.With("user", name),
	})
	if err == nil {
		s.trainers[t] = struct{}{}
	}
	return t, err
}

// endTrainer ends what newTrainer made.
func (s *session) endTrainer(t *trainer.Trainer) error {
	s.following.Lock()
	delete(s.trainers, t)
	s.following.Unlock()
	t.Stop()
	return t.Attach(context.Background(), nil)
}

// serverUsers are the users of the server of a data folder, for the commands that change
// them, also while a server runs there.
func serverUsers(o cli.Options) (cli.Users, error) {
	home, err := homeFolder(o)
	if err != nil {
		return cli.Users{}, err
	}
	users := server.NewUsers(home, store.WriteFile)
	lock := flock.New(filepath.Join(home, "users.lock"))
	alone := func(change func() error) error {
		if err := os.MkdirAll(home, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
		if err := lock.Lock(); err != nil {
			return fmt.Errorf("lock the users: %w", err)
		}
		return errors.Join(change(), lock.Close())
	}
	return cli.Users{
		Add: func(name string) (token string, err error) {
			err = alone(func() error { token, err = users.Add(name); return err })
			return token, err
		},
		Remove: func(name string) (folder string, err error) {
			return filepath.Join(home, usersFolder, name), alone(func() error { return users.Remove(name) })
		},
		List: func() ([]cli.User, error) {
			all, err := users.List()
			out := make([]cli.User, len(all))
			for i, u := range all {
				out[i] = cli.User{Name: u.Name, Created: u.Created}
			}
			return out, err
		},
	}, nil
}
