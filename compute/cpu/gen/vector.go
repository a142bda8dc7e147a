package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vectorKernels are the loops over vectors. A loop takes several registers at a
// time, then one, and the last values under a mask: nothing is read or written
// beyond the operands.
func vectorKernels() {
	for _, l := range []lanes{{"AVX512", 64}, {"AVX2", 32}} {
		l.dot()
		l.dot3()
		l.sumSquares()
		l.max()
		l.axpy()
		l.scale()
		l.scaleMul()
		l.softmaxGrad()
		l.dotRows()
		l.axpyRows()
		l.rotateHalves()
		l.expSum()
		l.glu("swiglu", "silu(gate[i])", l.silu)
		l.glu("geglu", "gelu_tanh(gate[i])", l.gelu)
		l.gluBackward("swiglu", "silu", l.siluBackward)
		l.gluBackward("geglu", "gelu_tanh", l.geluBackward)
		l.adamw()
	}
	rotateInterleaved()
}

// lanes is a tier: the width of its registers in bytes.
type lanes struct {
	tier  string
	width int
}

// loop is a loop over vectors in the making.
type loop struct {
	lanes
	n        reg.Register
	pointers []reg.Register
	tail     bool // the body being emitted is the masked one
	k        reg.OpmaskVirtual
	m        reg.VecVirtual
}

// head opens a kernel whose doc comment is its scalar loop.
func (l lanes) head(name, signature string, doc ...string) {
	TEXT(name+l.tier, NOSPLIT, signature)
	Pragma("noescape")
	lines := []string{name + l.tier + ":", ""}
	for _, d := range doc {
		lines = append(lines, "\t"+d)
	}
	Doc(lines...)
}

// base loads the address of slice parameter name.
func base(name string) reg.Register { return Load(Param(name).Base(), GP64()) }

func (l lanes) vec() reg.VecVirtual { return vector(l.width) }

func (l lanes) zero() reg.VecVirtual {
	v := l.vec()
	zero(v, l.width)
	return v
}

// parameter broadcasts a float32 parameter.
func (l lanes) parameter(name string) reg.VecVirtual {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := l.vec()
	VBROADCASTSS(c.Addr, v)
	return v
}

// constant broadcasts f.
func (l lanes) constant(f float32) reg.VecVirtual {
	v := l.vec()
	VBROADCASTSS(floatConstant(f), v)
	return v
}

// over emits body for n values: unroll registers at a time, then one, then the
// masked rest. body gets the number of the register in its group.
func (l lanes) over(label string, n reg.Register, unroll int, pointers []reg.Register, body func(lp *loop, u int)) {
	lp := &loop{lanes: l, n: n, pointers: pointers}
	count := l.width / 4
	advance := func(registers int) {
		for _, p := range pointers {
			ADDQ(U32(uint32(registers*l.width)), p)
		}
	}
	emit := func(name string, registers int) {
		Label(label + name)
		CMPQ(n, U32(uint32(registers*count)))
		JL(LabelRef(label + name + "End"))
		for u := range registers {
			body(lp, u)
		}
		advance(registers)
		SUBQ(U32(uint32(registers*count)), n)
		JMP(LabelRef(label + name))
		Label(label + name + "End")
	}
	if unroll > 1 {
		emit("Many", unroll)
	}
	emit("One", 1)
	TESTQ(n, n)
	JZ(LabelRef(label + "Done"))
	lp.mask()
	lp.tail = true
	body(lp, 0)
	Label(label + "Done")
}

// mask makes the mask of the first n lanes.
func (lp *loop) mask() {
	if lp.width == 64 {
		bits := GP64()
		MOVQ(I32(-1), bits)
		SHLXQ(lp.n, bits, bits)
		NOTQ(bits)
		lp.k = K()
		KMOVW(bits.As32(), lp.k)
		return
	}
	x := XMM()
	lp.m = YMM()
	VMOVQ(lp.n, x)
	VPBROADCASTD(x, lp.m)
	VPCMPGTD(laneNumbers(), lp.m, lp.m)
}

