//go:build cuda && cgo && (linux || windows)

package cuda

import "clara/compute"

const (
	tile    = 64           // TILE in kernels/gemm.h
	fewRows = 4            // of activations, up to which a weight is passed over row by row
	warps   = threads / 32 // rows of a weight that a block then has
)

// Linear: y = x Wᵀ, or y += x Wᵀ with accumulate. Rounded goes to the tensor cores but
// for a few rows, whose time is that of reading the weight.
func (b *Backend) Linear(y, x compute.Tensor, cw compute.Weight, p compute.Precision, accumulate bool) error {
	const op = "Linear"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	var yv, xv view
	if err := b.operands(op, named{"y", y, &yv}, named{"x", x, &xv}); err != nil {
		return err
	}
	if yv.rows != xv.rows || yv.cols != w.rows || xv.cols != w.cols {
		return b.misfit(op, "y %v = x %v by a weight of %dx%d", yv, xv, w.rows, w.cols)
	}
	if (p == compute.Rounded || b.rounds) && xv.rows > fewRows && xv.cols > 0 {
		return b.linearRounded(op, yv, xv, w, accumulate)
	}
	return b.linear(op, yv, xv, w, accumulate)
}

// LinearBackward: dx = dy W, or dx += dy W with accumulate.
func (b *Backend) LinearBackward(dx, dy compute.Tensor, cw compute.Weight, accumulate bool) error {
	const op = "LinearBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	var dxv, dyv view
	if err := b.operands(op, named{"dx", dx, &dxv}, named{"dy", dy, &dyv}); err != nil {
		return err
	}
	if dxv.rows != dyv.rows || dxv.cols != w.cols || dyv.cols != w.rows {
		return b.misfit(op, "dx %v = dy %v by a weight of %dx%d", dxv, dyv, w.rows, w.cols)
	}
	if b.rounds && dyv.cols > 0 {
		return b.linearBackwardRounded(op, dxv, dyv, w, accumulate)
	}
	return b.linearBackward(op, dxv, dyv, w, accumulate)
}

// linear is Linear on operands that fit.
func (b *Backend) linear(op string, y, x view, w *weight, accumulate bool) error {
	if y.empty() {
		return nil
	}
	kernel, g := "linear", overTiles(y.rows, y.cols)
	switch {
	case y.rows == 1:
		kernel, g = "linear_row", grid{x: blocks(y.cols, warps)}
	case y.rows <= fewRows:
		kernel, g = "linear_rows", grid{x: blocks(y.cols, warps)}
	}
	return b.launchOn(op, w, kernel, g,
		word(y.data), word(y.stride), word(x.data), word(x.stride), word(w.data), word(w.stride()),
		word(y.rows), word(w.rows), word(w.cols), flag(accumulate))
}

// linearBackward is LinearBackward on operands that fit.
func (b *Backend) linearBackward(op string, dx, dy view, w *weight, accumulate bool) error {
	if dx.empty() {
		return nil
	}
	return b.launchOn(op, w, "linear_backward", overTiles(dx.rows, dx.cols),
		word(dx.data), word(dx.stride), word(dy.data), word(dy.stride), word(w.data), word(w.stride()),
		word(dx.rows), word(w.rows), word(w.cols), flag(accumulate))
}

// overTiles is the grid for a product of rows x cols values.
func overTiles(rows, cols int) grid { return grid{x: blocks(cols, tile), y: blocks(rows, tile)} }
