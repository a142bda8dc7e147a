package model

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"clara/compute"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/tokenizer"
)

func TestOutlineSaysWhatOpeningWould(t *testing.T) {
	for _, arch := range tinyArchitectures {
		r := openTiny(t, arch)
		o, err := ReadOutline(r.info.Path)
		if err != nil {
			t.Fatal(err)
		}
		cache, err := r.at.net.newCache(1)
		if err != nil {
			t.Fatal(err)
		}
		defer cache.memory.Free()
		if want := (Outline{
			Architecture: arch, FileType: r.info.FileType, Parameters: r.info.Parameters, Context: 256,
			CacheBytes: 4 * int64(cache.memory.Len()), Vocabulary: []compute.Type{compute.F32}, Layers: []compute.Type{compute.F32}, HeadDim: 32,
		}); !reflect.DeepEqual(o, want) {
			t.Errorf("%+v, want %+v", o, want)
		}
	}
}

func TestOutlineRefusesWhatCannotBeOpened(t *testing.T) {
	whole := tinyModel(t, "llama")
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"cut", whole[:len(whole)-1000], gguf.ErrTruncated},
		{"unknown kind", tinyModel(t, "mamba"), ErrUnsupported},
		{"an older file", tinyModel(t, "llama", kv("tokenizer.ggml.model", "gpt2")...), tokenizer.ErrUnsupported},
		{"an unknown splitter", tinyModel(t, "llama", kv("tokenizer.ggml.model", "gpt2", "tokenizer.ggml.pre", "no-such")...), tokenizer.ErrUnsupported},
		{"an unknown tokenizer", tinyModel(t, "llama", kv("tokenizer.ggml.model", "bert")...), tokenizer.ErrUnsupported},
		{"no tokenizer", tinyModel(t, "llama", kv("tokenizer.ggml.model", nil)...), gguf.ErrFormat},
		{"no template", tinyModel(t, "llama", kv("tokenizer.chat_template", "{% for %}")...), chat.ErrSyntax},
		{"a text", []byte("This is no model at all, but a text."), gguf.ErrFormat},
	} {
		path := filepath.Join(t.TempDir(), "x.gguf")
		if err := os.WriteFile(path, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadOutline(path); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// An engine is tried with the types of matrices of the model that it is to run, each once.
func TestMatrixTypes(t *testing.T) {
	of := func(name string, typ gguf.Type, dims ...uint64) gguf.Tensor {
		return gguf.Tensor{Name: name, Type: typ, Dims: dims}
	}
	vocabulary, layers, err := matrixTypes([]gguf.Tensor{
		of("token_embd.weight", gguf.Q8_0, 256, 9),
		of("blk.0.attn_q.weight", gguf.Q4_1, 256, 256),
		of("blk.0.attn_v.weight", gguf.Q6_K, 256, 64),
		of("blk.0.attn_norm.weight", gguf.F32, 256),
		of("blk.1.attn_q.weight", gguf.Q4_1, 256, 256),
		of("output.weight", gguf.Q6_K, 256, 9),
	})
	if err != nil || !slices.Equal(vocabulary, []compute.Type{compute.Q8_0, compute.Q6_K}) || !slices.Equal(layers, []compute.Type{compute.Q4_1, compute.Q6_K}) {
		t.Errorf("vocabulary %v, layers %v, %v", vocabulary, layers, err)
	}
}
