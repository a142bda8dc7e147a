package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Quantised weights in strips: 16 rows interleaved, so that lane r of a register
// belongs to row r. Then nothing is added up across lanes, one conversion gives 16
// scales, and an activation is a broadcast. A strip is a sequence of blocks of 32
// columns:
//
//	scales   16 f16 or f32; Q6_K: 16 f32 for columns 0..15, 16 for 16..31
//	minimums likewise, in the layouts that have them
//	quants   bits == 4: 4 vectors of 64 bytes; byte 4r+t of vector g holds
//	         column 4g+t of row r in the low, 16+4g+t in the high nibble
//	         bits == 8: 8 vectors; byte 4r+t of vector g is column 4g+t of row r
//
// A value is scale*q + minimum, or scale*(q - zero). Strips of the 16-bit floats are
// nothing but the 16 rows' values, column by column.
type stripLayout struct {
	name    string
	bits    int
	half    bool // scales are f16
	minimum bool
	zero    float32
	sub16   bool // a scale for each 16 columns
	signed  bool // q - zero is a signed byte (zero is 128)
}

var stripLayouts = []stripLayout{
	{name: "Q4_0", bits: 4, half: true, zero: 8},
	{name: "Q4_1", bits: 4, half: true, minimum: true},
	{name: "Q5_0", bits: 8, half: true, zero: 16},
	{name: "Q5_1", bits: 8, half: true, minimum: true},
	{name: "Q8_0", bits: 8, half: true, zero: 128, signed: true},
	{name: "Q4K", bits: 4, minimum: true},
	{name: "Q5K", bits: 8, minimum: true},
	{name: "Q6K", bits: 8, zero: 32, sub16: true},
}

// floatStrips have no scales, and are not multiplied by rounded activations.
var floatStrips = []stripLayout{{name: "F16", bits: 16}, {name: "BF16", bits: 16}}

func (s stripLayout) float() bool { return s.bits == 16 }

func (s stripLayout) scaleBytes() int {
	if s.half {
		return 32
	}
	return 64
}

// quants is the offset of the quants in a block, size the block's.
func (s stripLayout) quants() int {
	if s.float() {
		return 0
	}
	if s.minimum || s.sub16 {
		return 2 * s.scaleBytes()
	}
	return s.scaleBytes()
}

func (s stripLayout) size() int { return s.quants() + 64*s.bits }

// stripPrefetch is how far ahead of its use a strip is asked for. With it a single
// row of activations reads the weights at the speed of the memory.
const stripPrefetch = 4096

func stripKernels() {
	for _, s := range stripLayouts {
		for _, tokens := range []int{1, 4, 12} {
			s.multiply("AVX512", tokens)
		}
		for _, tokens := range []int{1, 4} {
			s.multiply("AVX2", tokens)
		}
		s.unpack("AVX512")
		s.unpack("AVX2")
	}
	for _, s := range floatStrips {
		s.unpack("AVX512")
		s.unpack("AVX2")
	}
	quantize()
}

// rowsOf addresses rows that lie stride bytes apart: four to a base.
type rowsOf struct {
	base            []reg.Register
	stride, stride3 reg.Register
}

func newRows(base, stride reg.Register, n int) rowsOf {
	r := rowsOf{base: []reg.Register{base}, stride: stride}
	if n > 3 {
		r.stride3 = triple(stride)
	}
	for i := 4; i < n; i += 4 {
		next := GP64()
		LEAQ(Mem{Base: base, Index: stride, Scale: 4}, next)
		r.base = append(r.base, next)
		base = next
	}
	return r
}

func (r rowsOf) at(i, disp int) Mem { return at(r.base[i/4], r.stride, r.stride3, i%4, disp) }

func (r rowsOf) add(n int) {
	for _, b := range r.base {
		ADDQ(U32(uint32(n)), b)
	}
}

func (s stripLayout) multiply(tier string, tokens int) {
	name := fmt.Sprintf("strips%sx%d%s", s.name, tokens, tier)
	TEXT(name, NOSPLIT, "func(strips, blocks int, w *byte, x *int8, ldx int, scales *float32, lds int, y *float32, ldy int, accumulate bool)")
	Pragma("noescape")
	value := "scale(w, r, k) * q(w, r, k) + minimum(w, r, k)"
	if !s.minimum {
		value = fmt.Sprintf("scale(w, r, k) * (q(w, r, k) - %v)", s.zero)
	}
	Doc(name+fmt.Sprintf(" multiplies %d rows of rounded activations by %s strips of", tokens, s.name),
		"16 rows; ldx counts bytes, lds and ldy values:",
		"",
		"\tfor s := range strips {",
		fmt.Sprintf("\t\tfor t := range %d {", tokens),
		"\t\t\tfor r := range 16 {",
		"\t\t\t\tvar sum float32",
		"\t\t\t\tfor k := range 32 * blocks { // integers within a block",
		"\t\t\t\t\tsum += ("+value+") * x[t*ldx+k] * scales[t*lds+k/32*4]",
		"\t\t\t\t}",
		"\t\t\t\ty[t*ldy+16*s+r] = sum // += with accumulate",
		"\t\t\t}",
		"\t\t}",
		"\t}")
	m := stripMultiply{stripLayout: s, tokens: tokens}
	m.w = Load(Param("w"), GP64())
	ldx, lds := Load(Param("ldx"), GP64()), Load(Param("lds"), GP64())
	SHLQ(Imm(2), lds)
	m.x = newRows(Load(Param("x"), GP64()), ldx, tokens)
	m.scales = newRows(Load(Param("scales"), GP64()), lds, tokens)
	if tier == "AVX512" {
		m.wide()
	} else {
		m.narrow()
	}
}

