package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exponential is the constants of exp: with n = round(x log2 e) and r = x - n ln 2
// in two parts, exp x = 2^n (1 + r + r^2 p(r)), p the minimax polynomial of
// Cephes' expf (Moshier), good to 2 units in the last place.
type exponential struct {
	lanes
	log2e, ln2High, ln2Low reg.VecVirtual
	one                    reg.VecVirtual
}

var (
	expLow  = float32(-104) // below half the smallest subnormal
	expHigh = float32(89)   // overflows
	expPoly = []float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}
)

func (l lanes) exponential() *exponential {
	return &exponential{
		lanes: l,
		log2e: l.constant(1.44269504088896341), ln2High: l.constant(0.693359375), ln2Low: l.constant(-2.12194440e-4),
		one: l.constant(1),
	}
}

// of returns exp x; x is changed. NaN stays NaN: MAX and MIN return their second
// source where one is NaN.
func (e *exponential) of(x reg.VecVirtual) reg.VecVirtual {
	low, high := e.constant(expLow), e.constant(expHigh)
	VMAXPS(x, low, x)
	VMINPS(x, high, x)
	n := e.vec()
	VMULPS(e.log2e, x, n)
	if e.width == 64 {
		VRNDSCALEPS(Imm(0), n, n)
	} else {
		VROUNDPS(Imm(0), n, n)
	}
	VFNMADD231PS(e.ln2High, n, x)
	VFNMADD231PS(e.ln2Low, n, x)
	p := e.constant(expPoly[0])
	for _, c := range expPoly[1:] {
		VFMADD213PS(e.floatOperand(c), x, p)
	}
	square := e.vec()
	VMULPS(x, x, square)
	VFMADD213PS(x, square, p)
	VADDPS(e.one, p, p)
	if e.width == 64 {
		VSCALEFPS(n, p, p)
		return p
	}
	// 2^n in two factors, so that subnormal results and overflow come out right.
	i, h := e.vec(), e.vec()
	VCVTPS2DQ(n, i)
	VPSRAD(Imm(1), i, h)
	VPSUBD(h, i, i)
	for _, part := range []reg.VecVirtual{h, i} {
		VPSLLD(Imm(23), part, part)
		VPADDD(e.one, part, part) // the bits of 1 are the bias
		VMULPS(part, p, p)
	}
	return p
}

// floatOperand is a constant as an operand of the tier's width.
func (l lanes) floatOperand(f float32) Op { return l.constant(f) }

// sigmoid returns 1/(1+exp(-x)) and keeps x.
func (e *exponential) sigmoid(x reg.VecVirtual) reg.VecVirtual {
	t := e.zero()
	VSUBPS(x, t, t)
	t = e.of(t)
	VADDPS(e.one, t, t)
	s := e.vec()
	VDIVPS(t, e.one, s)
	return s
}

func (l lanes) expSum() {
	l.head("expSum", "func(y, x []float32, shift float32) float32",
		"for i := range y {", "\ty[i] = exp(x[i] - shift)", "\ts += y[i]", "}", "return s")
	p := []reg.Register{base("y"), base("x")}
	shift := l.parameter("shift")
	e := l.exponential()
	s := l.several(2)
	l.over("", Load(Param("y").Len(), GP64()), 2, p, func(lp *loop, u int) {
		v := lp.load(1, u)
		VSUBPS(shift, v, v)
		v = e.of(v)
		lp.keep(v)
		VADDPS(v, s[u], s[u])
		lp.store(v, 0, u)
	})
	Store(l.sum(combined(s)), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// silu: g sigmoid(g).
func (l lanes) silu(e *exponential, g reg.VecVirtual) reg.VecVirtual {
	s := e.sigmoid(g)
	VMULPS(g, s, s)
	return s
}

// siluBackward returns silu(g) and its derivative s (1 + g (1-s)).
func (l lanes) siluBackward(e *exponential, g reg.VecVirtual) (value, derivative reg.VecVirtual) {
	s := e.sigmoid(g)
	value, derivative = l.vec(), l.vec()
	VMULPS(g, s, value)
	VSUBPS(s, e.one, derivative)
	VFMADD213PS(e.one, g, derivative)
	VMULPS(s, derivative, derivative)
	return value, derivative
}

// gelu_tanh(g) = g sigmoid(2u) with u = sqrt(2/pi) (g + 0.044715 g^3).
const (
	geluScale = 2 * 0.7978845608028654
	geluCubic = 0.044715
)

// geluSigmoid returns sigmoid(2u) and g^2.
func (l lanes) geluSigmoid(e *exponential, g reg.VecVirtual) (s, square reg.VecVirtual) {
	square = l.vec()
	VMULPS(g, g, square)
	u := l.constant(geluScale * geluCubic)
	VFMADD213PS(l.constant(geluScale), square, u)
	VMULPS(g, u, u)
	return e.sigmoid(u), square
}

func (l lanes) gelu(e *exponential, g reg.VecVirtual) reg.VecVirtual {
	s, _ := l.geluSigmoid(e, g)
	VMULPS(g, s, s)
	return s
}

// geluBackward returns the value and its derivative s + g s (1-s) 2u'.
func (l lanes) geluBackward(e *exponential, g reg.VecVirtual) (value, derivative reg.VecVirtual) {
	s, square := l.geluSigmoid(e, g)
	value, derivative = l.vec(), l.vec()
	VMULPS(g, s, value)
	slope := l.constant(3 * geluScale * geluCubic)
	VFMADD213PS(l.constant(geluScale), square, slope)
	VMULPS(value, slope, slope)
	VSUBPS(s, e.one, derivative)
	VFMADD213PS(s, slope, derivative)
	return value, derivative
}

func (l lanes) glu(name, formula string, act func(*exponential, reg.VecVirtual) reg.VecVirtual) {
	l.head(name, "func(y, gate, up []float32)", "for i := range y {", "\ty[i] = "+formula+" * up[i]", "}")
	p := []reg.Register{base("y"), base("gate"), base("up")}
	e := l.exponential()
	l.over("", Load(Param("y").Len(), GP64()), 1, p, func(lp *loop, u int) {
		v := act(e, lp.load(1, u))
		VMULPS(lp.load(2, u), v, v)
		lp.store(v, 0, u)
	})
	VZEROUPPER()
	RET()
}

func (l lanes) gluBackward(name, act string, pair func(*exponential, reg.VecVirtual) (value, derivative reg.VecVirtual)) {
	l.head(name+"Backward", "func(dgate, dup, dy, gate, up []float32)",
		"for i := range gate {",
		"\tdgate[i], dup[i] = dy[i]*up[i]*"+act+"'(gate[i]), dy[i]*"+act+"(gate[i])",
		"}")
	p := []reg.Register{base("dgate"), base("dup"), base("dy"), base("gate"), base("up")}
	e := l.exponential()
	l.over("", Load(Param("gate").Len(), GP64()), 1, p, func(lp *loop, u int) {
		value, derivative := pair(e, lp.load(3, u))
		dy := lp.load(2, u)
		VMULPS(dy, value, value)
		VMULPS(dy, derivative, derivative)
		VMULPS(lp.load(4, u), derivative, derivative)
		lp.store(derivative, 0, u)
		lp.store(value, 1, u)
	})
	VZEROUPPER()
	RET()
}
