package cpu

import "clara/compute"

// GLU (Shazeer 2020): y = act(gate) * up, with act SiLU (SwiGLU) or GELU in its
// tanh form (GeGLU).
func (b *Backend) GLU(y, gate, up compute.Tensor, act compute.Activation) error {
	const op = "GLU"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	yv, err := b.operand(op, "y", y)
	if err != nil {
		return err
	}
	gv, err := b.operand(op, "gate", gate)
	if err != nil {
		return err
	}
	uv, err := b.operand(op, "up", up)
	if err != nil {
		return err
	}
	if !gv.is(yv.rows, yv.cols) || !uv.is(yv.rows, yv.cols) {
		return b.misfit(op, "y is %v, gate %v, up %v", yv, gv, uv)
	}
	f := b.k.swiglu
	switch act {
	case compute.SiLU:
	case compute.GELUTanh:
		f = b.k.geglu
	default:
		return b.misfit(op, "activation %d is unknown", act)
	}
	b.overRows(yv.rows, yv.cols, func(_, from, to int) {
		for t := from; t < to; t++ {
			f(yv.row(t), gv.row(t), uv.row(t))
		}
	})
	return nil
}

// GLUBackward, with a = act(gate):
//
//	y = a * up      dup   = dy * a
//	                dgate = dy * up * act'(gate)
//
//	SiLU, s = 1/(1+exp(-g)):                 act' = s (1 + g (1-s))
//	GELU, u = sqrt(2/pi) (g + 0.044715 g^3): act' = (1 + tanh u)/2 + g/2 (1 - tanh² u) du/dg
//
// dgate =, dup = .
func (b *Backend) GLUBackward(dgate, dup, dy, gate, up compute.Tensor, act compute.Activation) error {
	const op = "GLUBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	dgv, err := b.operand(op, "dgate", dgate)
	if err != nil {
		return err
	}
	duv, err := b.operand(op, "dup", dup)
	if err != nil {
		return err
	}
	dyv, err := b.operand(op, "dy", dy)
	if err != nil {
		return err
	}
	gv, err := b.operand(op, "gate", gate)
	if err != nil {
		return err
	}
	uv, err := b.operand(op, "up", up)
	if err != nil {
		return err
	}
	r, c := dyv.rows, dyv.cols
	if !dgv.is(r, c) || !duv.is(r, c) || !gv.is(r, c) || !uv.is(r, c) {
		return b.misfit(op, "dgate is %v, dup %v, dy %v, gate %v, up %v", dgv, duv, dyv, gv, uv)
	}
	f := b.k.swigluBackward
	switch act {
	case compute.SiLU:
	case compute.GELUTanh:
		f = b.k.gegluBackward
	default:
		return b.misfit(op, "activation %d is unknown", act)
	}
	b.overRows(r, c, func(_, from, to int) {
		for t := from; t < to; t++ {
			f(dgv.row(t), duv.row(t), dyv.row(t), gv.row(t), uv.row(t))
		}
	})
	return nil
}
