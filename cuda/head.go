//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"cmp"
	"fmt"
	"slices"

	"clara/compute"

	"gorgonia.org/cu"
)

const (
	// topSpan columns are sorted together (TOP_SPAN in kernels/head.cu); logits are made
	// in multiples of it.
	topSpan = 1024
	// headRoom is how many logits are in memory at a time: 4 MiB stay in the cache.
	headRoom = 1 << 20
	// headRows is how many rows go over the vocabulary together, at most.
	headRows = headRoom / topSpan
	// headSpans is how many spans are made at a time, at most: more would not keep a
	// device any busier.
	headSpans = 16
)

// HeadLogProbs: z = h Wᵀ; lse[i] = (m, log sum exp(z - m)), m the largest logit of
// row i; logp[i,j] = (z[ids[i*k+j]] - m) - lse[i][1], or 0 for a negative id.
func (b *Backend) HeadLogProbs(logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbs"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	o, err := b.headOperands(op, logp, lse, h, cw, ids)
	if err != nil || o.h.rows == 0 {
		return err
	}
	at, err := b.upload(op, bytesOf(ids))
	if err != nil {
		return err
	}
	return b.overRows(o, at, func(p headPart) error {
		return b.logits(op, p.h, o.w, func(z view, first int) error { return b.sumLogits(op, p, z, first) })
	})
}

// HeadLogProbsBackward, with g = sum_j dlogp[i,j] and p = exp(z - m - sum):
//
//	dlogp[i,j] goes to logit ids[i*k+j]   from   z[ids[i*k+j]]
//	-g p       goes to every logit        from   - log sum exp z
//	dh[i] = sum_v dz[v] W[v]              from   z = h Wᵀ
func (b *Backend) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbsBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	o, err := b.headOperands(op, dlogp, lse, h, cw, ids)
	if err != nil {
		return err
	}
	d, err := b.operand(op, "dh", dh)
	if err != nil {
		return err
	}
	if !d.is(o.h.rows, o.h.cols) {
		return b.misfit(op, "dh is %v, h %v", d, o.h)
	}
	if d.empty() {
		return nil
	}
	at, err := b.upload(op, bytesOf(ids))
	if err != nil {
		return err
	}
	return b.overRows(o, at, func(p headPart) error {
		exact, err := b.room(op, headScratch, max(1, p.h.rows*p.logp.cols)*f32Bytes)
		if err != nil {
			return err
		}
		return b.logits(op, p.h, o.w, func(z view, first int) error {
			err := b.launch(op, "head", "head_gradient", grid{x: z.rows},
				word(z.data), word(z.stride), word(first), word(z.cols), word(p.lse.data), word(p.lse.stride),
				word(p.logp.data), word(p.logp.stride), word(p.ids), word(p.logp.cols), word(exact))
			if err != nil {
				return err
			}
			return b.linearBackward(op, d.slice(p.from, p.from+z.rows), z, o.w.slice(first, first+z.cols), first > 0)
		})
	})
}

