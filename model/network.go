package model

import (
	"errors"
	"fmt"
	"slices"

	"clara/compute"
	"clara/model/gguf"
)

// network is the frozen base model on one engine.
type network struct {
	Config
	be        compute.Backend
	embedding compute.Weight
	head      compute.Weight // the embedding itself where the file ties them
	finalNorm compute.Tensor
	layers    []layer
	memory    []compute.Memory // of the norms' gains
}

// layer is one block. Norms that the architecture lacks are zero tensors.
type layer struct {
	attentionNorm, postAttentionNorm compute.Tensor
	mlpNorm, postMLPNorm             compute.Tensor
	queryNorm, keyNorm               compute.Tensor
	weight                           [projections]compute.Weight
}

var projectionTensor = [projections]string{
	projQ: "attn_q", projK: "attn_k", projV: "attn_v", projO: "attn_output",
	projGate: "ffn_gate", projUp: "ffn_up", projDown: "ffn_down",
}

// weightTypes maps the numbers of the GGUF specification to the engine's types.
var weightTypes = map[gguf.Type]compute.Type{
	gguf.F32: compute.F32, gguf.F16: compute.F16, gguf.BF16: compute.BF16,
	gguf.Q4_0: compute.Q4_0, gguf.Q4_1: compute.Q4_1, gguf.Q5_0: compute.Q5_0, gguf.Q5_1: compute.Q5_1,
	gguf.Q8_0: compute.Q8_0, gguf.Q4_K: compute.Q4_K, gguf.Q5_K: compute.Q5_K, gguf.Q6_K: compute.Q6_K,
}

// onlyKnown refuses a file with a tensor that the network would not compute with: a bias, say, as
// Granite's code models have them under the name of "llama". llama.cpp refuses it likewise
// (done_getting_tensors).
func (c *Config) onlyKnown(f *gguf.File) error {
	known := map[string]bool{"token_embd.weight": true, "output_norm.weight": true, "output.weight": true}
	if c.Architecture == "llama" {
		known[ropeDivisors] = true
	}
	parts := append(projectionTensor[:], "attn_norm", "ffn_norm")
	if c.PostNorm {
		parts = append(parts, "post_attention_norm", "post_ffw_norm")
	}
	if c.QKNorm {
		parts = append(parts, "attn_q_norm", "attn_k_norm")
	}
	for l := range c.Layers {
		for _, part := range parts {
			known[blockTensor(l, part)] = true
		}
	}
	for _, t := range f.Tensors {
		if !known[t.Name] {
			return fmt.Errorf("tensor %s is no part of a %s model of %d layers: %w", t.Name, c.Architecture, c.Layers, ErrUnsupported)
		}
	}
	return nil
}

// blockTensor is the name of a tensor of block l.
func blockTensor(l int, part string) string { return fmt.Sprintf("blk.%d.%s.weight", l, part) }

