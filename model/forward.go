package model

import "clara/compute"

// batch are the rows of one forward pass: tokens of one or more sequences side by
// side, in any order that puts a token behind those it looks at.
type batch struct {
	ids       []int32
	positions []int32
	// spans name the keys of each row: rows of the cache, or of the batch itself
	// where there is no cache (training).
	spans []compute.Span
	// slots are the cache rows that keys and values of each row go to.
	slots []int32
	// lora is added to every row; nil for the base.
	lora *lora
	// stretches are rows with a cache and a lora of their own; nil: all rows share theirs.
	stretches []stretch
	// out are the rows whose hidden state is wanted.
	out []int32
}

// stretch are the rows of one sequence of several.
type stretch struct {
	from, to int
	cache    *kvCache
	lora     *lora // nil for the base
}

// loras calls do for the rows of each lora; rows in a row with the same one go together.
func (b *batch) loras(do func(lo *lora, from, to int)) {
	if b.stretches == nil && b.lora != nil {
		do(b.lora, 0, len(b.ids))
	}
	for i, next := 0, 0; i < len(b.stretches); i = next {
		s := b.stretches[i]
		for next = i + 1; next < len(b.stretches) && b.stretches[next].lora == s.lora; next++ {
		}
		if s.lora != nil {
			do(s.lora, s.from, b.stretches[next-1].to)
		}
	}
}

// rank is the highest of its loras.
func (b *batch) rank() int {
	rank := 0
	b.loras(func(lo *lora, _, _ int) { rank = max(rank, lo.rank) })
	return rank
}

// kvCache holds the keys and values of past tokens, layer by layer.
type kvCache struct {
	keys, values []compute.Tensor // [capacity, KVHeads*HeadDim]
	memory       compute.Memory
	capacity     int
}

// newCache makes room for capacity tokens.
func (n *network) newCache(capacity int) (*kvCache, error) {
	width := n.keyWidth()
	mem, err := n.be.Alloc(2 * n.Layers * capacity * width)
	if err != nil {
		return nil, err
	}
	c := &kvCache{memory: mem, capacity: capacity}
	for l := range n.Layers {
		t := compute.Tensor{Mem: mem, Off: 2 * l * capacity * width, Rows: capacity, Cols: width, Stride: width}
		c.keys = append(c.keys, t)
		t.Off += capacity * width
		c.values = append(c.values, t)
	}
	return c, nil
}

// copyCache copies the first rows of one cache to another.
func (n *network) copyCache(to, from *kvCache, rows int) error {
	for l := range n.Layers {
		if err := n.be.CopyRows(to.keys[l].Slice(0, rows), nil, from.keys[l].Slice(0, rows), nil, false); err != nil {
			return err
		}
		if err := n.be.CopyRows(to.values[l].Slice(0, rows), nil, from.values[l].Slice(0, rows), nil, false); err != nil {
			return err
		}
	}
	return nil
}

// workspace is what all blocks of a pass write to in turn.
type workspace struct {
	x       compute.Tensor // the residual stream: [T, Width]
	h       compute.Tensor // a norm of it
	product compute.Tensor // act(gate) * up; none: it takes gate's place
}

// tape keeps what the backward pass needs of a forward pass.
type tape struct {
	workspace
	layers []layerTape
	// recomputed is how many blocks, the first ones, keep nothing but their input: the
	// backward pass computes the rest again (gradient checkpointing, Chen et al. 2016). They
	// share the activations of block recomputed, so at most all blocks but the last.
	recomputed int
	out        compute.Tensor // hidden state of the wanted rows before the final norm
}

// layerTape are the activations of one block. Norms and the gated product are
// computed again in the backward pass: they are cheap and wide.
type layerTape struct {
	xIn, xMid  compute.Tensor // residual stream before attention and before the MLP
	qRaw, kRaw compute.Tensor // before the norm of queries and keys, where there is one
	q, k, v    compute.Tensor
	heads, lse compute.Tensor // what attention yields
	gate, up   compute.Tensor
	oRaw, dRaw compute.Tensor         // before the post-norms, where there are some
	loraIn     [inputs]compute.Tensor // x Aᵀ: [T, ranks]
}

// forwardValues bounds the values that forward takes from an arena for rows rows,
// wanted of which go to the head; keep is whether there is a tape, which recomputes no
// block.
func (c Config) forwardValues(rows, wanted, rank int, keep bool) int {
	values := 2*rowsOf(rows, c.Width) + 2*rowsOf(wanted, c.Width)
	if !keep {
		return values + c.layerValues(rows, rank, false)
	}
	values += rowsOf(rows, c.FeedForward)
	return values + c.Layers*(c.layerValues(rows, rank, true)+rowsOf(rows, c.Width))
}

