package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transposeKernels turn rows into the k-major panels that the tiles read.
// Transposing in registers instead of value by value gained 20 % on a whole
// matrix product.
func transposeKernels() {
	transpose16()
	transpose14()
	transpose8()
	transpose4()
	transpose2()
	copyPanelKernels()
}

const transposeSignature = "func(dst *float32, ldd int, src *float32, lds, n int)"

type transposeArguments struct {
	dst, ldd, src, lds, n reg.Register
}

func transposeHead(name, rows, multiple string) transposeArguments {
	TEXT(name, NOSPLIT, transposeSignature)
	Pragma("noescape")
	Doc(name+" transposes "+rows+" rows of n values; n is a positive multiple of "+multiple+":",
		"",
		"\tfor i := range "+rows+" {",
		"\t\tfor k := range n {",
		"\t\t\tdst[k*ldd+i] = src[i*lds+k]",
		"\t\t}",
		"\t}")
	a := transposeArguments{
		dst: Load(Param("dst"), GP64()),
		ldd: Load(Param("ldd"), GP64()),
		src: Load(Param("src"), GP64()),
		lds: Load(Param("lds"), GP64()),
		n:   Load(Param("n"), GP64()),
	}
	SHLQ(Imm(2), a.ldd)
	SHLQ(Imm(2), a.lds)
	return a
}

// at addresses row i of four that lie stride bytes apart.
func at(base, stride, stride3 reg.Register, i, disp int) Mem {
	switch i {
	case 0:
		return Mem{Base: base, Disp: disp}
	case 1:
		return Mem{Base: base, Index: stride, Scale: 1, Disp: disp}
	case 2:
		return Mem{Base: base, Index: stride, Scale: 2, Disp: disp}
	}
	return Mem{Base: base, Index: stride3, Scale: 1, Disp: disp}
}

func triple(stride reg.Register) reg.Register {
	t := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, t)
	return t
}

// transpose4x4 transposes the 4x4 blocks in the 128-bit lanes of t[0..3].
func transpose4x4(t []reg.VecVirtual, width int) {
	a, b, c, d := vector(width), vector(width), vector(width), vector(width)
	VUNPCKLPS(t[1], t[0], a)
	VUNPCKHPS(t[1], t[0], b)
	VUNPCKLPS(t[3], t[2], c)
	VUNPCKHPS(t[3], t[2], d)
	VUNPCKLPD(c, a, t[0])
	VUNPCKHPD(c, a, t[1])
	VUNPCKLPD(d, b, t[2])
	VUNPCKHPD(d, b, t[3])
}

// transpose16 and transpose8 gather four values of each row into the lanes of a
// register, so that transposing in lanes gives whole rows of the result.
func transpose16() {
	a := transposeHead("transpose16AVX512", "16", "4")
	transposeWide(a, 16, 4)
}

// transpose14 serves the tallest tile of AVX-512.
func transpose14() {
	a := transposeHead("transpose14AVX512", "14", "4")
	transposeWide(a, 14, 4)
}

func transpose8() {
	a := transposeHead("transpose8AVX2", "8", "4")
	transposeWide(a, 8, 2)
}

