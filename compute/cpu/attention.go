package cpu

import (
	"fmt"
	"math"

	"clara/compute"
)

// Attention: with s_j = scale q·k_j over the keys j that the row's span names,
//
//	lse = log sum_j exp s_j      p_j = exp(s_j - lse)      out = sum_j p_j v_j
//
// Rows that look at much the same keys form a tile (see queryTiles), whose scores
// are a matrix product; the scores of a tile fit the L2 cache. A row of its own,
// as in decoding, goes over its keys with all query heads that share them.
func (b *Backend) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	const op = "Attention"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	o, err := b.attentionOperands(op, q, k, v, out, lse, spans, a)
	if err != nil {
		return err
	}
	tiles := queryTiles(o.spans)
	group := a.Heads / a.KVHeads
	scores, work, blocks := 0, 0, 1
	for _, t := range tiles {
		work += t.rows() * t.keys() * a.HeadDim * a.Heads
		if t.rows() > 1 {
			scores = max(scores, t.rows()*t.keys())
			continue
		}
		scores = max(scores, group*(t.keys()+a.HeadDim))
		blocks = max(blocks, (t.keys()+keyBlock-1)/keyBlock)
	}
	if err := b.rows.reserve(b.pool.size(), scores); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := b.gemm.room(b.pool.size(), 0); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	o.blocks = blocks
	if o.partials, err = b.partials.reserve(len(tiles) * a.Heads * blocks * (a.HeadDim + 2)); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	// A task is one query head of a tile, or one key head and block of a single row.
	parts := max(a.Heads, a.KVHeads*blocks)
	run := func(worker, i int) {
		switch t, part := i/parts, i%parts; {
		case tiles[t].rows() == 1 && part < a.KVHeads*blocks:
			b.attendRow(worker, o, t, tiles[t], part/blocks, part%blocks)
		case tiles[t].rows() > 1 && part < a.Heads:
			b.attendTile(worker, o, tiles[t], part)
		}
	}
	if work <= inlineMultiplies {
		for i := range len(tiles) * parts {
			run(0, i)
		}
	} else {
		b.pool.run(len(tiles)*parts, run)
	}
	if blocks > 1 {
		for i, t := range tiles {
			if t.rows() == 1 {
				for head := range a.Heads {
					b.joinBlocks(o, i, t, head)
				}
			}
		}
	}
	return nil
}

const (
	// tileRows and tileScores bound a tile: rows enough to make the products
	// efficient, scores that stay in the L2 cache (1 MiB) while two passes go over them.
	tileRows   = 64
	tileScores = 256 << 10
	// keyBlock is the share of a long span that a thread takes when one row is
	// decoded; keyRun of its keys (16 KiB at 64 values) stay in the first-level
	// cache while the query heads that share them go over them.
	keyBlock = 512
	keyRun   = 64
	// inlineMultiplies is the work that is not worth a hand-off to the pool.
	inlineMultiplies = 64 << 10
)

// attention are the operands of one call, resolved.
type attention struct {
	compute.AttentionShape
	q, k, v, out view
	lse          view // no rows when the caller does not want it
	spans        []keyRanges
	partials     []float32
	blocks       int
}

// head returns the columns of m that belong to query head h.
func (o *attention) head(m view, h int) view { return m.columns(h*o.HeadDim, (h+1)*o.HeadDim) }

// keyHead returns the columns of m that belong to the key head of query head h.
func (o *attention) keyHead(m view, h int) view { return o.head(m, h/(o.Heads/o.KVHeads)) }

