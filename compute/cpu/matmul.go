package cpu

import "clara/compute"

// MatMul: c = alpha * op(a) op(b), or c += with accumulate.
func (b *Backend) MatMul(c, a, bm compute.Tensor, transA, transB bool, alpha float32, accumulate bool) error {
	if err := b.begin("MatMul"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	cv, err := b.operand("MatMul", "c", c)
	if err != nil {
		return err
	}
	av, err := b.operand("MatMul", "a", a)
	if err != nil {
		return err
	}
	bv, err := b.operand("MatMul", "b", bm)
	if err != nil {
		return err
	}
	m, k := av.rows, av.cols
	if transA {
		m, k = k, m
	}
	kb, n := bv.rows, bv.cols
	if transB {
		kb, n = n, kb
	}
	if !cv.is(m, n) || k != kb {
		return b.misfit("MatMul", "c %v = op(a) %dx%d by op(b) %dx%d", cv, m, k, kb, n)
	}
	if !transA && m <= fewRows {
		return b.fewRowsProduct(cv, av, bv, transB, alpha, accumulate)
	}
	if n <= b.k.tileCols/2 && m > b.k.tileCols {
		return b.narrowProduct(cv, av, bv, transA, transB, k, alpha, accumulate)
	}
	return b.product(cv, av, transA, right{v: bv, trans: transB}, k, alpha, accumulate)
}

// narrowProduct is MatMul for a c of a few columns, such as LoRA's rank: it would
// leave the better part of each tile empty, but its transpose fills the tiles.
func (b *Backend) narrowProduct(c, a, bm view, transA, transB bool, k int, alpha float32, accumulate bool) error {
	if err := grow(&b.gemm.narrow, c.rows*c.cols); err != nil {
		return err
	}
	t := view{b.gemm.narrow[:c.rows*c.cols], c.cols, c.rows, c.rows}
	if err := b.product(t, bm, !transB, right{v: a, trans: !transA}, k, alpha, false); err != nil {
		return err
	}
	b.overRows(c.rows, c.cols, func(_, from, to int) {
		for j := range c.cols {
			for i, v := range t.row(j)[from:to] {
				if accumulate {
					c.data[(from+i)*c.stride+j] += v
				} else {
					c.data[(from+i)*c.stride+j] = v
				}
			}
		}
	})
	return nil
}

// fewRows is up to how many rows a product goes without packing: the products of
// LoRA for a decoded token, of which there are hundreds, must take less than a
// microsecond each.
const fewRows = 4

// fewRowsProduct is MatMul row by row on the calling thread, with b as it lies.
func (b *Backend) fewRowsProduct(c, a, bm view, transB bool, alpha float32, accumulate bool) error {
	if c.rows == 0 || c.cols == 0 {
		return nil
	}
	if a.cols == 0 {
		b.clear(c, accumulate)
		return nil
	}
	if err := b.gemm.room(1, 0); err != nil {
		return err
	}
	room := b.gemm.workers[0].rows
	for i := range c.rows {
		y, x := c.row(i), a.row(i)
		switch {
		case transB && !accumulate:
			b.k.dotRows(y, bm.data, bm.stride, x)
			if alpha != 1 {
				b.k.scale(y, alpha)
			}
		case transB:
			for j := 0; j < len(y); j += len(room) {
				part := room[:min(len(room), len(y)-j)]
				b.k.dotRows(part, bm.data[j*bm.stride:], bm.stride, x)
				b.k.axpy(y[j:j+len(part)], part, alpha)
			}
		default:
			if !accumulate {
				clear(y)
			}
			for p := 0; p < len(x); p += len(room) {
				part := room[:min(len(room), len(x)-p)]
				copy(part, x[p:])
				if alpha != 1 {
					b.k.scale(part, alpha)
				}
				b.k.axpyRows(y, bm.data[p*bm.stride:], bm.stride, part)
			}
		}
	}
	return nil
}
