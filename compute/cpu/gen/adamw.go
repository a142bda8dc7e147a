package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func (l lanes) adamw() {
	l.head("adamw", "func(param, grad, m, v []float32, c *float32)",
		"// c: the fields of adamwConstants",
		"for i := range param {",
		"\tg := grad[i] * c.gradScale",
		"\tm[i] = c.beta1*m[i] + c.oneMinusBeta1*g",
		"\tv[i] = c.beta2*v[i] + c.oneMinusBeta2*g*g",
		"\tparam[i] = param[i]*c.decay - c.step*m[i]/(sqrt(v[i]*c.invBias2)+c.eps)",
		"}")
	p := []reg.Register{base("param"), base("grad"), base("m"), base("v")}
	c := Load(Param("c"), GP64())
	field := make([]reg.VecVirtual, 9)
	if l.width == 64 {
		for i := range field {
			field[i] = l.vec()
			VBROADCASTSS(Mem{Base: c, Disp: 4 * i}, field[i])
		}
	}
	get := func(i int) reg.VecVirtual {
		if l.width == 64 {
			return field[i]
		}
		v := l.vec() // too few registers to keep them all
		VBROADCASTSS(Mem{Base: c, Disp: 4 * i}, v)
		return v
	}
	l.over("", Load(Param("param").Len(), GP64()), 1, p, func(lp *loop, u int) {
		g := lp.load(1, u)
		VMULPS(get(0), g, g)
		m := lp.load(2, u)
		VMULPS(get(1), m, m)
		VFMADD231PS(get(2), g, m)
		lp.store(m, 2, u)
		v := lp.load(3, u)
		VMULPS(get(3), v, v)
		VMULPS(g, g, g)
		VFMADD231PS(get(4), g, v)
		lp.store(v, 3, u)
		root := l.vec()
		VMULPS(get(7), v, root)
		VSQRTPS(root, root)
		VADDPS(get(8), root, root)
		VMULPS(get(6), m, m)
		VDIVPS(root, m, m)
		w := lp.load(0, u)
		VFMSUB132PS(get(5), m, w) // w*decay - m
		lp.store(w, 0, u)
	})
	VZEROUPPER()
	RET()
}
