package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dequantKernels decode the blocks of a row. They are AVX2 in every tier: at a
// fifth of a cycle per value they are bound by their stores. The products d*q
// are exact in f32 (11 + 6 bits), so that every order of evaluation agrees; the
// one exception, Q6_K, rounds d*scale*q once.
func dequantKernels() {
	dequantNibbles("Q4_0", 18, 2, 0, -8)
	dequantNibbles("Q4_1", 20, 4, 0, 0)
	dequantNibbles("Q5_0", 22, 6, 2, -16)
	dequantNibbles("Q5_1", 24, 8, 4, 0)
	dequantQ8_0()
	dequantQ4K(false)
	dequantQ4K(true)
	dequantQ6K()
	dequantHalf()
	dequantBrain()
}

type dequantArguments struct {
	dst, src, blocks, half, step reg.Register
}

func dequantHead(name, unit string) dequantArguments {
	TEXT("dequant"+name+"AVX2", NOSPLIT, "func(dst *float32, src *byte, blocks, half, step int)")
	Pragma("noescape")
	Doc("dequant"+name+"AVX2 decodes "+unit+". Values go out in groups of 32, step values",
		"apart, whose second sixteen lie half values behind the first; blocks > 0:",
		"",
		"\tfor i := range values {",
		"\t\tdst[i/32*step+i%32/16*half+i%16] = value(src, i)",
		"\t}")
	a := dequantArguments{
		dst:    Load(Param("dst"), GP64()),
		src:    Load(Param("src"), GP64()),
		blocks: Load(Param("blocks"), GP64()),
		half:   Load(Param("half"), GP64()),
		step:   Load(Param("step"), GP64()),
	}
	SHLQ(Imm(2), a.half)
	SHLQ(Imm(2), a.step)
	return a
}

func (a dequantArguments) out(half, disp int) Mem {
	if half == 0 {
		return Mem{Base: a.dst, Disp: disp}
	}
	return Mem{Base: a.dst, Index: a.half, Scale: 1, Disp: disp}
}

// put writes 16 values scale*q + shift from the bytes of q; shift may be nil.
func (a dequantArguments) put(half int, q reg.VecVirtual, signed bool, scale, shift reg.VecVirtual) {
	for part := range 2 {
		if part == 1 {
			VPSRLDQ(Imm(8), q, q)
		}
		v := YMM()
		if signed {
			VPMOVSXBD(q, v)
		} else {
			VPMOVZXBD(q, v)
		}
		VCVTDQ2PS(v, v)
		if shift == nil {
			VMULPS(scale, v, v)
		} else {
			VFMADD213PS(shift, scale, v)
		}
		VMOVUPS(v, a.out(half, 32*part))
	}
}

