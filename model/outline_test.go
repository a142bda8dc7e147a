package model

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

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
			CacheBytes: 4 * int64(cache.memory.Len()),
		}); o != want {
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
