package model

import (
	"clara/model/gguf"
	"clara/model/tokenizer"
)

// The values of general.file_type: the type of most matrices, by llama.cpp's numbers.
const (
	fileMostlyF16  = 1
	fileMostlyQ8_0 = 7
	fileMostlyBF16 = 32
)

// describe makes the metadata of the file: what [readConfig] and [readVocabulary] read, always in
// the same order, so that a folder has one hash.
func (f *Folder) describe(v tokenizer.Vocabulary, template string, rope positions, exact bool) {
	c := &f.config
	add := func(key string, value any) { f.meta = append(f.meta, gguf.KV{Key: key, Value: value}) }
	add("general.architecture", c.Architecture)
	add("general.type", "model")
	add("general.name", f.Name)
	if f.Licence != "" {
		add("general.license", f.Licence)
	}
	fileType := uint32(fileMostlyQ8_0)
	if exact {
		fileType = map[gguf.Type]uint32{gguf.F16: fileMostlyF16, gguf.BF16: fileMostlyBF16}[f.tensors[0].Type]
	}
	add("general.file_type", fileType)
	add("general.quantization_version", uint32(2))

	at := c.Architecture + "."
	for _, entry := range []struct {
		key string
		n   int
	}{
		{"block_count", c.Layers},
		{"context_length", c.Context},
		{"embedding_length", c.Width},
		{"feed_forward_length", c.FeedForward},
		{"attention.head_count", c.Heads},
		{"attention.head_count_kv", c.KVHeads},
		{"attention.key_length", c.HeadDim},
		{"attention.value_length", c.HeadDim},
		{"vocab_size", c.Vocabulary},
	} {
		add(at+entry.key, uint32(entry.n))
	}
	add(at+"attention.layer_norm_rms_epsilon", c.NormEps)
	add(at+"rope.freq_base", float32(rope.base))
	if rope.factor != 0 {
		add(at+"rope.scaling.type", "linear")
		add(at+"rope.scaling.factor", float32(rope.factor))
	}
	if c.Architecture == "llama" {
		add(at+"rope.dimension_count", uint32(c.HeadDim))
	} else {
		add(at+"attention.sliding_window", uint32(rope.window))
	}

	const tok = "tokenizer.ggml."
	add(tok+"model", v.Model)
	add(tok+"pre", v.Pre)
	add(tok+"tokens", v.Tokens)
	add(tok+"token_type", v.Types)
	if v.Scores != nil {
		add(tok+"scores", v.Scores)
		add(tok+"add_space_prefix", v.AddSpacePrefix)
	}
	if v.Merges != nil {
		add(tok+"merges", v.Merges)
	}
	for _, special := range []struct {
		key string
		id  int32
	}{{"bos", v.BOS}, {"eos", v.EOS}, {"eot", v.EOT}, {"unknown", v.Unknown}} {
		if special.id >= 0 {
			add(tok+special.key+"_token_id", uint32(special.id))
		}
	}
	add(tok+"add_bos_token", v.AddBOS)
	add(tok+"add_eos_token", v.AddEOS)
	if template != "" {
		add("tokenizer.chat_template", template)
	}
}
