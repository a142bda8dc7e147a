package selftest

import "clara/compute"

// operations are the operations that answers and training are made of, each alone: what
// one gets wrong does not spoil the next.
var operations = []trial{
	{"Embedding", exactLimit, vocabulary, func(o *operands) []compute.Tensor {
		w, y := o.weight(testVocabulary, testWidth), o.tensor(3, testWidth)
		o.do(o.b.Embedding(y, w, []int32{0, 7, testVocabulary - 1}, 2))
		return []compute.Tensor{y}
	}},
	{"Linear", roundedLimit, layers, func(o *operands) (results []compute.Tensor) {
		w, x := o.weight(testOutputs, testWidth), o.tensor(testRows, testWidth)
		low, up := o.tensor(testRows, testRank), o.tensor(testOutputs, testRank)
		for _, rows := range rowsOf {
			exact, rounded, adapted := o.tensor(rows, testOutputs), o.tensor(rows, testOutputs), o.tensor(rows, testOutputs)
			o.do(o.b.Linear(exact, first(x, rows), w, compute.Exact, true))
			o.do(o.b.Linear(rounded, first(x, rows), w, compute.Rounded, false))
			// What LoRA adds, right behind: an engine may compute both as one.
			o.do(o.b.Linear(adapted, first(x, rows), w, compute.Rounded, false))
			o.do(o.b.MatMul(adapted, first(low, rows), up, false, true, 2, true))
			results = append(results, exact, rounded, adapted)
		}
		return results
	}},
	{"LinearBackward", roundedLimit, layers, func(o *operands) []compute.Tensor {
		w, dy := o.weight(testOutputs, testWidth), o.tensor(testRows, testOutputs)
		low, down := o.tensor(testRows, testRank), o.tensor(testRank, testWidth)
		dx, adapted := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
		o.do(o.b.LinearBackward(dx, dy, w, true))
		o.do(o.b.LinearBackward(adapted, dy, w, true))
		o.do(o.b.MatMul(adapted, low, down, false, false, 2, true)) // as in Linear
		return []compute.Tensor{dx, adapted}
	}},
	{"MatMul", exactLimit, nil, func(o *operands) []compute.Tensor {
		x, a, wide := o.tensor(testRows, testWidth), o.tensor(testRank, testWidth), o.tensor(testWidth, testRank)
		h, row, narrow := o.tensor(testRows, testRank), o.tensor(1, testRank), o.tensor(testRows, testRank)
		da, db, back := o.tensor(testRank, testWidth), o.tensor(testWidth, testRank), o.tensor(testRows, testWidth)
		o.do(o.b.MatMul(h, x, a, false, true, 1, false))
		o.do(o.b.MatMul(row, first(x, 1), a, false, true, 1, false))
		o.do(o.b.MatMul(narrow, x, wide, false, false, 1, false))
		o.do(o.b.MatMul(da, h, x, true, false, 0.5, true))
		o.do(o.b.MatMul(db, x, h, true, false, 0.5, true))
		o.do(o.b.MatMul(back, h, a, false, false, 1, false))
		return []compute.Tensor{h, row, narrow, da, db, back}
	}},
	{"RMSNorm", exactLimit, nil, func(o *operands) []compute.Tensor {
		x, gain, y := o.tensor(testRows, testWidth), o.tensor(1, testWidth), o.tensor(testRows, testWidth)
		dy, dx := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
		o.do(o.b.RMSNorm(y, x, gain, 1e-5))
		o.do(o.b.RMSNormBackward(dx, dy, x, gain, 1e-5, true))
		return []compute.Tensor{y, dx}
	}},
	{"RoPE", exactLimit, nil, func(o *operands) []compute.Tensor {
		x, y := o.tensor(3, testWidth), o.tensor(3, testWidth)
		positions, freqs := []int32{0, 5, 1000}, []float32{1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4}
		o.do(o.b.RoPE(x, positions, freqs, compute.Interleaved, false))
		o.do(o.b.RoPE(y, positions, freqs, compute.Halves, true))
		return []compute.Tensor{x, y}
	}},
	{"Attention", exactLimit, nil, func(o *operands) []compute.Tensor {
		width, keyWidth := testHeads*o.headDim, testKeyHeads*o.headDim
		q, out, lse := o.tensor(testRows, width), o.tensor(testRows, width), o.tensor(testRows, testHeads)
		k, v := o.tensor(manyKeys, keyWidth), o.tensor(manyKeys, keyWidth)
		dout, dq := o.tensor(testRows, width), o.tensor(testRows, width)
		dk, dv := o.tensor(testRows, keyWidth), o.tensor(testRows, keyWidth)
		alone, late := o.tensor(1, width), o.tensor(1, width)
		a := compute.AttentionShape{Heads: testHeads, KVHeads: testKeyHeads, HeadDim: o.headDim, Scale: 0.25}
		spans := make([]compute.Span, testRows)
		for i := range spans {
			spans[i].To = int32(i + 1)
		}
		keys, values := first(k, testRows), first(v, testRows)
		o.do(o.b.Attention(out, lse, q, keys, values, spans, a))
		o.do(o.b.AttentionBackward(dq, dk, dv, dout, out, lse, q, keys, values, spans, a))
		o.do(o.b.Attention(alone, compute.Tensor{}, first(q, 1), k, v, spans[testRows-1:], a))
		o.do(o.b.Attention(late, compute.Tensor{}, first(q, 1), k, v, []compute.Span{{To: manyKeys}}, a))
		return []compute.Tensor{out, lse, dq, dk, dv, alone, late}
	}},
	{"GLU", exactLimit, nil, func(o *operands) (results []compute.Tensor) {
		gate, up, dy := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
		for _, act := range []compute.Activation{compute.SiLU, compute.GELUTanh} {
			y, dgate, dup := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth), o.tensor(testRows, testWidth)
			o.do(o.b.GLU(y, gate, up, act))
			o.do(o.b.GLUBackward(dgate, dup, dy, gate, up, act))
			results = append(results, y, dgate, dup)
		}
		return results
	}},
	{"Add", exactLimit, nil, func(o *operands) []compute.Tensor {
		x, y, z := o.tensor(testRows, testWidth), o.tensor(testRows, testWidth), o.tensor(2, testWidth)
		o.do(o.b.Add(y, x, 0.5))
		o.do(o.b.Scale(x, -2))
		o.do(o.b.CopyRows(z, []int32{1, 0}, x, []int32{3, 8}, true))
		return []compute.Tensor{x, y, z}
	}},
	{"HeadLogProbs", exactLimit, vocabulary, func(o *operands) []compute.Tensor {
		w, h, logp, lse := o.weight(testVocabulary, testWidth), o.tensor(testRows, testWidth), o.tensor(testRows, 1), o.tensor(testRows, 2)
		dlogp, dh, best := o.tensor(testRows, 1), o.tensor(testRows, testWidth), o.tensor(2, 2)
		ids := make([]int32, testRows)
		for i := range ids {
			ids[i] = int32(i * 7)
		}
		o.do(o.b.HeadLogProbs(logp, lse, h, w, ids))
		o.do(o.b.HeadLogProbsBackward(dh, dlogp, lse, h, w, ids))
		top, topLogp := make([]int32, 2), make([]float32, 2)
		o.do(o.b.HeadTopK(top, topLogp, first(h, 1), w, 2))
		o.do(o.b.Write(best, []float32{float32(top[0]), float32(top[1]), topLogp[0], topLogp[1]}))
		return []compute.Tensor{logp, lse, dh, best}
	}},
	{"AdamW", exactLimit, nil, func(o *operands) []compute.Tensor {
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

// first are the first rows of t; of none, none.
func first(t compute.Tensor, rows int) compute.Tensor {
	if t.IsZero() {
		return t
	}
	return t.Slice(0, rows)
}