// HeadTopK returns the k most probable ids of each row.
func (b *Backend) HeadTopK(ids []int32, logp []float32, h compute.Tensor, cw compute.Weight, k int) error {
	const op = "HeadTopK"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	hv, err := b.operand(op, "h", h)
	if err != nil {
		return err
	}
	if err := compute.CheckHeadTopK(ids, logp, h, w, k); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	o := headOperands{h: hv, w: w}
	spans, most := blocks(w.rows, topSpan), min(k, topSpan)
	return b.overRows(o, 0, func(p headPart) error {
		n := p.h.rows
		sums := make([]float32, 2*n)
		best := make([]scored, n*spans*most)
		at, err := b.room(op, headScratch, len(bytesOf(sums))+len(bytesOf(best)))
		if err != nil {
			return err
		}
		bestAt := at + cu.DevicePtr(len(bytesOf(sums)))
		p.lse = view{at, n, 2, 2}
		err = b.logits(op, p.h, w, func(z view, first int) error {
			if err := b.sumLogits(op, p, z, first); err != nil {
				return err
			}
			return b.launch(op, "head", "head_top", grid{x: blocks(z.cols, topSpan), y: n},
				word(z.data), word(z.stride), word(first), word(z.cols), word(bestAt), word(spans), word(most))
		})
		if err != nil {
			return err
		}
		if err := b.receive(op, bytesOf(sums), at); err != nil {
			return err
		}
		if err := b.receive(op, bytesOf(best), bestAt); err != nil {
			return err
		}
		for i := range n {
			row := best[i*spans*most:][:spans*most]
			slices.SortFunc(row, func(a, b scored) int { return cmp.Or(cmp.Compare(b.z, a.z), cmp.Compare(a.id, b.id)) })
			for j, c := range row[:k] {
				ids[(p.from+i)*k+j] = c.id
				logp[(p.from+i)*k+j] = (c.z - sums[2*i]) - sums[2*i+1]
			}
		}
		return nil
	})
}

// scored is a logit and its id: Scored in kernels/head.cu.
type scored struct {
	z  float32
	id int32
}

// headOperands are those of a head operation, resolved; logp may be dlogp.
type headOperands struct {
	logp, lse, h view
	w            *weight
}

// headPart are some rows of them, the first of which is row from, and the candidates
// of these on the device.
type headPart struct {
	headOperands
	from int
	ids  cu.DevicePtr
}

// headOperands resolves what HeadLogProbs and its backward share.
func (b *Backend) headOperands(op string, logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) (o headOperands, err error) {
	if err = b.operands(op, named{"log-probabilities", logp, &o.logp}, named{"lse", lse, &o.lse}, named{"h", h, &o.h}); err != nil {
		return
	}
	if o.w, err = b.weight(op, cw); err != nil {
		return
	}
	if err = compute.CheckHead(logp, lse, h, o.w, ids); err != nil {
		err = fmt.Errorf("%s: %w", op, err)
	}
	return
}

// overRows runs f for some rows at a time. ids are the candidates of all.
func (b *Backend) overRows(o headOperands, ids cu.DevicePtr, f func(p headPart) error) error {
	for from := 0; from < o.h.rows; from += headRows {
		to := min(from+headRows, o.h.rows)
		p := headPart{o, from, ids + cu.DevicePtr(from*o.logp.cols*wordBytes)}
		p.h = o.h.slice(from, to)
		if o.logp.rows > 0 {
			p.logp = o.logp.slice(from, to)
		}
		if o.lse.rows > 0 {
			p.lse = o.lse.slice(from, to)
		}
		if err := f(p); err != nil {
			return err
		}
	}
	return nil
}

// logits computes h Wᵀ, some columns at a time, and hands them to f with the first
// column's id. f may overwrite them.
func (b *Backend) logits(op string, h view, w *weight, f func(z view, first int) error) error {
	cols := min(min(headRoom/topSpan/h.rows, headSpans)*topSpan, w.rows)
	data, err := b.room(op, logitScratch, h.rows*cols*f32Bytes)
	if err != nil {
		return err
	}
	for first := 0; first < w.rows; first += cols {
		z := view{data, h.rows, min(cols, w.rows-first), cols}
		if err := b.linear(op, z, h, w.slice(first, first+z.cols), false); err != nil {
			return err
		}
		if err := f(z, first); err != nil {
			return err
		}
	}
	return nil
}

// sumLogits goes on with the sums of some rows, and completes them when z has the last
// columns. Until then p.lse has the largest logit and the sum over all others.
func (b *Backend) sumLogits(op string, p headPart, z view, first int) error {
	last := first+z.cols == p.w.rows
	return b.launch(op, "head", "head_sum", grid{x: z.rows},
		word(z.data), word(z.stride), word(first), word(z.cols), flag(last), word(p.lse.data), word(p.lse.stride),
		word(p.logp.data), word(p.logp.stride), word(p.ids), word(p.logp.cols))
}
