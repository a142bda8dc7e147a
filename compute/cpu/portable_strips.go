package cpu

import (
	"encoding/binary"
	"math"
	"unsafe"

	"clara/compute"
)

// The portable kernels over strips, twins of those of gen/strips.go.

// scale returns scale, or with i == 1 minimum or second scale, of row r of a block.
func (l stripLayout) scale(block []byte, i, r int) float32 {
	if l.half {
		return compute.Float16(binary.LittleEndian.Uint16(block[32*i+2*r:]))
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(block[64*i+4*r:]))
}

// quant returns column k of row r of a block.
func (l stripLayout) quant(block []byte, r, k int) byte {
	if l.bits == 4 {
		return block[l.quants()+k%16/4*64+4*r+k%4] >> (k / 16 * 4) & 15
	}
	return block[l.quants()+k/4*64+4*r+k%4]
}

// multiplyStrips multiplies one row of rounded activations.
func multiplyStrips(l stripLayout) func(strips, blocks int, w *byte, x *int8, ldx int, scales *float32, lds int, y *float32, ldy int, accumulate bool) {
	return func(strips, blocks int, w *byte, xp *int8, _ int, sp *float32, _ int, yp *float32, _ int, accumulate bool) {
		data := bytesAt(w, strips*blocks*l.size())
		x := unsafe.Slice(xp, 32*blocks)
		scales := floatsAt(sp, 4*blocks)
		y := floatsAt(yp, stripRows*strips)
		for s := range strips {
			var sum [stripRows]float32
			for b := range blocks {
				block := data[(s*blocks+b)*l.size():][:l.size()]
				q := block[l.quants():]
				xb, sb := (*[32]int8)(x[32*b:]), (*[4]float32)(scales[4*b:])
				for r := range sum {
					// The low, and the high half of the block.
					var half [2]int32
					if l.bits == 4 {
						for g := range 4 {
							v := q[64*g+4*r : 64*g+4*r+4 : 64*g+4*r+4]
							for t, v := range v {
								half[0] += int32(v&15) * int32(xb[4*g+t])
								half[1] += int32(v>>4) * int32(xb[16+4*g+t])
							}
						}
					} else {
						for g := range 8 {
							v := q[64*g+4*r : 64*g+4*r+4 : 64*g+4*r+4]
							for t, v := range v {
								half[g/4] += int32(v) * int32(xb[4*g+t])
							}
						}
					}
					d := l.scale(block, 0, r)
					switch {
					case l.sub16:
						sum[r] += d * (float32(half[0])*sb[0] - l.zero*sb[2])
						sum[r] += l.scale(block, 1, r) * (float32(half[1])*sb[0] - l.zero*sb[3])
					case l.minimum:
						sum[r] += l.scale(block, 1, r) * sb[1]
						sum[r] += d * (float32(half[0]+half[1]) * sb[0])
					default:
						sum[r] += d * (float32(half[0]+half[1])*sb[0] - l.zero*sb[1])
					}
				}
			}
			for r, v := range sum {
				if accumulate {
					v += y[stripRows*s+r]
				}
				y[stripRows*s+r] = v
			}
		}
	}
}

// unpackStrip decodes blocks into a panel of the portable tile's 16 columns.
func unpackStrip(l stripLayout) func(blocks int, w *byte, dst *float32) {
	return func(blocks int, w *byte, dst *float32) {
		data, d := bytesAt(w, blocks*l.size()), floatsAt(dst, 32*blocks*stripRows)
		for b := range blocks {
			block := data[b*l.size():][:l.size()]
			for r := range stripRows {
				for k := range 32 {
					scale := l.scale(block, 0, r)
					if l.sub16 {
						scale = l.scale(block, k/16, r)
					}
					v := float32(float32(l.quant(block, r, k))-l.zero) * scale
					if l.minimum {
						v += l.scale(block, 1, r)
					}
					d[(32*b+k)*stripRows+r] = v
				}
			}
		}
	}
}

// unpackFloats widens 16-bit floats.
func unpackFloats(t compute.Type) func(blocks int, w *byte, dst *float32) {
	return func(blocks int, w *byte, dst *float32) {
		n := 32 * blocks * stripRows
		// A valid type and fitting sizes, which are its only errors.
		_ = compute.Dequantize(floatsAt(dst, n), t, bytesAt(w, t.RowBytes(n)))
	}
}

// gemvStrips adds up in the order of gemm1x16.
func gemvStrips(l stripLayout, unpack func(blocks int, w *byte, dst *float32)) func(strips, blocks int, w *byte, ldw int, x, y *float32, accumulate bool) {
	return func(strips, blocks int, w *byte, ldw int, xp, yp *float32, accumulate bool) {
		data := bytesAt(w, (strips-1)*ldw+blocks*l.size())
		x, y := floatsAt(xp, 32*blocks), floatsAt(yp, stripRows*strips)
		var panel [32 * stripRows]float32
		for s := range strips {
			var sum [stripRows]float32
			for b := range blocks {
				unpack(1, &data[s*ldw+b*l.size()], &panel[0])
				for k, v := range x[32*b : 32*b+32] {
					for r := range sum {
						sum[r] += v * panel[k*stripRows+r]
					}
				}
			}
			storeTile(y[stripRows*s:], sum[:], 1, accumulate)
		}
	}
}

// quantize rounds blocks of 32 values; a NaN makes the scale NaN.
func quantize(blocks int, qp *int8, sp *float32, xp *float32) {
	q, scales, x := unsafe.Slice(qp, 32*blocks), floatsAt(sp, 4*blocks), floatsAt(xp, 32*blocks)
	for b := range blocks {
		var bits uint32 // of the largest magnitude: those of NaN are above all others
		for _, v := range x[32*b : 32*b+32] {
			bits = max(bits, math.Float32bits(v)&0x7fffffff)
		}
		largest := math.Float32frombits(bits)
		d := largest / 127
		var inverse float32
		if largest != 0 {
			inverse = 127 / largest
		}
		var sums [2]int32
		for i, v := range x[32*b : 32*b+32] {
			r := math.RoundToEven(float64(v * inverse))
			if !(r >= -128 && r <= 127) { // infinite or NaN, as then is the scale
				r = -128
			}
			q[32*b+i] = int8(r)
			sums[i/16] += int32(r)
		}
		s := scales[4*b : 4*b+4]
		s[0], s[1], s[2], s[3] = d, d*float32(sums[0]+sums[1]), d*float32(sums[0]), d*float32(sums[1])
	}
}
