package compute

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Matrix is a frozen matrix in host memory, as it lies in a model file: Rows x
// Cols, row after row, each row a whole number of blocks of Type.
type Matrix struct {
	Type       Type
	Rows, Cols int
	Data       []byte // little-endian; len = Rows * Type.RowBytes(Cols)
}

// Weight is a frozen matrix that an engine holds.
type Weight interface {
	// Shape is rows (outputs) x cols (inputs).
	Shape() (rows, cols int)
	// Free gives up what the engine made of it. The Matrix is the caller's again.
	Free()
}

// Type is the layout of the values of a [Matrix]. The quantised ones are those of
// the GGUF specification (ggml/src/ggml-common.h).
type Type uint8

// The layouts, by their GGUF names.
const (
	F32 Type = iota
	F16
	BF16
	Q4_0 // 32 values: f16 d; 16 bytes, value = d*(q-8)
	Q4_1 // 32 values: f16 d, f16 m; 16 bytes, value = d*q+m
	Q5_0 // 32 values: f16 d; 4 bytes of fifth bits; 16 bytes
	Q5_1 // 32 values: f16 d, f16 m; 4 bytes of fifth bits; 16 bytes
	Q8_0 // 32 values: f16 d; 32 signed bytes
	Q4_K // 256 values: f16 d, f16 dmin, 12 bytes of 6-bit scales and mins, 128 bytes
	Q5_K // 256 values: f16 d, f16 dmin, 12 bytes of scales and mins, 32 bytes of fifth bits, 128 bytes
	Q6_K // 256 values: 128 bytes low nibbles, 64 bytes of upper bits, 16 signed scales, f16 d
)

// layouts are the names and block sizes in the order of the constants.
var layouts = [...]struct {
	name          string
	values, bytes int
}{
	F32:  {"F32", 1, 4},
	F16:  {"F16", 1, 2},
	BF16: {"BF16", 1, 2},
	Q4_0: {"Q4_0", 32, 2 + 16},
	Q4_1: {"Q4_1", 32, 2 + 2 + 16},
	Q5_0: {"Q5_0", 32, 2 + 4 + 16},
	Q5_1: {"Q5_1", 32, 2 + 2 + 4 + 16},
	Q8_0: {"Q8_0", 32, 2 + 32},
	Q4_K: {"Q4_K", 256, 2 + 2 + 12 + 128},
	Q5_K: {"Q5_K", 256, 2 + 2 + 12 + 32 + 128},
	Q6_K: {"Q6_K", 256, 128 + 64 + 16 + 2},
}

// Valid reports whether t is one of the constants.
func (t Type) Valid() bool { return int(t) < len(layouts) }

// String is the name of the layout in the GGUF specification.
func (t Type) String() string {
	if !t.Valid() {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return layouts[t].name
}

// Block is the number of values in a block and the bytes that it takes; 0, 0 if
// t is not valid.
func (t Type) Block() (values, bytes int) {
	if !t.Valid() {
		return 0, 0
	}
	return layouts[t].values, layouts[t].bytes
}

// Halves are where the f16 values of a block lie: the factors of a quantised one.
func (t Type) Halves() []int {
	switch t {
	case F16, Q4_0, Q5_0, Q8_0:
		return []int{0}
	case Q4_1, Q5_1, Q4_K, Q5_K:
		return []int{0, 2}
	case Q6_K:
		return []int{208}
	default:
		return nil
	}
}

// RowBytes is the size of a row of cols values in bytes, or -1 where cols is no
// whole number of blocks, is negative, or t is not valid.
func (t Type) RowBytes(cols int) int {
	values, bytes := t.Block()
	if values == 0 || cols < 0 || cols%values != 0 || cols/values > math.MaxInt/bytes {
		return -1
	}
	return cols / values * bytes
}

// Check says what is wrong with m, or nil: its type, its columns, the length of
// its data. The error wraps [ErrUnsupported] or [ErrShape].
func (m Matrix) Check() error {
	if !m.Type.Valid() {
		return fmt.Errorf("matrix of type %v: %w", m.Type, ErrUnsupported)
	}
	row := m.Type.RowBytes(m.Cols)
	if m.Rows < 0 || row < 0 {
		return fmt.Errorf("matrix of %dx%d values of type %v: %w", m.Rows, m.Cols, m.Type, ErrShape)
	}
	if row > 0 && m.Rows > math.MaxInt/row || len(m.Data) != m.Rows*row {
		return fmt.Errorf("matrix of %dx%d values of type %v in %d bytes: %w", m.Rows, m.Cols, m.Type, len(m.Data), ErrShape)
	}
	return nil
}

// Dequantize is the reference decoder: it writes the values of src, whole blocks
// of type t, to dst. Every product and sum is rounded to f32 by itself and in the
// order of ggml's dequantize_row functions, so that the result is theirs bit by
// bit. The error wraps [ErrShape] or [ErrUnsupported]; then nothing was written.
func Dequantize(dst []float32, t Type, src []byte) error {
	if !t.Valid() {
		return fmt.Errorf("dequantize %v: %w", t, ErrUnsupported)
	}
	if t.RowBytes(len(dst)) != len(src) {
		return fmt.Errorf("dequantize %d bytes of %v to %d values: %w", len(src), t, len(dst), ErrShape)
	}
	values, bytes := t.Block()
	decode := decoders[t]
	for len(dst) > 0 {
		decode(dst[:values], src[:bytes])
		dst, src = dst[values:], src[bytes:]
	}
	return nil
}

// Float16 widens an IEEE 754 binary16 value.
func Float16(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0: // zero and the subnormals: frac * 2^-24 is exact in f32
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	default:
		return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
	}
}