type stripMultiply struct {
	stripLayout
	tokens    int
	w         reg.Register
	x, scales rowsOf
}

// argument is the place of a parameter: what the loop over blocks does not need
// stays in the frame, as twelve rows take all registers.
func argument(name string) Mem {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return c.Addr
}

// passes emits the loops over strips and blocks; a pass goes over a strip once.
func (m *stripMultiply) passes(count int, begin func(pass int), block func(pass int), end func(pass int)) {
	n := GP64()
	Label("strip")
	for p := range count {
		label := fmt.Sprintf("block%d", p)
		begin(p)
		MOVQ(argument("blocks"), n)
		Label(label)
		block(p)
		ADDQ(U32(uint32(m.size())), m.w)
		m.x.add(32)
		m.scales.add(16)
		DECQ(n)
		JNZ(LabelRef(label))
		// Back to the start of the activations, and of the strip for another pass.
		back := GP64()
		MOVQ(argument("blocks"), back)
		SHLQ(Imm(4), back)
		for _, b := range m.scales.base {
			SUBQ(back, b)
		}
		ADDQ(back, back)
		for _, b := range m.x.base {
			SUBQ(back, b)
		}
		if p < count-1 {
			MOVQ(argument("blocks"), back)
			IMUL3Q(I32(m.size()), back, back)
			SUBQ(back, m.w)
		}
		end(p)
	}
	ADDQ(Imm(64), argument("y"))
	DECQ(argument("strips"))
	JNZ(LabelRef("strip"))
	VZEROUPPER()
	RET()
}

// store writes the sums of the tokens, part bytes into the strip's row.
func (m *stripMultiply) store(label string, f []reg.VecVirtual, part int) {
	y, ldy := GP64(), Load(Param("ldy"), GP64())
	SHLQ(Imm(2), ldy)
	CMPB(argument("accumulate"), Imm(0))
	JE(LabelRef(label))
	MOVQ(argument("y"), y)
	for t := range f {
		VADDPS(Mem{Base: y, Disp: part}, f[t], f[t])
		if t < len(f)-1 {
			ADDQ(ldy, y)
		}
	}
	Label(label)
	MOVQ(argument("y"), y)
	for t := range f {
		VMOVUPS(f[t], Mem{Base: y, Disp: part})
		if t < len(f)-1 {
			ADDQ(ldy, y)
		}
	}
}

