package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"clara/compute"
	"clara/model/gguf"
)

// ErrUnsupported says that a model file is sound but of a kind that this program
// does not know.
var ErrUnsupported = errors.New("this kind of model is not supported")

// Config are the constants of a network. Both architectures are values of this
// type: what differs between them is data, not code.
type Config struct {
	Architecture string // "llama", "gemma3"
	Layers       int
	Width        int // of the residual stream
	FeedForward  int // width inside the gated MLP
	Heads        int // query heads
	KVHeads      int // key and value heads
	HeadDim      int
	Vocabulary   int
	Context      int // tokens that the model was trained for

	NormEps        float32
	EmbeddingScale float32
	AttentionScale float32
	Activation     compute.Activation
	RoPE           compute.RoPEStyle
	// permuted: the rows of Q and K are stored so that RoPE's pairs are neighbours.
	permuted bool
	// QKNorm: queries and keys are normalised per head before they are rotated.
	QKNorm bool
	// PostNorm: what attention and MLP yield is normalised before it is added.
	PostNorm bool

	// Attention holds what differs from layer to layer.
	Attention []LayerAttention
}

// LayerAttention are the constants of attention in one layer.
type LayerAttention struct {
	Window int       // keys that a row can see; 0 = all
	Freqs  []float32 // RoPE angle per position, HeadDim/2 of them
}

// Limits beyond which a file is taken for damaged rather than large. They keep
// products of two of them far from overflowing an int.
const (
	maxLayers     = 1024
	maxWidth      = 1 << 17
	maxVocabulary = 1 << 22
)

// readConfig finds the constants of the network in a file's metadata.
func readConfig(f *gguf.File) (Config, error) {
	arch, ok := f.Metadata.String("general.architecture")
	if !ok {
		return Config{}, fmt.Errorf("read general.architecture: %w", gguf.ErrFormat)
	}
	var c Config
	var err error
	switch arch {
	case "llama":
		c, err = llamaConfig(f)
	case "gemma3":
		c, err = gemma3Config(f)
	default:
		err = fmt.Errorf("architecture %q (known: llama, gemma3): %w", arch, ErrUnsupported)
	}
	if err != nil {
		return Config{}, err
	}
	if err := c.onlyKnown(f); err != nil {
		return Config{}, err
	}
	for l, a := range c.Attention {
		if i := slices.IndexFunc(a.Freqs, isNoNumber); i >= 0 {
			return Config{}, fmt.Errorf("RoPE of layer %d turns by %g at each position: %w", l, a.Freqs[i], gguf.ErrFormat)
		}
	}
	return c, nil
}

// isNoNumber recognises NaN and the infinities.
func isNoNumber(v float32) bool { return v-v != 0 }

// commonConfig reads what every architecture keeps under its own prefix.
func commonConfig(f *gguf.File, arch string) (Config, error) {
	c := Config{Architecture: arch, EmbeddingScale: 1}
	var missing error
	need := func(key string) int {
		v, ok := f.Metadata.Uint(arch + "." + key)
		if !ok && missing == nil {
			missing = fmt.Errorf("read %s.%s: the value is missing or no number: %w", arch, key, gguf.ErrFormat)
		}
		return int(min(v, math.MaxInt32))
	}
	c.Layers = need("block_count")
	c.Width = need("embedding_length")
	c.FeedForward = need("feed_forward_length")
	c.Heads = need("attention.head_count")
	c.Context = need("context_length")
	if missing != nil {
		return Config{}, missing
	}
	var err error
	if c.KVHeads, err = optionalCount(f, arch+".attention.head_count_kv", c.Heads); err != nil {
		return Config{}, err
	}
	if c.Heads > 0 {
		c.HeadDim = c.Width / c.Heads
	}
	if c.HeadDim, err = optionalCount(f, arch+".attention.key_length", c.HeadDim); err != nil {
		return Config{}, err
	}
	eps, ok := f.Metadata.Float(arch + ".attention.layer_norm_rms_epsilon")
	if !ok {
		return Config{}, fmt.Errorf("read %s.attention.layer_norm_rms_epsilon: %w", arch, gguf.ErrFormat)
	}
	c.NormEps = float32(eps)
	embedding, ok := f.Tensor("token_embd.weight")
	if !ok || len(embedding.Dims) != 2 {
		return Config{}, fmt.Errorf("find the matrix token_embd.weight: %w", gguf.ErrFormat)
	}
	c.Vocabulary = int(min(embedding.Dims[1], math.MaxInt32))
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("%w: %w", err, gguf.ErrFormat)
	}
	return c, nil
}