// BFloat16 widens a bfloat16 value.
func BFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func half(p []byte) float32 { return Float16(binary.LittleEndian.Uint16(p)) }

// decoders decode one block each.
var decoders = [...]func(y []float32, p []byte){
	F32:  func(y []float32, p []byte) { y[0] = math.Float32frombits(binary.LittleEndian.Uint32(p)) },
	F16:  func(y []float32, p []byte) { y[0] = half(p) },
	BF16: func(y []float32, p []byte) { y[0] = BFloat16(binary.LittleEndian.Uint16(p)) },
	Q4_0: decodeQ4_0,
	Q4_1: decodeQ4_1,
	Q5_0: decodeQ5_0,
	Q5_1: decodeQ5_1,
	Q8_0: decodeQ8_0,
	Q4_K: decodeQ4_K,
	Q5_K: decodeQ5_K,
	Q6_K: decodeQ6_K,
}

// In the formats of 32 values the low nibbles are the first 16 values, the high
// ones the rest; the fifth bits lie in one word in the order of the values.

func decodeQ4_0(y []float32, p []byte) {
	d := half(p)
	for i, q := range p[2:18] {
		y[i] = float32(int(q&15)-8) * d
		y[i+16] = float32(int(q>>4)-8) * d
	}
}

func decodeQ4_1(y []float32, p []byte) {
	d, m := half(p), half(p[2:])
	for i, q := range p[4:20] {
		y[i] = float32(float32(q&15)*d) + m
		y[i+16] = float32(float32(q>>4)*d) + m
	}
}

func decodeQ5_0(y []float32, p []byte) {
	d, fifth := half(p), binary.LittleEndian.Uint32(p[2:])
	for i, q := range p[6:22] {
		y[i] = float32(int(uint32(q&15)|fifth>>i&1<<4)-16) * d
		y[i+16] = float32(int(uint32(q>>4)|fifth>>(i+16)&1<<4)-16) * d
	}
}

func decodeQ5_1(y []float32, p []byte) {
	d, m, fifth := half(p), half(p[2:]), binary.LittleEndian.Uint32(p[4:])
	for i, q := range p[8:24] {
		y[i] = float32(float32(uint32(q&15)|fifth>>i&1<<4)*d) + m
		y[i+16] = float32(float32(uint32(q>>4)|fifth>>(i+16)&1<<4)*d) + m
	}
}

func decodeQ8_0(y []float32, p []byte) {
	d := half(p)
	for i, q := range p[2:34] {
		y[i] = float32(int8(q)) * d
	}
}

// ScaleMin unpacks the 6-bit scale and minimum of part j of a 4- or 5-bit
// superblock (Q4_K, Q5_K) from its 12 bytes.
func ScaleMin(j int, p []byte) (scale, minimum float32) {
	if j < 4 {
		return float32(p[j] & 63), float32(p[j+4] & 63)
	}
	return float32(p[j+4]&15 | p[j-4]>>6<<4), float32(p[j+4]>>4 | p[j]>>6<<4)
}

func decodeQ4_K(y []float32, p []byte) {
	d, dmin, scales, q := half(p), half(p[2:]), p[4:16], p[16:144]
	for part := 0; part < 8; part += 2 { // 32 bytes hold the nibbles of two parts
		s1, m1 := ScaleMin(part, scales)
		s2, m2 := ScaleMin(part+1, scales)
		d1, d2 := d*s1, d*s2
		m1, m2 = dmin*m1, dmin*m2
		for i, v := range q[:32] {
			y[i] = float32(d1*float32(v&15)) - m1
			y[i+32] = float32(d2*float32(v>>4)) - m2
		}
		y, q = y[64:], q[32:]
	}
}

func decodeQ5_K(y []float32, p []byte) {
	d, dmin, scales, fifth, q := half(p), half(p[2:]), p[4:16], p[16:48], p[48:176]
	for part := 0; part < 8; part += 2 {
		s1, m1 := ScaleMin(part, scales)
		s2, m2 := ScaleMin(part+1, scales)
		d1, d2 := d*s1, d*s2
		m1, m2 = dmin*m1, dmin*m2
		for i, v := range q[:32] {
			y[i] = float32(d1*float32(v&15|fifth[i]>>part&1<<4)) - m1
			y[i+32] = float32(d2*float32(v>>4|fifth[i]>>(part+1)&1<<4)) - m2
		}
		y, q = y[64:], q[32:]
	}
}

func decodeQ6_K(y []float32, p []byte) {
	low, high, scales, d := p[:128], p[128:192], p[192:208], half(p[208:])
	for range 2 { // 128 values each
		for i := range 32 {
			h, s := high[i], scales[i/16:]
			v1 := int(low[i]&15|h&3<<4) - 32
			v2 := int(low[i+32]&15|h>>2&3<<4) - 32
			v3 := int(low[i]>>4|h>>4&3<<4) - 32
			v4 := int(low[i+32]>>4|h>>6<<4) - 32
			y[i] = d * float32(int8(s[0])) * float32(v1)
			y[i+32] = d * float32(int8(s[2])) * float32(v2)
			y[i+64] = d * float32(int8(s[4])) * float32(v3)
			y[i+96] = d * float32(int8(s[6])) * float32(v4)
		}
		y, low, high, scales = y[128:], low[64:], high[32:], scales[8:]
	}
}
