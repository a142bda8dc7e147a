package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"clara/cli"
	"clara/compute"
	"clara/configs"
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
		Engines: func(ctx context.Context) []cli.Engine {
			var facts []cli.Engine
			for _, f := range s.engines(ctx) {
				facts = append(facts, cli.Engine(f))
			}
			return facts
		},
		Serve: s.serve,
		Close: s.close,
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
	b, _, err := openEngine(choice.Engine, choice.Threads)
	return b, err
}

// readChoice reads what flags and settings choose, and makes no file.
func readChoice(o cli.Options) (home string, choice configs.Model, err error) {
	if home, err = homeFolder(o); err != nil {
		return "", choice, err
	}
	path := o.Config
	if path == "" {
		path = filepath.Join(home, settingsName)
	}
	s, err := configs.NewFile(path).Load()
	if errors.Is(err, fs.ErrNotExist) && o.Config == "" {
		s, err = configs.Default(), nil
	}
	return home, chosen(o, s, path), err
}

// listModels lists the models that would be found, and where, and those that can be fetched.
func listModels(o cli.Options) (l cli.ModelList, err error) {
	home, choice, err := readChoice(o)
	if err != nil {
		return l, err
	}
	l.Home, l.Searched = home, modelFolders(home)
	all, err := offersIn(home, choice.Context, freeMemory())
	for _, x := range all {
		l.Offers = append(l.Offers, cli.Offer(x))
	}
	return l, err
}

// getModel fetches a model into the data folder.
func getModel(ctx context.Context, o cli.Options, named string, report func(cli.Fetched)) (cli.Offer, error) {
	found, err := findOffer(named)
	if err != nil {
		return cli.Offer{}, err
	}
	return bringModel(o, found, func(home string, file *configs.File) (string, error) {
		return fetchInto(ctx, home, file, found, func(p fetchProgress) { report(cli.Fetched(p)) })
	})
}

// addModel brings a model that lies elsewhere on this machine into the data folder.
func addModel(ctx context.Context, o cli.Options, path string, exact bool, report func(cli.Fetched)) (cli.Offer, error) {
	return bringModel(o, offer{}, func(home string, file *configs.File) (string, error) {
		return addInto(ctx, home, file, path, exact, func(p fetchProgress) { report(cli.Fetched(p)) })
	})
}

// bringModel makes the data folder and lets a model be brought there. known is what is known
// of it before.
func bringModel(o cli.Options, known offer, bring func(home string, file *configs.File) (string, error)) (cli.Offer, error) {
	home, choice, err := readChoice(o)
	if err != nil {
		return cli.Offer{}, err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return cli.Offer{}, fmt.Errorf("make the data folder: %w", err)
	}
	file, err := settingsFile(o, home)
	if err != nil {
		return cli.Offer{}, err
	}
	path, err := bring(home, file)
	if err != nil {
		return cli.Offer(known), err
	}
	if known.Bytes == 0 { // now it is known
		if known, err = fileOffer(path); err != nil {
			return cli.Offer{}, err
		}
	}
	known.Path = path
	known.weigh(choice.Context, freeMemory())
	return cli.Offer(known), nil
}

// removeModelFor removes a model that was fetched. The data folder is taken meanwhile: a
// program that runs on it may use the model.
func removeModelFor(ctx context.Context, o cli.Options, named string) (_ cli.Offer, err error) {
	s, err := openSession(ctx, o)
	if err != nil {
		return cli.Offer{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.settingsErr != nil {
		return cli.Offer{}, s.settingsErr
	}
	inUse, err := findModel(chosen(o, s.settings, s.file.Path()).Path, s.home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cli.Offer{}, err
	}
	x, err := removeModel(ctx, s.home, named, inUse)
	return cli.Offer(x), err
}
