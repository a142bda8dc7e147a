package model

import (
	"fmt"
	"path/filepath"
	"strings"

	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/tokenizer"
)

// readVocabulary finds the tokenizer in a file's metadata (GGUF specification,
// "tokenizer").
func readVocabulary(f *gguf.File) (tokenizer.Vocabulary, error) {
	m := f.Metadata
	kind, ok := m.String("tokenizer.ggml.model")
	if !ok {
		return tokenizer.Vocabulary{}, fmt.Errorf("read tokenizer.ggml.model: %w", gguf.ErrFormat)
	}
	tokens, ok := m.Strings("tokenizer.ggml.tokens")
	if !ok {
		return tokenizer.Vocabulary{}, fmt.Errorf("read tokenizer.ggml.tokens: %w", gguf.ErrFormat)
	}
	pre, _ := m.String("tokenizer.ggml.pre")
	v := tokenizer.Defaults(kind, pre)
	v.Tokens = tokens
	v.Scores, _ = m.Floats("tokenizer.ggml.scores")
	v.Merges, _ = m.Strings("tokenizer.ggml.merges")
	types, _ := m.Ints("tokenizer.ggml.token_type")
	for _, t := range types {
		v.Types = append(v.Types, int32(t))
	}
	// An id outside the vocabulary means "none": some files hold 4294967295.
	id := func(key string) int32 {
		n, ok := m.Uint("tokenizer.ggml." + key)
		if !ok || n >= uint64(len(tokens)) {
			return -1
		}
		return int32(n)
	}
	v.BOS, v.EOS, v.EOT, v.Unknown = id("bos_token_id"), id("eos_token_id"), id("eot_token_id"), id("unknown_token_id")
	for key, flag := range map[string]*bool{
		"add_bos_token": &v.AddBOS, "add_eos_token": &v.AddEOS, "add_space_prefix": &v.AddSpacePrefix,
	} {
		if b, ok := m.Bool("tokenizer.ggml." + key); ok {
			*flag = b
		}
	}
	return v, nil
}

// newTemplate compiles a chat template with the special tokens that it may name.
func newTemplate(source string, v tokenizer.Vocabulary) (*chat.Template, error) {
	text := func(id int32) string {
		if id < 0 {
			return ""
		}
		return v.Tokens[id]
	}
	t, err := chat.New(source, chat.Options{BOS: text(v.BOS), EOS: text(v.EOS)})
	if err != nil {
		return nil, fmt.Errorf("read the chat template: %w", err)
	}
	return t, nil
}

// describe gathers what a person may want to know of a model.
func describe(f *gguf.File, c *Config, path, hash string, context int) Info {
	info := Info{
		Path: path, Hash: hash, Architecture: c.Architecture, Layers: c.Layers, Width: c.Width,
		Vocabulary: c.Vocabulary, Context: context,
	}
	if name, ok := f.Metadata.String("general.name"); ok && strings.TrimSpace(name) != "" {
		info.Name = name
	} else {
		info.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	info.Licence, _ = f.Metadata.String("general.license")
	_, conversation := f.Metadata.String("tokenizer.chat_template")
	info.Plain = !conversation
	values := map[gguf.Type]int64{}
	for _, t := range f.Tensors {
		count := int64(1)
		for _, d := range t.Dims {
			count *= int64(d)
		}
		info.Parameters += count
		values[t.Type] += count
	}
	most := int64(-1)
	for t, count := range values {
		if count > most || count == most && t.String() < info.FileType {
			most, info.FileType = count, t.String()
		}
	}
	return info
}