func (lp *loop) at(pointer, u int) Mem {
	return Mem{Base: lp.pointers[pointer], Disp: u * lp.width}
}

// load reads a register of operand pointer; lanes outside the tail are zero.
func (lp *loop) load(pointer, u int) reg.VecVirtual {
	v := lp.vec()
	switch {
	case !lp.tail:
		VMOVUPS(lp.at(pointer, u), v)
	case lp.width == 64:
		VMOVUPS_Z(lp.at(pointer, u), lp.k, v)
	default:
		VMASKMOVPS(lp.at(pointer, u), lp.m, v)
	}
	return v
}

func (lp *loop) store(v reg.VecVirtual, pointer, u int) {
	switch {
	case !lp.tail:
		VMOVUPS(v, lp.at(pointer, u))
	case lp.width == 64:
		VMOVUPS(v, lp.k, lp.at(pointer, u))
	default:
		VMASKMOVPS(v, lp.m, lp.at(pointer, u))
	}
}

// keep clears the lanes outside the tail.
func (lp *loop) keep(v reg.VecVirtual) {
	switch {
	case !lp.tail:
	case lp.width == 64:
		VMOVAPS_Z(v, lp.k, v)
	default:
		VANDPS(lp.m, v, v)
	}
}

// sum adds up the lanes of v into the lowest.
func (l lanes) sum(v reg.VecVirtual) reg.VecVirtual {
	return l.fold(v, func(a, b reg.VecVirtual) { VADDPS(b, a, a) })
}

// fold combines the lanes of v into the lowest.
func (l lanes) fold(v reg.VecVirtual, combine func(a, b reg.VecVirtual)) reg.VecVirtual {
	y := v.AsY().(reg.VecVirtual)
	if l.width == 64 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), v, high)
		combine(y, high)
	}
	x, high := y.AsX().(reg.VecVirtual), XMM()
	VEXTRACTF128(Imm(1), y, high)
	combine(x, high)
	t := XMM()
	VMOVHLPS(x, x, t)
	combine(x, t)
	VMOVSHDUP(x, t)
	combine(x, t)
	return x
}

// several returns count cleared sums, and combined what adds them up.
func (l lanes) several(count int) []reg.VecVirtual {
	s := make([]reg.VecVirtual, count)
	for i := range s {
		s[i] = l.zero()
	}
	return s
}

func combined(s []reg.VecVirtual) reg.VecVirtual {
	for len(s) > 1 {
		h := len(s) / 2
		for i := range h {
			VADDPS(s[i+h], s[i], s[i])
		}
		s = s[:h]
	}
	return s[0]
}

