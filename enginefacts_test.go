package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"clara/compute"
	"clara/compute/selftest"
	"clara/cuda"
	"clara/model/gguf"
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

// An engine is tried with the weights and heads of the model that it is to run.
func TestEnginesAreTriedForTheModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.gguf")
	weight := func(name string, typ gguf.Type, bytes int) gguf.Tensor {
		return gguf.Tensor{Name: name, Type: typ, Dims: []uint64{256, 1}, Data: make([]byte, bytes)}
	}
	meta := []gguf.KV{{Key: "general.architecture", Value: "llama"}, {Key: "llama.embedding_length", Value: uint32(256)}, {Key: "llama.attention.head_count", Value: uint32(2)}}
	var file bytes.Buffer
	if err := gguf.Write(&file, meta, []gguf.Tensor{
		weight("token_embd.weight", gguf.Q8_0, 8*34),
		weight("blk.0.attn_q.weight", gguf.Q4_1, 8*20),
		weight("blk.0.attn_v.weight", gguf.Q6_K, 210),
		weight("blk.1.attn_q.weight", gguf.Q4_1, 8*20),
		{Name: "blk.0.attn_norm.weight", Type: gguf.F32, Dims: []uint64{256}, Data: make([]byte, 4*256)},
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	want := selftest.Model{Vocabulary: []compute.Type{compute.Q8_0}, Layers: []compute.Type{compute.Q4_1, compute.Q6_K}, HeadDim: 128}
	if got := kernelsOf(path); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := kernelsOf(path + ".none"); !reflect.DeepEqual(got, selftest.Model{}) {
		t.Errorf("of no file %+v", got)
	}
}
