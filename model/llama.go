package model

import (
	"fmt"
	"math"

	"clara/compute"
	"clara/model/gguf"
)

// ropeDivisors is the tensor of a divisor for each frequency, which Llama 3 has.
const ropeDivisors = "rope_freqs.weight"

// llamaConfig reads a file of the "llama" architecture (Llama, Mistral, SmolLM2):
// pre-norm blocks, SwiGLU, grouped-query attention. Its Q and K rows are permuted
// so that RoPE turns neighbouring values (llama.cpp, convert_hf_to_gguf.py).
func llamaConfig(f *gguf.File) (Config, error) {
	c, err := commonConfig(f, "llama")
	if err != nil {
		return Config{}, err
	}
	experts, err := optionalCount(f, "llama.expert_count", 0)
	if err != nil {
		return Config{}, err
	}
	if experts > 0 {
		return Config{}, fmt.Errorf("a mixture of %d experts: %w", experts, ErrUnsupported)
	}
	turned, err := optionalCount(f, "llama.rope.dimension_count", c.HeadDim)
	if err != nil {
		return Config{}, err
	}
	if turned != c.HeadDim {
		return Config{}, fmt.Errorf("RoPE on %d of %d values: %w", turned, c.HeadDim, ErrUnsupported)
	}
	c.AttentionScale = float32(1 / math.Sqrt(float64(c.HeadDim)))
	c.Activation = compute.SiLU
	c.RoPE, c.permuted = compute.Interleaved, true
	base, err := optionalNumber(f, "llama.rope.freq_base", 10000)
	if err != nil {
		return Config{}, err
	}
	factor, err := linearScaling(f, "llama")
	if err != nil {
		return Config{}, err
	}
	freqs := ropeFreqs(c.HeadDim, base, factor)
	if t, ok := f.Tensor(ropeDivisors); ok {
		divisors, err := floats(t, len(freqs))
		if err != nil {
			return Config{}, err
		}
		for i, d := range divisors {
			freqs[i] /= d
		}
	}
	c.Attention = make([]LayerAttention, c.Layers)
	for l := range c.Attention {
		c.Attention[l].Freqs = freqs
	}
	return c, nil
}