// loop repeats body for every block of size bytes.
func (a dequantArguments) loop(size int, body func()) {
	Label("loop")
	body()
	ADDQ(U32(uint32(size)), a.src)
	DECQ(a.blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// next moves on to the following group of 32.
func (a dequantArguments) next() { ADDQ(a.step, a.dst) }

func broadcastF16(m Mem) reg.VecVirtual {
	h, f := XMM(), YMM()
	VPBROADCASTW(m, h)
	VCVTPH2PS(h, f)
	return f
}

func broadcastBytes(pattern uint32) reg.VecVirtual {
	g, v := GP32(), YMM()
	MOVL(U32(pattern), g)
	VMOVD(g, v.AsX())
	VPBROADCASTD(v.AsX(), v)
	return v
}

// dequantNibbles covers the four layouts of 32 values in 16 bytes of low and high
// nibbles at quants, with fifth bits at bits (0: none) and either a minimum (f16
// behind the scale) or a fixed zero point.
func dequantNibbles(name string, size, quants, bits, zeroPoint int) {
	a := dequantHead(name, fmt.Sprintf("%s blocks of 32 values in %d bytes", name, size))
	nibble := broadcastBytes(0x0f0f0f0f)
	var pick, bit, sixteen, offset reg.VecVirtual
	if bits > 0 {
		pick, bit = YMM(), YMM()
		VMOVDQU(fifthPick(), pick)
		VMOVDQU(fifthBit(), bit)
		sixteen = broadcastBytes(0x10101010)
	}
	if zeroPoint != 0 {
		offset = broadcastBytes(uint32(int32(zeroPoint)))
		VCVTDQ2PS(offset, offset)
	}
	a.loop(size, func() {
		d := broadcastF16(Mem{Base: a.src})
		var m reg.VecVirtual
		if zeroPoint != 0 {
			m = YMM()
			VMULPS(offset, d, m)
		} else {
			m = broadcastF16(Mem{Base: a.src, Disp: 2})
		}
		lo, hi := XMM(), XMM()
		VMOVDQU(Mem{Base: a.src, Disp: quants}, lo)
		VPSRLW(Imm(4), lo, hi)
		VPAND(nibble.AsX(), lo, lo)
		VPAND(nibble.AsX(), hi, hi)
		if bits > 0 {
			h := YMM()
			VPBROADCASTD(Mem{Base: a.src, Disp: bits}, h)
			VPSHUFB(pick, h, h)
			VPAND(bit, h, h)
			VPCMPEQB(bit, h, h)
			VPAND(sixteen, h, h)
			VPOR(h.AsX(), lo, lo)
			top := XMM()
			VEXTRACTI128(Imm(1), h, top)
			VPOR(top, hi, hi)
		}
		a.put(0, lo, false, d, m)
		a.put(1, hi, false, d, m)
		a.next()
	})
}

func dequantQ8_0() {
	a := dequantHead("Q8_0", "Q8_0 blocks of 32 values in 34 bytes")
	a.loop(34, func() {
		d := broadcastF16(Mem{Base: a.src})
		for half := range 2 {
			q := XMM()
			VMOVDQU(Mem{Base: a.src, Disp: 2 + 16*half}, q)
			a.put(half, q, true, d, nil)
		}
		a.next()
	})
}

// unpackScales writes the eight scales times d and the eight minimums times -dmin
// of a Q4_K or Q5_K block to the stack as f32. The 6-bit fields lie in 12 bytes:
// four whole scales and four whole minimums whose upper two bits hold the top of
// the other four.
func unpackScales(src reg.Register, scales, mins Mem) {
	u := [3]reg.GPVirtual{GP32(), GP32(), GP32()}
	for i := range u {
		MOVL(Mem{Base: src, Disp: 4 + 4*i}, u[i])
	}
	top := func(x reg.GPVirtual) reg.GPVirtual {
		t := GP32()
		MOVL(x, t)
		SHRL(Imm(2), t)
		ANDL(U32(0x30303030), t)
		return t
	}
	s1, m1 := GP32(), GP32()
	MOVL(u[2], s1)
	ANDL(U32(0x0f0f0f0f), s1)
	ORL(top(u[0]), s1)
	MOVL(u[2], m1)
	SHRL(Imm(4), m1)
	ANDL(U32(0x0f0f0f0f), m1)
	ORL(top(u[1]), m1)
	ANDL(U32(0x3f3f3f3f), u[0])
	ANDL(U32(0x3f3f3f3f), u[1])
	for i, part := range [2][2]reg.GPVirtual{{u[0], s1}, {u[1], m1}} {
		SHLQ(Imm(32), part[1].As64())
		ORQ(part[0].As64(), part[1].As64())
		x, v := XMM(), YMM()
		VMOVQ(part[1].As64(), x)
		VPMOVZXBD(x, v)
		VCVTDQ2PS(v, v)
		d := broadcastF16(Mem{Base: src, Disp: 2 * i})
		VMULPS(d, v, v)
		if i == 0 {
			VMOVUPS(v, scales)
		} else {
			z := YMM()
			VXORPS(z, z, z)
			VSUBPS(v, z, v)
			VMOVUPS(v, mins)
		}
	}
}

// dequantQ4K covers Q4_K, and Q5_K with a fifth bit of value l of group j in bit j
// of byte l.
func dequantQ4K(fifth bool) {
	name, size, quants := "Q4K", 144, 16
	if fifth {
		name, size, quants = "Q5K", 176, 48
	}
	a := dequantHead(name, fmt.Sprintf("%s_K blocks of 256 values in %d bytes", name[:2], size))
	scales, mins := AllocLocal(32), AllocLocal(32)
	nibble := broadcastBytes(0x0f0f0f0f)
	sixteen := broadcastBytes(0x10101010)
	a.loop(size, func() {
		unpackScales(a.src, scales, mins)
		var bits reg.VecVirtual
		if fifth {
			bits = YMM()
			VMOVDQU(Mem{Base: a.src, Disp: 16}, bits)
		}
		for j := range 8 {
			q := YMM()
			VMOVDQU(Mem{Base: a.src, Disp: quants + 32*(j/2)}, q)
			if j%2 == 1 {
				VPSRLW(Imm(4), q, q)
			}
			VPAND(nibble, q, q)
			if fifth {
				b := YMM()
				if j <= 4 {
					VPSLLW(Imm(uint64(4-j)), bits, b)
				} else {
					VPSRLW(Imm(uint64(j-4)), bits, b)
				}
				VPAND(sixteen, b, b)
				VPOR(b, q, q)
			}
			d, m := YMM(), YMM()
			VBROADCASTSS(scales.Offset(4*j), d)
			VBROADCASTSS(mins.Offset(4*j), m)
			top := XMM()
			VEXTRACTI128(Imm(1), q, top)
			a.put(0, q.AsX().(reg.VecVirtual), false, d, m)
			a.put(1, top, false, d, m)
			a.next()
		}
	})
}

func dequantQ6K() {
	a := dequantHead("Q6K", "Q6_K blocks of 256 values in 210 bytes")
	scales, mins := AllocLocal(64), AllocLocal(64)
	nibble := broadcastBytes(0x0f0f0f0f)
	upper := broadcastBytes(0x30303030)
	offset := broadcastBytes(0xffffffe0) // -32
	VCVTDQ2PS(offset, offset)
	a.loop(210, func() {
		d := broadcastF16(Mem{Base: a.src, Disp: 208})
		for i := range 2 {
			s := YMM()
			VPMOVSXBD(Mem{Base: a.src, Disp: 192 + 8*i}, s)
			VCVTDQ2PS(s, s)
			VMULPS(d, s, s)
			VMOVUPS(s, scales.Offset(32*i))
			VMULPS(offset, s, s)
			VMOVUPS(s, mins.Offset(32*i))
		}
		for n := range 2 {
			bits := YMM()
			VMOVDQU(Mem{Base: a.src, Disp: 128 + 32*n}, bits)
			for g := range 4 {
				q, b := YMM(), YMM()
				VMOVDQU(Mem{Base: a.src, Disp: 64*n + 32*(g%2)}, q)
				if g >= 2 {
					VPSRLW(Imm(4), q, q)
				}
				VPAND(nibble, q, q)
				switch g {
				case 0:
					VPSLLW(Imm(4), bits, b)
				case 1:
					VPSLLW(Imm(2), bits, b)
				case 2:
					VMOVDQU(bits, b)
				case 3:
					VPSRLW(Imm(2), bits, b)
				}
				VPAND(upper, b, b)
				VPOR(b, q, q)
				top := XMM()
				VEXTRACTI128(Imm(1), q, top)
				for half, x := range []reg.VecVirtual{q.AsX().(reg.VecVirtual), top} {
					s, m := YMM(), YMM()
					VBROADCASTSS(scales.Offset(4*(8*n+2*g+half)), s)
					VBROADCASTSS(mins.Offset(4*(8*n+2*g+half)), m)
					a.put(half, x, false, s, m)
				}
				a.next()
			}
		}
	})
}

// dequantHalf and dequantBrain take 32 values as a block, for one loop with the
// quantised types.
func dequantHalf() {
	a := dequantHead("F16", "F16 values, 32 to a block")
	a.loop(64, func() {
		for i := range 4 {
			v := YMM()
			VCVTPH2PS(Mem{Base: a.src, Disp: 16 * i}, v)
			VMOVUPS(v, a.out(i/2, 32*(i%2)))
		}
		a.next()
	})
}

func dequantBrain() {
	a := dequantHead("BF16", "BF16 values, 32 to a block")
	a.loop(64, func() {
		for i := range 4 {
			v := YMM()
			VPMOVZXWD(Mem{Base: a.src, Disp: 16 * i}, v)
			VPSLLD(Imm(16), v, v)
			VMOVUPS(v, a.out(i/2, 32*(i%2)))
		}
		a.next()
	})
}
