package model

import "clara/compute"

// backwardValues bounds the values that backward takes from an arena.
func (c Config) backwardValues(rows, wanted, rank int) int {
	n := 2*rowsOf(rows, c.Width) + 2*rowsOf(rows, c.queryWidth()) + 2*rowsOf(rows, c.keyWidth())
	n += rowsOf(rows, c.FeedForward) + rowsOf(rows, 3*rank) + rowsOf(wanted, c.Width)
	return n
}

// backward follows forward from its end to its beginning. dNormed is the gradient
// of the loss with respect to what forward returned. It adds to the gradients of
// lo's A and B in grads (+=) and consumes the activations on the tape. The base is
// frozen: no gradient of a weight of it exists.
func (n *network) backward(e *exec, b *batch, tp *tape, dNormed compute.Tensor, grads *lora, arena *compute.Arena) {
	rows := len(b.ids)
	lo := b.lora
	dx := e.take(arena, rows, n.Width) // of the residual stream
	dh := e.take(arena, rows, n.Width) // of what a norm yields
	dheads := e.take(arena, rows, n.queryWidth())
	dq := e.take(arena, rows, n.queryWidth())
	dk := e.take(arena, rows, n.keyWidth())
	dv := e.take(arena, rows, n.keyWidth())
	dproduct := e.take(arena, rows, n.FeedForward)
	dlora := e.take(arena, rows, 3*lo.rank)
	dout := e.take(arena, len(b.out), n.Width)
	h, product := tp.h, tp.product // a norm and a gated product, computed again
	if e.err != nil {
		return
	}

	// normed = norm(x[out])
	e.do(e.RMSNormBackward(dout, dNormed, tp.out, n.finalNorm, n.NormEps, false))
	e.do(e.Scale(dx, 0))
	e.do(e.CopyRows(dx, b.out, dout, nil, true))

	for l := len(n.layers) - 1; l >= 0 && e.err == nil; l-- {
		layer, t := &n.layers[l], &tp.layers[l]
		if l < tp.recomputed {
			e.do(e.CopyRows(tp.x, nil, t.xIn, nil, false))
			n.block(e, b, nil, l, tp.workspace, t, compute.Exact, false)
		}
		if e.err != nil {
			return
		}

		// x += post(Down(act(Gate h) * (Up h))), h = norm(xMid)
		dd := dx
		if n.PostNorm {
			e.do(e.RMSNormBackward(dh, dx, t.dRaw, layer.postMLPNorm, n.NormEps, false))
			dd = dh
		}
		e.do(e.GLU(product, t.gate, t.up, n.Activation))
		n.projectBackward(e, lo, grads, l, inputDown, product, t.loraIn[inputDown], dlora, dproduct, true, dd)
		// the gradients of gate and up take their places
		e.do(e.GLUBackward(t.gate, t.up, dproduct, t.gate, t.up, n.Activation))
		e.do(e.RMSNorm(h, t.xMid, layer.mlpNorm, n.NormEps))
		n.projectBackward(e, lo, grads, l, inputMLP, h, t.loraIn[inputMLP], dlora, dh, true, t.gate, t.up)
		e.do(e.RMSNormBackward(dx, dh, t.xMid, layer.mlpNorm, n.NormEps, true))

		if e.err != nil {
			return
		}
		// x += post(O attend(rope(norm(Q h)), rope(norm(K h)), V h)), h = norm(xIn)
		do := dx
		if n.PostNorm {
			e.do(e.RMSNormBackward(dh, dx, t.oRaw, layer.postAttentionNorm, n.NormEps, false))
			do = dh
		}
		n.projectBackward(e, lo, grads, l, inputOutput, t.heads, t.loraIn[inputOutput], dlora, dheads, true, do)
		e.do(e.Scale(dk, 0))
		e.do(e.Scale(dv, 0))
		e.do(e.AttentionBackward(dq, dk, dv, dheads, t.heads, t.lse, t.q, t.k, t.v, b.spans, n.attention(l)))
		freqs := n.Attention[l].Freqs
		e.do(e.RoPE(dq, b.positions, freqs, n.RoPE, true))
		e.do(e.RoPE(dk, b.positions, freqs, n.RoPE, true))
		if n.QKNorm {
			n.normHeadsBackward(e, dq, t.qRaw, layer.queryNorm, n.Heads)
			n.normHeadsBackward(e, dk, t.kRaw, layer.keyNorm, n.KVHeads)
		}
		e.do(e.RMSNorm(h, t.xIn, layer.attentionNorm, n.NormEps))
		// before the first block lies the frozen embedding: nobody wants dx there
		deeper := l > 0
		n.projectBackward(e, lo, grads, l, inputAttention, h, t.loraIn[inputAttention], dlora, dh, deeper, dq, dk, dv)
		if deeper {
			e.do(e.RMSNormBackward(dx, dh, t.xIn, layer.attentionNorm, n.NormEps, true))
		}
	}
}

// projectBackward is the transpose of project for y = x Wᵀ + s (x Aᵀ) Bᵀ:
//
//	dB += s dyᵀ (x Aᵀ);  g = s dy B;  dA += gᵀ x;  dx = sum over the readers of dy W + g A
//
// loraIn is x Aᵀ as project left it, dlora scratch for g. dx is not written where
// wanted is false.
func (n *network) projectBackward(e *exec, lo, grads *lora, l int, in input, x, loraIn, dlora, dx compute.Tensor, wanted bool, dys ...compute.Tensor) {
	g := dlora.Columns(0, lo.ranks(in))
	for i, proj := range readers[in] {
		from, to := i*lo.rank, (i+1)*lo.rank
		e.do(e.MatMul(grads.layers[l].b[proj], dys[i], loraIn.Columns(from, to), true, false, lo.scale, true))
		e.do(e.MatMul(g.Columns(from, to), dys[i], lo.layers[l].b[proj], false, false, lo.scale, false))
	}
	e.do(e.MatMul(grads.layers[l].a[in], g, x, true, false, 1, true))
	if !wanted {
		return
	}
	for i, proj := range readers[in] {
		e.do(e.LinearBackward(dx, dys[i], n.layers[l].weight[proj], i > 0))
	}
	e.do(e.MatMul(dx, g, lo.layers[l].a[in], false, false, 1, true)) // behind them at once: an engine may write both as one
}

// normHeadsBackward turns the gradient of a normalised head into that of the raw
// one, in place.
func (n *network) normHeadsBackward(e *exec, dy, x, gain compute.Tensor, heads int) {
	rows := x.Rows * heads
	d := dy.Reshape(rows, n.HeadDim)
	e.do(e.RMSNormBackward(d, d, x.Reshape(rows, n.HeadDim), gain, n.NormEps, false))
}