// optionalCount reads a count that a file may leave out, as otherwise. One of another kind is
// an error, as in llama.cpp: left aside, the model would be computed as it was not meant.
func optionalCount(f *gguf.File, key string, otherwise int) (int, error) {
	v, ok := f.Metadata.Uint(key)
	if _, list := f.Metadata.Ints(key); list {
		return 0, fmt.Errorf("%s differs from layer to layer: %w", key, ErrUnsupported)
	}
	switch {
	case ok:
		return int(min(v, math.MaxInt32)), nil
	case f.Metadata.Has(key):
		return 0, fmt.Errorf("%s is no count: %w", key, gguf.ErrFormat)
	}
	return otherwise, nil
}

// optionalNumber is optionalCount for a floating-point number.
func optionalNumber(f *gguf.File, key string, otherwise float64) (float64, error) {
	v, ok := f.Metadata.Float(key)
	switch {
	case ok:
		return v, nil
	case f.Metadata.Has(key):
		return 0, fmt.Errorf("%s is no floating-point number: %w", key, gguf.ErrFormat)
	}
	return otherwise, nil
}

// ropeFreqs are the angles base^(-2i/dim), i < dim/2 (Su et al. 2021), divided by
// the factor of linear position scaling.
func ropeFreqs(dim int, base, factor float64) []float32 {
	freqs := make([]float32, dim/2)
	for i := range freqs {
		freqs[i] = float32(math.Pow(base, -2*float64(i)/float64(dim)) / factor)
	}
	return freqs
}

// linearScaling returns the factor by which positions are divided, 1 without scaling. As in
// llama.cpp a factor without a type is linear, and an old file has it under another name.
func linearScaling(f *gguf.File, arch string) (float64, error) {
	key := arch + ".rope.scaling.type"
	kind, ok := f.Metadata.String(key)
	switch {
	case !ok && f.Metadata.Has(key):
		return 0, fmt.Errorf("%s is no text: %w", key, gguf.ErrFormat)
	case kind == "none":
		return 1, nil
	case kind != "" && kind != "linear":
		return 0, fmt.Errorf("RoPE scaling %q: %w", kind, ErrUnsupported)
	}
	factor, err := optionalNumber(f, arch+".rope.scale_linear", 0)
	if err != nil {
		return 0, err
	}
	factor, err = optionalNumber(f, arch+".rope.scaling.factor", factor)
	switch {
	case err != nil:
		return 0, err
	case factor == 0 && kind == "":
		return 1, nil
	case !(factor > 0):
		return 0, fmt.Errorf("RoPE scaling by %g: %w", factor, gguf.ErrFormat)
	}
	return factor, nil
}

// check refuses constants that no network can have.
func (c Config) check() error {
	switch {
	case c.Layers < 1 || c.Layers > maxLayers:
		return fmt.Errorf("%d layers", c.Layers)
	case c.Width < 1 || c.Width > maxWidth || c.FeedForward < 1 || c.FeedForward > maxWidth*8:
		return fmt.Errorf("width %d, feed-forward width %d", c.Width, c.FeedForward)
	case c.Heads < 1 || c.KVHeads < 1 || c.Heads%c.KVHeads != 0 || c.Heads > maxWidth:
		return fmt.Errorf("%d heads over %d key heads", c.Heads, c.KVHeads)
	case c.HeadDim < 2 || c.HeadDim%2 != 0 || c.HeadDim > 1024:
		return fmt.Errorf("heads of %d values", c.HeadDim)
	case c.Vocabulary < 1 || c.Vocabulary > maxVocabulary:
		return fmt.Errorf("a vocabulary of %d", c.Vocabulary)
	case c.Context < 1:
		return fmt.Errorf("a context of %d tokens", c.Context)
	case !(c.NormEps >= 0 && c.NormEps < 1):
		return fmt.Errorf("RMSNorm epsilon %g", c.NormEps)
	}
	return nil
}

// queryWidth and keyWidth are the widths of all heads side by side.
func (c Config) queryWidth() int { return c.Heads * c.HeadDim }
func (c Config) keyWidth() int   { return c.KVHeads * c.HeadDim }

// attention is the shape that the engine wants for layer l.
func (c Config) attention(l int) compute.AttentionShape {
	return compute.AttentionShape{
		Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim,
		Scale: c.AttentionScale, Window: c.Attention[l].Window,
	}
}

// projection names a linear layer of a block, in the order of the forward pass.
type projection int

const (
	projQ projection = iota
	projK
	projV
	projO
	projGate
	projUp
	projDown
	projections
)

// shape is the outputs and inputs of a projection.
func (c Config) shape(p projection) (out, in int) {
	switch p {
	case projQ:
		return c.queryWidth(), c.Width
	case projK, projV:
		return c.keyWidth(), c.Width
	case projO:
		return c.Width, c.queryWidth()
	case projGate, projUp:
		return c.FeedForward, c.Width
	default:
		return c.Width, c.FeedForward
	}
}
