//go:build cgo && (linux || windows)

package shaders

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"clara/compute"
)

// Where a shader sees only a small part of a buffer, and takes few work groups, an
// operation is cut into parts: it gives what it gives whole.
func TestOperationsInParts(t *testing.T) {
	whole, parts := engine(t), engine(t)
	parts.block, parts.groups = 24<<10, 40
	const rows, width, vocabulary = 150, 96, 700
	data := make([]byte, 0, 4*vocabulary*width)
	for i := range vocabulary * width {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(i%61)/300-0.1))
	}
	ids, positions := make([]int32, rows), make([]int32, rows)
	for i := range ids {
		ids[i], positions[i] = int32(i*37%vocabulary), int32(i)
	}
	step := compute.AdamWStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, GradScale: 1, Step: 3}
	for _, c := range []struct {
		name string
		run  func(b *Backend, w compute.Weight, x, y, z compute.Tensor) (compute.Tensor, error)
	}{
		{"Add", func(b *Backend, _ compute.Weight, x, y, _ compute.Tensor) (compute.Tensor, error) {
			return y, b.Add(y, x, 3)
		}},
		{"Add with gaps", func(b *Backend, _ compute.Weight, x, y, _ compute.Tensor) (compute.Tensor, error) {
			return y, b.Add(y.Columns(1, 50), x.Columns(3, 52), 3)
		}},
		{"AdamW", func(b *Backend, _ compute.Weight, x, y, z compute.Tensor) (compute.Tensor, error) {
			if err := b.Scale(z, 0); err != nil {
				return y, err
			}
			return y, b.AdamW(y, x, filled(t, b, rows, width), z, step)
		}},
		{"RMSNorm", func(b *Backend, _ compute.Weight, x, y, _ compute.Tensor) (compute.Tensor, error) {
			return y, b.RMSNorm(y, x, x.Slice(0, 1), 1e-5)
		}},
		{"RoPE", func(b *Backend, _ compute.Weight, x, _, _ compute.Tensor) (compute.Tensor, error) {
			return x, b.RoPE(x, positions, []float32{1, 0.5, 0.1}, compute.Interleaved, false)
		}},
		{"CopyRows", func(b *Backend, _ compute.Weight, x, y, _ compute.Tensor) (compute.Tensor, error) {
			return y, b.CopyRows(y, nil, x, nil, true)
		}},
		{"Embedding", func(b *Backend, w compute.Weight, _, y, _ compute.Tensor) (compute.Tensor, error) {
			return y, b.Embedding(y, w, ids, 2)
		}},
		{"Linear", func(b *Backend, w compute.Weight, x, _, _ compute.Tensor) (compute.Tensor, error) {
			y := filled(t, b, rows, vocabulary)
			return y, b.Linear(y, x, w, compute.Exact, true)
		}},
		{"Linear of a few rows", func(b *Backend, w compute.Weight, x, _, _ compute.Tensor) (compute.Tensor, error) {
			y := filled(t, b, 3, vocabulary)
			return y, b.Linear(y, x.Slice(0, 3), w, compute.Exact, true)
		}},
		{"LinearBackward", func(b *Backend, w compute.Weight, _, y, _ compute.Tensor) (compute.Tensor, error) {
			return y, b.LinearBackward(y, filled(t, b, rows, vocabulary), w, true)
		}},
		{"HeadLogProbs and its backward", func(b *Backend, w compute.Weight, x, y, _ compute.Tensor) (compute.Tensor, error) {
			logp, lse := filled(t, b, rows, 1), filled(t, b, rows, 2)
			if err := b.HeadLogProbs(logp, lse, x, w, ids); err != nil {
				return y, err
			}
			return y, b.HeadLogProbsBackward(y, logp, lse, x, w, ids)
		}},
		{"SumSquares", func(b *Backend, _ compute.Weight, x, y, _ compute.Tensor) (compute.Tensor, error) {
			sum, err := b.SumSquares(x.Columns(0, 90))
			return y, errors.Join(err, b.Scale(y, float32(sum)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got [2][]float32
			for i, b := range []*Backend{whole, parts} {
				w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: vocabulary, Cols: width, Data: data})
				must(t, err)
				result, err := c.run(b, w, filled(t, b, rows, width), filled(t, b, rows, width), filled(t, b, rows, width))
				must(t, err)
				got[i] = make([]float32, result.Rows*result.Cols)
				must(t, b.Read(got[i], result))
				w.Free()
			}
			var largest float64
			for _, v := range got[0] {
				largest = max(largest, math.Abs(float64(v)))
			}
			for i, v := range got[0] {
				// Sums over parts of the weight round in another order.
				if d := math.Abs(float64(v) - float64(got[1][i])); !(d <= 1e-5*largest) {
					t.Fatalf("value %d is %v in parts, %v whole", i, got[1][i], v)
				}
			}
		})
	}
}

// What belongs together and is more than a shader sees is refused, not computed wrong.
func TestTooLargeForAShader(t *testing.T) {
	b := engine(t)
	b.block = 24 << 10
	x, y := filled(t, b, 150, 96), filled(t, b, 96, 96)
	if err := b.MatMul(y, x, x, true, false, 1, false); !errors.Is(err, compute.ErrMemory) {
		t.Errorf("a product: %v", err)
	}
	spans := make([]compute.Span, 96)
	if err := b.Attention(y, compute.Tensor{}, y, x, x, spans, compute.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 96, Scale: 1}); !errors.Is(err, compute.ErrMemory) {
		t.Errorf("an attention: %v", err)
	}
}
