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
				low, high := l.integers(block, (*[32]int8)(x[32*b:]))
				sb := (*[4]float32)(scales[4*b:])
				for r := range sum {
					d := l.scale(block, 0, r)
					switch {
					case l.sub16:
						sum[r] += d * (float32(low[r])*sb[0] - l.zero*sb[2])
						sum[r] += l.scale(block, 1, r) * (float32(high[r])*sb[0] - l.zero*sb[3])
					case l.minimum:
						sum[r] += l.scale(block, 1, r) * sb[1]
						sum[r] += d * (float32(low[r]+high[r]) * sb[0])
					default:
						sum[r] += d * (float32(low[r]+high[r])*sb[0] - l.zero*sb[1])
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

// integers returns, for each row of a block, the sum of q*x over the first and over
// the last 16 columns.
func (l stripLayout) integers(block []byte, x *[32]int8) (low, high [stripRows]int32) {
	quants := block[l.quants():]
	for g := range 4 {
		x0, x1, x2, x3 := int32(x[4*g]), int32(x[4*g+1]), int32(x[4*g+2]), int32(x[4*g+3])
		y0, y1, y2, y3 := int32(x[16+4*g]), int32(x[17+4*g]), int32(x[18+4*g]), int32(x[19+4*g])
		q := (*[64]byte)(quants[64*g:])
		if l.bits == 4 {
			for r := range low {
				u := binary.LittleEndian.Uint32(q[4*r:])
				low[r] += int32(u&15)*x0 + int32(u>>8&15)*x1 + int32(u>>16&15)*x2 + int32(u>>24&15)*x3
				high[r] += int32(u>>4&15)*y0 + int32(u>>12&15)*y1 + int32(u>>20&15)*y2 + int32(u>>28)*y3
			}
			continue
		}
		p := (*[64]byte)(quants[64*(g+4):])
		for r := range low {
			u, v := binary.LittleEndian.Uint32(q[4*r:]), binary.LittleEndian.Uint32(p[4*r:])
			low[r] += int32(u&255)*x0 + int32(u>>8&255)*x1 + int32(u>>16&255)*x2 + int32(u>>24)*x3
			high[r] += int32(v&255)*y0 + int32(v>>8&255)*y1 + int32(v>>16&255)*y2 + int32(v>>24)*y3
		}
	}
	return low, high
}

// unpackStrip decodes blocks into a panel of the portable tile's 16 columns.
func unpackStrip(l stripLayout) func(blocks int, w *byte, dst *float32) {
	return func(blocks int, w *byte, dst *float32) {
		data, panel := bytesAt(w, blocks*l.size()), floatsAt(dst, 32*blocks*stripRows)
		for b := range blocks {
			block := data[b*l.size():][:l.size()]
			d := (*[32 * stripRows]float32)(panel[32*b*stripRows:])
			for r := range stripRows {
				scale := l.scale(block, 0, r)
				last := scale
				var minimum float32
				switch {
				case l.minimum:
					minimum = l.scale(block, 1, r)
				case l.sub16:
					last = l.scale(block, 1, r)
				}
				for g := range 8 {
					var u uint32
					if l.bits == 8 {
						u = binary.LittleEndian.Uint32(block[l.quants()+64*g+4*r:])
					} else {
						u = binary.LittleEndian.Uint32(block[l.quants()+64*(g%4)+4*r:]) >> (g / 4 * 4) & 0x0f0f0f0f
					}
					if g == 4 {
						scale = last
					}
					for t := range 4 {
						v := float32(float32(u>>(8*t)&255)-l.zero) * scale
						d[(4*g+t)*stripRows+r] = v + minimum
					}
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
func gemvStrips(l stripLayout, add func(sum *[stripRows]float32, block []byte, x *[32]float32)) func(strips, blocks int, w *byte, ldw int, x, y *float32, accumulate bool) {
	return func(strips, blocks int, w *byte, ldw int, xp, yp *float32, accumulate bool) {
		data := bytesAt(w, (strips-1)*ldw+blocks*l.size())
		x, y := floatsAt(xp, 32*blocks), floatsAt(yp, stripRows*strips)
		for s := range strips {
			var sum [stripRows]float32
			for b := range blocks {
				add(&sum, data[s*ldw+b*l.size():][:l.size()], (*[32]float32)(x[32*b:]))
			}
			storeTile(y[stripRows*s:], sum[:], 1, accumulate)
		}
	}
}

// addQuants adds a block of quants times x to the rows' sums.
func addQuants(l stripLayout) func(sum *[stripRows]float32, block []byte, x *[32]float32) {
	return func(sum *[stripRows]float32, block []byte, x *[32]float32) {
		var scale, last, minimum [stripRows]float32
		for r := range scale {
			scale[r] = l.scale(block, 0, r)
			last[r] = scale[r]
			switch {
			case l.minimum:
				minimum[r] = l.scale(block, 1, r)
			case l.sub16:
				last[r] = l.scale(block, 1, r)
			}
		}
		quants, zero := block[l.quants():], l.zero
		for g := range 8 {
			x0, x1, x2, x3 := x[4*g], x[4*g+1], x[4*g+2], x[4*g+3]
			at, shift, mask := 64*g, 0, uint32(0xffffffff)
			if l.bits == 4 {
				at, shift, mask = 64*(g%4), g/4*4, 0x0f0f0f0f
			}
			if g == 4 {
				scale = last
			}
			q := (*[64]byte)(quants[at:])
			for r := range sum {
				u := binary.LittleEndian.Uint32(q[4*r:]) >> shift & mask
				d, m := scale[r], minimum[r]
				// The conversions keep the compiler from fusing: a value is what
				// compute.Dequantize makes of it.
				v0 := float32((float32(u&255)-zero)*d) + m
				v1 := float32((float32(u>>8&255)-zero)*d) + m
				v2 := float32((float32(u>>16&255)-zero)*d) + m
				v3 := float32((float32(u>>24)-zero)*d) + m
				s := sum[r]
				s += x0 * v0
				s += x1 * v1
				s += x2 * v2
				s += x3 * v3
				sum[r] = s
			}
		}
	}
}

// addFloats is addQuants for 16-bit floats.
func addFloats(t compute.Type) func(sum *[stripRows]float32, block []byte, x *[32]float32) {
	return func(sum *[stripRows]float32, block []byte, x *[32]float32) {
		var values [32 * stripRows]float32
		// A valid type and fitting sizes, which are its only errors.
		_ = compute.Dequantize(values[:], t, block)
		for k, v := range x {
			for r := range sum {
				sum[r] += v * values[k*stripRows+r]
			}
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
