package model

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"clara/compute"
	"clara/model/gguf"
	"clara/model/safetensors"
)

// The names of the tensors outside of layers (transformers, modeling_llama.py).
const (
	embeddingTensor = "model.embed_tokens.weight"
	finalNormTensor = "model.norm.weight"
	headTensor      = "lm_head.weight"
)

// source is where the values of a tensor come from, and what becomes of them.
type source struct {
	weight
	values []float32 // instead of a weight
	cols   int
	to     gguf.Type
	shift  float32 // that is added
	heads  int     // values of a head whose rows are brought into GGUF's order; 0: they stay
}

// plainName is the name of a tensor as a model without a picture tower has it.
func plainName(name string) string {
	for _, p := range [][2]string{{"language_model.model.", "model."}, {"language_model.lm_head.", "lm_head."}, {"model.language_model.", "model."}} {
		if rest, ok := strings.CutPrefix(name, p[0]); ok {
			return p[1] + rest
		}
	}
	return name
}

// ignored says whether a tensor takes no part in answering texts: a picture tower, or
// frequencies that follow from the configuration, as old folders have them.
func (f *Folder) ignored(name string) bool {
	if f.config.Architecture == "gemma3" {
		plain := strings.TrimPrefix(name, "model.")
		if strings.HasPrefix(plain, "vision_tower.") || strings.HasPrefix(plain, "multi_modal_projector.") {
			return true
		}
	}
	return strings.HasSuffix(name, ".rotary_emb.inv_freq")
}

// plan says which tensors the file gets and where their values come from. Every tensor of the
// folder is used, or known to be of no use: one left over is a part that would not be computed.
func (f *Folder) plan(weights map[string]weight, tied bool, rope positions, exact bool) error {
	c := &f.config
	var missing error
	used := map[string]bool{}
	take := func(from, to string, s source, shape ...int) {
		w, ok := weights[from]
		used[from] = true
		switch {
		case missing != nil:
		case !ok:
			missing = fmt.Errorf("find tensor %s: %w", from, ErrFolder)
		case !slices.Equal(w.tensor.Shape, shape):
			missing = fmt.Errorf("tensor %s in %s is %v, wanted %v: %w", from, w.file, w.tensor.Shape, shape, ErrFolder)
		default:
			s.weight, s.cols = w, shape[len(shape)-1]
			if s.to, ok = storedAs(w.tensor.DType, len(shape) == 2, s.cols, exact); !ok {
				missing = fmt.Errorf("tensor %s in %s has values of type %s: %w", from, w.file, w.tensor.DType, ErrUnsupported)
			}
			f.add(to, s, shape...)
		}
	}
	take(embeddingTensor, "token_embd.weight", source{}, c.Vocabulary, c.Width)
	if tied {
		used[headTensor] = true
	} else {
		take(headTensor, "output.weight", source{}, c.Vocabulary, c.Width)
	}
	shift := float32(0)
	if c.Architecture == "gemma3" {
		shift = 1 // Gemma's gains are stored less 1, but not in GGUF
	}
	norm := func(from, to string, width int) { take(from, to, source{shift: shift}, width) }
	norm(finalNormTensor, "output_norm.weight", c.Width)
	if rope.divisors != nil {
		f.add(ropeDivisors, source{values: rope.divisors, to: gguf.F32}, len(rope.divisors))
	}
	norms := [][2]string{{"input_layernorm", "attn_norm"}, {"post_attention_layernorm", "ffn_norm"}}
	if c.PostNorm {
		norms = [][2]string{
			{"input_layernorm", "attn_norm"},
			{"post_attention_layernorm", "post_attention_norm"},
			{"pre_feedforward_layernorm", "ffn_norm"},
			{"post_feedforward_layernorm", "post_ffw_norm"},
		}
	}
	for l := 0; l < c.Layers && missing == nil; l++ {
		from := func(part string) string { return fmt.Sprintf("model.layers.%d.%s.weight", l, part) }
		to := func(part string) string { return blockTensor(l, part) }
		for p := range projections {
			out, in := c.shape(p)
			s := source{}
			if c.permuted && (p == projQ || p == projK) {
				s.heads = c.HeadDim
			}
			take(from(peftModules[p]), to(projectionTensor[p]), s, out, in)
		}
		for _, n := range norms {
			norm(from(n[0]), to(n[1]), c.Width)
		}
		if c.QKNorm {
			norm(from("self_attn.q_norm"), to("attn_q_norm"), c.HeadDim)
			norm(from("self_attn.k_norm"), to("attn_k_norm"), c.HeadDim)
		}
	}
	if missing != nil {
		return missing
	}
	for name, w := range weights {
		if !used[name] && !f.ignored(name) {
			return fmt.Errorf("tensor %.80q in %s belongs to no %s model of %d layers: %w", name, w.file, c.Architecture, c.Layers, ErrUnsupported)
		}
	}
	return nil
}

