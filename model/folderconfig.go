package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"

	"clara/compute"
	"clara/model/tokenizer"
)

// folderConfig is what counts of config.json: of LlamaConfig, MistralConfig and
// Gemma3TextConfig of transformers. A zero stands for what is left out.
type folderConfig struct {
	ModelType       string        `json:"model_type"`
	Text            *folderConfig `json:"text_config"` // of a model that sees pictures, too
	Layers          int           `json:"num_hidden_layers"`
	Width           int           `json:"hidden_size"`
	FeedForward     int           `json:"intermediate_size"`
	Heads           int           `json:"num_attention_heads"`
	KVHeads         int           `json:"num_key_value_heads"`
	HeadDim         int           `json:"head_dim"`
	Context         int           `json:"max_position_embeddings"`
	NormEps         float64       `json:"rms_norm_eps"`
	Activation      string        `json:"hidden_act"`
	GemmaActivation string        `json:"hidden_activation"`
	Tied            *bool         `json:"tie_word_embeddings"`
	BOS             folderIDs     `json:"bos_token_id"`
	EOS             folderIDs     `json:"eos_token_id"`

	Theta       float64     `json:"rope_theta"`
	Scaling     *folderRoPE `json:"rope_scaling"`
	Rope        *folderRoPE `json:"rope_parameters"` // from transformers 5 on, both in one
	LocalTheta  float64     `json:"rope_local_base_freq"`
	Interleaved bool        `json:"rope_interleaved"`
	Partial     float64     `json:"partial_rotary_factor"`

	Window        int             `json:"sliding_window"`
	LayerTypes    []string        `json:"layer_types"`
	Pattern       int             `json:"sliding_window_pattern"`
	QueryScalar   float64         `json:"query_pre_attn_scalar"`
	AttentionCap  float64         `json:"attn_logit_softcapping"`
	FinalCap      float64         `json:"final_logit_softcapping"`
	Bidirectional bool            `json:"use_bidirectional_attention"`
	AttentionBias bool            `json:"attention_bias"`
	MLPBias       bool            `json:"mlp_bias"`
	Quantised     json.RawMessage `json:"quantization_config"`
}

// folderRoPE is how positions are scaled; for Gemma 3 once for each kind of layer.
type folderRoPE struct {
	Type     string      `json:"rope_type"`
	OldType  string      `json:"type"`
	Theta    float64     `json:"rope_theta"`
	Factor   float64     `json:"factor"`
	Low      float64     `json:"low_freq_factor"`
	High     float64     `json:"high_freq_factor"`
	Original float64     `json:"original_max_position_embeddings"`
	Full     *folderRoPE `json:"full_attention"`
	Sliding  *folderRoPE `json:"sliding_attention"`
}

// folderIDs are ids of tokens, given as one number or several.
type folderIDs []int64

// UnmarshalJSON reads either form; null leaves it empty.
func (ids *folderIDs) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return json.Unmarshal(data, (*[]int64)(ids))
	}
	var one *int64
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	if one != nil {
		*ids = folderIDs{*one}
	}
	return nil
}

// positions is how a network sees them, as GGUF has it.
type positions struct {
	window   int // of Gemma's sliding attention
	base     float64
	factor   float64   // of linear scaling; 0: none
	divisors []float32 // of the frequencies, as Llama 3 has them; nil: none
}

// text is the configuration of the language model.
func (h *folderConfig) text() *folderConfig {
	if h.ModelType == "gemma3" && h.Text != nil {
		return h.Text
	}
	return h
}

// tied says whether the head is the embedding.
func (h *folderConfig) tied() bool {
	for _, c := range []*folderConfig{h.text(), h} {
		if c.Tied != nil {
			return *c.Tied
		}
	}
	return h.ModelType != "llama" && h.ModelType != "mistral"
}

// special gives the vocabulary the ids that only the model's configuration has, and the
// second of the tokens that end an answer.
func (h *folderConfig) special(v *tokenizer.Vocabulary) {
	known := func(id int64) bool { return id >= 0 && id < int64(len(v.Tokens)) }
	if v.BOS < 0 && len(h.BOS) > 0 && known(h.BOS[0]) {
		v.BOS = int32(h.BOS[0])
	}
	for _, id := range h.EOS {
		switch {
		case !known(id) || int32(id) == v.EOS:
		case v.EOS < 0:
			v.EOS = int32(id)
		case v.EOT < 0:
			v.EOT = int32(id)
		}
	}
}

