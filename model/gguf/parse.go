package gguf

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// Limits of the specification.
const (
	magic            = "GGUF"
	defaultAlignment = 32
	maxKey           = 1<<16 - 1 // bytes of a key
	maxName          = 64        // bytes of a tensor's name
	maxDims          = 4
	// maxDepth bounds arrays of arrays, on which the specification sets no limit.
	maxDepth = 8
)

// The smallest metadata entry and the smallest description of a tensor: what
// bounds the counts in the header.
const (
	minEntry  = 8 + 1 + 4 + 1
	minTensor = 8 + 1 + 4 + 4 + 8
)

// Parse reads a GGUF file from memory. The tensors of the result are slices of
// data, and its metadata is decoded from data when it is asked for.
func Parse(data []byte) (*File, error) {
	r := &reader{rest: data}
	version, tensors, entries := r.header(len(data))
	if r.err != nil {
		return nil, r.err
	}
	f := &File{Metadata: Metadata{values: map[string]value{}}, index: map[string]int{}}
	for i := range entries {
		key, v := r.entry()
		if r.err != nil {
			return nil, fmt.Errorf("read metadata entry %d of %d (%.80q), version %d: %w", i+1, entries, key, version, r.err)
		}
		if _, twice := f.Metadata.values[key]; twice {
			return nil, fmt.Errorf("metadata key %.80q is there twice: %w", key, ErrFormat)
		}
		f.Metadata.values[key] = v
	}
	alignment, err := f.Metadata.alignment()
	if err != nil {
		return nil, err
	}
	var places []place
	for i := range tensors {
		t, p := r.tensor()
		if r.err != nil {
			return nil, fmt.Errorf("read the description of tensor %d of %d (%.80q): %w", i+1, tensors, t.Name, r.err)
		}
		if _, twice := f.index[t.Name]; twice {
			return nil, fmt.Errorf("tensor %q is there twice: %w", t.Name, ErrFormat)
		}
		p.tensor = len(f.Tensors)
		f.index[t.Name] = p.tensor
		f.Tensors = append(f.Tensors, t)
		places = append(places, p)
	}
	if len(places) == 0 {
		return f, nil
	}
	header := uint64(len(data) - len(r.rest))
	start := (header + alignment - 1) / alignment * alignment
	if start > uint64(len(data)) {
		return nil, fmt.Errorf("find the tensors: %w", ErrTruncated)
	}
	if err := f.locate(places, data[start:], alignment); err != nil {
		return nil, err
	}
	return f, nil
}

// alignment is the multiple at which every tensor begins.
func (m Metadata) alignment() (uint64, error) {
	v, ok := m.values["general.alignment"]
	if !ok {
		return defaultAlignment, nil
	}
	if v.kind != kindUint32 {
		return 0, fmt.Errorf("general.alignment is no uint32: %w", ErrFormat)
	}
	a := binary.LittleEndian.Uint32(v.raw)
	if a < 8 || bits.OnesCount32(a) != 1 {
		return 0, fmt.Errorf("general.alignment is %d, wanted a power of two from 8: %w", a, ErrFormat)
	}
	return uint64(a), nil
}

// place is where a tensor lies in the data section.
type place struct {
	tensor       int
	offset, size uint64
}

// locate gives each tensor its bytes of the data section.
func (f *File) locate(places []place, section []byte, alignment uint64) error {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.offset, b.offset) })
	end := uint64(0)
	for i, p := range places {
		t := &f.Tensors[p.tensor]
		if p.offset%alignment != 0 {
			return fmt.Errorf("tensor %q begins at %d, no multiple of %d: %w", t.Name, p.offset, alignment, ErrFormat)
		}
		if p.offset < end {
			return fmt.Errorf("tensor %q overlaps tensor %q: %w", t.Name, f.Tensors[places[i-1].tensor].Name, ErrFormat)
		}
		if p.offset > uint64(len(section)) || p.size > uint64(len(section))-p.offset {
			return fmt.Errorf("read tensor %q, %d bytes from %d of %d: %w", t.Name, p.size, p.offset, len(section), ErrTruncated)
		}
		end = p.offset + p.size
		t.Data = section[p.offset:end:end]
	}
	return nil
}

