package cpu

import "clara/compute"

// Linear: y = x Wᵀ, or y += x Wᵀ with accumulate.
func (b *Backend) Linear(y, x compute.Tensor, cw compute.Weight, p compute.Precision, accumulate bool) error {
	if err := b.begin("Linear"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	yv, xv, w, err := b.linearOperands("Linear", "y", y, "x", x, cw)
	if err != nil {
		return err
	}
	if yv.rows != xv.rows || yv.cols != w.Rows || xv.cols != w.Cols {
		return b.misfit("Linear", "y %v = x %v by a weight of %dx%d", yv, xv, w.Rows, w.Cols)
	}
	if p == compute.Rounded && b.packable(w) && len(b.k.strips[w.Type].tiles) > 0 {
		return b.linearRounded(yv, xv, w, accumulate)
	}
	return b.product(yv, xv, false, w.right(true, 0), w.Cols, 1, accumulate)
}

// LinearBackward: dx = dy W, or dx += dy W with accumulate.
func (b *Backend) LinearBackward(dx, dy compute.Tensor, cw compute.Weight, accumulate bool) error {
	if err := b.begin("LinearBackward"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	dxv, dyv, w, err := b.linearOperands("LinearBackward", "dx", dx, "dy", dy, cw)
	if err != nil {
		return err
	}
	if dxv.rows != dyv.rows || dxv.cols != w.Cols || dyv.cols != w.Rows {
		return b.misfit("LinearBackward", "dx %v = dy %v by a weight of %dx%d", dxv, dyv, w.Rows, w.Cols)
	}
	return b.product(dxv, dyv, false, w.right(false, 0), w.Rows, 1, accumulate)
}

// linearOperands resolves result, argument and weight of one of the two.
func (b *Backend) linearOperands(op, yName string, y compute.Tensor, xName string, x compute.Tensor, cw compute.Weight) (yv, xv view, w *weight, err error) {
	if yv, err = b.operand(op, yName, y); err != nil {
		return
	}
	if xv, err = b.operand(op, xName, x); err != nil {
		return
	}
	w, err = b.weight(op, cw)
	return
}
