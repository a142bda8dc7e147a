package main

import (
	"context"
	"errors"
	"sync"

	"clara/cli"
	"clara/compute"
	"clara/compute/selftest"
	"clara/model"
)

// openForCommand opens a session for the command line, which cannot go on with a
// settings file that it does not understand.
func openForCommand(ctx context.Context, o cli.Options) (*cli.Session, error) {
	s, err := openSession(ctx, o)
	if err != nil {
		return nil, err
	}
	if s.settingsErr != nil {
		return nil, errors.Join(s.settingsErr, s.close())
	}
	var once sync.Once
	var runner *model.Runner
	var failed error
	return &cli.Session{
		Home: s.home, File: s.file, Settings: s.settings, Trainer: s.trainer, Follow: s.follow,
		Load: func(ctx context.Context) (*model.Runner, error) {
			once.Do(func() { runner, failed = s.load(ctx, nil) })
			return runner, failed
		},
		Engines: s.engines,
		Serve:   s.serve,
		Close:   s.close,
	}, nil
}

// openRunner opens a model alone, for work that leaves the data folder as it is:
// it takes no lock and makes no files.
func openRunner(ctx context.Context, o cli.Options) (*model.Runner, func() error, error) {
	home, choice, err := readChoice(o)
	if err != nil {
		return nil, nil, err
	}
	m, err := openModel(ctx, choice, home, nil, o.Moved)
	if err != nil {
		return nil, nil, err
	}
	return m.runner, m.close, nil
}

// openEngineAlone starts the engine that flags and settings name, without a model.
func openEngineAlone(_ context.Context, o cli.Options) (compute.Backend, error) {
	_, choice, err := readChoice(o)
	if err != nil {
		return nil, err
	}
	b, _, err := openEngine(choice.Engine, choice.Threads, selftest.Model{})
	return b, err
}
