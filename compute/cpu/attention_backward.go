package cpu

import (
	"fmt"

	"clara/compute"
)

// AttentionBackward recomputes the probabilities from lse, as FlashAttention-2
// does (Dao 2023), with D = dout·out = sum_j p_j dp_j:
//
//	out = sum_j p_j v_j               dv_j += p_j dout
//	                                  dp_j  = dout·v_j
//	p_j = exp(s_j - lse)              ds_j  = p_j (dp_j - D)
//	s_j = scale q·k_j                 dq    = scale sum_j ds_j k_j
//	                                  dk_j += scale ds_j q
//
// dq =; dk, dv += . A task is one key head over some of the tiles, with gradients
// of its own for keys and values, which are then added up in the order of the
// tiles: no two threads write one value, and the sums are the same whatever the
// number of threads.
func (b *Backend) AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	const op = "AttentionBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	common, err := b.attentionOperands(op, q, k, v, out, lse, spans, a)
	if err != nil {
		return err
	}
	o := &attentionGradient{attention: common}
	for _, t := range []struct {
		name string
		from compute.Tensor
		to   *view
	}{{"dq", dq, &o.dq}, {"dout", dout, &o.dout}, {"dk", dk, &o.dk}, {"dv", dv, &o.dv}} {
		if *t.to, err = b.operand(op, t.name, t.from); err != nil {
			return err
		}
	}
	if err := compute.CheckAttentionBackward(dq, dk, dv, dout, lse, q, k); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	tiles := queryTiles(o.spans)
	parts := shareTiles(tiles, (gradientTasks+a.KVHeads-1)/a.KVHeads)
	scores, size := 0, 0
	for _, t := range tiles {
		scores = max(scores, 2*t.rows()*t.keys())
	}
	for i := range parts {
		parts[i].offset = size
		size += a.KVHeads * parts[i].size(a.HeadDim)
	}
	if err := b.rows.reserve(b.pool.size(), scores); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := b.gemm.room(b.pool.size(), 0); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if o.partials, err = b.partials.reserve(size); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if len(parts) == 0 {
		return nil
	}
	b.pool.run(len(parts)*a.KVHeads, func(worker, i int) {
		b.attentionPart(worker, o, &parts[i/a.KVHeads], i%a.KVHeads)
	})
	b.overRows(o.dk.rows, o.dk.cols, func(_, from, to int) {
		for i := range parts {
			for keyHead := range a.KVHeads {
				b.addPart(o, &parts[i], keyHead, keyRange{from, to})
			}
		}
	})
	return nil
}

// gradientTasks is about how many tasks there are: enough to keep the threads of
// a desktop evenly busy, few because each has gradients of its own to add up.
const gradientTasks = 16

// attentionGradient are the operands of the backward pass.
type attentionGradient struct {
	*attention
	dq, dk, dv, dout view
}

// gradientPart is some tiles that follow one another, with the hulls of theirs.
type gradientPart struct {
	tiles  []queryTile
	hull   keyRanges
	offset int // of its gradients in the partial memory
}

// size is the number of values that the part's gradients of keys and values take
// for one key head.
func (p *gradientPart) size(headDim int) int { return 2 * p.hull.len() * headDim }

// gradients returns the part's gradients of its keys and of their values.
func (p *gradientPart) gradients(o *attentionGradient, keyHead int) (dk, dv view) {
	n := p.hull.len() * o.HeadDim
	data := o.partials[p.offset+2*n*keyHead:][:2*n]
	return view{data[:n], p.hull.len(), o.HeadDim, o.HeadDim}, view{data[n:], p.hull.len(), o.HeadDim, o.HeadDim}
}

// rows are the rows of the part's gradients that belong to keys of hull i.
func (p *gradientPart) rows(i int, keys keyRange) keyRange {
	shift := -p.hull[i].from
	if i == 1 {
		shift += p.hull[0].len()
	}
	return keyRange{keys.from + shift, keys.to + shift}
}