// attentionOperands resolves and checks what both directions have in common.
func (b *Backend) attentionOperands(op string, q, k, v, out, lse compute.Tensor, spans []compute.Span, a compute.AttentionShape) (*attention, error) {
	o := &attention{AttentionShape: a}
	for _, t := range []struct {
		name string
		from compute.Tensor
		to   *view
	}{{"q", q, &o.q}, {"k", k, &o.k}, {"v", v, &o.v}, {"out", out, &o.out}} {
		var err error
		if *t.to, err = b.operand(op, t.name, t.from); err != nil {
			return nil, err
		}
	}
	kept, err := compute.CheckAttention(out, lse, q, k, v, spans, a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if !lse.IsZero() {
		if o.lse, err = b.operand(op, "lse", lse); err != nil {
			return nil, err
		}
	}
	o.spans = make([]keyRanges, len(spans))
	for i, s := range kept {
		o.spans[i] = keyRanges{{int(s.PrefixFrom), int(s.PrefixTo)}, {int(s.From), int(s.To)}}
	}
	return o, nil
}

// keyRange is the keys [from, to).
type keyRange struct{ from, to int }

func (r keyRange) len() int { return r.to - r.from }

// keyRanges are the keys of a row, the shared ones and its own.
type keyRanges [2]keyRange

func (r keyRanges) len() int { return r[0].len() + r[1].len() }

// queryTile is the rows [from, to) with the hulls of their two ranges: every key
// of a hull is one that a row of the tile looks at.
type queryTile struct {
	from, to int
	hull     keyRanges
	useful   int // scores that are asked for, of rows()*keys()
}

func (t queryTile) rows() int { return t.to - t.from }
func (t queryTile) keys() int { return t.hull.len() }

// queryTiles cuts the rows into tiles. A row joins the tile before it if its keys
// leave no gap in the hulls (a key outside all spans may hold anything, even NaN,
// and must not be multiplied by 0) and if the tile does not get much emptier: a
// causal triangle wastes half of its scores, sequences in different parts of a
// cache nearly all.
func queryTiles(spans []keyRanges) []queryTile {
	var tiles []queryTile
	for i, s := range spans {
		if n := len(tiles); n > 0 {
			if t, ok := tiles[n-1].with(s); ok {
				tiles[n-1] = t
				continue
			}
		}
		tiles = append(tiles, queryTile{i, i + 1, s, s.len()})
	}
	return tiles
}

// with returns the tile with one more row, and whether that is worth it.
func (t queryTile) with(s keyRanges) (queryTile, bool) {
	for i, r := range s {
		h := &t.hull[i]
		switch {
		case r.len() == 0:
		case h.len() == 0:
			*h = r
		case r.from > h.to || r.to < h.from:
			return t, false
		default:
			h.from, h.to = min(h.from, r.from), max(h.to, r.to)
		}
	}
	t.to++
	t.useful += s.len()
	n := t.rows() * t.keys()
	return t, t.rows() <= tileRows && n <= 2*t.useful+t.rows()*tileRows && (n <= tileScores || t.rows() <= 8)
}

// columns of a row's two ranges within the scores of its tile.
func (t queryTile) columns(s keyRanges) keyRanges {
	for i := range s {
		if s[i].len() == 0 {
			s[i] = keyRange{} // an empty range may lie outside the hull
			continue
		}
		shift := -t.hull[i].from
		if i == 1 {
			shift += t.hull[0].len()
		}
		s[i] = keyRange{s[i].from + shift, s[i].to + shift}
	}
	return s
}

// products runs f for each hull that has keys, with the columns of the scores
// that belong to it.
func (t queryTile) products(scores view, f func(hull int, part view, keys keyRange)) {
	column := 0
	for i, h := range t.hull {
		if h.len() > 0 {
			f(i, scores.columns(column, column+h.len()), h)
		}
		column += h.len()
	}
}

// adds reports whether the product of a hull comes on top of that of the other.
func (t queryTile) adds(hull int) bool { return hull == 1 && t.hull[0].len() > 0 }

// attendTile computes one head of a tile.
func (b *Backend) attendTile(worker int, o *attention, t queryTile, head int) {
	q, out := o.head(o.q, head).slice(t.from, t.to), o.head(o.out, head).slice(t.from, t.to)
	k, v := o.keyHead(o.k, head), o.keyHead(o.v, head)
	n := t.keys()
	s := view{b.rows.of(worker, t.rows()*n), t.rows(), n, n}
	t.products(s, func(_ int, part view, keys keyRange) {
		b.multiply(worker, part, q, k.slice(keys.from, keys.to), false, true, o.Scale, false)
	})
	var inverse [tileRows]float32
	for i := range t.rows() {
		row, ranges := s.row(i), t.columns(o.spans[t.from+i])
		m := float32(math.Inf(-1))
		for _, r := range ranges {
			if r.len() > 0 {
				m = max(m, b.k.max(row[r.from:r.to]))
			}
		}
		var sum float32
		done := 0
		for _, r := range ranges {
			if r.len() > 0 {
				clear(row[done:r.from])
				sum += b.k.expSum(row[r.from:r.to], row[r.from:r.to], m)
				done = r.to
			}
		}
		clear(row[done:])
		inverse[i] = o.finish(t.from+i, head, m, sum)
	}
	if n == 0 {
		for i := range t.rows() {
			clear(out.row(i))
		}
		return
	}
	t.products(s, func(hull int, part view, keys keyRange) {
		b.multiply(worker, out, part, v.slice(keys.from, keys.to), false, false, 1, t.adds(hull))
	})
	for i := range t.rows() {
		b.k.scale(out.row(i), inverse[i])
	}
}

// finish stores the log-sum-exp of a row whose scores have the maximum m and
// whose exp(score-m) add up to sum, and returns the factor that makes the
// weighted values an average: 0 for a row without keys.
func (o *attention) finish(row, head int, m, sum float32) float32 {
	if o.lse.rows > 0 {
		o.lse.row(row)[head] = m + float32(math.Log(float64(sum)))
	}
	if sum == 0 {
		return 0
	}
	return 1 / sum
}

// attendRow computes one block of keys of a single row, for the query heads that
// share key head keyHead: all of the result if there is only this block, else
// partial ones.
func (b *Backend) attendRow(worker int, o *attention, tile int, t queryTile, keyHead, block int) {
	from, to := block*keyBlock, min((block+1)*keyBlock, t.keys())
	if o.blocks == 1 {
		to = t.keys()
	}
	if from > 0 && from >= to {
		return // a shorter span than that of other rows
	}
	group, n := o.Heads/o.KVHeads, to-from
	head := keyHead * group
	own := b.rows.of(worker, group*(n+o.HeadDim))
	q, s := own[:group*o.HeadDim], view{own[group*o.HeadDim:], group, n, n}
	copy(q, o.q.row(t.from)[head*o.HeadDim:])
	b.k.scale(q, o.Scale)
	k, v := o.keyHead(o.k, head), o.keyHead(o.v, head)
	t.keyRuns(from, to, func(keys keyRange, at int) {
		run := k.slice(keys.from, keys.to).data
		for g := range group {
			b.k.dotRows(s.row(g)[at:at+keys.len()], run, k.stride, q[g*o.HeadDim:(g+1)*o.HeadDim])
		}
	})
	outOf := func(g int) []float32 {
		if o.blocks > 1 {
			return o.partial(tile, head+g, block)[2:]
		}
		return o.head(o.out, head+g).row(t.from)
	}
	for g := range group {
		clear(outOf(g))
		m := b.k.max(s.row(g))
		sum := b.k.expSum(s.row(g), s.row(g), m)
		if o.blocks > 1 {
			p := o.partial(tile, head+g, block)
			p[0], p[1] = m, sum
		} else {
			b.k.scale(s.row(g), o.finish(t.from, head+g, m, sum))
		}
	}
	t.keyRuns(from, to, func(keys keyRange, at int) {
		run := v.slice(keys.from, keys.to).data
		for g := range group {
			b.k.axpyRows(outOf(g), run, v.stride, s.row(g)[at:at+keys.len()])
		}
	})
}

// keyRuns runs f for the keys [from, to) of the tile's hulls, counted through
// both, keyRun at a time, with their place after from.
func (t queryTile) keyRuns(from, to int, f func(keys keyRange, at int)) {
	before := 0
	for _, h := range t.hull {
		lo, hi := max(from, before), min(to, before+h.len())
		for ; lo < hi; lo += keyRun {
			end := min(lo+keyRun, hi)
			f(keyRange{h.from + lo - before, h.from + end - before}, lo-from)
		}
		before += h.len()
	}
}

// partial is the memory of one block under one head: maximum, sum, weighted values.
func (o *attention) partial(tile, head, block int) []float32 {
	n := o.HeadDim + 2
	slot := (tile*o.Heads+head)*o.blocks + block
	return o.partials[slot*n : (slot+1)*n]
}

// joinBlocks adds up the blocks of a single row, in their order.
func (b *Backend) joinBlocks(o *attention, tile int, t queryTile, head int) {
	out := o.head(o.out, head).row(t.from)
	clear(out)
	n := max(1, (t.keys()+keyBlock-1)/keyBlock)
	m := float32(math.Inf(-1))
	for i := range n {
		m = max(m, o.partial(tile, head, i)[0])
	}
	var sum float32
	for i := range n {
		p := o.partial(tile, head, i)
		if p[1] == 0 {
			continue // no keys; -Inf - -Inf below would be NaN
		}
		factor := float32(math.Exp(float64(p[0] - m)))
		sum += p[1] * factor
		b.k.axpy(out, p[2:], factor)
	}
	b.k.scale(out, o.finish(t.from, head, m, sum))
}
