package cpu

import (
	"math"
	"testing"

	"clara/compute"
)

// TestResultsDoNotDependOnThreads: a training cycle has to give the same adapter
// on every machine with this processor.
func TestResultsDoNotDependOnThreads(t *testing.T) {
	want := trained(t, engine(t, tiers()[0], 1))
	for _, threads := range []int{2, 3, 7} {
		got := trained(t, engine(t, tiers()[0], threads))
		for i, v := range got {
			if math.Float32bits(v) != math.Float32bits(want[i]) {
				t.Errorf("%d threads: value %d is %v, with one thread %v", threads, i, v, want[i])
				break
			}
		}
	}
}

// trained runs the operations of a small training step, of sizes that are cut
// into many tasks, and returns all that they computed.
func trained(t *testing.T, b *Backend) []float32 {
	const rows, heads, kvHeads, dim, hidden, vocab = 300, 6, 2, 32, 192, 3000
	r := source(t, 2)
	random := func(rows, cols int) compute.Tensor { return tensor(t, b, r, rows, cols, 0) }
	weight := func(rows, cols int) compute.Weight {
		data := make([]byte, rows*compute.F16.RowBytes(cols))
		for i := range data {
			data[i] = byte(r.Uint32())
			if i%2 == 1 {
				data[i] &= 0xb3 // below 2 in absolute value
			}
		}
		w, err := b.NewWeight(compute.Matrix{Type: compute.F16, Rows: rows, Cols: cols, Data: data})
		must(t, err)
		return w
	}
	a := compute.AttentionShape{Heads: heads, KVHeads: kvHeads, HeadDim: dim, Scale: 0.2}
	spans := make([]compute.Span, rows)
	for i := range spans {
		spans[i] = compute.Span{To: int32(i + 1)}
		if i >= 150 {
			spans[i] = compute.Span{PrefixTo: 40, From: int32(i / 50 * 50), To: int32(i + 1)}
		}
	}
	x, gain := random(rows, hidden), random(1, hidden)
	q, k, v := random(rows, heads*dim), random(rows, kvHeads*dim), random(rows, kvHeads*dim)
	out, lse := random(rows, heads*dim), random(rows, heads)
	dq, dk, dv, dout := random(rows, heads*dim), random(rows, kvHeads*dim), random(rows, kvHeads*dim), random(rows, heads*dim)
	w, head := weight(500, hidden), weight(vocab, hidden)
	y, dx := random(rows, 500), random(rows, hidden)
	loraA, loraB := random(16, hidden), random(rows, 16)
	logp, headLSE, dh := random(rows, 1), random(rows, 2), random(rows, hidden)
	ids := make([]int32, rows)
	for i := range ids {
		ids[i] = int32(r.IntN(vocab))
	}
	param, grad, m, second := random(300, 77), random(300, 77), random(300, 77), random(300, 77)
	must(t, b.Scale(second, 0))
	positions := make([]int32, rows)

	must(t, b.RMSNorm(x, x, gain, 1e-5))
	must(t, b.Linear(y, x, w, compute.Rounded, false))
	must(t, b.LinearBackward(dx, y, w, false))
	must(t, b.MatMul(loraB, x, loraA, false, true, 1, false))
	must(t, b.MatMul(loraA, loraB, x, true, false, 1, true))
	must(t, b.RoPE(q, positions, []float32{1, 0.1, 0.01, 0.001}, compute.Halves, false))
	must(t, b.Attention(out, lse, q, k, v, spans, a))
	must(t, b.AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v, spans, a))
	must(t, b.HeadLogProbs(logp, headLSE, x, head, ids))
	must(t, b.HeadLogProbsBackward(dh, logp, headLSE, x, head, ids))
	must(t, b.RMSNormBackward(dx, dh, x, gain, 1e-5, true))
	must(t, b.AdamW(param, grad, m, second, compute.AdamWStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, GradScale: 1, Step: 1}))
	sum, err := b.SumSquares(dx)
	must(t, err)

	all := []float32{float32(sum), float32(sum - float64(float32(sum)))}
	for _, r := range []compute.Tensor{x, y, dx, loraA, loraB, q, out, lse, dq, dk, dv, logp, headLSE, dh, param} {
		all = append(all, values(r)...)
	}
	return all
}
