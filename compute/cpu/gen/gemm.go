package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// prefetchAhead is how many steps of k ahead of its use a row of the B panel is
// asked for: B streams from the second-level cache while A stays in the first.
const prefetchAhead = 8

// gemmKernels are the register tiles of the f32 matrix product. The tallest tile
// of a tier fills its registers: 14x32 takes 28 of 32 ZMM as accumulators, 6x16
// takes 12 of 16 YMM. The lower ones serve the last rows of a matrix and the
// few rows of a short one; they add up in the same order, so that a row's
// result does not depend on how many rows stand beside it.
func gemmKernels() {
	for _, rows := range []int{14, 8, 4, 2, 1} {
		gemmTile("AVX512", rows, 64)
	}
	for _, rows := range []int{6, 4, 2, 1} {
		gemmTile("AVX2", rows, 32)
	}
}

func gemmTile(tier string, rows, width int) {
	const vectors = 2 // registers to a row of C
	cols := vectors * width / 4
	name := fmt.Sprintf("gemm%dx%d%s", rows, cols, tier)
	TEXT(name, NOSPLIT, "func(k int, a, b, c *float32, ldc int, alpha float32, accumulate bool)")
	Pragma("noescape")
	Doc(name+" is one register tile of a matrix product over packed panels:",
		"",
		fmt.Sprintf("\tfor i := range %d {", rows),
		fmt.Sprintf("\t\tfor j := range %d {", cols),
		"\t\t\tvar s float32",
		"\t\t\tfor p := range k {",
		fmt.Sprintf("\t\t\t\ts += a[p*%d+i] * b[p*%d+j] // one rounding: fused", rows, cols),
		"\t\t\t}",
		"\t\t\tc[i*ldc+j] = alpha*s // + c[i*ldc+j] with accumulate, fused",
		"\t\t}",
		"\t}")
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	SHLQ(Imm(2), ldc)

	acc := make([][vectors]reg.VecVirtual, rows)
	for i := range acc {
		for j := range acc[i] {
			acc[i][j] = vector(width)
			zero(acc[i][j], width)
		}
	}
	var bv [vectors]reg.VecVirtual
	for j := range bv {
		bv[j] = vector(width)
	}
	av := [2]reg.VecVirtual{vector(width), vector(width)}

	Comment("Ask for the tile of C early: its misses overlap the loop.")
	cp := GP64()
	MOVQ(c, cp)
	for i := range rows {
		for o := 0; o < vectors*width; o += 64 {
			PREFETCHT0(Mem{Base: cp, Disp: o})
		}
		if i < rows-1 {
			ADDQ(ldc, cp)
		}
	}

	step := func(u int) {
		for j := range bv {
			VMOVUPS(Mem{Base: b, Disp: (u*vectors + j) * width}, bv[j])
		}
		for i := range rows {
			t := av[i&1]
			VBROADCASTSS(Mem{Base: a, Disp: (u*rows + i) * 4}, t)
			for j := range bv {
				VFMADD231PS(bv[j], t, acc[i][j])
			}
		}
		for o := 0; o < vectors*width; o += 64 {
			PREFETCHT0(Mem{Base: b, Disp: (u+prefetchAhead)*vectors*width + o})
		}
	}
	const unroll = 4
	fours := GP64()
	MOVQ(k, fours)
	SHRQ(Imm(2), fours)
	JZ(LabelRef("rest"))
	Label("four")
	for u := range unroll {
		step(u)
	}
	ADDQ(U32(uint32(unroll*rows*4)), a)
	ADDQ(U32(uint32(unroll*vectors*width)), b)
	DECQ(fours)
	JNZ(LabelRef("four"))
	Label("rest")
	ANDQ(Imm(unroll-1), k)
	JZ(LabelRef("store"))
	Label("one")
	step(0)
	ADDQ(U32(uint32(rows*4)), a)
	ADDQ(U32(uint32(vectors*width)), b)
	DECQ(k)
	JNZ(LabelRef("one"))

	Label("store")
	alpha := vector(width)
	scalar, err := Param("alpha").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(scalar.Addr, alpha)
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JNZ(LabelRef("add"))
	cs := GP64()
	MOVQ(c, cs)
	for i := range rows {
		for j := range bv {
			t := vector(width)
			VMULPS(alpha, acc[i][j], t)
			VMOVUPS(t, Mem{Base: cs, Disp: j * width})
		}
		if i < rows-1 {
			ADDQ(ldc, cs)
		}
	}
	VZEROUPPER()
	RET()
	Label("add")
	for i := range rows {
		for j := range bv {
			VFMADD213PS(Mem{Base: c, Disp: j * width}, alpha, acc[i][j])
			VMOVUPS(acc[i][j], Mem{Base: c, Disp: j * width})
		}
		if i < rows-1 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// vector returns a fresh register of width bytes.
func vector(width int) reg.VecVirtual {
	switch width {
	case 64:
		return ZMM()
	case 32:
		return YMM()
	}
	return XMM()
}

// zero clears a register with the form that its width has.
func zero(v reg.VecVirtual, width int) {
	if width == 64 {
		VPXORQ(v, v, v)
		return
	}
	VXORPS(v, v, v)
}
