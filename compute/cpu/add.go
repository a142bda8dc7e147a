package cpu

import "clara/compute"

// Add: y = x * alpha + y.
func (b *Backend) Add(y, x compute.Tensor, alpha float32) error {
	const op = "Add"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	yv, err := b.operand(op, "y", y)
	if err != nil {
		return err
	}
	xv, err := b.operand(op, "x", x)
	if err != nil {
		return err
	}
	if !xv.is(yv.rows, yv.cols) {
		return b.misfit(op, "y is %v, x %v", yv, xv)
	}
	if yv.contiguous() && xv.contiguous() {
		b.overValues(len(yv.data), func(from, to int) {
			b.k.axpy(yv.data[from:to], xv.data[from:to], alpha)
		})
		return nil
	}
	b.overRows(yv.rows, yv.cols, func(_, from, to int) {
		for t := from; t < to; t++ {
			b.k.axpy(yv.row(t), xv.row(t), alpha)
		}
	})
	return nil
}

// Scale: y = y * alpha; alpha 0 clears, also NaN and infinities.
func (b *Backend) Scale(y compute.Tensor, alpha float32) error {
	const op = "Scale"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	yv, err := b.operand(op, "y", y)
	if err != nil {
		return err
	}
	f := func(p []float32) { b.k.scale(p, alpha) }
	if alpha == 0 {
		f = func(p []float32) { clear(p) }
	}
	if yv.contiguous() {
		b.overValues(len(yv.data), func(from, to int) { f(yv.data[from:to]) })
		return nil
	}
	b.overRows(yv.rows, yv.cols, func(_, from, to int) {
		for t := from; t < to; t++ {
			f(yv.row(t))
		}
	})
	return nil
}
