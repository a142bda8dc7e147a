package cpu

import (
	"fmt"

	"clara/compute"
)

// hugeFrom is the size in bytes from which memory is laid out in huge pages:
// with 4 KiB pages an arena of a training step misses the TLB on every row.
const (
	hugeFrom = 8 << 20
	hugePage = 2 << 20
)

// memory is a region off the garbage collector's heap: the collector need not
// know of it, and it keeps its place (and its pages) from step to step.
type memory struct {
	owner *Backend
	data  []float32 // nil once freed
	n     int
}

// Alloc returns n zeroed values.
func (b *Backend) Alloc(n int) (compute.Memory, error) {
	if err := b.begin("Alloc"); err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	if n < 0 {
		return nil, b.misfit("Alloc", "%d values", n)
	}
	alloc := mapFloats
	if b.guarded {
		alloc = mapGuarded
	}
	data, err := alloc(n)
	if err != nil {
		return nil, fmt.Errorf("Alloc: %w", err)
	}
	m := &memory{owner: b, data: data, n: n}
	b.memories[m] = struct{}{}
	return m, nil
}

// Len is the number of values.
func (m *memory) Len() int { return m.n }

// Free gives the region back; a second time does nothing.
func (m *memory) Free() {
	m.owner.mu.Lock()
	defer m.owner.mu.Unlock()
	m.release()
}

// release is Free under the lock.
func (m *memory) release() {
	if m.data == nil {
		return
	}
	if m.owner.guarded {
		unmapGuarded(m.data)
	} else {
		unmapFloats(m.data)
	}
	m.data = nil
	delete(m.owner.memories, m)
}

// Write copies src into dst.
func (b *Backend) Write(dst compute.Tensor, src []float32) error {
	if err := b.begin("Write"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	d, err := b.operand("Write", "dst", dst)
	if err != nil {
		return err
	}
	if len(src) != d.rows*d.cols {
		return b.misfit("Write", "dst is %v, src has %d values", d, len(src))
	}
	for i := range d.rows {
		copy(d.row(i), src[i*d.cols:])
	}
	return nil
}

// Read copies src into dst.
func (b *Backend) Read(dst []float32, src compute.Tensor) error {
	if err := b.begin("Read"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	s, err := b.operand("Read", "src", src)
	if err != nil {
		return err
	}
	if len(dst) != s.rows*s.cols {
		return b.misfit("Read", "src is %v, dst has %d values", s, len(dst))
	}
	for i := range s.rows {
		copy(dst[i*s.cols:], s.row(i))
	}
	return nil
}

// view is a tensor resolved to its values: data starts at the first and ends
// after the last. Without values it has no data, and the stride 0.
type view struct {
	data               []float32
	rows, cols, stride int
}

// row returns the values of row i.
func (v view) row(i int) []float32 { return v.data[i*v.stride:][:v.cols:v.cols] }

// slice returns rows [from, to).
func (v view) slice(from, to int) view {
	if from == to || v.cols == 0 {
		return view{rows: to - from, cols: v.cols}
	}
	return view{v.data[from*v.stride : (to-1)*v.stride+v.cols], to - from, v.cols, v.stride}
}

// columns returns columns [from, to).
func (v view) columns(from, to int) view {
	if from == to || v.rows == 0 {
		return view{rows: v.rows, cols: to - from}
	}
	return view{v.data[from : (v.rows-1)*v.stride+to], v.rows, to - from, v.stride}
}

// contiguous reports whether the rows follow one another without a gap.
func (v view) contiguous() bool { return v.stride == v.cols || v.rows <= 1 }

// is reports whether v has the shape rows x cols.
func (v view) is(rows, cols int) bool { return v.rows == rows && v.cols == cols }

// String is the shape, for messages.
func (v view) String() string { return fmt.Sprintf("%dx%d", v.rows, v.cols) }

// operand resolves the operand that op calls name.
func (b *Backend) operand(op, name string, t compute.Tensor) (view, error) {
	if t.Mem == nil {
		return view{}, b.misfit(op, "%s is missing", name)
	}
	m, ok := t.Mem.(*memory)
	if !ok || m == nil || m.owner != b {
		return view{}, b.misfit(op, "%s is memory of another engine", name)
	}
	if m.data == nil {
		return view{}, b.misfit(op, "%s was freed", name)
	}
	if !t.Fits(m.n) {
		return view{}, b.misfit(op, "%s is %dx%d with stride %d at %d of %d values", name, t.Rows, t.Cols, t.Stride, t.Off, m.n)
	}
	if t.Rows == 0 || t.Cols == 0 {
		return view{rows: t.Rows, cols: t.Cols}, nil
	}
	v := view{rows: t.Rows, cols: t.Cols, stride: t.Stride}
	if v.rows == 1 {
		v.stride = v.cols
	}
	v.data = m.data[t.Off : t.Off+(v.rows-1)*v.stride+v.cols]
	return v, nil
}
