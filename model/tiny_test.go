package model

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model/gguf"
)

// tinyArchitectures are the architectures that every test of this file runs on.
var tinyArchitectures = []string{"llama", "gemma3"}

// openTiny opens a small random model of an architecture: seven layers (so that
// Gemma's pattern of windows comes round), grouped heads, a byte vocabulary.
func openTiny(t testing.TB, arch string) *Runner {
	t.Helper()
	return openTinyOn(t, arch, Options{Context: 256}, nil)
}

// openTinyOn is openTiny with options and metadata of its own, on the CPU as wrap changes it; nil
// leaves it.
func openTinyOn(t testing.TB, arch string, o Options, wrap func(compute.Backend) compute.Backend, more ...gguf.KV) *Runner {
	t.Helper()
	path := filepath.Join(t.TempDir(), arch+".gguf")
	if err := os.WriteFile(path, tinyModel(t, arch, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	var be compute.Backend = engine
	if wrap != nil {
		be = wrap(engine)
	}
	r, err := Open(context.Background(), path, be, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := be.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// tinyModel is the file of such a model, with more metadata than it needs.
func tinyModel(t testing.TB, arch string, more ...gguf.KV) []byte {
	t.Helper()
	return tinyModelWith(t, arch, nil, more...)
}

// tinyModelWith has some tensors more.
func tinyModelWith(t testing.TB, arch string, extra []gguf.Tensor, more ...gguf.KV) []byte {
	t.Helper()
	const layers, width, heads, kvHeads, headDim, ff = 7, 64, 4, 2, 32, 96
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int32{2, 3, 3}
	for b := range 256 {
		tokens = append(tokens, fmt.Sprintf("<0x%02X>", b))
		types = append(types, 6)
	}
	scores := make([]float32, len(tokens))
	meta := []gguf.KV{
		{Key: "general.architecture", Value: arch},
		{Key: "general.name", Value: "tiny " + arch},
		{Key: arch + ".block_count", Value: uint32(layers)},
		{Key: arch + ".embedding_length", Value: uint32(width)},
		{Key: arch + ".feed_forward_length", Value: uint32(ff)},
		{Key: arch + ".attention.head_count", Value: uint32(heads)},
		{Key: arch + ".attention.head_count_kv", Value: uint32(kvHeads)},
		{Key: arch + ".attention.key_length", Value: uint32(headDim)},
		{Key: arch + ".attention.layer_norm_rms_epsilon", Value: float32(1e-5)},
		{Key: arch + ".attention.sliding_window", Value: uint32(5)},
		{Key: arch + ".context_length", Value: uint32(256)},
		{Key: "tokenizer.ggml.model", Value: "llama"},
		{Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.scores", Value: scores},
		{Key: "tokenizer.ggml.token_type", Value: types},
		{Key: "tokenizer.ggml.bos_token_id", Value: uint32(1)},
		{Key: "tokenizer.ggml.eos_token_id", Value: uint32(2)},
		{Key: "tokenizer.ggml.unknown_token_id", Value: uint32(0)},
		{Key: "tokenizer.ggml.add_space_prefix", Value: false},
	}
	for _, kv := range more { // a key that is there gets the other value; nil takes it away
		meta = slices.DeleteFunc(meta, func(x gguf.KV) bool { return x.Key == kv.Key })
		if kv.Value != nil {
			meta = append(meta, kv)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var tensors []gguf.Tensor
	add := func(name string, scale float64, shift float32, dims ...uint64) {
		n := uint64(1)
		for _, d := range dims {
			n *= d
		}
		var data []byte
		for range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64()*scale)+shift))
		}
		tensors = append(tensors, gguf.Tensor{Name: name, Type: gguf.F32, Dims: dims, Data: data})
	}
	matrix := func(name string, out, in uint64) { add(name, 1.2/math.Sqrt(float64(in)), 0, in, out) }
	matrix("token_embd.weight", uint64(len(tokens)), width)
	add("output_norm.weight", .1, 1, width)
	for l := range layers {
		name := func(part string) string { return fmt.Sprintf("blk.%d.%s.weight", l, part) }
		matrix(name("attn_q"), heads*headDim, width)
		matrix(name("attn_k"), kvHeads*headDim, width)
		matrix(name("attn_v"), kvHeads*headDim, width)
		matrix(name("attn_output"), width, heads*headDim)
		matrix(name("ffn_gate"), ff, width)
		matrix(name("ffn_up"), ff, width)
		matrix(name("ffn_down"), width, ff)
		norms := []string{"attn_norm", "ffn_norm"}
		if arch == "gemma3" {
			norms = append(norms, "post_attention_norm", "post_ffw_norm")
			add(name("attn_q_norm"), .1, 1, headDim)
			add(name("attn_k_norm"), .1, 1, headDim)
		}
		for _, part := range norms {
			add(name(part), .1, 1, width)
		}
	}
	var file bytes.Buffer
	if err := gguf.Write(&file, meta, append(tensors, extra...)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// randomAdapter is an adapter with both A and B filled, so that nothing of it can
// be left out unnoticed.
func randomAdapter(r *Runner, rank int, seed uint64) *Adapter {
	rng := rand.New(rand.NewPCG(seed, 3))
	fill := func(n int, bound float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32((2*rng.Float64() - 1) * bound)
		}
		return x
	}
	layers := make([][projections]pair, r.config.Layers)
	for l := range layers {
		for p := range projections {
			out, in := r.config.shape(p)
			layers[l][p] = pair{fill(rank*in, 1/math.Sqrt(float64(in))), fill(out*rank, .3/math.Sqrt(float64(rank)))}
		}
	}
	return newAdapter(&r.config, rank, float32(2*rank), 2, layers)
}

func tokensOf(text string) []int32 {
	ids := []int32{1}
	for _, b := range []byte(text) {
		ids = append(ids, int32(b)+3)
	}
	return ids
}