// layerValues bounds the values of one block's activations, without its input. keep is
// whether they are for a backward pass.
func (c Config) layerValues(rows, rank int, keep bool) int {
	n := 2*rowsOf(rows, c.queryWidth()) + 2*rowsOf(rows, c.keyWidth()) + 2*rowsOf(rows, c.FeedForward)
	for in := range inputs {
		n += rowsOf(rows, len(readers[in])*rank)
	}
	if c.PostNorm {
		n += 2 * rowsOf(rows, c.Width)
	}
	if !keep {
		return n
	}
	n += rowsOf(rows, c.Heads) + rowsOf(rows, c.Width)
	if c.QKNorm {
		n += rowsOf(rows, c.queryWidth()) + rowsOf(rows, c.keyWidth())
	}
	return n
}

// rowsOf is what an arena has to have left for rows rows of a width.
func rowsOf(rows, width int) int { return rows*width + compute.ArenaAlign - 1 }

// takeLayer takes the activations of one block, without its input.
func (n *network) takeLayer(e *exec, arena *compute.Arena, rows, rank int, keep bool) layerTape {
	t := layerTape{
		q: e.take(arena, rows, n.queryWidth()),
		k: e.take(arena, rows, n.keyWidth()),
		v: e.take(arena, rows, n.keyWidth()),

		heads: e.take(arena, rows, n.queryWidth()),
		gate:  e.take(arena, rows, n.FeedForward),
		up:    e.take(arena, rows, n.FeedForward),
	}
	if rank > 0 {
		for in := range inputs {
			t.loraIn[in] = e.take(arena, rows, len(readers[in])*rank)
		}
	}
	t.qRaw, t.kRaw = t.q, t.k
	if keep {
		t.lse = e.take(arena, rows, n.Heads)
		t.xMid = e.take(arena, rows, n.Width)
		if n.QKNorm {
			t.qRaw = e.take(arena, rows, n.queryWidth())
			t.kRaw = e.take(arena, rows, n.keyWidth())
		}
	}
	if n.PostNorm {
		t.oRaw = e.take(arena, rows, n.Width)
		t.dRaw = e.take(arena, rows, n.Width)
	}
	return t
}

// forward computes the hidden state, after the final norm, of the wanted rows:
// [len(b.out), Width]. With a tape the activations that the backward pass needs
// stay in the arena, and keys and values stay in the batch; without one they go
// to the cache and the arena is reused from layer to layer.
func (n *network) forward(e *exec, b *batch, cache *kvCache, arena *compute.Arena, tp *tape, p compute.Precision) compute.Tensor {
	rows := len(b.ids)
	w := workspace{x: e.take(arena, rows, n.Width), h: e.take(arena, rows, n.Width)}
	out := e.take(arena, len(b.out), n.Width)
	normed := e.take(arena, len(b.out), n.Width)
	shared := n.Layers - 1 // the last of the blocks that write over each other's activations
	if tp != nil {
		w.product = e.take(arena, rows, n.FeedForward)
		shared = tp.recomputed
	}
	rank := b.rank()
	t := n.takeLayer(e, arena, rows, rank, tp != nil)
	if e.err != nil {
		return normed
	}
	e.do(e.Embedding(w.x, n.embedding, b.ids, n.EmbeddingScale))
	for l := range n.layers {
		if l > shared {
			t = n.takeLayer(e, arena, rows, rank, true)
		}
		if tp != nil {
			t.xIn = e.take(arena, rows, n.Width)
		}
		if e.err != nil {
			return normed
		}
		if tp != nil {
			e.do(e.CopyRows(t.xIn, nil, w.x, nil, false))
			tp.layers = append(tp.layers, t)
		}
		n.block(e, b, cache, l, w, &t, p, true)
	}
	if e.err != nil {
		return normed
	}
	if len(b.out) > 0 {
		e.do(e.CopyRows(out, nil, w.x, b.out, false))
		e.do(e.RMSNorm(normed, out, n.finalNorm, n.NormEps))
	}
	if tp != nil {
		tp.workspace, tp.out = w, out
	}
	return normed
}