func transposeWide(a transposeArguments, rows, lanes int) {
	width := 16 * lanes
	var k reg.OpmaskVirtual
	if rows < 4*lanes {
		bits := GP32()
		MOVL(U32(1<<rows-1), bits)
		k = K()
		KMOVW(bits, k)
	}
	lds3, ldd3 := triple(a.lds), triple(a.ldd)
	p := make([]reg.Register, lanes)
	p[0] = a.src
	for l := 1; l < lanes; l++ {
		p[l] = GP64()
		LEAQ(Mem{Base: p[l-1], Index: a.lds, Scale: 4}, p[l])
	}
	Label("loop")
	t := make([]reg.VecVirtual, 4)
	for j := range t {
		t[j] = vector(width)
		VMOVUPS(at(p[0], a.lds, lds3, j, 0), t[j].AsX())
		for l := 1; l < lanes && 4*l+j < rows; l++ {
			if width == 64 {
				VINSERTF32X4(Imm(uint64(l)), at(p[l], a.lds, lds3, j, 0), t[j], t[j])
			} else {
				VINSERTF128(Imm(uint64(l)), at(p[l], a.lds, lds3, j, 0), t[j], t[j])
			}
		}
	}
	transpose4x4(t, width)
	for j := range t {
		if rows < 4*lanes {
			VMOVUPS(t[j], k, at(a.dst, a.ldd, ldd3, j, 0))
		} else {
			VMOVUPS(t[j], at(a.dst, a.ldd, ldd3, j, 0))
		}
	}
	LEAQ(Mem{Base: a.dst, Index: a.ldd, Scale: 4}, a.dst)
	for _, q := range p {
		ADDQ(Imm(16), q)
	}
	SUBQ(Imm(4), a.n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transpose4 takes 8 values of each of 4 rows at a time.
func transpose4() {
	a := transposeHead("transpose4AVX2", "4", "8")
	lds3, ldd3 := triple(a.lds), triple(a.ldd)
	high := GP64()
	LEAQ(Mem{Base: a.dst, Index: a.ldd, Scale: 4}, high)
	Label("loop")
	t := make([]reg.VecVirtual, 4)
	for j := range t {
		t[j] = YMM()
		VMOVUPS(at(a.src, a.lds, lds3, j, 0), t[j])
	}
	transpose4x4(t, 32)
	for j := range t {
		VMOVUPS(t[j].AsX(), at(a.dst, a.ldd, ldd3, j, 0))
		VEXTRACTF128(Imm(1), t[j], at(high, a.ldd, ldd3, j, 0))
	}
	LEAQ(Mem{Base: a.dst, Index: a.ldd, Scale: 8}, a.dst)
	LEAQ(Mem{Base: high, Index: a.ldd, Scale: 8}, high)
	ADDQ(Imm(32), a.src)
	SUBQ(Imm(8), a.n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transpose2 takes 4 values of each of 2 rows at a time.
func transpose2() {
	a := transposeHead("transpose2AVX2", "2", "4")
	ldd3 := triple(a.ldd)
	Label("loop")
	x, y := XMM(), XMM()
	VMOVUPS(Mem{Base: a.src}, x)
	VMOVUPS(Mem{Base: a.src, Index: a.lds, Scale: 1}, y)
	lo, hi := XMM(), XMM()
	VUNPCKLPS(y, x, lo)
	VUNPCKHPS(y, x, hi)
	VMOVLPS(lo, at(a.dst, a.ldd, ldd3, 0, 0))
	VMOVHPS(lo, at(a.dst, a.ldd, ldd3, 1, 0))
	VMOVLPS(hi, at(a.dst, a.ldd, ldd3, 2, 0))
	VMOVHPS(hi, at(a.dst, a.ldd, ldd3, 3, 0))
	LEAQ(Mem{Base: a.dst, Index: a.ldd, Scale: 4}, a.dst)
	ADDQ(Imm(16), a.src)
	SUBQ(Imm(4), a.n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// copyPanelKernels copy a few columns of many rows: the panels of an operand that
// lies k-major already.
func copyPanelKernels() {
	copyPanel("AVX512", 64)
	copyPanel("AVX2", 32)
}

func copyPanel(tier string, width int) {
	name := "copyPanel" + tier
	TEXT(name, NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, cols, n int)")
	Pragma("noescape")
	Doc(name+fmt.Sprintf(" copies the first cols values of n rows; 0 < cols <= %d, n > 0:", width/2),
		"",
		"\tfor i := range n {",
		"\t\tcopy(dst[i*ldd:], src[i*lds:][:cols])",
		"\t}")
	dst := Load(Param("dst"), GP64())
	ldd := Load(Param("ldd"), GP64())
	src := Load(Param("src"), GP64())
	lds := Load(Param("lds"), GP64())
	cols := GP64()
	Load(Param("cols"), cols)
	n := Load(Param("n"), GP64())
	SHLQ(Imm(2), ldd)
	SHLQ(Imm(2), lds)
	v := [2]reg.VecVirtual{vector(width), vector(width)}
	if width == 64 {
		bits, low := GP64(), GP64()
		MOVQ(I32(-1), bits)
		SHLXQ(cols, bits, bits)
		NOTQ(bits)
		MOVQ(bits, low)
		SHRQ(Imm(16), bits)
		k := [2]reg.OpmaskVirtual{K(), K()}
		KMOVW(low.As32(), k[0])
		KMOVW(bits.As32(), k[1])
		Label("loop")
		for i := range v {
			VMOVUPS_Z(Mem{Base: src, Disp: 64 * i}, k[i], v[i])
			VMOVUPS(v[i], k[i], Mem{Base: dst, Disp: 64 * i})
		}
	} else {
		m := [2]reg.VecVirtual{YMM(), YMM()}
		VMOVD(cols.As32(), m[1].AsX())
		VPBROADCASTD(m[1].AsX(), m[1])
		lanes := YMM()
		VMOVDQU(laneNumbers(), lanes)
		VPCMPGTD(lanes, m[1], m[0]) // cols > lane
		VPSUBD(laneEight(), m[1], m[1])
		VPCMPGTD(lanes, m[1], m[1])
		Label("loop")
		for i := range v {
			VMASKMOVPS(Mem{Base: src, Disp: 32 * i}, m[i], v[i])
			VMASKMOVPS(v[i], m[i], Mem{Base: dst, Disp: 32 * i})
		}
	}
	ADDQ(lds, src)
	ADDQ(ldd, dst)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