// newNetwork hands the file's tensors to the engine. The file must stay open for
// as long as the network lives.
func newNetwork(f *gguf.File, c Config, be compute.Backend) (_ *network, err error) {
	n := &network{Config: c, be: be, layers: make([]layer, c.Layers)}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.embedding, err = n.loadWeight(f, "token_embd.weight", c.Vocabulary, c.Width); err != nil {
		return nil, err
	}
	n.head = n.embedding
	if _, ok := f.Tensor("output.weight"); ok {
		if n.head, err = n.loadWeight(f, "output.weight", c.Vocabulary, c.Width); err != nil {
			return nil, err
		}
	}
	if n.finalNorm, err = n.gain(f, "output_norm.weight", c.Width); err != nil {
		return nil, err
	}
	for l := range n.layers {
		if err = n.loadLayer(f, l); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *network) loadLayer(f *gguf.File, l int) error {
	layer := &n.layers[l]
	for p := range projections {
		out, in := n.shape(p)
		w, err := n.loadWeight(f, blockTensor(l, projectionTensor[p]), out, in)
		if err != nil {
			return err
		}
		layer.weight[p] = w
	}
	type norm struct {
		gain  *compute.Tensor
		part  string
		width int
	}
	norms := []norm{{&layer.attentionNorm, "attn_norm", n.Width}, {&layer.mlpNorm, "ffn_norm", n.Width}}
	if n.PostNorm {
		norms = append(norms, norm{&layer.postAttentionNorm, "post_attention_norm", n.Width}, norm{&layer.postMLPNorm, "post_ffw_norm", n.Width})
	}
	if n.QKNorm {
		norms = append(norms, norm{&layer.queryNorm, "attn_q_norm", n.HeadDim}, norm{&layer.keyNorm, "attn_k_norm", n.HeadDim})
	}
	for _, g := range norms {
		t, err := n.gain(f, blockTensor(l, g.part), g.width)
		if err != nil {
			return err
		}
		*g.gain = t
	}
	return nil
}

func (n *network) loadWeight(f *gguf.File, name string, rows, cols int) (compute.Weight, error) {
	t, ok := f.Tensor(name)
	if !ok {
		return nil, fmt.Errorf("find tensor %s: %w", name, gguf.ErrFormat)
	}
	if len(t.Dims) != 2 || t.Dims[0] != uint64(cols) || t.Dims[1] != uint64(rows) {
		return nil, fmt.Errorf("tensor %s is %v, wanted [%d %d]: %w", name, t.Dims, cols, rows, gguf.ErrFormat)
	}
	typ, ok := weightTypes[t.Type]
	if !ok {
		return nil, fmt.Errorf("tensor %s has type %v: %w", name, t.Type, ErrUnsupported)
	}
	w, err := n.be.NewWeight(compute.Matrix{Type: typ, Rows: rows, Cols: cols, Data: t.Data})
	if err != nil {
		return nil, fmt.Errorf("load tensor %s: %w", name, err)
	}
	return w, nil
}

// gain loads the gain of a norm: [1, width].
func (n *network) gain(f *gguf.File, name string, width int) (compute.Tensor, error) {
	t, ok := f.Tensor(name)
	if !ok {
		return compute.Tensor{}, fmt.Errorf("find tensor %s: %w", name, gguf.ErrFormat)
	}
	values, err := floats(t, width)
	if err != nil {
		return compute.Tensor{}, err
	}
	mem, err := n.be.Alloc(width)
	if err != nil {
		return compute.Tensor{}, fmt.Errorf("load tensor %s: %w", name, err)
	}
	n.memory = append(n.memory, mem)
	g := compute.Tensor{Mem: mem, Rows: 1, Cols: width, Stride: width}
	if err := n.be.Write(g, values); err != nil {
		return compute.Tensor{}, fmt.Errorf("load tensor %s: %w", name, err)
	}
	return g, nil
}

// floats reads a vector of the given length from a file.
func floats(t gguf.Tensor, length int) ([]float32, error) {
	if len(t.Dims) == 0 || t.Dims[0] != uint64(length) {
		return nil, fmt.Errorf("tensor %s is %v, wanted [%d]: %w", t.Name, t.Dims, length, gguf.ErrFormat)
	}
	typ, ok := weightTypes[t.Type]
	if !ok {
		return nil, fmt.Errorf("tensor %s has type %v: %w", t.Name, t.Type, ErrUnsupported)
	}
	values := make([]float32, length)
	if err := compute.Dequantize(values, typ, t.Data); err != nil {
		return nil, fmt.Errorf("read tensor %s: %w", t.Name, err)
	}
	if i := slices.IndexFunc(values, isNoNumber); i >= 0 {
		return nil, fmt.Errorf("tensor %s holds %g: %w", t.Name, values[i], gguf.ErrFormat)
	}
	return values, nil
}

// close frees what the engine holds. Nothing may be running.
func (n *network) close() {
	weights := []compute.Weight{n.embedding}
	if n.head != n.embedding {
		weights = append(weights, n.head)
	}
	for l := range n.layers {
		weights = append(weights, n.layers[l].weight[:]...)
	}
	for _, w := range weights {
		if w != nil {
			w.Free()
		}
	}
	for _, m := range n.memory {
		m.Free()
	}
}

// errClosed is what a request gets after Close.
var errClosed = errors.New("the model is closed")