// configure finds the constants of the network. What it computes otherwise than a GGUF
// file of the same architecture can say is refused.
func (f *Folder) configure(h *folderConfig) (rope positions, err error) {
	t := h.text()
	if len(h.Quantised) > 0 && string(h.Quantised) != "null" || len(t.Quantised) > 0 && string(t.Quantised) != "null" {
		return rope, fmt.Errorf("its weights are quantised already; the folder of the model that they were made of, or a GGUF file, is what can be read: %w", ErrUnsupported)
	}
	switch h.ModelType {
	case "llama", "mistral":
		rope, err = f.configureLlama(h)
	case "gemma3", "gemma3_text":
		rope, err = f.configureGemma3(t)
	default:
		return rope, fmt.Errorf("model_type %.40q (known: llama, mistral, gemma3): %w", h.ModelType, ErrUnsupported)
	}
	if err != nil {
		return rope, err
	}
	f.config.Vocabulary = 1 // until the embedding is seen
	if err := f.config.check(); err != nil {
		return rope, fmt.Errorf("%w: %w", err, ErrFolder)
	}
	if !(rope.base > 0) || rope.base > math.MaxFloat32 || rope.factor < 0 || rope.factor > math.MaxFloat32 {
		return rope, fmt.Errorf("rope_theta %g, factor %g: %w", rope.base, rope.factor, ErrFolder)
	}
	return rope, nil
}

// common takes over what both architectures have.
func (f *Folder) common(t *folderConfig, arch string) {
	f.config = Config{
		Architecture: arch, Layers: t.Layers, Width: t.Width, FeedForward: t.FeedForward, Heads: t.Heads,
		KVHeads: cmp.Or(t.KVHeads, t.Heads), HeadDim: t.HeadDim, Context: t.Context, NormEps: float32(cmp.Or(t.NormEps, 1e-6)),
	}
}

func (f *Folder) configureLlama(h *folderConfig) (rope positions, err error) {
	f.common(h, "llama")
	c := &f.config
	c.Activation, c.RoPE, c.permuted = compute.SiLU, compute.Interleaved, true
	if c.HeadDim == 0 && c.Heads > 0 {
		if c.Width%c.Heads != 0 {
			return rope, fmt.Errorf("%d values in %d heads: %w", c.Width, c.Heads, ErrFolder)
		}
		c.HeadDim = c.Width / c.Heads
	}
	c.Context = cmp.Or(c.Context, 2048)
	if h.ModelType == "mistral" && h.Window > 0 {
		c.Context = min(c.Context, h.Window) // within which the window is all
	}
	switch {
	case cmp.Or(h.Activation, "silu") != "silu":
		return rope, fmt.Errorf("activation %.40q: %w", h.Activation, ErrUnsupported)
	case h.AttentionBias || h.MLPBias:
		return rope, fmt.Errorf("layers with a bias: %w", ErrUnsupported)
	case h.Interleaved || h.Partial != 0 && h.Partial != 1:
		return rope, fmt.Errorf("RoPE that is interleaved or on a part of the values: %w", ErrUnsupported)
	}
	return h.positions(10000, c.HeadDim, h.Scaling, h.Rope)
}

