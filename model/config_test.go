package model

import (
	"errors"
	"strings"
	"testing"

	"clara/model/gguf"
)

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