func (l lanes) dot() {
	l.head("dot", "func(x, y []float32) float32", "for i := range x {", "\ts += x[i] * y[i]", "}", "return s")
	p := []reg.Register{base("x"), base("y")}
	s := l.several(4)
	l.over("", Load(Param("x").Len(), GP64()), 4, p, func(lp *loop, u int) {
		VFMADD231PS(lp.load(0, u), lp.load(1, u), s[u])
	})
	Store(l.sum(combined(s)), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func (l lanes) dot3() {
	l.head("dot3", "func(x, y, z []float32) float32", "for i := range x {", "\ts += x[i] * y[i] * z[i]", "}", "return s")
	p := []reg.Register{base("x"), base("y"), base("z")}
	s := l.several(4)
	l.over("", Load(Param("x").Len(), GP64()), 4, p, func(lp *loop, u int) {
		v := lp.load(0, u)
		VMULPS(lp.load(1, u), v, v)
		VFMADD231PS(lp.load(2, u), v, s[u])
	})
	Store(l.sum(combined(s)), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func (l lanes) sumSquares() {
	l.head("sumSquares", "func(x []float32) float64", "for i := range x {", "\ts += float64(x[i]) * float64(x[i])", "}", "return s")
	p := []reg.Register{base("x")}
	s := l.several(4)
	l.over("", Load(Param("x").Len(), GP64()), 2, p, func(lp *loop, u int) {
		v := lp.load(0, u)
		low, high := lp.vec(), lp.vec()
		if l.width == 64 {
			top := YMM()
			VEXTRACTF64X4(Imm(1), v, top)
			VCVTPS2PD(v.AsY(), low)
			VCVTPS2PD(top, high)
		} else {
			top := XMM()
			VEXTRACTF128(Imm(1), v, top)
			VCVTPS2PD(v.AsX(), low)
			VCVTPS2PD(top, high)
		}
		VFMADD231PD(low, low, s[2*u])
		VFMADD231PD(high, high, s[2*u+1])
	})
	VADDPD(s[2], s[0], s[0])
	VADDPD(s[3], s[1], s[1])
	VADDPD(s[1], s[0], s[0])
	y := s[0].AsY().(reg.VecVirtual)
	if l.width == 64 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), s[0], high)
		VADDPD(high, y, y)
	}
	x, high := y.AsX().(reg.VecVirtual), XMM()
	VEXTRACTF128(Imm(1), y, high)
	VADDPD(high, x, x)
	VPERMILPD(Imm(1), x, high)
	VADDSD(high, x, x)
	Store(x, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// max lets a NaN among the values come through as long as no larger register
// follows in the same lane; the callers' sums carry NaN anyway.
func (l lanes) max() {
	l.head("max", "func(x []float32) float32", "m := -Inf", "for i := range x {", "\tm = max(m, x[i])", "}", "return m")
	p := []reg.Register{base("x")}
	least := l.constant(negativeInfinity)
	m := make([]reg.VecVirtual, 4)
	for i := range m {
		m[i] = l.vec()
		VMOVAPS(least, m[i])
	}
	l.over("", Load(Param("x").Len(), GP64()), 4, p, func(lp *loop, u int) {
		v := lp.load(0, u)
		switch {
		case !lp.tail:
		case l.width == 64:
			t := l.vec()
			VMOVAPS(least, t)
			VMOVAPS(v, lp.k, t)
			v = t
		default:
			VBLENDVPS(lp.m, v, least, v)
		}
		VMAXPS(v, m[u], m[u])
	})
	for i := 1; i < 4; i++ {
		VMAXPS(m[i], m[0], m[0])
	}
	Store(l.fold(m[0], func(a, b reg.VecVirtual) { VMAXPS(b, a, a) }), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func (l lanes) axpy() {
	l.head("axpy", "func(y, x []float32, alpha float32)", "for i := range y {", "\ty[i] += alpha * x[i]", "}")
	p := []reg.Register{base("y"), base("x")}
	alpha := l.parameter("alpha")
	l.over("", Load(Param("y").Len(), GP64()), 4, p, func(lp *loop, u int) {
		v := lp.load(0, u)
		VFMADD231PS(lp.load(1, u), alpha, v)
		lp.store(v, 0, u)
	})
	VZEROUPPER()
	RET()
}

func (l lanes) scale() {
	l.head("scale", "func(y []float32, alpha float32)", "for i := range y {", "\ty[i] *= alpha", "}")
	p := []reg.Register{base("y")}
	alpha := l.parameter("alpha")
	l.over("", Load(Param("y").Len(), GP64()), 4, p, func(lp *loop, u int) {
		v := lp.load(0, u)
		VMULPS(alpha, v, v)
		lp.store(v, 0, u)
	})
	VZEROUPPER()
	RET()
}

func (l lanes) scaleMul() {
	l.head("scaleMul", "func(y, x, g []float32, s float32)", "for i := range y {", "\ty[i] = x[i] * s * g[i]", "}")
	p := []reg.Register{base("y"), base("x"), base("g")}
	s := l.parameter("s")
	l.over("", Load(Param("y").Len(), GP64()), 4, p, func(lp *loop, u int) {
		v := lp.load(1, u)
		VMULPS(s, v, v)
		VMULPS(lp.load(2, u), v, v)
		lp.store(v, 0, u)
	})
	VZEROUPPER()
	RET()
}

func (l lanes) softmaxGrad() {
	l.head("softmaxGrad", "func(ds, p, dp []float32, d, scale float32)",
		"for i := range ds {", "\tds[i] = p[i] * (dp[i] - d) * scale", "}")
	p := []reg.Register{base("ds"), base("p"), base("dp")}
	d, s := l.parameter("d"), l.parameter("scale")
	l.over("", Load(Param("ds").Len(), GP64()), 4, p, func(lp *loop, u int) {
		v := lp.load(2, u)
		VSUBPS(d, v, v)
		VMULPS(lp.load(1, u), v, v)
		VMULPS(s, v, v)
		lp.store(v, 0, u)
	})
	VZEROUPPER()
	RET()
}

// dotRows is a row of attention scores: four rows at a time share what they load
// of x and the adding up across lanes. The last rows go one by one, in the same
// order of addition.
func (l lanes) dotRows() {
	l.head("dotRows", "func(y, m []float32, stride int, x []float32)",
		"for j := range y {", "\ty[j] = dot(x, m[j*stride:])", "}")
	y, m, x := base("y"), base("m"), base("x")
	rows := Load(Param("y").Len(), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	group := func(label string, count int) {
		Label(label)
		CMPQ(rows, Imm(uint64(count)))
		JL(LabelRef(label + "End"))
		n := Load(Param("x").Len(), GP64())
		p := make([]reg.Register, count+1)
		for i := range p {
			p[i] = GP64()
			switch {
			case i == count:
				MOVQ(x, p[i])
			case i == 0:
				MOVQ(m, p[i])
			default:
				LEAQ(Mem{Base: p[i-1], Index: stride, Scale: 1}, p[i])
			}
		}
		s := l.several(count)
		l.over(label+"Values", n, 4, p, func(lp *loop, u int) {
			v := lp.load(count, u)
			for i := range s {
				VFMADD231PS(lp.load(i, u), v, s[i])
			}
		})
		h := make([]reg.VecVirtual, 4)
		for i := range s {
			h[i] = s[i].AsY().(reg.VecVirtual)
			if l.width == 64 {
				top := YMM()
				VEXTRACTF64X4(Imm(1), s[i], top)
				VADDPS(top, h[i], h[i])
			}
		}
		for i := count; i < 4; i++ {
			h[i] = h[0]
		}
		low, high := YMM(), YMM()
		VHADDPS(h[1], h[0], low)
		VHADDPS(h[3], h[2], high)
		VHADDPS(high, low, low)
		top := XMM()
		VEXTRACTF128(Imm(1), low, top)
		VADDPS(top, low.AsX(), top)
		if count == 4 {
			VMOVUPS(top, Mem{Base: y})
		} else {
			VMOVSS(top, Mem{Base: y})
		}
		ADDQ(Imm(uint64(4*count)), y)
		for range count {
			ADDQ(stride, m)
		}
		SUBQ(Imm(uint64(count)), rows)
		JMP(LabelRef(label))
		Label(label + "End")
	}
	group("four", 4)
	group("one", 1)
	VZEROUPPER()
	RET()
}

// axpyRows keeps 64 values of y in registers while it goes through the rows, and
// what is left of y a register at a time.
func (l lanes) axpyRows() {
	l.head("axpyRows", "func(y, m []float32, stride int, w []float32)",
		"for j := range w {", "\tfor i := range y {", "\t\ty[i] += w[j] * m[j*stride+i]", "\t}", "}")
	y, m, w := base("y"), base("m"), base("w")
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	rows := Load(Param("w").Len(), GP64())
	TESTQ(rows, rows)
	JZ(LabelRef("end"))
	strip := 64 / (l.width / 4)
	through := func(label string, registers int, load func(p reg.Register, u int) reg.VecVirtual, store func(v reg.VecVirtual, p reg.Register, u int)) {
		s := make([]reg.VecVirtual, registers)
		for u := range s {
			s[u] = load(y, u)
		}
		mp, wp, j := GP64(), GP64(), GP64()
		MOVQ(m, mp)
		MOVQ(w, wp)
		MOVQ(rows, j)
		Label(label)
		a := l.vec()
		VBROADCASTSS(Mem{Base: wp}, a)
		for u := range s {
			VFMADD231PS(load(mp, u), a, s[u])
		}
		ADDQ(Imm(4), wp)
		ADDQ(stride, mp)
		DECQ(j)
		JNZ(LabelRef(label))
		for u := range s {
			store(s[u], y, u)
		}
	}
	n := Load(Param("y").Len(), GP64())
	Label("strips")
	CMPQ(n, Imm(64))
	JL(LabelRef("rest"))
	whole := &loop{lanes: l}
	through("strip", strip, func(p reg.Register, u int) reg.VecVirtual {
		whole.pointers = []reg.Register{p}
		return whole.load(0, u)
	}, func(v reg.VecVirtual, p reg.Register, u int) {
		whole.pointers = []reg.Register{p}
		whole.store(v, 0, u)
	})
	ADDQ(U32(256), y)
	ADDQ(U32(256), m)
	SUBQ(Imm(64), n)
	JMP(LabelRef("strips"))
	Label("rest")
	label := 0
	l.over("", n, 1, []reg.Register{y, m}, func(lp *loop, _ int) {
		label++
		one := *lp
		through(fmt.Sprintf("rest%d", label), 1, func(p reg.Register, _ int) reg.VecVirtual {
			one.pointers = []reg.Register{p}
			return one.load(0, 0)
		}, func(v reg.VecVirtual, p reg.Register, _ int) {
			one.pointers = []reg.Register{p}
			one.store(v, 0, 0)
		})
	})
	Label("end")
	VZEROUPPER()
	RET()
}

func (l lanes) rotateHalves() {
	l.head("rotateHalves", "func(x, y, cos, sin []float32)",
		"for i := range cos {", "\tx[i], y[i] = x[i]*cos[i]-y[i]*sin[i], x[i]*sin[i]+y[i]*cos[i]", "}")
	p := []reg.Register{base("x"), base("y"), base("cos"), base("sin")}
	l.over("", Load(Param("cos").Len(), GP64()), 1, p, func(lp *loop, u int) {
		x, y, c, s := lp.load(0, u), lp.load(1, u), lp.load(2, u), lp.load(3, u)
		a, b := l.vec(), l.vec()
		VMULPS(s, y, a)
		VFMSUB231PS(c, x, a)
		VMULPS(s, x, b)
		VFMADD231PS(c, y, b)
		lp.store(a, 0, u)
		lp.store(b, 1, u)
	})
	VZEROUPPER()
	RET()
}

// rotateInterleaved takes four pairs at a time, in either tier: the loop is
// shorter than its memory.
func rotateInterleaved() {
	TEXT("rotateInterleavedAVX2", NOSPLIT, "func(n int, x, cos, sin *float32)")
	Pragma("noescape")
	Doc("rotateInterleavedAVX2 turns n pairs; n is a positive multiple of 4:", "",
		"\tfor i := range n {",
		"\t\tx[2*i], x[2*i+1] = x[2*i]*cos[i]-x[2*i+1]*sin[i], x[2*i]*sin[i]+x[2*i+1]*cos[i]",
		"\t}")
	n := Load(Param("n"), GP64())
	x := Load(Param("x"), GP64())
	cos := Load(Param("cos"), GP64())
	sin := Load(Param("sin"), GP64())
	twice := YMM()
	VMOVDQU(section("lanesTwice", 0, 1<<32|1, 2<<32|2, 3<<32|3), twice)
	Label("loop")
	v, swapped, c, s := YMM(), YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: cos}, c.AsX())
	VMOVUPS(Mem{Base: sin}, s.AsX())
	VPERMPS(c, twice, c)
	VPERMPS(s, twice, s)
	VMOVUPS(Mem{Base: x}, v)
	VPERMILPS(Imm(0b10110001), v, swapped)
	VMULPS(s, swapped, swapped)
	VFMADDSUB213PS(swapped, c, v) // even lanes subtract, odd ones add
	VMOVUPS(v, Mem{Base: x})
	ADDQ(Imm(32), x)
	ADDQ(Imm(16), cos)
	ADDQ(Imm(16), sin)
	SUBQ(Imm(4), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
