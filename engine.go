package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"clara/catalogue"
	"clara/cli"
	"clara/compute"
	"clara/compute/selftest"
	"clara/configs"
	"clara/model"
	"clara/trainer"
)

// engine is one kind of machine that can compute.
type engine struct {
	name string
	// of is the engine that this is a way of, for those who ask for it by name; "": none.
	of string
	// open starts it: threads 0 are one a core; forced is whether the user asked for
	// this engine, also where another is faster.
	open func(threads int, forced bool) (compute.Backend, error)
}

// loadedModel is a model with the engine that it lies on.
type loadedModel struct {
	runner  *model.Runner
	engine  compute.Backend // that the runner began with
	leftOut error           // why no faster engine was taken; nil where there is none
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

// chosen is what a model is opened with by the settings of now. What was changed in them since the start goes before the
// flags: a person who chooses another model in the running program means it.
func (s *session) chosen(now configs.Settings) configs.Model {
	o, start := s.options, s.settings.Model
	if now.Model.Path != start.Path {
		o.Model = ""
	}
	if now.Model.Engine != start.Engine {
		o.Engine = ""
	}
	if now.Model.Threads != start.Threads {
		o.Threads = 0
	}
	return chosen(o, now, s.file.Path())
}

// openEngine starts the engine that was asked for; "auto" takes the first that starts,
// computes for the model m what the CPU does, and is faster. leftOut is why those before it were not
// taken.
func openEngine(name string, threads int, m selftest.Model) (b compute.Backend, leftOut, err error) {
	var failed []error
	for _, e := range engines {
		if name != e.name && (name != "auto" || e.of != "") {
			continue
		}
		b, err := e.start(threads, name != "auto", m)
		if err == nil {
			return b, errors.Join(failed...), nil
		}
		failed = append(failed, err)
	}
	if len(failed) == 0 {
		return nil, nil, fmt.Errorf("there is no engine %q", name)
	}
	err = errors.Join(failed...)
	if why, ok := engineReason(err); ok && name != "auto" {
		err = &trainer.UserError{Reason: why, Hint: trainer.HintEngine, Err: err}
	}
	return nil, nil, err
}

// start opens an engine that passes its self-test and, unless it is forced, is faster
// than the CPU.
func (e engine) start(threads int, forced bool, m selftest.Model) (compute.Backend, error) {
	b, err := e.open(threads, forced)
	if err != nil || e.name == "cpu" { // which the others are held against
		return b, err
	}
	err = selftest.Run(b, m)
	if err == nil && !forced {
		err = selftest.Compare(b, threads)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// kernelsOf is what of the model in a file kernels are compiled for. Of a file that cannot be
// opened it is nothing: opening the model says so.
func kernelsOf(path string) selftest.Model {
	o, _ := model.ReadOutline(path)
	return selftest.Model{Vocabulary: o.Vocabulary, Layers: o.Layers, HeadDim: o.HeadDim}
}

// errLastEngine says that no engine is left to go on with.
var errLastEngine = errors.New("there is no other engine to go on with")

// openNext starts the next engine after one that failed, in the order of preference. Ways
// of an engine are left with it: they fail by the same device.
func openNext(failed compute.Info, threads int, m selftest.Model) (compute.Backend, error) {
	at := slices.IndexFunc(engines, func(e engine) bool { return e.name == failed.Name })
	var refused []error
	for _, e := range engines[at+1:] {
		if e.of != "" {
			continue
		}
		b, err := e.start(threads, false, m)
		if err == nil {
			return b, nil
		}
		refused = append(refused, err)
	}
	return nil, errors.Join(append(refused, errLastEngine)...)
}

// openModel finds and opens a model on an engine. found, if not nil, hears of the
// file and the engine before the long part. With moved, the model goes to the next engine
// when one fails, and moved hears why.
func openModel(ctx context.Context, m configs.Model, home string, found func(path string, e compute.Info), moved func(why trainer.Reason)) (*loadedModel, error) {
	path, err := catalogue.Find(m.Path, home)
	if err != nil {
		return nil, err
	}
	kernels := kernelsOf(path)
	b, leftOut, err := openEngine(m.Engine, m.Threads, kernels)
	if err != nil {
		return nil, err
	}
	if found != nil {
		found(path, b.Info())
	}
	o := model.Options{Context: m.Context, TrainingMemory: int64(m.TrainingMemory) << 20}
	if moved != nil {
		o.Next = func(failed compute.Info) (compute.Backend, error) { return openNext(failed, m.Threads, kernels) }
		o.Moved = func(from, to compute.Info, cause error) { moved(trainer.EngineLost(from.Name, to.Name, cause)) }
	}
	r, err := model.Open(ctx, path, b, o)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &loadedModel{r, b, leftOut}, nil
}
