package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"

	"clara/catalogue"
	"clara/cli"
	"clara/compute"
	"clara/configs"
	"clara/model"
	"clara/store"
	"clara/trainer"
)

// session is the assembly: everything that works on one data folder, from the
// lock to the trainer. The model comes when it is loaded.
type session struct {
	options     cli.Options
	home        string
	lock        *flock.Flock
	log         *slog.Logger
	logFile     *logFile
	file        *configs.File
	settings    configs.Settings // as read at the start; see takeOver
	settingsErr error            // why not; settings are the defaults then
	store       *store.Store
	trainer     *trainer.Trainer
	slot        trainer.Slot // of all users' training

	following sync.Mutex                    // of settings and trainers, once follow runs
	trainers  map[*trainer.Trainer]struct{} // that go by the settings: the own one, and those of the server's users

	loading sync.Mutex // one load at a time

	mu    sync.Mutex // of model alone: whoever asks for it does not wait for a load
	model *loadedModel
}

// homeFolder is where everything lies: flag, CLARA_HOME, the user's data folder.
func homeFolder(o cli.Options) (string, error) {
	home := o.Home
	if home == "" {
		home = os.Getenv("CLARA_HOME")
	}
	if home == "" {
		home = filepath.Join(xdg.DataHome, "clara")
	}
	home, err := filepath.Abs(home)
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	return home, nil
}

// openSession opens a data folder for this process alone. A settings file that
// cannot be read is no error here, see settingsErr; a missing one is made, unless
// it was named.
func openSession(ctx context.Context, o cli.Options) (_ *session, err error) {
	s := &session{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.home, err = homeFolder(o); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if s.lock, err = lockFolder(s.home); err != nil {
		return nil, err
	}
	if err := s.openLog(); err != nil {
		return nil, err
	}
	if err := cli.ForgetLines(s.home, time.Now().Add(-trainer.Restorable), store.WriteFile); err != nil {
		s.log.Warn("what was typed at a prompt stays", "error", err)
	}
	if s.file, err = settingsFile(o, s.home); err != nil {
		return nil, err
	}
	if s.settings, s.settingsErr = s.file.Load(); s.settingsErr != nil {
		s.settings = configs.Default()
		s.log.Warn("settings unreadable, the defaults are in force", "error", s.settingsErr)
	}
	if s.store, err = store.Open(ctx, filepath.Join(s.home, "clara.db")); err != nil {
		return nil, err
	}
	s.trainer, err = trainer.New(ctx, trainer.Params{
		Store: s.store, Home: s.home, Settings: learning(s.settings), Log: s.log, Slot: &s.slot,
	})
	if err != nil {
		return nil, err
	}
	s.trainers = map[*trainer.Trainer]struct{}{s.trainer: {}}
	s.log.Info("opened", "version", version, "home", s.home)
	return s, nil
}

// follow takes over what someone changes in the settings file while the program runs,
// until ctx ends. tell gets the changed settings, or why they cannot be used; it may be nil
// itself.
func (s *session) follow(ctx context.Context, tell func(configs.Settings, error)) {
	s.file.Follow(ctx, func(set configs.Settings, err error) {
		if err == nil {
			err = s.takeOver(ctx, set)
		}
		if err != nil {
			s.log.Warn("changed settings cannot be used, those before are in force", "error", err)
		} else {
			s.log.Info("settings read anew")
		}
		if tell != nil {
			tell(set, err)
		}
	})
}

// takeOver has the trainers go by changed settings. The section [model] stays as it was at
// the start: the model that answers was opened by it, and chosen tells by it what was changed
// since.
func (s *session) takeOver(ctx context.Context, set configs.Settings) error {
	s.following.Lock()
	defer s.following.Unlock()
	var err error
	for t := range s.trainers {
		err = errors.Join(err, t.SetSettings(ctx, learning(set)))
	}
	if err != nil {
		return err
	}
	if set.Model != s.settings.Model {
		s.log.Info("the section [model] of the settings was changed, which holds from the next start on")
	}
	set.Model = s.settings.Model
	s.settings = set
	return nil
}

// lockFolder makes sure that no other program works on a data folder until the lock is closed.
func lockFolder(home string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(home, "lock"))
	free, err := lock.TryLock()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data folder: %w", err), lock.Close())
	}
	if !free {
		err := &trainer.UserError{Reason: trainer.Reason{
			Code: trainer.CodeLocked,
			Args: map[string]string{"home": home},
			Text: fmt.Sprintf("another CLARA works in %s", home),
		}}
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func (s *session) openLog() error {
	f, err := openLogFile(filepath.Join(s.home, "clara.log"))
	if err != nil {
		return err
	}
	s.logFile = f
	if !s.options.Verbose {
		s.log = slog.New(slog.NewTextHandler(f, nil))
		return nil
	}
	debug := &slog.HandlerOptions{Level: slog.LevelDebug}
	s.log = slog.New(slog.NewMultiHandler(slog.NewTextHandler(f, debug), slog.NewTextHandler(os.Stderr, debug)))
	return nil
}

// load opens the model that flags and settings name now and gives it to the
// trainer. The model before answers until the new one takes over.
func (s *session) load(ctx context.Context, found func(path string, e compute.Info)) (*model.Runner, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	began, choice := time.Now(), s.modelSettings()
	if choice.Path == "" { // the first that is found answers
		for _, err := range catalogue.Unread(s.home) {
			s.log.Warn("a model there would not be found", "error", err)
		}
	}
	m, err := openModel(ctx, choice, s.home, found, s.moved)
	if err != nil {
		s.log.Error("model not opened", "error", err)
		return nil, err
	}
	if m.leftOut != nil {
		s.log.Info("faster engines left out", "engine", m.runner.Info().Engine.Name, "reason", m.leftOut)
	}
	if err := s.trainer.Attach(ctx, m.runner); err != nil {
		return nil, errors.Join(err, m.close())
	}
	if err := s.swap(m).close(); err != nil {
		s.log.Error("former model not closed", "error", err)
	}
	info := m.runner.Info()
	s.log.Info("model opened", "path", info.Path, "hash", info.Hash, "engine", info.Engine.Device, "threads", info.Engine.Threads, "took", time.Since(began))
	return m.runner, nil
}

// swap puts a model in the place of the one before, nil for none.
func (s *session) swap(m *loadedModel) (before *loadedModel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.model = s.model, m
	return before
}

// runner is that of the model in use, nil without one. It may be closed at any time.
func (s *session) runner() *model.Runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.model == nil {
		return nil
	}
	return s.model.runner
}

// moved says in the log, the window and the terminal that another engine goes on.
func (s *session) moved(why trainer.Reason) {
	s.trainer.EngineChanged(why)
	if s.options.Moved != nil {
		s.options.Moved(why)
	}
}

// close ends everything in the order in which it depends on one another. It is
// safe on a session that was opened only in part.
func (s *session) close() error {
	var errs []error
	if s.trainer != nil {
		s.trainer.Stop()
		errs = append(errs, s.trainer.Attach(context.Background(), nil))
	}
	s.loading.Lock()
	errs = append(errs, s.swap(nil).close())
	s.loading.Unlock()
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.log != nil {
		s.log.Info("closed")
		errs = append(errs, s.logFile.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
