// Command clara is a desktop program in which a local language model learns from
// the person who chats with it. Without arguments it opens its window; with
// arguments it is a command line over the same data.
package main

import (
	"context"
	"os"

	"clara/cli"
	"clara/compute"
	"clara/compute/cpu"
	"clara/cuda"
	"clara/shaders"
)

// version is set by the Makefile.
var version = "unknown"

// engines are what can compute, the fastest kind first.
var engines = []engine{
	{name: "cuda", open: func(int, bool) (compute.Backend, error) { return cuda.Open(cuda.Options{}) }},
	{name: "cuda-f16", of: "cuda", open: func(int, bool) (compute.Backend, error) {
		return cuda.Open(cuda.Options{Float16: true})
	}},
	{name: "opengl", open: func(_ int, forced bool) (compute.Backend, error) {
		return shaders.New(shaders.Options{Software: forced})
	}},
	{name: "cpu", open: func(threads int, _ bool) (compute.Backend, error) {
		b, err := cpu.New(cpu.Options{Threads: threads})
		if err != nil {
			return nil, err // not a nil *cpu.Backend in an interface
		}
		return b, nil
	}},
}

func main() {
	ctx := awaitSignals(context.Background())
	p := cli.Params{
		Version:  version,
		Language: func(o cli.Options) string { return windowSettings(o).Language },
		Desktop:  desktop,
		Open:     openForCommand,
		Runner:   openRunner,
		Engine:   openEngineAlone,
		Models:   listModels,
		Get:      getModel,
		Add:      addModel,
		Remove:   removeModel,
		Users:    serverUsers,
		Limits:   serverLimits(),

		SystemLanguage: systemLanguage,
	}
	for _, e := range engines {
		p.Engines = append(p.Engines, e.name)
	}
	os.Exit(cli.Run(ctx, os.Args[1:], p))
}
