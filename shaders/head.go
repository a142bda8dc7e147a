//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"unsafe"

	"clara/compute"
)

const (
	// headColumns bounds the logits of a row that are in memory at a time, in the
	// backward pass and where the best are looked for on the processor.
	headColumns = 8192
	// headValues bounds a scratch buffer of the head: 64 MiB.
	headValues = 16 << 20
)

// HeadLogProbs: z = h Wᵀ; lse[i] = (m, log sum exp(z - m)); logp[i,j] = (z[ids[i*k+j]] - m)
// - lse[i][1], or 0 for a negative id.
func (b *Backend) HeadLogProbs(logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbs"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	l, s, hv, w, err := b.headOperands(op, logp, lse, h, cw, ids)
	if err != nil || hv.rows == 0 {
		return err
	}
	tiles := ceil(w.rows, tile)
	height := min(b.productRows(hv, hv, w.cols), b.rowsWithin(hv, l, s), max(1, min(headValues, b.blockValues())/(2*tiles)), b.groups)
	for r := 0; r < hv.rows; r += height {
		to := min(r+height, hv.rows)
		which, err := b.indices(ids[r*l.cols : to*l.cols])
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		sums, err := b.roomFor(scratchSums, to-r, 2*tiles)
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		b.tileSums(l.slice(r, to), sums, hv.slice(r, to), w, which)
		b.combine(l.slice(r, to), s.slice(r, to), sums, which)
	}
	return nil
}

// tileSums sends the dispatches that leave, for each row of h and 64 logits, the largest
// and the sum over the others, and the candidates' logits in logp.
func (b *Backend) tileSums(logp, sums, h view, w *weight, ids operand) {
	step := min(b.productColumns(h.rows, w.rows, w.cols, tile), max(tile, b.matrixRows(w.all())/tile*tile))
	for v0 := 0; v0 < w.rows; v0 += step {
		m := w.all().slice(v0, min(v0+step, w.rows))
		b.dispatch(dispatch{
			shader:   headShader(h, m),
			operands: []operand{logp.writesOr(sums), h.reads(), m.operand, sums.writes(), ids},
			ints: []int32{
				int32(h.rows), int32(m.rows), int32(w.cols), 0, 0, 0, int32(m.halfWords),
				int32(v0), int32(logp.cols), int32(v0 / tile), int32(sums.cols / 2),
			},
			groups: [3]int{ceil(m.rows, tile), ceil(h.rows, tile)},
			flops:  2 * float64(h.rows) * float64(m.rows) * float64(w.cols),
		})
	}
}

// combine makes of the tiles' sums what HeadLogProbs returns.
func (b *Backend) combine(logp, lse, sums view, ids operand) {
	b.dispatch(dispatch{
		shader:   shader{file: "head_combine.comp", parts: []string{"math.glsl"}},
		operands: []operand{logp.writesOr(lse), lse.writes(), sums.reads(), ids},
		ints:     []int32{int32(lse.rows), int32(sums.cols / 2), int32(logp.cols)},
		groups:   [3]int{lse.rows},
	})
}

// writesOr binds v, or where it has no values something that has, and nobody writes.
func (v view) writesOr(other view) operand {
	if v.empty() {
		v = other
	}
	return v.writes()
}

// headShader is head.comp for rows of h and a part of the head's weight.
func headShader(h view, m matrix, defines ...string) shader {
	if h.fours() && m.cols%4 == 0 {
		defines = append(defines, "FOURS 1")
	}
	return shader{
		"head.comp",
		[]string{"math.glsl", "product.glsl", "weight.glsl"},
		append(append(m.defines(2), "HALVES 6", wide), defines...),
	}
}

// HeadLogProbsBackward: dh[i] = sum_v dz[v] W[v] with dz from head.comp, some columns
// of the logits at a time.
func (b *Backend) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbsBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	l, s, hv, w, err := b.headOperands(op, dlogp, lse, h, cw, ids)
	if err != nil {
		return err
	}
	d, err := b.tensor(op, "dh", dh)
	if err != nil {
		return err
	}
	if !d.is(hv.rows, hv.cols) {
		return b.misfit(op, "dh is %v, h %v", d, hv)
	}
	if hv.rows == 0 {
		return nil
	}
	most := min(headColumns, max(tile, b.matrixRows(w.all())/tile*tile))
	height := min(b.productRows(hv, hv, w.cols), b.rowsWithin(hv, l, s, d), max(1, min(headValues, b.blockValues())/most))
	for r := 0; r < hv.rows; r += height {
		to := min(r+height, hv.rows)
		which, err := b.indices(ids[r*l.cols : to*l.cols])
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		dz, err := b.roomFor(scratchLogits, to-r, min(most, w.rows))
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		for v0 := 0; v0 < w.rows; v0 += most {
			m := w.all().slice(v0, min(v0+most, w.rows))
			part := dz.columns(0, m.rows)
			b.logitGradients(part, s.slice(r, to), l.slice(r, to), hv.slice(r, to), m, v0, which)
			b.multiply(product{y: d.slice(r, to), x: part, m: m, alpha: 1, backward: true, accumulate: v0 > 0})
		}
	}
	return nil
}

