//go:build cuda && cgo && (linux || windows)

package cuda

import "clara/compute"

// GLU (Shazeer 2020): y = act(gate) * up, with act SiLU (SwiGLU) or GELU in its
// tanh form (GeGLU).
func (b *Backend) GLU(y, gate, up compute.Tensor, act compute.Activation) error {
	const op = "GLU"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var yv, gv, uv view
	if err := b.operands(op, named{"y", y, &yv}, named{"gate", gate, &gv}, named{"up", up, &uv}); err != nil {
		return err
	}
	if !gv.is(yv.rows, yv.cols) || !uv.is(yv.rows, yv.cols) {
		return b.misfit(op, "y is %v, gate %v, up %v", yv, gv, uv)
	}
	if act != compute.SiLU && act != compute.GELUTanh {
		return b.misfit(op, "activation %d is unknown", act)
	}
	if yv.empty() {
		return nil
	}
	flatten(&yv, &gv, &uv)
	return b.launch(op, "glu", "glu", overValues(yv.rows, yv.cols),
		word(yv.data), word(yv.stride), word(gv.data), word(gv.stride), word(uv.data), word(uv.stride),
		word(yv.rows), word(yv.cols), flag(act == compute.GELUTanh))
}

// GLUBackward, with a = act(gate):
//
//	y = a * up      dup   = dy * a
//	                dgate = dy * up * act'(gate)
//
// dgate =, dup = .
func (b *Backend) GLUBackward(dgate, dup, dy, gate, up compute.Tensor, act compute.Activation) error {
	const op = "GLUBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var dgv, duv, dyv, gv, uv view
	if err := b.operands(op, named{"dgate", dgate, &dgv}, named{"dup", dup, &duv}, named{"dy", dy, &dyv},
		named{"gate", gate, &gv}, named{"up", up, &uv}); err != nil {
		return err
	}
	r, c := dyv.rows, dyv.cols
	if !dgv.is(r, c) || !duv.is(r, c) || !gv.is(r, c) || !uv.is(r, c) {
		return b.misfit(op, "dgate is %v, dup %v, dy %v, gate %v, up %v", dgv, duv, dyv, gv, uv)
	}
	if act != compute.SiLU && act != compute.GELUTanh {
		return b.misfit(op, "activation %d is unknown", act)
	}
	if dyv.empty() {
		return nil
	}
	flatten(&dgv, &duv, &dyv, &gv, &uv)
	return b.launch(op, "glu", "glu_backward", overValues(dyv.rows, dyv.cols),
		word(dgv.data), word(dgv.stride), word(duv.data), word(duv.stride), word(dyv.data), word(dyv.stride),
		word(gv.data), word(gv.stride), word(uv.data), word(uv.stride), word(dyv.rows), word(dyv.cols), flag(act == compute.GELUTanh))
}
