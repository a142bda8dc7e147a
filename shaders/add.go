//go:build cgo && (linux || windows)

package shaders

import "clara/compute"

// Add: y = x * alpha + y.
func (b *Backend) Add(y, x compute.Tensor, alpha float32) error {
	const op = "Add"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var yv, xv view
	if err := b.tensors(op, named{"y", y, &yv}, named{"x", x, &xv}); err != nil {
		return err
	}
	if !yv.is(xv.rows, xv.cols) {
		return b.misfit(op, "y is %v, x %v", yv, xv)
	}
	b.elements(shader{file: "add.comp"}, []float32{alpha}, written(yv), xv)
	return nil
}

// Scale: y = y * alpha; alpha 0 clears, whatever was there.
func (b *Backend) Scale(y compute.Tensor, alpha float32) error {
	const op = "Scale"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	yv, err := b.tensor(op, "y", y)
	if err != nil {
		return err
	}
	b.elements(shader{file: "scale.comp"}, []float32{alpha}, written(yv))
	return nil
}
