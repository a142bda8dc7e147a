package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"clara/model/gguf"
)

// configOf reads the constants of a tiny model with other metadata; a value of nil takes a key
// away.
func configOf(t *testing.T, arch string, more ...gguf.KV) (Config, error) {
	t.Helper()
	f, err := gguf.Parse(tinyModel(t, arch, more...))
	if err != nil {
		t.Fatal(err)
	}
	return readConfig(f)
}

// A tensor that would not be computed with is named, whether the file is looked at or opened.
func TestTensorsLeftOver(t *testing.T) {
	for arch, names := range map[string][]string{
		"llama":  {"blk.0.attn_q.bias", "blk.6.ffn_down.bias", "blk.7.attn_q.weight", "rope_factors_long.weight", "blk.0.ffn_gate_inp.weight"},
		"gemma3": {"rope_freqs.weight", "blk.0.attn_output.bias"},
	} {
		for _, name := range names {
			extra := []gguf.Tensor{{Name: name, Type: gguf.F32, Dims: []uint64{16}, Data: make([]byte, 64)}}
			f, err := gguf.Parse(tinyModelWith(t, arch, extra))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readConfig(f); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s with %s: %v", arch, name, err)
			}
		}
	}
}

// What llama.cpp makes of a file's constants (llama-model.cpp, load_hparams), also where it
// leaves some out.
func TestConstants(t *testing.T) {
	const base = 1e6 // Gemma's
	for name, c := range map[string]struct {
		arch   string
		more   []gguf.KV
		scale  float64 // of attention: 1 / sqrt of it
		local  []float32
		global []float32
	}{
		"plain":               {"llama", nil, 32, ropeFreqs(32, 10000, 1), nil},
		"a base":              {"llama", kv("rope.freq_base", float32(500000)), 32, ropeFreqs(32, 500000, 1), nil},
		"linear":              {"llama", kv("rope.scaling.type", "linear", "rope.scaling.factor", float32(4)), 32, ropeFreqs(32, 10000, 4), nil},
		"linear without type": {"llama", kv("rope.scaling.factor", float32(4)), 32, ropeFreqs(32, 10000, 4), nil},
		"an old name":         {"llama", kv("rope.scale_linear", float32(2)), 32, ropeFreqs(32, 10000, 2), nil},
		"old and new name":    {"llama", kv("rope.scale_linear", float32(2), "rope.scaling.factor", float32(4)), 32, ropeFreqs(32, 10000, 4), nil},
		"a factor of 0":       {"llama", kv("rope.scaling.factor", float32(0)), 32, ropeFreqs(32, 10000, 1), nil},
		"switched off":        {"llama", kv("rope.scaling.type", "none", "rope.scaling.factor", float32(4)), 32, ropeFreqs(32, 10000, 1), nil},
		"Gemma":               {"gemma3", nil, 32, ropeFreqs(32, 10000, 1), ropeFreqs(32, base, 1)},
		"Gemma, linear":       {"gemma3", kv("rope.scaling.factor", float32(8)), 32, ropeFreqs(32, 10000, 1), ropeFreqs(32, base, 8)},
		"without windows":     {"gemma3", kv("attention.sliding_window", nil, "rope.scaling.factor", float32(8)), 32, ropeFreqs(32, base, 8), ropeFreqs(32, base, 8)},
		"a window of nothing": {"gemma3", kv("attention.sliding_window", uint32(0)), 32, ropeFreqs(32, base, 1), ropeFreqs(32, base, 1)},
		"no cap":              {"gemma3", kv("final_logit_softcapping", float32(0)), 32, ropeFreqs(32, 10000, 1), ropeFreqs(32, base, 1)},
		"27B":                 {"gemma3", kv("block_count", uint32(62)), 16, ropeFreqs(32, 10000, 1), ropeFreqs(32, base, 1)},
	} {
		for i := range c.more {
			c.more[i].Key = c.arch + "." + c.more[i].Key
		}
		got, err := configOf(t, c.arch, c.more...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := float32(1 / math.Sqrt(c.scale)); got.AttentionScale != want {
			t.Errorf("%s: attention is scaled by %g, want %g", name, got.AttentionScale, want)
		}
		if c.global == nil {
			c.global = c.local
		}
		if !slices.Equal(got.Attention[0].Freqs, c.local) || !slices.Equal(got.Attention[5].Freqs, c.global) {
			t.Errorf("%s: other positions: %v, %v", name, got.Attention[0].Freqs[:3], got.Attention[5].Freqs[:3])
		}
	}
}

// A constant that is there and cannot be read, or not be computed with, is no constant that is
// left out.
func TestConstantsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		arch string
		more []gguf.KV
		is   error
	}{
		"a whole base":      {"llama", kv("rope.freq_base", uint32(10000)), gguf.ErrFormat},
		"Gemma's":           {"gemma3", kv("rope.freq_base", uint32(10000)), gguf.ErrFormat},
		"a whole factor":    {"llama", kv("rope.scaling.factor", uint32(4)), gguf.ErrFormat},
		"the old one":       {"llama", kv("rope.scale_linear", "4"), gguf.ErrFormat},
		"below 0":           {"llama", kv("rope.scaling.factor", float32(-1)), gguf.ErrFormat},
		"linear by nothing": {"llama", kv("rope.scaling.type", "linear"), gguf.ErrFormat},
		"a type of number":  {"llama", kv("rope.scaling.type", uint32(1)), gguf.ErrFormat},
		"YaRN":              {"llama", kv("rope.scaling.type", "yarn"), ErrUnsupported},
		"a cap":             {"gemma3", kv("final_logit_softcapping", float32(30)), ErrUnsupported},
		"a window of text":  {"gemma3", kv("attention.sliding_window", "512"), gguf.ErrFormat},
		"heads by layer":    {"llama", kv("attention.head_count_kv", []uint32{2, 2}), ErrUnsupported},
		"heads of text":     {"llama", kv("attention.head_count_kv", "2"), gguf.ErrFormat},
		"half the values":   {"llama", kv("rope.dimension_count", uint32(16)), ErrUnsupported},
	} {
		for i := range c.more {
			c.more[i].Key = c.arch + "." + c.more[i].Key
		}
		if _, err := configOf(t, c.arch, c.more...); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}

// kv pairs keys and values.
func kv(pairs ...any) []gguf.KV {
	var all []gguf.KV
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, gguf.KV{Key: fmt.Sprint(pairs[i]), Value: pairs[i+1]})
	}
	return all
}
