//go:build cgo && (linux || windows)

package shaders

import "clara/compute"

// MatMul: c = alpha * op(a) op(b), or c += with accumulate.
func (b *Backend) MatMul(c, a, bm compute.Tensor, transA, transB bool, alpha float32, accumulate bool) error {
	const op = "MatMul"
	if err := b.enter(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var cv, av, bv view
	if err := b.tensors(op, named{"c", c, &cv}, named{"a", a, &av}, named{"b", bm, &bv}); err != nil {
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
		return b.misfit(op, "c %v = op(a) %dx%d by op(b) %dx%d", cv, m, k, kb, n)
	}
	if accumulate && !transA && b.fuse(cv, av, bv, transB, alpha) {
		return nil
	}
	b.sendHeld()
	if cv.empty() {
		return nil
	}
	if k == 0 { // a and b have no buffers that could be bound
		if !accumulate {
			b.elements(shader{file: "scale.comp"}, []float32{0}, written(cv))
		}
		return nil
	}
	if transB && !transA && (m <= fewRows || n <= fewColumns) {
		// b's rows are those of an f32 weight.
		b.multiply(product{y: cv, x: av, m: bv.matrix(), alpha: alpha, accumulate: accumulate})
		return nil
	}
	if err := b.seen(op, cv, av, bv); err != nil {
		return err
	}
	rows := b.productRows(cv, cv, k)
	width, defines := tile, []string{wide}
	if n <= narrowTile {
		width, defines = narrowTile, []string{narrow}
	}
	if !transA && av.fours() && k%4 == 0 {
		defines = append(defines, "FOURS 1")
	}
	cols := b.productColumns(min(rows, m), n, k, width)
	for i := 0; i < m; i += rows {
		for j := 0; j < n; j += cols {
			part := cv.slice(i, min(i+rows, m)).columns(j, min(j+cols, n))
			left, right := av.slice, bv.columns // rows of op(a), columns of op(b)
			if transA {
				left = av.columns
			}
			if transB {
				right = bv.slice
			}
			b.dispatch(dispatch{
				shader:   shader{file: "matmul.comp", parts: []string{"product.glsl", "store.glsl"}, defines: defines},
				operands: []operand{part.writes(), left(i, i+part.rows).reads(), right(j, j+part.cols).reads()},
				ints:     []int32{int32(part.rows), int32(part.cols), int32(k), flag(transA), flag(transB), flag(accumulate)},
				floats:   []float32{alpha},
				groups:   [3]int{ceil(part.cols, width), ceil(part.rows, tile)},
				flops:    2 * float64(part.rows) * float64(part.cols) * float64(k),
			})
		}
	}
	return nil
}
