package gguf

import (
	"encoding/binary"
	"math"
)

// kind is the type of a metadata value: enum gguf_metadata_value_type of the
// specification.
type kind uint32

const (
	kindUint8 kind = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
)

// width is the size of a value of this kind in bytes, 0 where it varies.
func (k kind) width() uint64 {
	switch k {
	case kindUint8, kindInt8, kindBool:
		return 1
	case kindUint16, kindInt16:
		return 2
	case kindUint32, kindInt32, kindFloat32:
		return 4
	case kindUint64, kindInt64, kindFloat64:
		return 8
	}
	return 0
}

// value is a checked metadata value, still as it lies in the file: a vocabulary is
// decoded when someone asks for it, not when the file is opened.
type value struct {
	kind  kind // for an array, kindArray
	elem  kind // of an array's elements
	count uint64
	raw   []byte // the scalar, the text of the string, or the array's elements
}

// Metadata are the keys and values of a file. A getter says with ok whether the
// key is there and has a fitting value. What it returns is the caller's.
type Metadata struct {
	values map[string]value
}

// String returns a text.
func (m Metadata) String(key string) (s string, ok bool) {
	v, ok := m.values[key]
	if !ok || v.kind != kindString {
		return "", false
	}
	return string(v.raw), true
}

// Uint returns an integer of any width that is not negative.
func (m Metadata) Uint(key string) (u uint64, ok bool) {
	v := m.values[key]
	if v.kind == kindUint64 && v.raw != nil {
		return binary.LittleEndian.Uint64(v.raw), true
	}
	i, ok := integer(v.kind, v.raw)
	return uint64(i), ok && i >= 0
}

// Has reports whether the key is there, whatever its value: by it a caller tells a value of
// another kind from none.
func (m Metadata) Has(key string) bool {
	_, ok := m.values[key]
	return ok
}

// Float returns a floating-point number of either width.
func (m Metadata) Float(key string) (f float64, ok bool) {
	v := m.values[key]
	return float(v.kind, v.raw)
}

// Bool returns a truth value.
func (m Metadata) Bool(key string) (b, ok bool) {
	v := m.values[key]
	if v.kind != kindBool || v.raw == nil {
		return false, false
	}
	return v.raw[0] != 0, true
}

// Strings returns an array of texts.
func (m Metadata) Strings(key string) (list []string, ok bool) {
	v := m.values[key]
	if v.kind != kindArray || v.elem != kindString {
		return nil, false
	}
	// one allocation for the bytes of all texts: a vocabulary has 10^5 of them
	all := string(v.raw)
	list = make([]string, v.count)
	for i := range list {
		n := binary.LittleEndian.Uint64(v.raw[len(v.raw)-len(all):])
		list[i], all = all[8:8+n], all[8+n:]
	}
	return list, true
}

// Floats returns an array of floating-point numbers of either width.
func (m Metadata) Floats(key string) (list []float32, ok bool) {
	return elements(m.values[key], func(k kind, b []byte) (float32, bool) {
		f, ok := float(k, b)
		return float32(f), ok
	})
}

// Ints returns an array of integers of any width that an int64 can hold.
func (m Metadata) Ints(key string) (list []int64, ok bool) {
	return elements(m.values[key], integer)
}

// elements decodes an array of scalars.
func elements[T any](v value, decode func(kind, []byte) (T, bool)) ([]T, bool) {
	width := v.elem.width()
	if v.kind != kindArray || width == 0 {
		return nil, false
	}
	list := make([]T, v.count)
	for i := range list {
		at := uint64(i) * width
		x, ok := decode(v.elem, v.raw[at:at+width])
		if !ok {
			return nil, false
		}
		list[i] = x
	}
	return list, true
}

// integer decodes an integer of any width; ok is false for other kinds, for a
// value that is missing and for one above the range of int64.
func integer(k kind, raw []byte) (i int64, ok bool) {
	if len(raw) == 0 {
		return 0, false
	}
	switch k {
	case kindUint8:
		return int64(raw[0]), true
	case kindInt8:
		return int64(int8(raw[0])), true
	case kindUint16:
		return int64(binary.LittleEndian.Uint16(raw)), true
	case kindInt16:
		return int64(int16(binary.LittleEndian.Uint16(raw))), true
	case kindUint32:
		return int64(binary.LittleEndian.Uint32(raw)), true
	case kindInt32:
		return int64(int32(binary.LittleEndian.Uint32(raw))), true
	case kindUint64:
		u := binary.LittleEndian.Uint64(raw)
		return int64(u), u <= math.MaxInt64
	case kindInt64:
		return int64(binary.LittleEndian.Uint64(raw)), true
	}
	return 0, false
}

// float decodes a floating-point number of either width.
func float(k kind, raw []byte) (f float64, ok bool) {
	switch k {
	case kindFloat32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))), true
	case kindFloat64:
		return math.Float64frombits(binary.LittleEndian.Uint64(raw)), true
	}
	return 0, false
}
