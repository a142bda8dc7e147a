//go:build cgo && (linux || windows)

package shaders

import "clara/compute"

// GLU: y = act(gate) * up.
func (b *Backend) GLU(y, gate, up compute.Tensor, act compute.Activation) error {
	const op = "GLU"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var yv, gv, uv view
	if err := b.tensors(op, named{"y", y, &yv}, named{"gate", gate, &gv}, named{"up", up, &uv}); err != nil {
		return err
	}
	if !gv.is(yv.rows, yv.cols) || !uv.is(yv.rows, yv.cols) {
		return b.misfit(op, "y is %v, gate %v, up %v", yv, gv, uv)
	}
	s, err := b.gluShader(op, act)
	if err != nil {
		return err
	}
	b.elements(s, nil, written(yv), gv, uv)
	return nil
}

// GLUBackward: dgate =, dup = .
func (b *Backend) GLUBackward(dgate, dup, dy, gate, up compute.Tensor, act compute.Activation) error {
	const op = "GLUBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	var dgv, duv, dyv, gv, uv view
	if err := b.tensors(op, named{"dgate", dgate, &dgv}, named{"dup", dup, &duv}, named{"dy", dy, &dyv},
		named{"gate", gate, &gv}, named{"up", up, &uv}); err != nil {
		return err
	}
	r, c := dyv.rows, dyv.cols
	if !dgv.is(r, c) || !duv.is(r, c) || !gv.is(r, c) || !uv.is(r, c) {
		return b.misfit(op, "dgate is %v, dup %v, dy %v, gate %v, up %v", dgv, duv, dyv, gv, uv)
	}
	s, err := b.gluShader(op, act, "BACKWARD 1")
	if err != nil {
		return err
	}
	b.elements(s, nil, written(dgv, duv), gv, uv, dyv)
	return nil
}

// gluShader is glu.comp for an activation.
func (b *Backend) gluShader(op string, act compute.Activation, defines ...string) (shader, error) {
	switch act {
	case compute.SiLU:
	case compute.GELUTanh:
		defines = append(defines, "GELU 1")
	default:
		return shader{}, b.misfit(op, "activation %d is unknown", act)
	}
	return shader{"glu.comp", []string{"math.glsl"}, defines}, nil
}
