package compute

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