func (f *Folder) configureGemma3(t *folderConfig) (rope positions, err error) {
	// What the configurations of models that see pictures leave out: Gemma3TextConfig.
	t.Heads, t.KVHeads, t.HeadDim = cmp.Or(t.Heads, 8), cmp.Or(t.KVHeads, 4), cmp.Or(t.HeadDim, 256)
	t.Context, t.Window = cmp.Or(t.Context, 131072), cmp.Or(t.Window, 4096)
	f.common(t, "gemma3")
	f.config.Activation, f.config.RoPE, f.config.QKNorm, f.config.PostNorm = compute.GELUTanh, compute.Halves, true, true
	switch {
	case t.Layers > maxLayers:
		return rope, fmt.Errorf("%d layers: %w", t.Layers, ErrFolder)
	case cmp.Or(t.GemmaActivation, "gelu_pytorch_tanh") != "gelu_pytorch_tanh":
		return rope, fmt.Errorf("activation %.40q: %w", t.GemmaActivation, ErrUnsupported)
	case t.AttentionBias:
		return rope, fmt.Errorf("layers with a bias: %w", ErrUnsupported)
	case cmp.Or(t.QueryScalar, 256) != float64(f.config.gemma3Scalar()):
		return rope, fmt.Errorf("queries scaled by %g, not by %d: %w", t.QueryScalar, f.config.gemma3Scalar(), ErrUnsupported)
	case t.AttentionCap != 0 || t.FinalCap != 0:
		return rope, fmt.Errorf("soft caps on logits: %w", ErrUnsupported)
	case t.Bidirectional:
		return rope, fmt.Errorf("attention in both directions, as for embeddings: %w", ErrUnsupported)
	case cmp.Or(t.Pattern, gemma3Pattern) != gemma3Pattern:
		return rope, fmt.Errorf("every %d. layer sees everything, not every %d.: %w", t.Pattern, gemma3Pattern, ErrUnsupported)
	}
	for l, kind := range t.LayerTypes {
		if (kind == "full_attention") != ((l+1)%gemma3Pattern == 0) {
			return rope, fmt.Errorf("layer %d has %.40q: %w", l, kind, ErrUnsupported)
		}
	}
	local, global := t.LocalTheta, t.Rope
	if t.Rope != nil && t.Rope.Full != nil {
		global = t.Rope.Full
		if s := t.Rope.Sliding; s != nil {
			local = s.Theta
			if kind := cmp.Or(s.Type, s.OldType); kind != "" && kind != "default" {
				return rope, fmt.Errorf("RoPE scaling %.40q inside of windows: %w", kind, ErrUnsupported)
			}
		}
	}
	if cmp.Or(local, gemma3LocalBase) != gemma3LocalBase {
		return rope, fmt.Errorf("RoPE base %g inside of windows, not %d: %w", local, gemma3LocalBase, ErrUnsupported)
	}
	if rope, err = t.positions(1e6, t.HeadDim, t.Scaling, global); err != nil {
		return rope, err
	}
	if rope.divisors != nil {
		return rope, fmt.Errorf("RoPE scaling \"llama3\" of a gemma3 model: %w", ErrUnsupported)
	}
	rope.window = t.Window
	return rope, nil
}

// positions reads the base and the scaling of RoPE; base is that of a file without one.
func (h *folderConfig) positions(base float64, dim int, scaling, both *folderRoPE) (p positions, err error) {
	p.base = cmp.Or(h.Theta, base)
	if both != nil {
		p.base, scaling = cmp.Or(both.Theta, p.base), both
	}
	if scaling == nil {
		return p, nil
	}
	switch kind := cmp.Or(scaling.Type, scaling.OldType); kind {
	case "", "default":
		return p, nil
	case "linear":
		if !(scaling.Factor > 0) {
			return p, fmt.Errorf("RoPE scaling by %g: %w", scaling.Factor, ErrFolder)
		}
		p.factor = scaling.Factor
		return p, nil
	case "llama3":
		p.divisors, err = scaling.divisors(p.base, dim)
		return p, err
	default:
		return p, fmt.Errorf("RoPE scaling %.40q: %w", kind, ErrUnsupported)
	}
}

// divisors are what Llama 3.1 divides the frequencies of RoPE by: long waves by factor, short
// ones by 1, and smoothly between (transformers, modeling_rope_utils.py).
func (r *folderRoPE) divisors(base float64, dim int) ([]float32, error) {
	if !(r.Factor > 0 && r.Low > 0 && r.High > r.Low && r.Original > 0) || dim < 2 || dim > 1024 || !(base > 0) {
		return nil, fmt.Errorf("RoPE scaling by %g from %g to %g of %g: %w", r.Factor, r.Low, r.High, r.Original, ErrFolder)
	}
	divisors := make([]float32, dim/2)
	for i := range divisors {
		wave := 2 * math.Pi * math.Pow(base, 2*float64(i)/float64(dim))
		smooth := min(max((r.Original/wave-r.Low)/(r.High-r.Low), 0), 1)
		divisors[i] = float32(1 / ((1-smooth)/r.Factor + smooth))
	}
	return divisors, nil
}
