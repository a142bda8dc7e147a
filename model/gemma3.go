package model

import (
	"fmt"
	"math"

	"clara/compute"
	"clara/model/gguf"
)

// Gemma 3's pattern (Gemma 3 technical report, 2025): five layers that see a
// sliding window, turned with a base of their own, then one that sees everything.
const (
	gemma3Pattern   = 6
	gemma3LocalBase = 10000
)

// gemma3Config reads a file of the "gemma3" architecture: embeddings scaled by
// sqrt(width), norms before and after each part, normalised queries and keys,
// GeGLU, mostly sliding windows, tied head. Its norms are stored with 1 added.
func gemma3Config(f *gguf.File) (Config, error) {
	c, err := commonConfig(f, "gemma3")
	if err != nil {
		return Config{}, err
	}
	c.EmbeddingScale = float32(math.Sqrt(float64(c.Width)))
	c.AttentionScale = float32(1 / math.Sqrt(float64(c.gemma3Scalar())))
	c.Activation = compute.GELUTanh
	c.RoPE = compute.Halves
	c.QKNorm = true
	c.PostNorm = true
	softcap, err := optionalNumber(f, "gemma3.final_logit_softcapping", 0)
	if err != nil {
		return Config{}, err
	}
	if softcap != 0 {
		return Config{}, fmt.Errorf("a soft cap of %g on logits: %w", softcap, ErrUnsupported)
	}
	base, err := optionalNumber(f, "gemma3.rope.freq_base", 1e6)
	if err != nil {
		return Config{}, err
	}
	factor, err := linearScaling(f, "gemma3")
	if err != nil {
		return Config{}, err
	}
	window, err := optionalCount(f, "gemma3.attention.sliding_window", 0)
	if err != nil {
		return Config{}, err
	}
	global := ropeFreqs(c.HeadDim, base, factor)
	local := global // without windows all layers are alike, as in llama.cpp
	if window > 0 {
		local = ropeFreqs(c.HeadDim, gemma3LocalBase, 1)
	}
	c.Attention = make([]LayerAttention, c.Layers)
	for l := range c.Attention {
		if (l+1)%gemma3Pattern == 0 {
			c.Attention[l] = LayerAttention{Freqs: global}
		} else {
			c.Attention[l] = LayerAttention{Freqs: local, Window: window}
		}
	}
	return c, nil
}

// gemma3Large is how many layers the model of 27 billion parameters has.
const gemma3Large = 62

// gemma3Scalar is what queries are divided by the root of (query_pre_attn_scalar): the values of
// a head, but in the largest model the width over the heads. A GGUF file does not say which;
// llama.cpp, too, goes by the layers.
func (c *Config) gemma3Scalar() int {
	if c.Layers == gemma3Large {
		return c.Width / c.Heads
	}
	return c.HeadDim
}