// add puts a tensor of so many rows and columns into the file, or a vector.
func (f *Folder) add(name string, s source, shape ...int) {
	t := gguf.Tensor{Name: name, Type: s.to}
	for _, n := range slices.Backward(shape) {
		t.Dims = append(t.Dims, uint64(n))
	}
	f.tensors, f.sources = append(f.tensors, t), append(f.sources, s)
}

// storedAs is the type that the values of a tensor get. Vectors are F32, as the engines
// want them; matrices of whole blocks Q8_0.
func storedAs(t safetensors.DType, matrix bool, cols int, exact bool) (gguf.Type, bool) {
	as, ok := map[safetensors.DType]gguf.Type{
		safetensors.F64: gguf.F32, safetensors.F32: gguf.F32, safetensors.F16: gguf.F16, safetensors.BF16: gguf.BF16,
	}[t]
	switch {
	case !ok || !matrix:
		return gguf.F32, ok
	case !exact && cols%32 == 0:
		return gguf.Q8_0, true
	}
	return as, true
}

// valuesAtOnce bounds what of a tensor is in memory, in values.
const valuesAtOnce = 1 << 18

// write writes the values, some rows at a time.
func (s *source) write(ctx context.Context, w io.Writer) error {
	if s.values != nil {
		return s.encode(w, s.values)
	}
	width := s.tensor.DType.Bytes()
	rowBytes := s.cols * width
	rows := len(s.tensor.Data) / rowBytes
	buffer := make([]byte, 0, max(1, valuesAtOnce/s.cols)*rowBytes)
	for row := 0; row < rows; {
		if err := ctx.Err(); err != nil {
			return err
		}
		buffer = buffer[:0]
		for ; row < rows && len(buffer) < cap(buffer); row++ {
			at := s.row(row) * rowBytes
			buffer = append(buffer, s.tensor.Data[at:at+rowBytes]...)
		}
		if s.to == gguf.F16 || s.to == gguf.BF16 {
			if _, err := w.Write(buffer); err != nil {
				return err
			}
			continue
		}
		values, err := safetensors.Tensor{Name: s.tensor.Name, DType: s.tensor.DType, Data: buffer}.Float32s()
		if err == nil {
			err = s.encode(w, values)
		}
		if err != nil {
			return fmt.Errorf("tensor %s in %s: %w", s.tensor.Name, s.file, err)
		}
	}
	return nil
}

// row is the row of the folder's tensor that comes at a place of the file: GGUF's queries and
// keys have RoPE's pairs side by side, those of transformers have them half a head apart.
func (s *source) row(at int) int {
	if s.heads == 0 {
		return at
	}
	head, in := at/s.heads*s.heads, at%s.heads
	return head + in%2*(s.heads/2) + in/2
}

// encode writes values as F32 or Q8_0.
func (s *source) encode(w io.Writer, values []float32) error {
	var out []byte
	if s.to == gguf.Q8_0 {
		out = make([]byte, compute.Q8_0.RowBytes(len(values)))
		if err := compute.QuantizeQ8_0(out, values); err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
	} else {
		out = make([]byte, 0, 4*len(values))
		for _, x := range values {
			if x != x || math.IsInf(float64(x), 0) {
				return fmt.Errorf("a value is %g: %w", x, ErrFolder)
			}
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x+s.shift))
		}
	}
	_, err := w.Write(out)
	return err
}