// logitGradients sends the dispatches that make the derivatives with respect to the
// logits of ids v0, v0+1, ...
func (b *Backend) logitGradients(dz, lse, dlogp, h view, m matrix, v0 int, ids operand) {
	step := b.productColumns(h.rows, m.rows, m.cols, tile)
	for j := 0; j < m.rows; j += step {
		to := min(j+step, m.rows)
		part := m.slice(j, to)
		b.dispatch(dispatch{
			shader:   headShader(h, m, "BACKWARD 1"),
			operands: []operand{dz.columns(j, to).writes(), h.reads(), part.operand, lse.reads(), ids, dlogp.readsOr(lse)},
			ints: []int32{
				int32(h.rows), int32(to - j), int32(m.cols), 0, 0, 0, int32(m.halfWords),
				int32(v0 + j), int32(dlogp.cols),
			},
			groups: [3]int{ceil(to-j, tile), ceil(h.rows, tile)},
			flops:  2 * float64(h.rows) * float64(to-j) * float64(m.cols),
		})
	}
}

// readsOr binds v, or where it has no values something that has, and nobody reads.
func (v view) readsOr(other view) operand {
	if v.empty() {
		v = other
	}
	return v.reads()
}

// headOperands resolves what HeadLogProbs and its backward share; logp may be dlogp.
func (b *Backend) headOperands(op string, logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) (l, s, hv view, w *weight, err error) {
	if err = b.tensors(op, named{"log-probabilities", logp, &l}, named{"lse", lse, &s}, named{"h", h, &hv}); err != nil {
		return l, s, hv, nil, err
	}
	if w, err = b.weight(op, cw); err != nil {
		return l, s, hv, nil, err
	}
	if err = compute.CheckHead(logp, lse, h, w, ids); err != nil {
		return l, s, hv, nil, fmt.Errorf("%s: %w", op, err)
	}
	return l, s, hv, w, nil
}

// HeadTopK returns the k most probable ids of each row. The logits are read back, some
// rows at a time: the caller waits anyway, and the processor finds the best of them
// in less time than a card would take to sort.
func (b *Backend) HeadTopK(ids []int32, logp []float32, h compute.Tensor, cw compute.Weight, k int) error {
	const op = "HeadTopK"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	hv, err := b.tensor(op, "h", h)
	if err != nil {
		return err
	}
	if err := compute.CheckHeadTopK(ids, logp, h, w, k); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	height := min(b.groups, max(1, min(headValues, b.blockValues())/w.rows))
	for r := 0; r < hv.rows; r += height {
		to := min(r+height, hv.rows)
		if err := b.topRows(ids[r*k:to*k], logp[r*k:to*k], hv.slice(r, to), w, k); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	return nil
}

// topRows is HeadTopK for as many rows as their logits have room.
func (b *Backend) topRows(ids []int32, logp []float32, h view, w *weight, k int) error {
	tiles := ceil(w.rows, tile)
	z, err := b.roomFor(scratchLogits, h.rows, w.rows)
	if err != nil {
		return err
	}
	sums, err := b.roomFor(scratchSums, h.rows, 2*tiles)
	if err != nil {
		return err
	}
	lse, err := b.roomFor(scratchStats, h.rows, 2)
	if err != nil {
		return err
	}
	none, err := b.indices(nil)
	if err != nil {
		return err
	}
	b.multiply(product{y: z, x: h, m: w.all(), alpha: 1})
	b.dispatch(dispatch{
		shader:   shader{file: "head_rows.comp", parts: []string{"math.glsl"}},
		operands: []operand{sums.writes(), z.reads()},
		ints:     []int32{int32(h.rows), int32(w.rows), int32(tiles)},
		groups:   [3]int{tiles, h.rows},
	})
	b.combine(view{rows: h.rows}, lse, sums, none)
	logits, both := make([]float32, h.rows*w.rows), make([]float32, 2*h.rows)
	if err := b.wait(func(d *device) error {
		d.download(z.m.name, 0, unsafe.Pointer(&logits[0]), 4*len(logits))
		d.download(lse.m.name, 0, unsafe.Pointer(&both[0]), 4*len(both))
		d.check("read logits")
		return nil
	}); err != nil {
		return err
	}
	for i := range h.rows {
		for j, c := range best(logits[i*w.rows:(i+1)*w.rows], k) {
			ids[i*k+j] = c.id
			logp[i*k+j] = (c.z - both[2*i]) - both[2*i+1]
		}
	}
	return nil
}

type scored struct {
	z  float32
	id int32
}

// best returns the k largest logits, the largest first; of equal ones the lower id.
func best(logits []float32, k int) []scored {
	top := make([]scored, 0, k)
	for id, z := range logits {
		if len(top) == k && !(z > top[k-1].z) {
			continue
		}
		if len(top) < k {
			top = append(top, scored{})
		}
		at := len(top) - 1
		for ; at > 0 && z > top[at-1].z; at-- {
			top[at] = top[at-1]
		}
		top[at] = scored{z, int32(id)}
	}
	return top
}
