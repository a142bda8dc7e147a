//go:build cuda && cgo && (linux || windows)

package cuda

import "clara/compute"

// RMSNorm (Zhang & Sennrich 2019): y[t] = gain * x[t] / sqrt(mean(x[t]²) + eps). y may
// be x.
func (b *Backend) RMSNorm(y, x, gain compute.Tensor, eps float32) error {
	const op = "RMSNorm"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var yv, xv, g view
	if err := b.operands(op, named{"y", y, &yv}, named{"x", x, &xv}, named{"gain", gain, &g}); err != nil {
		return err
	}
	if !yv.is(xv.rows, xv.cols) || !g.is(1, xv.cols) {
		return b.misfit(op, "y is %v, x %v, gain %v", yv, xv, g)
	}
	if yv.empty() {
		return nil
	}
	return b.launch(op, "rmsnorm", "rmsnorm", grid{x: yv.rows},
		word(yv.data), word(yv.stride), word(xv.data), word(xv.stride), word(g.data), word(yv.rows), word(yv.cols), f32(eps))
}

// RMSNormBackward, with r = 1/sqrt(mean(x²) + eps) and n columns:
//
//	y = gain x r      dx = r gain dy - x r³/n sum(gain dy x)
//
// dx = or += . dx may be dy when accumulate is false.
func (b *Backend) RMSNormBackward(dx, dy, x, gain compute.Tensor, eps float32, accumulate bool) error {
	const op = "RMSNormBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var dxv, dyv, xv, g view
	if err := b.operands(op, named{"dx", dx, &dxv}, named{"dy", dy, &dyv}, named{"x", x, &xv}, named{"gain", gain, &g}); err != nil {
		return err
	}
	if !dxv.is(xv.rows, xv.cols) || !dyv.is(xv.rows, xv.cols) || !g.is(1, xv.cols) {
		return b.misfit(op, "dx is %v, dy %v, x %v, gain %v", dxv, dyv, xv, g)
	}
	if dxv.empty() {
		return nil
	}
	return b.launch(op, "rmsnorm", "rmsnorm_backward", grid{x: xv.rows},
		word(dxv.data), word(dxv.stride), word(dyv.data), word(dyv.stride), word(xv.data), word(xv.stride), word(g.data),
		word(xv.rows), word(xv.cols), f32(eps), flag(accumulate))
}
