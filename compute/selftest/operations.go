package selftest

import "clara/compute"

// operations are the operations that answers and training are made of, each alone: what
// one gets wrong does not spoil the next.
var operations = []trial{
	{"Embedding", exactLimit, func(o *operands) []compute.Tensor {
		w, y := o.weight(testVocabulary, testWidth), o.tensor(3, testWidth)
		o.do(o.b.Embedding(y, w, []int32{0, 7, testVocabulary - 1}, 2))
		return []compute.Tensor{y}
	}},
	{"Linear", roundedLimit, func(o *operands) []compute.Tensor {
		w, x := o.weight(96, testWidth), o.tensor(testRows, testWidth)
		exact, rounded, row := o.tensor(testRows, 96), o.tensor(testRows, 96), o.tensor(1, 96)
		o.do(o.b.Linear(exact, x, w, compute.Exact, true))
		o.do(o.b.Linear(rounded, x, w, compute.Rounded, false))
		o.do(o.b.Linear(row, firstRow(x), w, compute.Rounded, false))
		return []compute.Tensor{exact, rounded, row}
	}},
	{"LinearBackward", roundedLimit, func(o *operands) []compute.Tensor {
		w, dy, dx := o.weight(96, testWidth), o.tensor(testRows, 96), o.tensor(testRows, testWidth)
		o.do(o.b.LinearBackward(dx, dy, w, true))
		return []compute.Tensor{dx}
	}},
	{"MatMul", exactLimit, func(o *operands) []compute.Tensor {
		x, a, h := o.tensor(testRows, testWidth), o.tensor(8, testWidth), o.tensor(testRows, 8)
		gradient, back := o.tensor(8, testWidth), o.tensor(testRows, testWidth)
		o.do(o.b.MatMul(h, x, a, false, true, 1, false))
		o.do(o.b.MatMul(gradient, h, x, true, false, 0.5, true))
		o.do(o.b.MatMul(back, h, a, false, false, 1, false))
		return []compute.Tensor{h, gradient, back}
	}},
	{"RMSNorm", exactLimit, func(o *operands) []compute.Tensor {
		x, gain, y := o.tensor(testRows, testWidth), o.tensor(1, testWidth), o.tensor(testRows, testWidth)
		dy, dx := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
		o.do(o.b.RMSNorm(y, x, gain, 1e-5))
		o.do(o.b.RMSNormBackward(dx, dy, x, gain, 1e-5, true))
		return []compute.Tensor{y, dx}
	}},
	{"RoPE", exactLimit, func(o *operands) []compute.Tensor {
		x, y := o.tensor(3, testWidth), o.tensor(3, testWidth)
		positions, freqs := []int32{0, 5, 1000}, []float32{1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4}
		o.do(o.b.RoPE(x, positions, freqs, compute.Interleaved, false))
		o.do(o.b.RoPE(y, positions, freqs, compute.Halves, true))
		return []compute.Tensor{x, y}
	}},
	{"Attention", exactLimit, func(o *operands) []compute.Tensor {
		q, out, lse := o.tensor(testRows, testHeads*testDim), o.tensor(testRows, testHeads*testDim), o.tensor(testRows, testHeads)
		k, v := o.tensor(testRows, testKeyHeads*testDim), o.tensor(testRows, testKeyHeads*testDim)
		dout, dq := o.tensor(testRows, testHeads*testDim), o.tensor(testRows, testHeads*testDim)
		dk, dv := o.tensor(testRows, testKeyHeads*testDim), o.tensor(testRows, testKeyHeads*testDim)
		alone := o.tensor(1, testHeads*testDim)
		a := compute.AttentionShape{Heads: testHeads, KVHeads: testKeyHeads, HeadDim: testDim, Scale: 0.25}
		spans := make([]compute.Span, testRows)
		for i := range spans {
			spans[i].To = int32(i + 1)
		}
		o.do(o.b.Attention(out, lse, q, k, v, spans, a))
		o.do(o.b.AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v, spans, a))
		o.do(o.b.Attention(alone, compute.Tensor{}, firstRow(q), k, v, spans[testRows-1:], a))
		return []compute.Tensor{out, lse, dq, dk, dv, alone}
	}},
	{"GLU", exactLimit, func(o *operands) []compute.Tensor {
		gate, up, y := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
		dy, dgate, dup := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
		o.do(o.b.GLU(y, gate, up, compute.SiLU))
		o.do(o.b.GLUBackward(dgate, dup, dy, gate, up, compute.GELUTanh))
		return []compute.Tensor{y, dgate, dup}
	}},
	{"Add", exactLimit, func(o *operands) []compute.Tensor {
		x, y, z := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth), o.tensor(2, testWidth)
		o.do(o.b.Add(y, x, 0.5))
		o.do(o.b.Scale(x, -2))
		o.do(o.b.CopyRows(z, []int32{1, 0}, x, []int32{3, 8}, true))
		return []compute.Tensor{x, y, z}
	}},
	{"HeadLogProbs", exactLimit, func(o *operands) []compute.Tensor {
		w, h, logp, lse := o.weight(testVocabulary, testWidth), o.tensor(testRows, testWidth), o.tensor(testRows, 1), o.tensor(testRows, 2)
		dlogp, dh, best := o.tensor(testRows, 1), o.tensor(testRows, testWidth), o.tensor(2, 2)
		ids := make([]int32, testRows)
		for i := range ids {
			ids[i] = int32(i * 33)
		}
		o.do(o.b.HeadLogProbs(logp, lse, h, w, ids))
		o.do(o.b.HeadLogProbsBackward(dh, dlogp, lse, h, w, ids))
		top, topLogp := make([]int32, 2), make([]float32, 2)
		o.do(o.b.HeadTopK(top, topLogp, firstRow(h), w, 2))
		o.do(o.b.Write(best, []float32{float32(top[0]), float32(top[1]), topLogp[0], topLogp[1]}))
		return []compute.Tensor{logp, lse, dh, best}
	}},
	{"AdamW", exactLimit, func(o *operands) []compute.Tensor {
		param, grad, m, v := o.tensor(1, testWidth), o.tensor(1, testWidth), o.tensor(1, testWidth), o.tensor(1, testWidth)
		o.do(o.b.Scale(v, 0)) // a mean of squares is not negative
		o.do(o.b.AdamW(param, grad, m, v, compute.AdamWStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, GradScale: 0.5, Step: 3}))
		sum, err := o.b.SumSquares(grad)
		o.do(err)
		squares := o.tensor(1, 1)
		o.do(o.b.Write(squares, []float32{float32(sum)}))
		return []compute.Tensor{param, m, v, squares}
	}},
}

// firstRow is the first row of t; of none, none.
func firstRow(t compute.Tensor) compute.Tensor {
	if t.IsZero() {
		return t
	}
	return t.Slice(0, 1)
}
