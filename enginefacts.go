package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"clara/cli"
	"clara/compute"
	"clara/compute/selftest"
	"clara/cuda"
	"clara/shaders"
	"clara/trainer"
)

// engines tries every engine, each in an instance of its own beside the one that the model
// lies on. It takes up to some seconds: drivers compile what they have not seen yet.
func (s *session) engines(ctx context.Context) []cli.Engine {
	settings, err := s.file.Load()
	if err != nil {
		settings = s.settings
	}
	threads := s.chosen(settings).Threads
	runner, inUse := s.runner(), ""
	var kernels selftest.Model
	if runner != nil {
		inUse = runner.Info().Engine.Name
		kernels = kernelsOf(runner.Info().Path)
	}
	var facts []cli.Engine
	for _, e := range engines {
		if ctx.Err() != nil {
			return nil
		}
		if e.of != "" && e.name != inUse && !slices.ContainsFunc(facts, func(f cli.Engine) bool { return f.Name == e.of && f.Passed }) {
			continue // the reason is said once
		}
		f := e.try(threads, e.name == inUse, kernels)
		if f.Computes {
			if use, err := runner.EngineMemory(); err == nil {
				f.Used, f.Free = use.Used, use.Free
			}
		}
		facts = append(facts, f)
	}
	return facts
}

// try starts an engine and measures it.
func (e engine) try(threads int, inUse bool, m selftest.Model) cli.Engine {
	f := cli.Engine{Name: e.name, Computes: inUse, Free: -1}
	b, err := e.open(threads, inUse)
	if err == nil {
		f.Started, f.Device = true, b.Info().Device
		if err = selftest.Run(b, m); err == nil {
			f.Passed = true
			f.GFLOPS, err = selftest.GFLOPS(b)
		}
		if use, failed := b.MemoryUse(); failed == nil {
			f.Free = use.Free
		}
		err = errors.Join(err, b.Close())
	}
	if err != nil {
		f.Fault = strings.ReplaceAll(err.Error(), "\n", "; ")
		f.Why, _ = engineReason(err)
	}
	return f
}

// engineReason says why an engine does not compute, in words that the faces have in their
// languages; ok is false where it is something else.
func engineReason(err error) (why trainer.Reason, ok bool) {
	for _, k := range []struct {
		is         error
		code, text string
	}{
		{cuda.ErrNotBuilt, trainer.CodeEngineBuild, "the program was built without this engine"},
		{cuda.ErrUnavailable, trainer.CodeEngineDriver, "there is no NVIDIA driver that works, or no card that it can use"},
		// Comes with the next.
		{shaders.ErrSoftware, trainer.CodeEngineCard, "the OpenGL here computes on the processor, which the engine cpu does faster"},
		{shaders.ErrNoOpenGL, trainer.CodeEngineOpenGL, "there is no OpenGL 4.3"},
		{selftest.ErrWrong, trainer.CodeEngineWrong, " computes something else than the CPU"},
		{compute.ErrMemory, trainer.CodeEngineMemory, "there is not enough memory for this engine"},
		{compute.ErrLost, trainer.CodeEngineFailed, "the card or its driver failed"},
	} {
		if !errors.Is(err, k.is) {
			continue
		}
		why = trainer.Reason{Code: k.code, Text: k.text}
		var failed *selftest.Failure
		if k.code == trainer.CodeEngineWrong && errors.As(err, &failed) {
			why.Text = failed.Operation + k.text
			why.Args = map[string]string{"operation": failed.Operation}
		}
		return why, true
	}
	return trainer.Reason{}, false
}
