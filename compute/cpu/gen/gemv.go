package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemvKernels multiply strips by one row of f32 activations: what unpacking into a
// panel and the lowest tile of the matrix product give, bit by bit, without the way
// through memory. Each row adds up its columns in their order, so four strips go
// abreast to keep four chains of additions busy.
func gemvKernels() {
	for _, s := range append(stripLayouts, floatStrips...) {
		s.gemv(lanes{"AVX512", 64}, 4)
		s.gemv(lanes{"AVX2", 32}, 1)
	}
}

func (s stripLayout) gemv(l lanes, abreast int) {
	name := "gemv" + s.name + l.tier
	TEXT(name, NOSPLIT, "func(strips, blocks int, w *byte, ldw int, x, y *float32, accumulate bool)")
	Pragma("noescape")
	Doc(name+fmt.Sprintf(" multiplies %s strips, ldw bytes apart, by a row of activations:", s.name),
		"",
		"\tfor i := range 16 * strips {",
		"\t\tvar s float32",
		"\t\tfor k := range 32 * blocks {",
		"\t\t\ts += x[k] * value(w[i/16*ldw:], i%16, k) // one rounding: fused",
		"\t\t}",
		"\t\ty[i] = s // += with accumulate",
		"\t}")
	strips := Load(Param("strips"), GP64())
	w := Load(Param("w"), GP64())
	ldw := Load(Param("ldw"), GP64())
	y := Load(Param("y"), GP64())
	accumulate := Load(Param("accumulate"), GP8())
	d := newStripDecoder(s, l)

	group := func(n int) {
		label := fmt.Sprintf("strips%d", n)
		Label(label)
		CMPQ(strips, Imm(uint64(n)))
		JL(LabelRef(label + "End"))
		// A register of the strip: 16 rows, or half of them.
		type part struct {
			w   reg.Register
			row int // bytes into a vector of quants
			acc reg.VecVirtual
		}
		var parts []part
		bases := make([]reg.Register, n)
		for i := range bases {
			bases[i] = GP64()
			if i == 0 {
				MOVQ(w, bases[0])
			} else {
				LEAQ(Mem{Base: bases[i-1], Index: ldw, Scale: 1}, bases[i])
			}
			for row := 0; row < 64; row += l.width {
				parts = append(parts, part{bases[i], row, l.zero()})
			}
		}
		x, blocks := Load(Param("x"), GP64()), Load(Param("blocks"), GP64())
		Label(label + "Block")
		scales := make([]decoded, len(parts))
		for i, p := range parts {
			if !s.float() {
				scales[i] = d.scales(p.w, p.row, 0)
			}
			if p.row == 0 {
				for o := 0; o < s.size(); o += 64 {
					PREFETCHT0(Mem{Base: p.w, Disp: stripPrefetch + o})
				}
			}
		}
		vectors := func(from, to, first, shift int) {
			for g := from; g < to; g++ {
				v := make([]reg.VecVirtual, len(parts))
				for i, p := range parts {
					v[i] = l.vec()
					VMOVUPS(Mem{Base: p.w, Disp: s.quants() + 64*g + p.row}, v[i])
				}
				for t := range 4 {
					k := Mem{Base: x, Disp: 4 * (first + 4*(g-from) + t)}
					var b reg.VecVirtual
					if l.width == 32 {
						b = YMM()
						VBROADCASTSS(k, b)
					}
					for i, p := range parts {
						q := d.value(v[i], 8*t+shift, scales[i])
						if l.width == 64 {
							VFMADD231PS_BCST(k, q, p.acc)
						} else {
							VFMADD231PS(b, q, p.acc)
						}
					}
				}
			}
		}
		switch {
		case s.float():
			for k := range 32 {
				for _, p := range parts {
					b := l.vec()
					VBROADCASTSS(Mem{Base: x, Disp: 4 * k}, b)
					VFMADD231PS(b, d.floats(p.w, p.row, k), p.acc)
				}
			}
		case s.bits == 4:
			vectors(0, 4, 0, 0)
			vectors(0, 4, 16, 4)
		case s.sub16:
			vectors(0, 4, 0, 0)
			for i, p := range parts {
				scales[i] = d.scales(p.w, p.row, 1)
			}
			vectors(4, 8, 16, 0)
		default:
			vectors(0, 8, 0, 0)
		}
		for _, b := range bases {
			ADDQ(U32(uint32(s.size())), b)
		}
		ADDQ(U32(128), x)
		DECQ(blocks)
		JNZ(LabelRef(label + "Block"))
		TESTB(accumulate, accumulate)
		JZ(LabelRef(label + "Store"))
		for i, p := range parts {
			VADDPS(Mem{Base: y, Disp: l.width * i}, p.acc, p.acc)
		}
		Label(label + "Store")
		for i, p := range parts {
			VMOVUPS(p.acc, Mem{Base: y, Disp: l.width * i})
			if p.row == 0 {
				ADDQ(ldw, w)
			}
		}
		ADDQ(U32(uint32(64*n)), y)
		SUBQ(Imm(uint64(n)), strips)
		JMP(LabelRef(label))
		Label(label + "End")
	}
	if abreast > 1 {
		group(abreast)
	}
	group(1)
	VZEROUPPER()
	RET()
}

