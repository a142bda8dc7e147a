package cpu

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
	defer b.mu.Unlock()
	pv, err := b.operand(op, "param", param)
	if err != nil {
		return err
	}
	gv, err := b.operand(op, "grad", grad)
	if err != nil {
		return err
	}
	mv, err := b.operand(op, "m", m)
	if err != nil {
		return err
	}
	vv, err := b.operand(op, "v", v)
	if err != nil {
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
	rate, beta1, beta2 := float64(s.Rate), float64(s.Beta1), float64(s.Beta2)
	step := adamwConstants{
		gradScale:     s.GradScale,
		beta1:         s.Beta1,
		oneMinusBeta1: float32(1 - beta1),
		beta2:         s.Beta2,
		oneMinusBeta2: float32(1 - beta2),
		decay:         float32(1 - rate*float64(s.Decay)),
		step:          float32(rate / (1 - math.Pow(beta1, float64(s.Step)))),
		invBias2:      float32(1 / (1 - math.Pow(beta2, float64(s.Step)))),
		eps:           s.Eps,
	}
	b.overValues(len(pv.data), func(from, to int) {
		b.k.adamw(pv.data[from:to], gv.data[from:to], mv.data[from:to], vv.data[from:to], &step)
	})
	return nil
}

// SumSquares returns sum x², accumulated in f64, in an order that the shape
// alone determines.
func (b *Backend) SumSquares(x compute.Tensor) (float64, error) {
	const op = "SumSquares"
	if err := b.begin(op); err != nil {
		return 0, err
	}
	defer b.mu.Unlock()
	xv, err := b.operand(op, "x", x)
	if err != nil {
		return 0, err
	}
	if xv.rows == 0 || xv.cols == 0 {
		return 0, nil
	}
	width, rows := xv.cols, xv.rows
	if xv.contiguous() {
		width, rows = taskValues, (len(xv.data)+taskValues-1)/taskValues
	}
	parts := make([]float64, rows)
	sum := func(i int) {
		if xv.contiguous() {
			parts[i] = b.k.sumSquares(xv.data[i*width : min((i+1)*width, len(xv.data))])
		} else {
			parts[i] = b.k.sumSquares(xv.row(i))
		}
	}
	b.overRows(rows, width, func(_, from, to int) {
		for i := from; i < to; i++ {
			sum(i)
		}
	})
	var s float64
	for _, p := range parts {
		s += p
	}
	return s, nil
}