// wide: one register spans the 16 rows, VPDPBUSD multiplies unsigned quants by
// signed activations, which it broadcasts itself. It takes five cycles and two
// start in each: twelve tokens abreast keep it busy (8 reach four fifths of that).
func (m *stripMultiply) wide() {
	f := make([]reg.VecVirtual, m.tokens)
	for t := range f {
		f[t] = ZMM()
	}
	var nibble, zeroPoint reg.VecVirtual
	if m.bits == 4 {
		nibble = ZMM()
		g := GP32()
		MOVL(U32(0x0f0f0f0f), g)
		VPBROADCASTD(g, nibble)
	}
	if !m.minimum {
		zeroPoint = ZMM()
		VBROADCASTSS(floatConstant(m.zero), zeroPoint)
	}
	m.passes(1, func(int) {
		for t := range f {
			VPXORQ(f[t], f[t], f[t])
		}
	}, func(int) {
		for o := 0; o < m.size(); o += 64 {
			PREFETCHT0(Mem{Base: m.w, Disp: stripPrefetch + o})
		}
		acc := make([]reg.VecVirtual, m.tokens)
		for t := range acc {
			acc[t] = ZMM()
		}
		clear := func() {
			for _, a := range acc {
				VPXORQ(a, a, a)
			}
		}
		scale := func(part int) reg.VecVirtual {
			d := ZMM()
			if m.half {
				VCVTPH2PS(Mem{Base: m.w, Disp: 32 * part}, d)
			} else {
				VMOVUPS(Mem{Base: m.w, Disp: 64 * part}, d)
			}
			return d
		}
		// scaled adds the integers of a block, or half block, with their scales; sum
		// is the place of its activations' sum.
		scaled := func(part, sum int) {
			d := scale(part)
			var low reg.VecVirtual
			if m.minimum {
				low = scale(1)
			}
			for t := range acc {
				VCVTDQ2PS(acc[t], acc[t])
				VMULPS_BCST(m.scales.at(t, 0), acc[t], acc[t])
				if m.minimum {
					VFMADD231PS_BCST(m.scales.at(t, sum), low, f[t])
				} else {
					VFNMADD231PS_BCST(m.scales.at(t, sum), zeroPoint, acc[t])
				}
				VFMADD231PS(acc[t], d, f[t])
			}
		}
		clear()
		if m.bits == 4 {
			for g := range 4 {
				lo, hi := ZMM(), ZMM()
				VMOVDQU32(Mem{Base: m.w, Disp: m.quants() + 64*g}, hi)
				VPANDD(hi, nibble, lo)
				VPSRLD(Imm(4), hi, hi)
				VPANDD(hi, nibble, hi)
				for t := range acc {
					VPDPBUSD_BCST(m.x.at(t, 4*g), lo, acc[t])
				}
				for t := range acc {
					VPDPBUSD_BCST(m.x.at(t, 16+4*g), hi, acc[t])
				}
			}
			scaled(0, 4)
			return
		}
		for g := range 8 {
			if m.sub16 && g == 4 {
				scaled(0, 8)
				clear()
			}
			v := ZMM()
			VMOVDQU32(Mem{Base: m.w, Disp: m.quants() + 64*g}, v)
			for t := range acc {
				VPDPBUSD_BCST(m.x.at(t, 4*g), v, acc[t])
			}
		}
		if m.sub16 {
			scaled(1, 12)
		} else {
			scaled(0, 4)
		}
	}, func(int) {
		m.store("stored", f, 0)
	})
}

// narrow: a register spans 8 rows. A single row of activations goes over both
// halves of the strip at once, several take one half after the other. VPMADDUBSW
// cannot overflow on nibbles even where a whole block is added up in 16 bits
// (8 * 2 * 15 * 127 < 2^15).
func (m *stripMultiply) narrow() {
	halves := 1
	if m.tokens == 1 {
		halves = 2
	}
	sums := make([]reg.VecVirtual, m.tokens*halves) // [token][half]
	for i := range sums {
		sums[i] = YMM()
	}
	ones := broadcastBytes(0x00010001)
	var nibble, flip reg.VecVirtual
	if m.bits == 4 {
		nibble = broadcastBytes(0x0f0f0f0f)
	}
	if m.signed {
		flip = broadcastBytes(0x80808080)
	}
	m.passes(2/halves, func(int) {
		for i := range sums {
			VXORPS(sums[i], sums[i], sums[i])
		}
	}, func(pass int) {
		for o := 0; o < m.size(); o += 64 {
			PREFETCHT0(Mem{Base: m.w, Disp: stripPrefetch + o})
		}
		row := func(h int) int { return 32 * (pass + h) } // bytes into a vector of quants
		acc := make([]reg.VecVirtual, len(sums))
		scale := func(part, h int) reg.VecVirtual {
			d := YMM()
			if m.half {
				VCVTPH2PS(Mem{Base: m.w, Disp: 32*part + row(h)/2}, d)
			} else {
				VMOVUPS(Mem{Base: m.w, Disp: 64*part + row(h)}, d)
			}
			return d
		}
		scaled := func(part, sum int) {
			for h := range halves {
				d := scale(part, h)
				for t := range m.tokens {
					i := t*halves + h
					VCVTDQ2PS(acc[i], acc[i])
					b := YMM()
					VBROADCASTSS(m.scales.at(t, 0), b)
					VMULPS(b, acc[i], acc[i])
					if m.minimum {
						VBROADCASTSS(m.scales.at(t, sum), b)
						VFMADD231PS(scale(1, h), b, sums[i])
					} else if !m.signed {
						z := YMM()
						VBROADCASTSS(m.scales.at(t, sum), b)
						VBROADCASTSS(floatConstant(m.zero), z)
						VFNMADD231PS(z, b, acc[i])
					}
					VFMADD231PS(acc[i], d, sums[i])
				}
			}
		}
		// add adds 16-bit products of group g: whole nibble blocks as they are, bytes
		// widened each time.
		add := func(i int, product reg.VecVirtual) {
			switch {
			case m.bits == 4 && acc[i] == nil:
				acc[i] = product
			case m.bits == 4:
				VPADDW(product, acc[i], acc[i])
			case acc[i] == nil:
				acc[i] = YMM()
				VPMADDWD(ones, product, acc[i])
			default:
				VPMADDWD(ones, product, product)
				VPADDD(product, acc[i], acc[i])
			}
		}
		if m.bits == 4 {
			for g := range 4 {
				lo, hi := make([]reg.VecVirtual, halves), make([]reg.VecVirtual, halves)
				for h := range halves {
					lo[h], hi[h] = YMM(), YMM()
					VMOVDQU(Mem{Base: m.w, Disp: m.quants() + 64*g + row(h)}, hi[h])
					VPAND(hi[h], nibble, lo[h])
					VPSRLD(Imm(4), hi[h], hi[h])
					VPAND(hi[h], nibble, hi[h])
				}
				for part, q := range [][]reg.VecVirtual{lo, hi} {
					for t := range m.tokens {
						b := YMM()
						VPBROADCASTD(m.x.at(t, 16*part+4*g), b)
						for h := range halves {
							product := YMM()
							VPMADDUBSW(b, q[h], product)
							add(t*halves+h, product)
						}
					}
				}
			}
			for i := range acc {
				VPMADDWD(ones, acc[i], acc[i])
			}
			scaled(0, 4)
			return
		}
		for g := range 8 {
			if m.sub16 && g == 4 {
				scaled(0, 8)
				acc = make([]reg.VecVirtual, len(sums))
			}
			q, size := make([]reg.VecVirtual, halves), make([]reg.VecVirtual, halves)
			for h := range halves {
				q[h] = YMM()
				if m.signed {
					VPXOR(Mem{Base: m.w, Disp: m.quants() + 64*g + row(h)}, flip, q[h])
					size[h] = YMM()
					VPABSB(q[h], size[h])
				} else {
					VMOVDQU(Mem{Base: m.w, Disp: m.quants() + 64*g + row(h)}, q[h])
				}
			}
			for t := range m.tokens {
				b := YMM()
				VPBROADCASTD(m.x.at(t, 4*g), b)
				for h := range halves {
					product := YMM()
					if m.signed {
						// |q| times x with the sign of q; 2 * 128 * 127 < 2^15.
						VPSIGNB(q[h], b, product)
						VPMADDUBSW(product, size[h], product)
					} else {
						VPMADDUBSW(b, q[h], product)
					}
					add(t*halves+h, product)
				}
			}
		}
		if m.sub16 {
			scaled(1, 12)
		} else {
			scaled(0, 4)
		}
	}, func(pass int) {
		label := fmt.Sprintf("stored%d", pass)
		if halves == 1 {
			m.store(label, sums, 32*pass)
			return
		}
		m.store(label, sums[:1], 0)
		m.store(label+"High", sums[1:], 32)
	})
}

