package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// KV is a metadata entry to be written. Value is a string, a bool, an integer or
// float of a fixed width, or a slice of one of these.
type KV struct {
	Key   string
	Value any
}

// Write writes a GGUF file of version 3 in the given order. Each tensor's Data
// must have the size that its Type and Dims call for; tensors are aligned to
// general.alignment where meta has it, otherwise to 32 bytes. What [Parse] would
// refuse (a key twice, a row that is not whole blocks) is refused here, before
// the first byte is written.
func Write(w io.Writer, meta []KV, tensors []Tensor) error {
	for _, t := range tensors {
		if size, err := t.Type.bytes(t.Dims); err == nil && size != uint64(len(t.Data)) {
			return fmt.Errorf("write GGUF: tensor %q has %d bytes, %v %v needs %d: %w", t.Name, len(t.Data), t.Type, t.Dims, size, ErrFormat)
		}
	}
	return WriteStream(w, meta, tensors, func(i int, w io.Writer) error {
		_, err := w.Write(tensors[i].Data)
		return err
	})
}

// WriteStream is [Write] for tensors that need not be in memory: Data is not looked at, and
// data writes the values of tensor i, all of them and no more. It is called in the order
// of the tensors; its error is passed on.
func WriteStream(w io.Writer, meta []KV, tensors []Tensor, data func(i int, w io.Writer) error) error {
	l, err := layOut(meta, tensors)
	if err != nil {
		return fmt.Errorf("write GGUF: %w", err)
	}
	out := &counter{to: bufio.NewWriterSize(w, 1<<20)}
	// a bufio.Writer keeps its first error until Flush
	_, _ = out.Write(l.head)
	_, _ = out.Write(make([]byte, padding(uint64(len(l.head)), l.alignment)))
	for i, t := range tensors {
		out.n = 0
		if err := data(i, out); err != nil {
			return fmt.Errorf("write GGUF: tensor %q: %w", t.Name, err)
		}
		if out.n != l.sizes[i] {
			return fmt.Errorf("write GGUF: tensor %q got %d bytes, %v %v needs %d: %w", t.Name, out.n, t.Type, t.Dims, l.sizes[i], ErrFormat)
		}
		_, _ = out.Write(make([]byte, padding(out.n, l.alignment)))
	}
	if err := out.to.Flush(); err != nil {
		return fmt.Errorf("write GGUF: %w", err)
	}
	return nil
}

// Size is the number of bytes that [WriteStream] would write.
func Size(meta []KV, tensors []Tensor) (int64, error) {
	l, err := layOut(meta, tensors)
	if err != nil {
		return 0, fmt.Errorf("size of a GGUF: %w", err)
	}
	size := uint64(len(l.head))
	for _, n := range append([]uint64{uint64(len(l.head))}, l.sizes...) {
		size += padding(n, l.alignment)
	}
	for _, n := range l.sizes {
		size += n
	}
	return int64(size), nil
}

// counter counts what is written through it.
type counter struct {
	to *bufio.Writer
	n  uint64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += uint64(n)
	return n, err
}

// layout is where everything of a file lies.
type layout struct {
	head      []byte   // all that lies before the tensors' data, without the padding behind it
	sizes     []uint64 // of the tensors, without padding
	alignment uint64
}

