package compute

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrValue says that a value cannot be kept in a format: it is no number, or too large.
var ErrValue = errors.New("a value that the format cannot hold")

// QuantizeQ8_0 writes src, whole blocks of 32 values, as [Q8_0] to dst. A block's d is
// its greatest magnitude / 127, and q = round(x/d), halves away from zero, with d before it
// is rounded to f16, as ggml's quantize_row_q8_0_ref has it: a value is off by d/2 at
// most, and by the rounding of d. The error wraps [ErrShape], then nothing was written,
// or [ErrValue] for NaN, infinity and magnitudes whose d is none of f16's finite values.
func QuantizeQ8_0(dst []byte, src []float32) error {
	values, bytes := Q8_0.Block()
	if Q8_0.RowBytes(len(src)) != len(dst) {
		return fmt.Errorf("quantize %d values to %d bytes of %v: %w", len(src), len(dst), Q8_0, ErrShape)
	}
	for ; len(src) > 0; src, dst = src[values:], dst[bytes:] {
		most := float32(0)
		for _, x := range src[:values] {
			if x != x {
				return fmt.Errorf("quantize %g: %w", x, ErrValue)
			}
			most = max(most, x, -x)
		}
		d := most / 127
		inverse := float32(0)
		if d != 0 {
			inverse = 1 / d
		}
		if math.IsInf(float64(inverse), 0) { // d is subnormal: the block is zero in f16
			inverse = 0
		}
		half := ToFloat16(d)
		if half >= 0x7c00 {
			return fmt.Errorf("quantize %g: %w", most, ErrValue)
		}
		binary.LittleEndian.PutUint16(dst, half)
		for i, x := range src[:values] {
			dst[2+i] = byte(int8(math.Round(float64(x * inverse))))
		}
	}
	return nil
}

// ToFloat16 rounds to the nearest IEEE 754 binary16 value, ties to even. What is too large
// becomes infinity; a NaN stays one.
func ToFloat16(x float32) uint16 {
	bits := math.Float32bits(x)
	sign, magnitude := uint16(bits>>16&0x8000), bits&0x7fffffff
	switch {
	case magnitude > 0x7f800000:
		return sign | 0x7e00
	case magnitude >= 0x477ff000: // 65520 and more round to 2^16
		return sign | 0x7c00
	case magnitude < 0x38800000: // below 2^-14: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(magnitude))*(1<<24)))
	}
	odd := magnitude >> 13 & 1
	return sign | uint16((magnitude-(127-15)<<23+0xfff+odd)>>13)
}
