//go:build cgo && (linux || windows)

package shaders

import "clara/compute"

// RMSNorm: y[t] = gain * x[t] / sqrt(mean(x[t]²) + eps).
func (b *Backend) RMSNorm(y, x, gain compute.Tensor, eps float32) error {
	const op = "RMSNorm"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var yv, xv, g view
	if err := b.tensors(op, named{"y", y, &yv}, named{"x", x, &xv}, named{"gain", gain, &g}); err != nil {
		return err
	}
	if !yv.is(xv.rows, xv.cols) || !g.is(1, xv.cols) {
		return b.misfit(op, "y is %v, x %v, gain %v", yv, xv, g)
	}
	b.normRows(dispatch{shader: shader{file: "rmsnorm.comp"}, floats: []float32{eps}}, yv, xv, g)
	return nil
}

// RMSNormBackward: dx (= or +=) is the gradient with respect to x.
func (b *Backend) RMSNormBackward(dx, dy, x, gain compute.Tensor, eps float32, accumulate bool) error {
	const op = "RMSNormBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var dxv, dyv, xv, g view
	if err := b.tensors(op, named{"dx", dx, &dxv}, named{"dy", dy, &dyv}, named{"x", x, &xv}, named{"gain", gain, &g}); err != nil {
		return err
	}
	if !dxv.is(xv.rows, xv.cols) || !dyv.is(xv.rows, xv.cols) || !g.is(1, xv.cols) {
		return b.misfit(op, "dx is %v, dy %v, x %v, gain %v", dxv, dyv, xv, g)
	}
	b.normRows(dispatch{
		shader: shader{file: "rmsnorm.comp", defines: []string{"BACKWARD 1"}},
		floats: []float32{eps},
		ints:   []int32{0, 0, flag(accumulate)},
	}, dxv, xv, g, dyv)
	return nil
}

// normRows runs a shader with a work group a row, in parts that a driver takes; more
// are views beside the gain.
func (b *Backend) normRows(c dispatch, y, x, gain view, more ...view) {
	if x.empty() {
		return
	}
	height := min(b.groups, b.rowsWithin(append([]view{y, x}, more...)...))
	for r := 0; r < x.rows; r += height {
		to := min(r+height, x.rows)
		part := c
		part.ints = append([]int32{int32(to - r), int32(x.cols)}, c.ints[min(2, len(c.ints)):]...)
		part.operands = []operand{y.slice(r, to).writes(), x.slice(r, to).reads(), gain.reads()}
		for _, v := range more {
			part.operands = append(part.operands, v.slice(r, to).reads())
		}
		part.groups[0] = to - r
		b.dispatch(part)
	}
}
