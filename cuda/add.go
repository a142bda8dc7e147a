//go:build cuda && cgo && (linux || windows)

package cuda

import "clara/compute"

// Add: y = x * alpha + y.
func (b *Backend) Add(y, x compute.Tensor, alpha float32) error {
	const op = "Add"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var yv, xv view
	if err := b.operands(op, named{"y", y, &yv}, named{"x", x, &xv}); err != nil {
		return err
	}
	if !xv.is(yv.rows, yv.cols) {
		return b.misfit(op, "y is %v, x %v", yv, xv)
	}
	if yv.empty() {
		return nil
	}
	flatten(&yv, &xv)
	return b.launch(op, "add", "add", overValues(yv.rows, yv.cols),
		word(yv.data), word(yv.stride), word(xv.data), word(xv.stride), word(yv.rows), word(yv.cols), f32(alpha))
}

// Scale: y = y * alpha; alpha 0 clears, also NaN and infinities.
func (b *Backend) Scale(y compute.Tensor, alpha float32) error {
	const op = "Scale"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	yv, err := b.operand(op, "y", y)
	if err != nil || yv.empty() {
		return err
	}
	flatten(&yv)
	return b.launch(op, "add", "scale", overValues(yv.rows, yv.cols),
		word(yv.data), word(yv.stride), word(yv.rows), word(yv.cols), f32(alpha))
}