// unpack decodes blocks of a strip into a panel of the f32 product: as exact as
// decoding the rows, and without a transposition.
func (s stripLayout) unpack(tier string) {
	cols := 32
	if tier == "AVX2" {
		cols = 16
	}
	name := "unpack" + s.name + tier
	TEXT(name, NOSPLIT, "func(blocks int, w *byte, dst *float32)")
	Pragma("noescape")
	Doc(name+fmt.Sprintf(" decodes %s blocks of a strip into columns of a panel; blocks > 0:", s.name),
		"",
		"\tfor k := range 32 * blocks {",
		"\t\tfor r := range 16 {",
		fmt.Sprintf("\t\t\tdst[k*%d+r] = value(w, r, k)", cols),
		"\t\t}",
		"\t}")
	blocks := Load(Param("blocks"), GP64())
	w := Load(Param("w"), GP64())
	dst := Load(Param("dst"), GP64())
	l := lanes{tier, 64}
	if tier == "AVX2" {
		l.width = 32
	}
	d := newStripDecoder(s, l)
	Label("loop")
	for row := 0; row < 64; row += l.width {
		if s.float() {
			for k := range 32 {
				VMOVUPS(d.floats(w, row, k), Mem{Base: dst, Disp: 4*cols*k + row})
			}
			continue
		}
		scales := d.scales(w, row, 0)
		for g := range s.bits {
			if s.sub16 && g == 4 {
				scales = d.scales(w, row, 1)
			}
			v := l.vec()
			VMOVUPS(Mem{Base: w, Disp: s.quants() + 64*g + row}, v)
			for t := range 4 {
				VMOVUPS(d.value(v, 8*t, scales), Mem{Base: dst, Disp: 4*cols*(4*g+t) + row})
				if s.bits == 4 {
					VMOVUPS(d.value(v, 8*t+4, scales), Mem{Base: dst, Disp: 4*cols*(16+4*g+t) + row})
				}
			}
		}
	}
	ADDQ(U32(uint32(s.size())), w)
	ADDQ(U32(uint32(32*4*cols)), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
