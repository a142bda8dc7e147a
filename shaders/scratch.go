//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"unsafe"
)

// The scratch buffers of an engine: kept from call to call, replaced when one is too
// small, so that a step that has been done once allocates nothing.
const (
	scratchIndices = iota // ids, rows and the like, a part of the buffer for each call
	scratchLogits         // of a chunk of the vocabulary
	scratchSums           // partial sums of rows and chunks
	scratchStats          // what belongs to a row: log-sum-exp, inner products
	scratches
)

// room returns the scratch buffer of a kind with at least that many bytes.
func (b *Backend) room(kind, bytes int) (*buffer, error) {
	m, err := b.another(b.scratch[kind], bytes)
	b.scratch[kind] = m // none with an error
	if err != nil {
		return nil, fmt.Errorf("scratch memory: %w", err)
	}
	return m, nil
}

// another returns a buffer of at least that many bytes in the place of one that is no
// longer wanted: the same, where that is large enough, so that what grows with each token
// does not ask for memory with each. old may be nil.
func (b *Backend) another(old *buffer, bytes int) (*buffer, error) {
	if old != nil && old.bytes >= bytes {
		return old, nil
	}
	if old != nil {
		b.release(old)
	}
	return b.newBuffer(bytes + bytes/4)
}

// roomFor is room for a matrix of values.
func (b *Backend) roomFor(kind, rows, cols int) (view, error) {
	m, err := b.room(kind, 4*rows*cols)
	return view{m: m, rows: rows, cols: cols, stride: cols}, err
}

// ring is the size of the index buffer at first; a call takes the next part of it,
// so that it need not wait until a shader has read those of the calls before.
const ring = 1 << 20

// indices hands host values to a shader: they are copied before the return.
func (b *Backend) indices(values []int32) (operand, error) {
	bytes := 4 * max(len(values), 1)
	if m := b.scratch[scratchIndices]; m == nil || 4*bytes > m.bytes {
		if _, err := b.room(scratchIndices, max(ring, 4*bytes)); err != nil {
			return operand{}, err
		}
		b.next = 0
	}
	m := b.scratch[scratchIndices]
	if b.next+bytes > m.bytes {
		b.next = 0
	}
	o := m.part(b.next, b.next+bytes, 1)
	b.next = (b.next + bytes + b.alignment - 1) / b.alignment * b.alignment
	if len(values) > 0 {
		name, own := o.name, append([]int32(nil), values...)
		b.send(func(d *device) { d.upload(name, o.from, unsafe.Pointer(&own[0]), bytes) })
	}
	return o, nil
}
