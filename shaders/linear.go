//go:build cgo && (linux || windows)

package shaders

import "clara/compute"

// Linear: y = x Wᵀ, or y += x Wᵀ with accumulate. Rounded allows what would not make
// it faster here: it computes with f32 activations either way.
func (b *Backend) Linear(y, x compute.Tensor, cw compute.Weight, _ compute.Precision, accumulate bool) error {
	const op = "Linear"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	p, w, err := b.linearOperands(op, named{name: "y", from: y}, named{name: "x", from: x}, cw)
	if err != nil {
		return err
	}
	if p.y.rows != p.x.rows || p.y.cols != w.rows || p.x.cols != w.cols {
		return b.misfit(op, "y %v = x %v by a weight of %dx%d", p.y, p.x, w.rows, w.cols)
	}
	p.accumulate = accumulate
	b.hold(p)
	return nil
}

// LinearBackward: dx = dy W, or dx += dy W with accumulate.
func (b *Backend) LinearBackward(dx, dy compute.Tensor, cw compute.Weight, accumulate bool) error {
	const op = "LinearBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	p, w, err := b.linearOperands(op, named{name: "dx", from: dx}, named{name: "dy", from: dy}, cw)
	if err != nil {
		return err
	}
	if p.y.rows != p.x.rows || p.y.cols != w.cols || p.x.cols != w.rows {
		return b.misfit(op, "dx %v = dy %v by a weight of %dx%d", p.y, p.x, w.rows, w.cols)
	}
	p.backward, p.accumulate = true, accumulate
	b.hold(p)
	return nil
}

// linearOperands resolves result, argument and weight of one of the two.
func (b *Backend) linearOperands(op string, y, x named, cw compute.Weight) (p product, w *weight, err error) {
	y.to, x.to = &p.y, &p.x
	if err = b.tensors(op, y, x); err != nil {
		return p, nil, err
	}
	if w, err = b.weight(op, cw); err != nil {
		return p, nil, err
	}
	p.m, p.alpha = w.all(), 1
	return p, w, nil
}
