package model

import (
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
	c.AttentionScale = float32(1 / math.Sqrt(float64(c.HeadDim)))
	c.Activation = compute.GELUTanh
	c.RoPE = compute.Halves
	c.QKNorm = true
	c.PostNorm = true
	base := 1e6
	if v, ok := f.Metadata.Float("gemma3.rope.freq_base"); ok {
		base = v
	}
	factor, err := linearScaling(f, "gemma3")
	if err != nil {
		return Config{}, err
	}
	window := 0
	if v, ok := f.Metadata.Uint("gemma3.attention.sliding_window"); ok {
		window = int(min(v, math.MaxInt32))
	}
	global := ropeFreqs(c.HeadDim, base, factor)
	local := ropeFreqs(c.HeadDim, gemma3LocalBase, 1)
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