// stripDecoder turns the quants of a strip into f32.
type stripDecoder struct {
	stripLayout
	lanes
	table    reg.VecVirtual // the values of a nibble
	low      reg.VecVirtual // mask of a quant
	negative reg.VecVirtual // -zero
}

// decoded is the scale and the minimum of some rows.
type decoded struct{ scale, minimum reg.VecVirtual }

func newStripDecoder(s stripLayout, l lanes) *stripDecoder {
	d := &stripDecoder{stripLayout: s, lanes: l}
	if s.float() {
		return d
	}
	mask := uint32(1)<<s.bits - 1
	switch {
	case s.bits == 4 && l.width == 64:
		// The low four bits of a lane choose its value: no mask, no conversion.
		d.table = ZMM()
		VMOVUPS(nibbleValues(), d.table)
	case l.width == 64:
		d.low = ZMM()
		g := GP32()
		MOVL(U32(mask), g)
		VPBROADCASTD(g, d.low)
	default:
		d.low = broadcastBytes(mask)
	}
	if !s.minimum {
		d.negative = l.constant(-s.zero)
	}
	return d
}

// scales loads the scales of the rows whose quants start row bytes into a vector;
// part chooses the half block of a layout with two.
func (d *stripDecoder) scales(w reg.Register, row, part int) decoded {
	load := func(part int) reg.VecVirtual {
		v := d.vec()
		if d.half {
			VCVTPH2PS(Mem{Base: w, Disp: 32*part + row/2}, v)
		} else {
			VMOVUPS(Mem{Base: w, Disp: 64*part + row}, v)
		}
		return v
	}
	s := decoded{scale: load(part)}
	if d.stripLayout.minimum {
		s.minimum = load(1)
	} else {
		s.minimum = d.vec()
		VMULPS(d.negative, s.scale, s.minimum)
	}
	return s
}

// value decodes the quants that lie shift bits up in the lanes of v.
func (d *stripDecoder) value(v reg.VecVirtual, shift int, s decoded) reg.VecVirtual {
	x := d.vec()
	q := v
	if shift > 0 {
		VPSRLD(Imm(uint64(shift)), v, x)
		q = x
	}
	switch {
	case d.table != nil:
		VPERMPS(d.table, q, x)
	case shift+d.bits == 32:
		VCVTDQ2PS(q, x)
	case d.width == 64:
		VPANDD(d.low, q, x)
		VCVTDQ2PS(x, x)
	default:
		VPAND(d.low, q, x)
		VCVTDQ2PS(x, x)
	}
	VFMADD213PS(s.minimum, s.scale, x)
	return x
}

// floats loads column k of a block of 16-bit floats.
func (d *stripDecoder) floats(w reg.Register, row, k int) reg.VecVirtual {
	v := d.vec()
	m := Mem{Base: w, Disp: 32*k + row/2}
	if d.name == "F16" {
		VCVTPH2PS(m, v)
		return v
	}
	VPMOVZXWD(m, v)
	VPSLLD(Imm(16), v, v)
	return v
}