// block runs block l on the residual stream and leaves its activations in t. whole is
// whether the stream behind it is wanted, too.
func (n *network) block(e *exec, b *batch, cache *kvCache, l int, w workspace, t *layerTape, p compute.Precision, whole bool) {
	layer := &n.layers[l]
	oRaw, dRaw, product := w.x, w.x, w.product
	if n.PostNorm {
		oRaw, dRaw = t.oRaw, t.dRaw
	}
	if product.IsZero() {
		product = t.gate
	}

	// attention: x += post(O attend(rope(norm(Q h)), rope(norm(K h)), V h)), h = norm(x)
	e.do(e.RMSNorm(w.h, w.x, layer.attentionNorm, n.NormEps))
	n.project(e, b, l, inputAttention, w.h, t.loraIn[inputAttention], p, false, t.qRaw, t.kRaw, t.v)
	if n.QKNorm {
		n.normHeads(e, t.q, t.qRaw, layer.queryNorm, n.Heads)
		n.normHeads(e, t.k, t.kRaw, layer.keyNorm, n.KVHeads)
	}
	freqs := n.Attention[l].Freqs
	e.do(e.RoPE(t.q, b.positions, freqs, n.RoPE, false))
	e.do(e.RoPE(t.k, b.positions, freqs, n.RoPE, false))
	n.attend(e, b, cache, l, t)
	n.project(e, b, l, inputOutput, t.heads, t.loraIn[inputOutput], p, !n.PostNorm, oRaw)
	if n.PostNorm {
		e.do(e.RMSNorm(w.h, oRaw, layer.postAttentionNorm, n.NormEps))
		e.do(e.Add(w.x, w.h, 1))
	}

	if e.err != nil {
		return
	}
	// gated MLP: x += post(Down(act(Gate h) * (Up h))), h = norm(x)
	if !t.xMid.IsZero() {
		e.do(e.CopyRows(t.xMid, nil, w.x, nil, false))
	}
	e.do(e.RMSNorm(w.h, w.x, layer.mlpNorm, n.NormEps))
	n.project(e, b, l, inputMLP, w.h, t.loraIn[inputMLP], p, false, t.gate, t.up)
	e.do(e.GLU(product, t.gate, t.up, n.Activation))
	if !whole && !n.PostNorm { // nothing that follows is kept but the input of down's B
		n.lower(e, b, l, inputDown, product, t.loraIn[inputDown])
		return
	}
	n.project(e, b, l, inputDown, product, t.loraIn[inputDown], p, !n.PostNorm, dRaw)
	if whole && n.PostNorm {
		e.do(e.RMSNorm(w.h, dRaw, layer.postMLPNorm, n.NormEps))
		e.do(e.Add(w.x, w.h, 1))
	}
}

// attend puts keys and values where they belong and lets every row look at those that its
// span names.
func (n *network) attend(e *exec, b *batch, cache *kvCache, l int, t *layerTape) {
	keys, values := t.k, t.v
	keep := func(cache *kvCache, slots []int32, k, v compute.Tensor) {
		keys, values = cache.keys[l], cache.values[l]
		e.do(e.CopyRows(keys, slots, k, nil, false))
		e.do(e.CopyRows(values, slots, v, nil, false))
	}
	if b.stretches == nil {
		if cache != nil {
			keep(cache, b.slots, t.k, t.v)
		}
		e.do(e.Backend.Attention(t.heads, t.lse, t.q, keys, values, b.spans, n.attention(l)))
		return
	}
	for _, s := range b.stretches {
		keep(s.cache, b.slots[s.from:s.to], t.k.Slice(s.from, s.to), t.v.Slice(s.from, s.to))
		e.do(e.Backend.Attention(t.heads.Slice(s.from, s.to), compute.Tensor{}, t.q.Slice(s.from, s.to), keys, values, b.spans[s.from:s.to], n.attention(l)))
	}
}

// project computes y = x Wᵀ + scale (x Aᵀ) Bᵀ, or y += with accumulate, for every
// projection that reads from in; ys are in the order of readers. loraIn receives
// x Aᵀ.
func (n *network) project(e *exec, b *batch, l int, in input, x, loraIn compute.Tensor, p compute.Precision, accumulate bool, ys ...compute.Tensor) {
	n.lower(e, b, l, in, x, loraIn)
	for i, proj := range readers[in] {
		e.do(e.Linear(ys[i], x, n.layers[l].weight[proj], p, accumulate))
		b.loras(func(lo *lora, from, to int) {
			low := loraIn.Slice(from, to).Columns(i*lo.rank, (i+1)*lo.rank)
			e.do(e.MatMul(ys[i].Slice(from, to), low, lo.layers[l].b[proj], false, true, lo.scale, true))
		})
	}
}

// lower computes loraIn = x Aᵀ.
func (n *network) lower(e *exec, b *batch, l int, in input, x, loraIn compute.Tensor) {
	b.loras(func(lo *lora, from, to int) {
		e.do(e.MatMul(loraIn.Slice(from, to).Columns(0, lo.ranks(in)), x.Slice(from, to), lo.layers[l].a[in], false, true, 1, false))
	})
}

// normHeads normalises every head of x on its own.
func (n *network) normHeads(e *exec, y, x, gain compute.Tensor, heads int) {
	rows := x.Rows * heads
	e.do(e.RMSNorm(y.Reshape(rows, n.HeadDim), x.Reshape(rows, n.HeadDim), gain, n.NormEps))
}
