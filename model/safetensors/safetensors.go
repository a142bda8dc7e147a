// Package safetensors reads and writes safetensors, the file format of Hugging
// Face for tensors: a JSON header with names, types, shapes and places, then the
// bytes. PEFT adapters come in it.
//
// The layout is that of https://github.com/huggingface/safetensors#format.
// Everything that the header claims is checked against the bytes that are there
// before it is used.
package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"

	"github.com/edsrzf/mmap-go"
)

// What can be wrong with a file. Exactly one of them is in the chain of every
// error that concerns a file's content.
var (
	// ErrFormat says that the bytes are not a sound safetensors file.
	ErrFormat = errors.New("not a sound safetensors file")
	// ErrTruncated says that the file ends before what it announces, as after a
	// download that was cut short.
	ErrTruncated = errors.New("the file ends early")
)

// DType is the type of a tensor's values, by its name in the format.
type DType string

// The types of the format. All are little-endian.
const (
	F64    DType = "F64"
	F32    DType = "F32"
	F16    DType = "F16"  // IEEE 754 binary16
	BF16   DType = "BF16" // the upper half of an F32
	F8E4M3 DType = "F8_E4M3"
	F8E5M2 DType = "F8_E5M2"
	I64    DType = "I64"
	I32    DType = "I32"
	I16    DType = "I16"
	I8     DType = "I8"
	U64    DType = "U64"
	U32    DType = "U32"
	U16    DType = "U16"
	U8     DType = "U8"
	Bool   DType = "BOOL"
)

// widths are the bytes of one value.
var widths = map[DType]uint64{
	F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2,
	F8E4M3: 1, F8E5M2: 1, I8: 1, U8: 1, Bool: 1,
}

// Bytes is the size of one value, 0 for an unknown type.
func (t DType) Bytes() int { return int(widths[t]) }

// Tensor is a tensor of a file.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // the slowest-varying axis first, as in PyTorch; empty: one value
	// Data are the values, row-major. In an opened file it is mapped read-only
	// memory: writing to it is a fault, and so is reading it after [File.Close].
	Data []byte
}

// File is a file of tensors. It may be read from several goroutines at once.
type File struct {
	Tensors  []Tensor // in the order of their bytes
	Metadata map[string]string
	mapping  mmap.MMap
}

// Open maps the file at path into memory and checks it. The operating system
// reads the pages when they are used; the file must not be shortened meanwhile.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return f, nil
}

func open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is not a regular file: %w", ErrFormat)
	}
	if info.Size() == 0 { // which cannot be mapped
		return nil, fmt.Errorf("it is empty: %w", ErrTruncated)
	}
	mapping, err := mmap.Map(file, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("map into memory: %w", err)
	}
	f, err := Parse(mapping)
	if err != nil {
		return nil, errors.Join(err, mapping.Unmap())
	}
	f.mapping = mapping
	return f, nil
}

// Close unmaps an opened file. It empties Tensors; the Data of a tensor must not
// be used any more, by nobody. A second Close does nothing.
func (f *File) Close() error {
	f.Tensors = nil
	if f.mapping == nil {
		return nil
	}
	mapping := f.mapping
	f.mapping = nil
	if err := mapping.Unmap(); err != nil {
		return fmt.Errorf("unmap tensors: %w", err)
	}
	return nil
}

// maxAxes is more than any model has (a convolution over pictures in time has five), and
// few enough to be written into an error.
const maxAxes = 8

// size is the bytes that a tensor's type and shape call for. It refuses unknown
// types, too many or negative axes and sizes beyond an int64.
func (t *Tensor) size() (uint64, error) {
	n, ok := widths[t.DType]
	if !ok {
		return 0, fmt.Errorf("it has the unknown type %.20q: %w", string(t.DType), ErrFormat)
	}
	if len(t.Shape) > maxAxes {
		return 0, fmt.Errorf("it has %d axes, wanted at most %d: %w", len(t.Shape), maxAxes, ErrFormat)
	}
	for _, d := range t.Shape {
		high, low := bits.Mul64(n, uint64(d))
		if d < 0 || high != 0 || low > math.MaxInt64 {
			return 0, fmt.Errorf("it has the shape %v: %w", t.Shape, ErrFormat)
		}
		n = low
	}
	return n, nil
}

// Float32s returns the values of a tensor of floating-point numbers in memory of
// its own. An F64 is rounded. Integers are refused: an adapter has none.
func (t Tensor) Float32s() ([]float32, error) {
	decode, ok := map[DType]func([]byte) float32{
		F64: func(b []byte) float32 {
			return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		},
		F32:  func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
		F16:  func(b []byte) float32 { return half(binary.LittleEndian.Uint16(b)) },
		BF16: func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) },
	}[t.DType]
	if !ok {
		return nil, fmt.Errorf("read tensor %.80q as floating-point numbers: it has the type %.20s: %w", t.Name, t.DType, ErrFormat)
	}
	width := int(widths[t.DType])
	values := make([]float32, len(t.Data)/width)
	for i := range values {
		values[i] = decode(t.Data[i*width:])
	}
	return values, nil
}

// half widens an IEEE 754 binary16.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&0x1F, uint32(h)&0x3FF
	switch exponent {
	case 0: // zero or subnormal: fraction * 2^-24
		value := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(value) | sign)
	case 0x1F: // infinity or NaN
		return math.Float32frombits(sign | 0xFF<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// FromFloat32s makes an F32 tensor of row-major values.
func FromFloat32s(name string, shape []int, values []float32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{Name: name, DType: F32, Shape: shape, Data: data}
}
