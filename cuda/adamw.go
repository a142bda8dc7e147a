//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"math"

	"clara/compute"
)

// AdamW (Loshchilov & Hutter 2019), with g the scaled gradient:
//
//	m = beta1 m + (1-beta1) g
//	v = beta2 v + (1-beta2) g²
//	param = param - rate * decay * param - rate * (m / (1-beta1^step)) / (sqrt(v / (1-beta2^step)) + eps)
func (b *Backend) AdamW(param, grad, m, v compute.Tensor, s compute.AdamWStep) error {
	const op = "AdamW"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var pv, gv, mv, vv view
	if err := b.operands(op, named{"param", param, &pv}, named{"grad", grad, &gv}, named{"m", m, &mv}, named{"v", v, &vv}); err != nil {
		return err
	}
	r, c := pv.rows, pv.cols
	if !gv.is(r, c) || !mv.is(r, c) || !vv.is(r, c) {
		return b.misfit(op, "param is %v, grad %v, m %v, v %v", pv, gv, mv, vv)
	}
	if !pv.contiguous() || !gv.contiguous() || !mv.contiguous() || !vv.contiguous() {
		return b.misfit(op, "operands of %v with gaps between their rows", pv)
	}
	if s.Step < 1 {
		return b.misfit(op, "step %d; the first one is 1", s.Step)
	}
	if pv.empty() {
		return nil
	}
	rate, beta1, beta2 := float64(s.Rate), float64(s.Beta1), float64(s.Beta2)
	return b.launch(op, "adamw", "adamw", overValues(1, r*c),
		word(pv.data), word(gv.data), word(mv.data), word(vv.data), word(r*c), f32(s.GradScale),
		f32(s.Beta1), f32(float32(1-beta1)), f32(s.Beta2), f32(float32(1-beta2)),
		f32(float32(1-rate*float64(s.Decay))),
		f32(float32(rate/(1-math.Pow(beta1, float64(s.Step))))),
		f32(float32(1/(1-math.Pow(beta2, float64(s.Step))))), f32(s.Eps))
}

// sumBlocks bounds the partial sums of SumSquares, which the host adds up.
const sumBlocks = 512

// SumSquares returns sum x², accumulated in f64, in an order that the shape
// alone determines.
func (b *Backend) SumSquares(x compute.Tensor) (float64, error) {
	const op = "SumSquares"
	if err := b.begin(op); err != nil {
		return 0, err
	}
	defer b.end()
	xv, err := b.operand(op, "x", x)
	if err != nil {
		return 0, err
	}
	if xv.empty() {
		return 0, b.wait(op)
	}
	flatten(&xv)
	g := grid{x: min(blocks(xv.cols, threads), sumBlocks)}
	g.y = min(xv.rows, max(1, sumBlocks/g.x))
	parts := make([]float64, g.x*g.y)
	at, err := b.room(op, sumScratch, len(bytesOf(parts)))
	if err != nil {
		return 0, err
	}
	if err := b.launch(op, "adamw", "sum_squares", g, word(at), word(xv.data), word(xv.stride), word(xv.rows), word(xv.cols)); err != nil {
		return 0, err
	}
	if err := b.receive(op, bytesOf(parts), at); err != nil {
		return 0, err
	}
	var s float64
	for _, p := range parts {
		s += p
	}
	return s, nil
}
