package cpu

import "unsafe"

const (
	// stripsInCache is how many bytes of strips go through all rows of activations
	// before the next: they come from memory once and then from the first-level
	// cache.
	stripsInCache = 16 << 10
	// serialBytes is the size of a weight, times the rows of activations, from which
	// a second worker pays for the hand-off.
	serialBytes = 48 << 10
)

// linearRounded: y (=, or += with accumulate) x Wᵀ with x rounded to 8 bits per
// block of 32 values. Within a block (of Q6_K, half a block) everything is integers,
// so that a result does not depend on the tier but for how the blocks' terms are
// rounded in f32, with or without a fused multiply-add, and not at all on how many
// rows stand beside it.
func (b *Backend) linearRounded(y, x view, w *weight, accumulate bool) error {
	if x.rows == 0 {
		return nil
	}
	if err := b.pack(w); err != nil {
		return err
	}
	if err := b.gemm.room(b.pool.size(), 0); err != nil {
		return err
	}
	if err := b.round(x); err != nil {
		return err
	}
	p := &w.packed
	parts, down := 1, 1
	if bytes := len(p.data); bytes*x.rows >= serialBytes && b.pool.size() > 1 {
		parts = min(p.strips, 4*b.pool.size(), max(bytes*x.rows/serialBytes*2, 2))
		tall := b.k.strips[w.Type].tiles[0].tokens
		if parts < 2*b.pool.size() { // too few strips for all: share out the rows too
			down = min((2*b.pool.size()+parts-1)/parts, (x.rows+tall-1)/tall)
		}
		b.pool.run(parts*down, func(worker, t int) {
			s0, s1 := share(t/down, parts, p.strips, 1)
			i0, i1 := share(t%down, down, x.rows, tall)
			b.multiplyStrips(worker, y, w, s0, s1, i0, i1, accumulate)
		})
		return nil
	}
	b.multiplyStrips(0, y, w, 0, p.strips, 0, x.rows, accumulate)
	return nil
}

// round fills the scratch with x rounded.
func (b *Backend) round(x view) error {
	blocks := x.cols / 32
	if err := grow(&b.gemm.rounded, x.rows*x.cols/4); err != nil {
		return err
	}
	if err := grow(&b.gemm.roundedScales, x.rows*blocks*4); err != nil {
		return err
	}
	q, scales := b.gemm.quants(), b.gemm.roundedScales
	b.overRows(x.rows, x.cols, func(_, from, to int) {
		for i := from; i < to; i++ {
			b.k.quantize(blocks, &q[i*x.cols], &scales[i*blocks*4], &x.row(i)[0])
		}
	})
	return nil
}

// quants is the scratch of rounded activations.
func (s *scratch) quants() []int8 {
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(s.rounded))), len(s.rounded)*4)
}

// multiplyStrips computes rows [i0, i1) of the columns that strips [s0, s1) give.
func (b *Backend) multiplyStrips(worker int, y view, w *weight, s0, s1, i0, i1 int, accumulate bool) {
	p := &w.packed
	tiles := b.k.strips[w.Type].tiles
	atOnce := max(1, stripsInCache/(p.blocks*p.size()))
	if i1-i0 <= tiles[0].tokens {
		atOnce = max(1, callBytes/(p.blocks*p.size()))
	}
	whole := min(s1, w.Rows/stripRows) // strips that lie within y
	for s := s0; s < whole; s += atOnce {
		n := min(atOnce, whole-s)
		b.stripsTimesRows(y.data[i0*y.stride+s*stripRows:], y.stride, w, s, n, i0, i1, accumulate)
	}
	if whole == s1 {
		return
	}
	// The strip that hangs over the edge of y, a few rows at a time.
	edge := b.gemm.workers[worker].edge
	for i := i0; i < i1; i += edgeRows {
		n := min(edgeRows, i1-i)
		b.stripsTimesRows(edge, stripRows, w, whole, 1, i, i+n, false)
		for t := range n {
			row := y.row(i + t)[whole*stripRows:]
			for j := range row {
				if accumulate {
					row[j] += edge[t*stripRows+j]
				} else {
					row[j] = edge[t*stripRows+j]
				}
			}
		}
	}
}

// edgeRows is how many rows of a strip the scratch of an edge holds.
const edgeRows = maxTile / stripRows

// stripsTimesRows multiplies n strips from s on by rows [i0, i1) of the rounded
// activations; row i0 of the result starts at y[0].
func (b *Backend) stripsTimesRows(y []float32, ldy int, w *weight, s, n, i0, i1 int, accumulate bool) {
	p := &w.packed
	x, scales := b.gemm.quants(), b.gemm.roundedScales
	data := p.at(s, 0)
	_ = data[n*p.blocks*p.size()-1]
	for i := i0; i < i1; {
		for _, t := range b.k.strips[w.Type].tiles {
			if t.tokens > i1-i {
				continue
			}
			_ = y[(i-i0+t.tokens-1)*ldy+n*stripRows-1]
			t.run(n, p.blocks, &data[0], &x[i*w.Cols], w.Cols, &scales[i*p.blocks*4], p.blocks*4, &y[(i-i0)*ldy], ldy, accumulate)
			i += t.tokens
			break
		}
	}
}
