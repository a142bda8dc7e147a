package gguf_test

import (
	"os"
	"path/filepath"
	"testing"

	"clara/model/gguf"
)

// open opens a file that others made, or skips the test.
func open(t testing.TB, path string) *gguf.File {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("needs %s: %v", path, err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// Files that others made: what is in them is known.
func TestFilesOfOthers(t *testing.T) {
	data := os.Getenv("CLARA_TESTDATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	models := filepath.Join("..", "..", "models")
	for _, c := range []struct {
		path, architecture string
		tensors, tokens    int
		embedding          gguf.Type
	}{
		{filepath.Join(models, "SmolLM2-135M-Instruct.Q4_1.gguf"), "llama", 272, 49152, gguf.Q8_0},
		{filepath.Join(models, "gemma-3-270m-q4_k_m.gguf"), "gemma3", 236, 262144, gguf.Q8_0},
		{filepath.Join(data, "models", "stories260K", "stories260K.gguf"), "llama", 48, 512, gguf.F32},
		{filepath.Join(data, "tokenizers", "gpt-2", "ggml-vocab-gpt-2.gguf"), "gpt2", 0, 50257, 0},
		{filepath.Join(data, "tokenizers", "llama-spm", "ggml-vocab-llama-spm.gguf"), "llama", 0, 32000, 0},
	} {
		t.Run(filepath.Base(c.path), func(t *testing.T) {
			f := open(t, c.path)
			if a, ok := f.Metadata.String("general.architecture"); !ok || a != c.architecture {
				t.Errorf("architecture %q, %v", a, ok)
			}
			tokens, ok := f.Metadata.Strings("tokenizer.ggml.tokens")
			if !ok || len(tokens) != c.tokens {
				t.Errorf("%d tokens, %v", len(tokens), ok)
			}
			if types, ok := f.Metadata.Ints("tokenizer.ggml.token_type"); !ok || len(types) != c.tokens {
				t.Errorf("%d token types, %v", len(types), ok)
			}
			if len(f.Tensors) != c.tensors {
				t.Errorf("%d tensors, want %d", len(f.Tensors), c.tensors)
			}
			if e, ok := f.Tensor("token_embd.weight"); ok != (c.tensors > 0) || ok && (e.Type != c.embedding || e.Dims[1] != uint64(c.tokens)) {
				t.Errorf("token_embd.weight: %v, %v %v", ok, e.Type, e.Dims)
			}
			for _, tensor := range f.Tensors {
				if len(tensor.Data) == 0 {
					t.Errorf("tensor %s has no bytes", tensor.Name)
				}
			}
		})
	}
}

// BenchmarkOpen opens the built-in model and decodes its vocabulary.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join("..", "..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf")
	if _, err := os.Stat(path); err != nil {
		b.Skipf("needs %s: %v", path, err)
	}
	for b.Loop() {
		f, err := gguf.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		f.Metadata.Strings("tokenizer.ggml.tokens")
		f.Metadata.Strings("tokenizer.ggml.merges")
		f.Metadata.Ints("tokenizer.ggml.token_type")
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
