package main

import (
	"errors"
	"fmt"
	"testing"

	"clara/compute"
	"clara/compute/selftest"
	"clara/cuda"
	"clara/shaders"
	"clara/trainer"
)

// What a machine has not got is named apart from what is broken.
func TestKindsOfEngineFaults(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("start: %w: no libcuda.so.1", cuda.ErrUnavailable), trainer.CodeEngineDriver},
		{fmt.Errorf("start: %w: %w", shaders.ErrNoOpenGL, errors.Join(fmt.Errorf("llvmpipe %w", shaders.ErrSoftware))), trainer.CodeEngineCard},
		{fmt.Errorf("start: %w: no EGL", shaders.ErrNoOpenGL), trainer.CodeEngineOpenGL},
		{cuda.ErrNotBuilt, trainer.CodeEngineBuild},
		{&selftest.Failure{Operation: "Attention", Engine: "opengl", Err: fmt.Errorf("off by 0.01: %w", selftest.ErrWrong)}, trainer.CodeEngineWrong},
		{fmt.Errorf("start: %w", compute.ErrMemory), trainer.CodeEngineMemory},
		{&selftest.Failure{Operation: "Attention", Engine: "opengl", Err: compute.ErrLost}, trainer.CodeEngineFailed},
		{errors.New("something else"), ""},
	} {
		got, ok := engineReason(c.err)
		if got.Code != c.want || ok != (c.want != "") || ok != (got.Text != "") {
			t.Errorf("%v is %+v, want %q", c.err, got, c.want)
		}
		if c.want == trainer.CodeEngineWrong && got.Args["operation"] != "Attention" {
			t.Errorf("the operation is %q", got.Args["operation"])
		}
	}
}

// An engine that was asked for by name and does not compute is said in the language spoken,
// with what to do.
func TestEngineThatWasAskedForIsExplained(t *testing.T) {
	before := engines
	t.Cleanup(func() { engines = before })
	engines = []engine{{name: "cuda", open: func(int, bool) (compute.Backend, error) { return nil, cuda.ErrNotBuilt }}}
	_, _, err := openEngine("cuda", 1, selftest.Model{})
	var said *trainer.UserError
	if !errors.As(err, &said) || said.Reason.Code != trainer.CodeEngineBuild || said.Hint != trainer.HintEngine || !errors.Is(err, cuda.ErrNotBuilt) {
		t.Errorf("%#v", err)
	}
}