// shareTiles cuts the tiles into n parts at most, of about equal work.
func shareTiles(tiles []queryTile, n int) []gradientPart {
	var total, sum int
	for _, t := range tiles {
		total += t.rows() * t.keys()
	}
	var parts []gradientPart
	for i, t := range tiles {
		if len(parts) == 0 || sum*n >= total*len(parts) {
			parts = append(parts, gradientPart{tiles: tiles[i:i], hull: t.hull})
		}
		sum += t.rows() * t.keys()
		p := &parts[len(parts)-1]
		p.tiles = p.tiles[:len(p.tiles)+1]
		for j, h := range t.hull {
			if p.hull[j].len() == 0 {
				p.hull[j] = h
			} else if h.len() > 0 {
				p.hull[j] = keyRange{min(p.hull[j].from, h.from), max(p.hull[j].to, h.to)}
			}
		}
	}
	return parts
}

// attentionPart computes dq of the part's rows under the query heads of one key
// head, and the part's own gradients of keys and values.
func (b *Backend) attentionPart(worker int, o *attentionGradient, p *gradientPart, keyHead int) {
	dk, dv := p.gradients(o, keyHead)
	clear(dk.data)
	clear(dv.data)
	group := o.Heads / o.KVHeads
	for _, t := range p.tiles {
		for head := keyHead * group; head < (keyHead+1)*group; head++ {
			b.attentionTileGradient(worker, o, p, t, head, dk, dv)
		}
	}
}

// attentionTileGradient computes one head of a tile.
func (b *Backend) attentionTileGradient(worker int, o *attentionGradient, p *gradientPart, t queryTile, head int, dk, dv view) {
	rows := func(m view) view { return o.head(m, head).slice(t.from, t.to) }
	q, dq, out, dout := rows(o.q), rows(o.dq), rows(o.out), rows(o.dout)
	n := t.rows() * t.keys()
	if n == 0 {
		for i := range t.rows() {
			clear(dq.row(i))
		}
		return
	}
	k, v := o.keyHead(o.k, head), o.keyHead(o.v, head)
	own := b.rows.of(worker, 2*n)
	probs, grads := view{own[:n], t.rows(), t.keys(), t.keys()}, view{own[n:], t.rows(), t.keys(), t.keys()}
	t.products(probs, func(_ int, part view, keys keyRange) {
		b.multiply(worker, part, q, k.slice(keys.from, keys.to), false, true, o.Scale, false)
	})
	t.products(grads, func(_ int, part view, keys keyRange) {
		b.multiply(worker, part, dout, v.slice(keys.from, keys.to), false, true, 1, false)
	})
	for i := range t.rows() {
		row, grad := probs.row(i), grads.row(i)
		d := b.k.dot(dout.row(i), out.row(i))
		lse := o.lse.row(t.from + i)[head]
		done := 0
		for _, r := range t.columns(o.spans[t.from+i]) {
			if r.len() == 0 {
				continue
			}
			clear(row[done:r.from])
			clear(grad[done:r.from])
			s := row[r.from:r.to]
			b.k.expSum(s, s, lse)
			b.k.softmaxGrad(grad[r.from:r.to], s, grad[r.from:r.to], d, o.Scale)
			done = r.to
		}
		clear(row[done:])
		clear(grad[done:])
	}
	t.products(grads, func(hull int, part view, keys keyRange) {
		b.multiply(worker, dq, part, k.slice(keys.from, keys.to), false, false, 1, t.adds(hull))
	})
	t.products(grads, func(hull int, part view, keys keyRange) {
		r := p.rows(hull, keys)
		b.multiply(worker, dk.slice(r.from, r.to), part, q, true, false, 1, true)
	})
	t.products(probs, func(hull int, part view, keys keyRange) {
		r := p.rows(hull, keys)
		b.multiply(worker, dv.slice(r.from, r.to), part, dout, true, false, 1, true)
	})
}

// addPart adds a part's gradients of the given keys to dk and dv.
func (b *Backend) addPart(o *attentionGradient, p *gradientPart, keyHead int, keys keyRange) {
	dk, dv := p.gradients(o, keyHead)
	from, to := keyHead*o.HeadDim, (keyHead+1)*o.HeadDim
	for i, h := range p.hull {
		lo, hi := max(h.from, keys.from), min(h.to, keys.to)
		for key := lo; key < hi; key++ {
			r := p.rows(i, keyRange{key, key + 1}).from
			b.k.axpy(o.dk.row(key)[from:to], dk.row(r), 1)
			b.k.axpy(o.dv.row(key)[from:to], dv.row(r), 1)
		}
	}
}
