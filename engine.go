package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"clara/cli"
	"clara/compute"
	"clara/configs"
	"clara/model"
)

// engine is one kind of machine that can compute.
type engine struct {
	name string
	// open starts it: threads 0 are one a core; forced is whether the user asked for
	// this engine, also where another is faster.
	open func(threads int, forced bool) (compute.Backend, error)
}

// loadedModel is a model with the engine that it lies on.
type loadedModel struct {
	runner  *model.Runner
	engine  compute.Backend
	leftOut error // why no faster engine was taken; nil where there is none
}

func (m *loadedModel) close() error {
	if m == nil {
		return nil
	}
	return errors.Join(m.runner.Close(), m.engine.Close())
}

// chosen is what a model is opened with: the flags over the settings. A path in the
// settings counts from the settings file's own folder.
func chosen(o cli.Options, s configs.Settings, file string) configs.Model {
	m := s.Model
	if m.Path != "" && !filepath.IsAbs(m.Path) {
		m.Path = filepath.Join(filepath.Dir(file), m.Path)
	}
	if o.Model != "" {
		m.Path = o.Model
	}
	if o.Engine != "" {
		m.Engine = o.Engine
	}
	if o.Threads != 0 {
		m.Threads = o.Threads
	}
	return m
}

// openEngine starts the engine that was asked for; "auto" takes the first that starts,
// computes what the CPU does, and is faster. leftOut is why those before it were not
// taken.
func openEngine(name string, threads int) (b compute.Backend, leftOut, err error) {
	var failed []error
	for _, e := range engines {
		if name != e.name && name != "auto" {
			continue
		}
		b, err := e.open(threads, name != "auto")
		if err == nil && e.name != "cpu" { // which the others are held against
			if err = proven(b, threads, name == "auto"); err != nil {
				err = errors.Join(err, b.Close())
			}
		}
		if err == nil {
			return b, errors.Join(failed...), nil
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return nil, nil, fmt.Errorf("there is no engine %q", name)
	}
	return nil, nil, errors.Join(failed...)
}

// openModel finds and opens a model on an engine. found, if not nil, hears of the
// file and the engine before the long part.
func openModel(ctx context.Context, m configs.Model, home string, found func(path string, e compute.Info)) (*loadedModel, error) {
	path, err := findModel(m.Path, home)
	if err != nil {
		return nil, err
	}
	b, leftOut, err := openEngine(m.Engine, m.Threads)
	if err != nil {
		return nil, err
	}
	if found != nil {
		found(path, b.Info())
	}
	r, err := model.Open(ctx, path, b, model.Options{Context: m.Context})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &loadedModel{r, b, leftOut}, nil
}
