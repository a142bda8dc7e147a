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
	head, alignment, err := header(meta, tensors)
	if err != nil {
		return fmt.Errorf("write GGUF: %w", err)
	}
	out := bufio.NewWriter(w)
	padded := func(b []byte) {
		// a bufio.Writer keeps its first error until Flush
		_, _ = out.Write(b)
		_, _ = out.Write(make([]byte, padding(len(b), alignment)))
	}
	padded(head)
	for _, t := range tensors {
		padded(t.Data)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write GGUF: %w", err)
	}
	return nil
}

// header encodes all that lies before the tensors' data.
func header(meta []KV, tensors []Tensor) ([]byte, uint64, error) {
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint32(b, 3)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(meta)))
	m := Metadata{values: map[string]value{}}
	for _, kv := range meta {
		if n := len(kv.Key); n == 0 || n > maxKey {
			return nil, 0, fmt.Errorf("metadata key of %d bytes: %w", n, ErrFormat)
		}
		if _, twice := m.values[kv.Key]; twice {
			return nil, 0, fmt.Errorf("metadata key %q twice: %w", kv.Key, ErrFormat)
		}
		k, raw, err := encode(kv.Value)
		if err != nil {
			return nil, 0, fmt.Errorf("metadata %q: %w", kv.Key, err)
		}
		m.values[kv.Key] = value{kind: k, raw: raw}
		b = appendText(b, kv.Key)
		b = binary.LittleEndian.AppendUint32(b, uint32(k))
		b = append(b, raw...)
	}
	alignment, err := m.alignment()
	if err != nil {
		return nil, 0, err
	}
	names := map[string]bool{}
	offset := uint64(0)
	for _, t := range tensors {
		if n := len(t.Name); n == 0 || n > maxName {
			return nil, 0, fmt.Errorf("tensor name of %d bytes: %w", n, ErrFormat)
		}
		if names[t.Name] {
			return nil, 0, fmt.Errorf("tensor %q twice: %w", t.Name, ErrFormat)
		}
		names[t.Name] = true
		if len(t.Dims) > maxDims {
			return nil, 0, fmt.Errorf("tensor %q has %d axes: %w", t.Name, len(t.Dims), ErrFormat)
		}
		size, err := t.Type.bytes(t.Dims)
		if err != nil {
			return nil, 0, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if size != uint64(len(t.Data)) {
			return nil, 0, fmt.Errorf("tensor %q has %d bytes, %v %v needs %d: %w", t.Name, len(t.Data), t.Type, t.Dims, size, ErrFormat)
		}
		b = appendText(b, t.Name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Dims)))
		for _, d := range t.Dims {
			b = binary.LittleEndian.AppendUint64(b, d)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Type))
		b = binary.LittleEndian.AppendUint64(b, offset)
		offset += size + uint64(padding(len(t.Data), alignment))
	}
	return b, alignment, nil
}

// padding is how many bytes are missing from n to a multiple of alignment.
func padding(n int, alignment uint64) int {
	return int(-uint64(n) & (alignment - 1))
}

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
