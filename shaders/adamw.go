//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"math"
	"unsafe"

	"clara/compute"
)

// AdamW is one step of decoupled-weight-decay Adam on param.
func (b *Backend) AdamW(param, grad, m, v compute.Tensor, s compute.AdamWStep) error {
	const op = "AdamW"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var pv, gv, mv, vv view
	if err := b.tensors(op, named{"param", param, &pv}, named{"grad", grad, &gv}, named{"m", m, &mv}, named{"v", v, &vv}); err != nil {
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
	constants := []float32{
		s.GradScale, s.Beta1, float32(1 - beta1), s.Beta2, float32(1 - beta2),
		float32(1 - rate*float64(s.Decay)), float32(rate / (1 - math.Pow(beta1, float64(s.Step)))),
		float32(1 / (1 - math.Pow(beta2, float64(s.Step)))), s.Eps,
	}
	b.elements(shader{file: "adamw.comp"}, constants, written(pv, mv, vv), gv)
	return nil
}

// sumGroups is how many partial sums SumSquares reads back at most.
const sumGroups = 128

// SumSquares returns sum x², accumulated in f64, in an order that the shape alone
// determines.
func (b *Backend) SumSquares(x compute.Tensor) (float64, error) {
	const op = "SumSquares"
	if err := b.begin(op); err != nil {
		return 0, err
	}
	defer b.mu.Unlock()
	xv, err := b.tensor(op, "x", x)
	if err != nil || xv.empty() {
		return 0, err
	}
	if xv.contiguous() {
		xv = view{xv.m, xv.off, 1, xv.rows * xv.cols, xv.rows * xv.cols}
	}
	groups := min(sumGroups, ceil(xv.cols, 64))
	var parts []view // of what a shader sees
	width, height := b.blockValues(), b.rowsWithin(xv)
	for r := 0; r < xv.rows; r += height {
		for c := 0; c < xv.cols; c += width {
			parts = append(parts, xv.slice(r, min(r+height, xv.rows)).columns(c, min(c+width, xv.cols)))
		}
	}
	sums := make([]float64, len(parts)*groups)
	m, err := b.room(scratchSums, 8*len(sums))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", op, err)
	}
	for i, part := range parts {
		sum := m.part(8*i*groups, 8*(i+1)*groups, 1)
		sum.write = true
		b.dispatch(dispatch{
			shader:   shader{file: "sumsquares.comp"},
			operands: []operand{sum, part.reads()},
			ints:     []int32{int32(part.rows), int32(part.cols)},
			groups:   [3]int{groups},
		})
	}
	if err := b.wait(func(d *device) error {
		d.download(m.name, 0, unsafe.Pointer(&sums[0]), 8*len(sums))
		d.check("read a sum of squares")
		return nil
	}); err != nil {
		return 0, fmt.Errorf("%s: %w", op, err)
	}
	var sum float64
	for _, s := range sums {
		sum += s
	}
	return sum, nil
}
