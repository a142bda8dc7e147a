package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"clara/catalogue"
	"clara/cli"
	"clara/configs"
)

// listModels lists the models that would be found, and where, and those that can be fetched.
func listModels(o cli.Options) (l cli.ModelList, err error) {
	home, choice, err := readChoice(o)
	if err != nil {
		return l, err
	}
	l.Home, l.Searched, l.Unread = home, catalogue.Searched(home), catalogue.Unread(home)
	l.Offers, err = catalogue.List(home, choice.Path, choice.Context, catalogue.FreeMemory())
	return l, err
}

// getModel fetches a model into the data folder.
func getModel(ctx context.Context, o cli.Options, named string, report func(catalogue.Progress)) (catalogue.Offer, error) {
	found, err := catalogue.Named(named)
	if err != nil {
		return catalogue.Offer{}, err
	}
	return bringModel(o, found, func(home string, file *configs.File) (string, error) {
		return fetchInto(ctx, home, file, found, report)
	})
}

// addModel brings a model that lies elsewhere on this machine into the data folder.
func addModel(ctx context.Context, o cli.Options, path string, exact bool, report func(catalogue.Progress)) (catalogue.Offer, error) {
	return bringModel(o, catalogue.Offer{}, func(home string, file *configs.File) (string, error) {
		return addInto(ctx, home, file, path, exact, report)
	})
}

// bringModel makes the data folder and lets a model be brought there. known is what is known
// of it before.
func bringModel(o cli.Options, known catalogue.Offer, bring func(home string, file *configs.File) (string, error)) (catalogue.Offer, error) {
	home, choice, err := readChoice(o)
	if err != nil {
		return catalogue.Offer{}, err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return catalogue.Offer{}, fmt.Errorf("make the data folder: %w", err)
	}
	file, err := settingsFile(o, home)
	if err != nil {
		return catalogue.Offer{}, err
	}
	path, err := bring(home, file)
	if err != nil {
		return catalogue.Offer{}, err
	}
	if known.Bytes == 0 { // now it is known
		if known, err = catalogue.Look(path); err != nil {
			return catalogue.Offer{}, err
		}
	}
	known.Path = path
	known.Weigh(choice.Context, catalogue.FreeMemory())
	return known, nil
}

// removeModel removes a model that was fetched or added. The data folder is taken meanwhile: a
// program that runs on it may use the model.
func removeModel(ctx context.Context, o cli.Options, named string) (_ catalogue.Offer, err error) {
	s, err := openSession(ctx, o)
	if err != nil {
		return catalogue.Offer{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.settingsErr != nil {
		return catalogue.Offer{}, s.settingsErr
	}
	inUse, err := catalogue.Find(chosen(o, s.settings, s.file.Path()).Path, s.home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return catalogue.Offer{}, err
	}
	return catalogue.Remove(ctx, s.home, named, func() []string { return []string{inUse} })
}

// fetchInto fetches a model into the data folder and returns its path; see keepChoice.
func fetchInto(ctx context.Context, home string, file *configs.File, o catalogue.Offer, report func(catalogue.Progress)) (string, error) {
	return keepChoice(home, file, func() (string, error) {
		return catalogue.Fetch(ctx, home, "clara/"+version, o, report)
	})
}

// addInto adds a model to the data folder and returns its path; see keepChoice.
func addInto(ctx context.Context, home string, file *configs.File, path string, exact bool, report func(catalogue.Progress)) (string, error) {
	return keepChoice(home, file, func() (string, error) {
		return catalogue.Add(ctx, home, path, exact, report)
	})
}

// keepChoice brings a model file into the data folder. Where the settings leave it open which model
// answers, they name from then on the one that did so far: a new file is not to take
// its place by its name.
func keepChoice(home string, file *configs.File, bring func() (string, error)) (string, error) {
	before, err := catalogue.Find("", home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	path, err := bring()
	if err != nil || before == "" {
		return path, err
	}
	if now, err := catalogue.Find("", home); err != nil || now == before {
		return path, err
	}
	_, err = file.Modify(func(s *configs.Settings) {
		if s.Model.Path == "" {
			s.Model.Path = before
		}
	})
	return path, err
}
