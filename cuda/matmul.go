//go:build cuda && cgo && (linux || windows)

package cuda

import "clara/compute"

// MatMul: c = alpha * op(a) op(b), or c += with accumulate.
func (b *Backend) MatMul(c, a, bm compute.Tensor, transA, transB bool, alpha float32, accumulate bool) error {
	const op = "MatMul"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var cv, av, bv view
	if err := b.operands(op, named{"c", c, &cv}, named{"a", a, &av}, named{"b", bm, &bv}); err != nil {
		return err
	}
	m, k := av.rows, av.cols
	kernel := "matmul_n"
	if transA {
		m, k = k, m
		kernel = "matmul_t"
	}
	kb, n := bv.rows, bv.cols
	if transB {
		kb, n = n, kb
		kernel += "t"
	} else {
		kernel += "n"
	}
	if !cv.is(m, n) || k != kb {
		return b.misfit(op, "c %v = op(a) %dx%d by op(b) %dx%d", cv, m, k, kb, n)
	}
	if cv.empty() {
		return nil
	}
	g := overTiles(m, n)
	if !transA && transB && m <= fewRows {
		kernel, g = "matmul_rows", grid{x: blocks(n, warps)}
		if m == 1 {
			kernel = "matmul_row"
		}
	}
	return b.launch(op, "matmul", kernel, g,
		word(cv.data), word(cv.stride), word(av.data), word(av.stride), word(bv.data), word(bv.stride),
		word(m), word(n), word(k), f32(alpha), flag(accumulate))
}