// reader takes values off the front of a file. The first error sticks.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// take returns the next n bytes, nil after an error.
func (r *reader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.rest)) {
		r.fail("%d bytes are announced, %d are left: %w", n, len(r.rest), ErrTruncated)
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// text reads a length and as many bytes.
func (r *reader) text() []byte { return r.take(r.uint64()) }

// name reads a text of 1 to limit bytes that serves as a key.
func (r *reader) name(limit uint64) string {
	n := r.uint64()
	if r.err == nil && (n == 0 || n > limit) {
		r.fail("its name has %d bytes, wanted 1 to %d: %w", n, limit, ErrFormat)
	}
	return string(r.take(n))
}

// header reads the fixed beginning and bounds both counts by the file's size.
func (r *reader) header(size int) (version uint32, tensors, entries uint64) {
	if head := r.take(uint64(len(magic))); r.err == nil && string(head) != magic {
		r.fail("it begins with %q, wanted %q: %w", head, magic, ErrFormat)
	}
	version = r.uint32()
	if r.err == nil && version != 2 && version != 3 {
		if swapped := bits.ReverseBytes32(version); swapped == 2 || swapped == 3 {
			r.fail("it is big-endian: %w", ErrVersion)
		}
		r.fail("it has version %d, wanted 2 or 3: %w", version, ErrVersion)
	}
	tensors, entries = r.uint64(), r.uint64()
	left := uint64(len(r.rest))
	if r.err == nil && (entries > left/minEntry || tensors > left/minTensor) {
		r.fail("%d metadata entries and %d tensors do not fit into %d bytes: %w", entries, tensors, size, ErrTruncated)
	}
	return version, tensors, entries
}

// entry reads a key and its value.
func (r *reader) entry() (string, value) {
	key := r.name(maxKey)
	v := value{kind: kind(r.uint32())}
	switch v.kind {
	case kindString:
		v.raw = r.text()
	case kindArray:
		v.elem, v.count, v.raw = r.array(maxDepth)
	default:
		v.raw = r.scalars(v.kind, 1)
	}
	return key, v
}

// scalars reads count values of a fixed width.
func (r *reader) scalars(k kind, count uint64) []byte {
	width := k.width()
	if width == 0 {
		r.fail("a value has the unknown type %d: %w", k, ErrFormat)
		return nil
	}
	high, size := bits.Mul64(count, width)
	if high != 0 {
		r.fail("an array has %d elements: %w", count, ErrTruncated)
	}
	b := r.take(size)
	if k == kindBool {
		for _, x := range b {
			if x > 1 {
				r.fail("a truth value is %d: %w", x, ErrFormat)
				break
			}
		}
	}
	return b
}

// array walks over an array, so that it can later be decoded without checks, and
// returns the bytes of its elements.
func (r *reader) array(depth int) (elem kind, count uint64, raw []byte) {
	elem, count = kind(r.uint32()), r.uint64()
	start := r.rest
	switch elem {
	case kindString:
		for i := uint64(0); i < count && r.err == nil; i++ {
			r.text()
		}
	case kindArray:
		if depth == 1 {
			r.fail("arrays are nested more than %d deep: %w", maxDepth, ErrFormat)
		}
		for i := uint64(0); i < count && r.err == nil; i++ {
			r.array(depth - 1)
		}
	default:
		r.scalars(elem, count)
	}
	n := len(start) - len(r.rest)
	return elem, count, start[:n:n]
}

// tensor reads the description of a tensor; its data is found later.
func (r *reader) tensor() (Tensor, place) {
	t := Tensor{Name: r.name(maxName)}
	dims := r.uint32()
	if r.err == nil && dims > maxDims {
		r.fail("it has %d axes, wanted at most %d: %w", dims, maxDims, ErrFormat)
	}
	if r.err != nil {
		return t, place{}
	}
	t.Dims = make([]uint64, dims)
	for i := range t.Dims {
		t.Dims[i] = r.uint64()
	}
	t.Type = Type(r.uint32())
	p := place{offset: r.uint64()}
	if r.err != nil {
		return t, p
	}
	p.size, r.err = t.Type.bytes(t.Dims)
	return t, p
}
