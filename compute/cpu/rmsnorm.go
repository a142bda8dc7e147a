package cpu

import (
	"fmt"
	"math"

	"clara/compute"
)

// RMSNorm (Zhang & Sennrich 2019):
//
//	r = 1 / sqrt(mean(x^2) + eps)
//	y = gain * x * r
//
// The mean is summed in f64: a residual stream has few, very large values.
func (b *Backend) RMSNorm(y, x, gain compute.Tensor, eps float32) error {
	const op = "RMSNorm"
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
	g, err := b.operand(op, "gain", gain)
	if err != nil {
		return err
	}
	if !yv.is(xv.rows, xv.cols) || !g.is(1, xv.cols) {
		return b.misfit(op, "y is %v, x %v, gain %v", yv, xv, g)
	}
	b.overRows(xv.rows, xv.cols, func(_, from, to int) {
		for t := from; t < to; t++ {
			xr := xv.row(t)
			b.k.scaleMul(yv.row(t), xr, g.data, b.inverseRMS(xr, eps))
		}
	})
	return nil
}

// inverseRMS is 1 / sqrt(mean(x^2) + eps).
func (b *Backend) inverseRMS(x []float32, eps float32) float32 {
	return float32(1 / math.Sqrt(b.k.sumSquares(x)/float64(len(x))+float64(eps)))
}

// RMSNormBackward: with g = gain * dy and n columns,
//
//	y  = gain * x * r               dx = r g + x sum_i(g_i x_i dr/dx)
//	dr/dx_i = -r^3 x_i / n          dx = r g - x r^3 (g·x) / n
//
// dx = or += .
func (b *Backend) RMSNormBackward(dx, dy, x, gain compute.Tensor, eps float32, accumulate bool) error {
	const op = "RMSNormBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	dxv, err := b.operand(op, "dx", dx)
	if err != nil {
		return err
	}
	dyv, err := b.operand(op, "dy", dy)
	if err != nil {
		return err
	}
	xv, err := b.operand(op, "x", x)
	if err != nil {
		return err
	}
	g, err := b.operand(op, "gain", gain)
	if err != nil {
		return err
	}
	if !dxv.is(xv.rows, xv.cols) || !dyv.is(xv.rows, xv.cols) || !g.is(1, xv.cols) {
		return b.misfit(op, "dx is %v, dy %v, x %v, gain %v", dxv, dyv, xv, g)
	}
	if accumulate {
		if err := b.rows.reserve(b.pool.size(), xv.cols); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	b.overRows(xv.rows, xv.cols, func(worker, from, to int) {
		for t := from; t < to; t++ {
			xr, dyr, dxr := xv.row(t), dyv.row(t), dxv.row(t)
			r := b.inverseRMS(xr, eps)
			c := -r * r * r * b.k.dot3(g.data, dyr, xr) / float32(len(xr))
			if !accumulate {
				b.k.scaleMul(dxr, dyr, g.data, r)
				b.k.axpy(dxr, xr, c)
				continue
			}
			own := b.rows.of(worker, len(xr))
			b.k.scaleMul(own, dyr, g.data, r)
			b.k.axpy(own, xr, c)
			b.k.axpy(dxr, own, 1)
		}
	})
	return nil
}