func layOut(meta []KV, tensors []Tensor) (l layout, err error) {
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint32(b, 3)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(meta)))
	m := Metadata{values: map[string]value{}}
	for _, kv := range meta {
		if n := len(kv.Key); n == 0 || n > maxKey {
			return l, fmt.Errorf("metadata key of %d bytes: %w", n, ErrFormat)
		}
		if _, twice := m.values[kv.Key]; twice {
			return l, fmt.Errorf("metadata key %q twice: %w", kv.Key, ErrFormat)
		}
		k, raw, err := encode(kv.Value)
		if err != nil {
			return l, fmt.Errorf("metadata %q: %w", kv.Key, err)
		}
		m.values[kv.Key] = value{kind: k, raw: raw}
		b = appendText(b, kv.Key)
		b = binary.LittleEndian.AppendUint32(b, uint32(k))
		b = append(b, raw...)
	}
	if l.alignment, err = m.alignment(); err != nil {
		return l, err
	}
	names := map[string]bool{}
	offset := uint64(0)
	for _, t := range tensors {
		if n := len(t.Name); n == 0 || n > maxName {
			return l, fmt.Errorf("tensor name of %d bytes: %w", n, ErrFormat)
		}
		if names[t.Name] {
			return l, fmt.Errorf("tensor %q twice: %w", t.Name, ErrFormat)
		}
		names[t.Name] = true
		if len(t.Dims) > maxDims {
			return l, fmt.Errorf("tensor %q has %d axes: %w", t.Name, len(t.Dims), ErrFormat)
		}
		size, err := t.Type.bytes(t.Dims)
		if err != nil {
			return l, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		b = appendText(b, t.Name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Dims)))
		for _, d := range t.Dims {
			b = binary.LittleEndian.AppendUint64(b, d)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Type))
		b = binary.LittleEndian.AppendUint64(b, offset)
		l.sizes = append(l.sizes, size)
		offset += size + padding(size, l.alignment)
	}
	l.head = b
	return l, nil
}

// padding is how many bytes are missing from n to a multiple of alignment.
func padding(n, alignment uint64) uint64 { return -n & (alignment - 1) }

func appendText(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// encode returns the kind and the bytes of a metadata value.
func encode(v any) (kind, []byte, error) {
	switch v := v.(type) {
	case string:
		return kindString, appendText(nil, v), nil
	case []string:
		b := arrayHead(kindString, len(v))
		for _, s := range v {
			b = appendText(b, s)
		}
		return kindArray, b, nil
	}
	k, n, array := scalarKind(v)
	if n < 0 {
		return 0, nil, fmt.Errorf("a value of type %T cannot be written: %w", v, ErrFormat)
	}
	var b []byte
	if array {
		b, k = arrayHead(k, n), kindArray
	}
	// encoding/binary knows every fixed-width scalar and slices of them
	b, err := binary.Append(b, binary.LittleEndian, v)
	if err != nil {
		return 0, nil, fmt.Errorf("encode a value of type %T: %w", v, err)
	}
	return k, b, nil
}

func arrayHead(elem kind, n int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(elem))
	return binary.LittleEndian.AppendUint64(b, uint64(n))
}

// scalarKind is the kind of a scalar or of the elements of a slice, and the
// slice's length; n is negative for other values.
func scalarKind(v any) (k kind, n int, array bool) {
	switch v := v.(type) {
	case uint8:
		return kindUint8, 1, false
	case int8:
		return kindInt8, 1, false
	case uint16:
		return kindUint16, 1, false
	case int16:
		return kindInt16, 1, false
	case uint32:
		return kindUint32, 1, false
	case int32:
		return kindInt32, 1, false
	case float32:
		return kindFloat32, 1, false
	case bool:
		return kindBool, 1, false
	case uint64:
		return kindUint64, 1, false
	case int64:
		return kindInt64, 1, false
	case float64:
		return kindFloat64, 1, false
	case []uint8:
		return kindUint8, len(v), true
	case []int8:
		return kindInt8, len(v), true
	case []uint16:
		return kindUint16, len(v), true
	case []int16:
		return kindInt16, len(v), true
	case []uint32:
		return kindUint32, len(v), true
	case []int32:
		return kindInt32, len(v), true
	case []float32:
		return kindFloat32, len(v), true
	case []bool:
		return kindBool, len(v), true
	case []uint64:
		return kindUint64, len(v), true
	case []int64:
		return kindInt64, len(v), true
	case []float64:
		return kindFloat64, len(v), true
	}
	return 0, -1, false
}
