package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// quantize rounds activations; it is AVX2 in every tier.
func quantize() {
	TEXT("quantizeAVX2", NOSPLIT, "func(blocks int, q *int8, scales *float32, x *float32)")
	Pragma("noescape")
	Doc("quantizeAVX2 rounds blocks of 32 values to 8 bits; blocks > 0. A NaN, and only",
		"that, makes the scale NaN:",
		"",
		"\tfor b := range blocks {",
		"\t\tmax := max(abs(x[32*b:32*b+32]))",
		"\t\td := max / 127",
		"\t\tfor i := range 32 {",
		"\t\t\tq[32*b+i] = roundToEven(x[32*b+i] * (127 / max)) // 0 if max is 0",
		"\t\t}",
		"\t\tlow, high := sum(q[32*b:32*b+16]), sum(q[32*b+16:32*b+32])",
		"\t\tscales[4*b:] = d, d*(low+high), d*low, d*high",
		"\t}")
	n := Load(Param("blocks"), GP64())
	q := Load(Param("q"), GP64())
	scales := Load(Param("scales"), GP64())
	x := Load(Param("x"), GP64())
	absolute := broadcastBytes(0x7fffffff)
	top := XMM()
	VMOVSS(floatConstant(127), top)
	bytes, words := broadcastBytes(0x01010101), broadcastBytes(0x00010001)
	order := YMM()
	VMOVDQU(section("packOrder", 4<<32|0, 5<<32|1, 6<<32|2, 7<<32|3), order)
	Label("loop")
	v := make([]reg.VecVirtual, 4)
	a := make([]reg.VecVirtual, 4)
	for i := range v {
		v[i], a[i] = YMM(), YMM()
		VMOVUPS(Mem{Base: x, Disp: 32 * i}, v[i])
		VPAND(absolute, v[i], a[i])
	}
	// As integers the bits of NaN are above all others, so that it comes through.
	VPMAXUD(a[1], a[0], a[0])
	VPMAXUD(a[3], a[2], a[2])
	VPMAXUD(a[2], a[0], a[0])
	m, t := a[0].AsX().(reg.VecVirtual), XMM()
	VEXTRACTI128(Imm(1), a[0], t)
	VPMAXUD(t, m, m)
	VPSHUFD(Imm(0b01001110), m, t)
	VPMAXUD(t, m, m)
	VPSHUFD(Imm(0b10110001), m, t)
	VPMAXUD(t, m, m)
	d, inverse, zeroMask := XMM(), XMM(), XMM()
	VDIVSS(top, m, d)
	VDIVSS(m, top, inverse)
	VXORPS(t, t, t)
	VCMPSS(Imm(4), t, m, zeroMask) // not equal, true for NaN
	VANDPS(zeroMask, inverse, inverse)
	by := YMM()
	VBROADCASTSS(inverse, by)
	for i := range v {
		VMULPS(by, v[i], v[i])
		VCVTPS2DQ(v[i], v[i])
	}
	VPACKSSDW(v[1], v[0], v[0])
	VPACKSSDW(v[3], v[2], v[2])
	VPACKSSWB(v[2], v[0], v[0])
	VPERMD(v[0], order, v[0])
	VMOVDQU(v[0], Mem{Base: q})
	s := YMM()
	VPMADDUBSW(v[0], bytes, s)
	VPMADDWD(words, s, s)
	VPSHUFD(Imm(0b01001110), s, v[1])
	VPADDD(v[1], s, s)
	VPSHUFD(Imm(0b10110001), s, v[1])
	VPADDD(v[1], s, s) // the sum of the low, and of the high 16, in each lane of it
	VEXTRACTI128(Imm(1), s, t)
	both := XMM()
	VPADDD(t, s.AsX(), both)
	VPUNPCKLDQ(t, s.AsX(), t)    // low, high
	VPUNPCKLDQ(both, both, both) // both, both
	VPUNPCKLQDQ(t, both, both)   // both, both, low, high
	VCVTDQ2PS(both, both)
	VBROADCASTSS(d, t)
	VMULPS(t, both, both)
	VMOVUPS(both, Mem{Base: scales})
	VMOVSS(d, Mem{Base: scales})
	ADDQ(U32(128), x)
	ADDQ(Imm(32), q)
	ADDQ(Imm(16), scales)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
