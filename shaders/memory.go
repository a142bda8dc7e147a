//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"unsafe"

	"clara/compute"
)

// maxBytes bounds one buffer: what a 64-bit card could have, so that a size in bytes
// never overflows.
const maxBytes = 1 << 40

// buffer is a buffer object of the engine. A shader sees a part of it at a time.
type buffer struct {
	owner *Backend
	name  uint32 // 0 once freed
	bytes int
}

// newBuffer allocates at least so many zeroed bytes, under the lock.
func (b *Backend) newBuffer(bytes int) (*buffer, error) {
	if bytes > maxBytes {
		return nil, fmt.Errorf("a buffer of %d bytes: %w", bytes, compute.ErrMemory)
	}
	bytes = ceil(bytes, 8) * 8
	m := &buffer{owner: b, bytes: bytes}
	err := b.wait(func(d *device) (err error) { m.name, err = d.allocate(bytes); return err })
	if err != nil {
		return nil, err
	}
	b.buffers[m] = struct{}{}
	return m, nil
}

// release frees a buffer, under the lock; a second time it does nothing.
func (b *Backend) release(m *buffer) {
	if m.name == 0 {
		return
	}
	name, bytes := m.name, m.bytes
	m.name = 0
	delete(b.buffers, m)
	b.send(func(d *device) { d.free(name, bytes) })
}

// part binds some bytes of the buffer to a dispatch; stride is in values.
func (m *buffer) part(from, to, stride int) operand {
	return operand{name: m.name, bytes: m.bytes, from: from, to: to, stride: stride}
}

// memory is a buffer that a caller allocated.
type memory struct {
	*buffer
	n int
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
	if n > maxBytes/4 {
		return nil, fmt.Errorf("Alloc: %d values: %w", n, compute.ErrMemory)
	}
	m, err := b.newBuffer(4 * n)
	if err != nil {
		return nil, fmt.Errorf("Alloc: %w", err)
	}
	return &memory{m, n}, nil
}

// Len is the number of values.
func (m *memory) Len() int { return m.n }

// Free gives the region back; a second time does nothing.
func (m *memory) Free() { m.free() }

func (m *buffer) free() {
	m.owner.mu.Lock()
	defer m.owner.mu.Unlock()
	if !m.owner.closed {
		m.owner.sendHeld() // which may read it
		m.owner.release(m)
	}
}

// copied bounds the bytes of a Write that are copied so that it need not wait.
const copied = 256 << 10

// Write copies src into dst.
func (b *Backend) Write(dst compute.Tensor, src []float32) error {
	if err := b.begin("Write"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	d, err := b.tensor("Write", "dst", dst)
	if err != nil {
		return err
	}
	if len(src) != d.rows*d.cols {
		return b.misfit("Write", "dst is %v, src has %d values", d, len(src))
	}
	if len(src) == 0 {
		return nil
	}
	name := d.m.name // it may be freed before a job runs
	upload := func(g *device, from []float32) {
		if d.contiguous() {
			g.upload(name, 4*d.off, unsafe.Pointer(&from[0]), 4*len(from))
			return
		}
		for i := range d.rows {
			g.upload(name, 4*(d.off+i*d.stride), unsafe.Pointer(&from[i*d.cols]), 4*d.cols)
		}
	}
	if 4*len(src) > copied {
		return b.wait(func(g *device) error { upload(g, src); return nil })
	}
	own := append([]float32(nil), src...)
	b.send(func(g *device) { upload(g, own) })
	return nil
}

// Read waits and copies src into dst.
func (b *Backend) Read(dst []float32, src compute.Tensor) error {
	if err := b.begin("Read"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	s, err := b.tensor("Read", "src", src)
	if err != nil {
		return err
	}
	if len(dst) != s.rows*s.cols {
		return b.misfit("Read", "src is %v, dst has %d values", s, len(dst))
	}
	if err := b.read(dst, s); err != nil {
		return fmt.Errorf("Read: %w", err)
	}
	return nil
}

// read copies s into dst and waits, under the lock.
func (b *Backend) read(dst []float32, s view) error {
	if len(dst) == 0 {
		return nil
	}
	return b.wait(func(g *device) error {
		// One copy with the gaps between the rows costs less than one for each row,
		// unless the gaps are most of it.
		switch {
		case s.contiguous():
			g.download(s.m.name, 4*s.off, unsafe.Pointer(&dst[0]), 4*len(dst))
		case s.stride <= 4*s.cols:
			whole := make([]float32, s.span())
			g.download(s.m.name, 4*s.off, unsafe.Pointer(&whole[0]), 4*len(whole))
			for i := range s.rows {
				copy(dst[i*s.cols:(i+1)*s.cols], whole[i*s.stride:])
			}
		default:
			for i := range s.rows {
				g.download(s.m.name, 4*(s.off+i*s.stride), unsafe.Pointer(&dst[i*s.cols]), 4*s.cols)
			}
		}
		g.check("read values")
		return nil
	})
}

// view is a tensor resolved to its buffer. Without values it has no buffer.
type view struct {
	m                       *buffer
	off, rows, cols, stride int // in values
}

// contiguous reports whether the rows follow one another without a gap.
func (v view) contiguous() bool { return v.stride == v.cols || v.rows <= 1 }

// fours reports whether every row begins where a shader that sees four values as one can
// read them.
func (v view) fours() bool { return v.off%4 == 0 && v.stride%4 == 0 }

// is reports whether v has the shape rows x cols.
func (v view) is(rows, cols int) bool { return v.rows == rows && v.cols == cols }

// empty reports whether v has no values.
func (v view) empty() bool { return v.rows == 0 || v.cols == 0 }

// span is the number of values from the first to the last, gaps included.
func (v view) span() int { return (v.rows-1)*v.stride + v.cols }

// String is the shape, for messages.
func (v view) String() string { return fmt.Sprintf("%dx%d", v.rows, v.cols) }

// slice returns rows [from, to).
func (v view) slice(from, to int) view {
	v.off += from * v.stride
	v.rows = to - from
	return v
}

// columns returns columns [from, to).
func (v view) columns(from, to int) view {
	v.off += from
	v.cols = to - from
	return v
}

// reads and writes bind v to a dispatch.
func (v view) reads() operand {
	return v.m.part(4*v.off, 4*(v.off+v.span()), v.stride)
}

func (v view) writes() operand {
	o := v.reads()
	o.write = true
	return o
}

// tensor resolves the operand that op calls name.
func (b *Backend) tensor(op, name string, t compute.Tensor) (view, error) {
	if t.Mem == nil {
		return view{}, b.misfit(op, "%s is missing", name)
	}
	m, ok := t.Mem.(*memory)
	if !ok || m == nil || m.owner != b {
		return view{}, b.misfit(op, "%s is memory of another engine", name)
	}
	if m.name == 0 {
		return view{}, b.misfit(op, "%s was freed", name)
	}
	if !t.Fits(m.n) {
		return view{}, b.misfit(op, "%s is %dx%d with stride %d at %d of %d values", name, t.Rows, t.Cols, t.Stride, t.Off, m.n)
	}
	if t.Rows == 0 || t.Cols == 0 {
		return view{rows: t.Rows, cols: t.Cols}, nil
	}
	v := view{m.buffer, t.Off, t.Rows, t.Cols, t.Stride}
	if v.rows == 1 {
		v.stride = v.cols
	}
	return v, nil
}

// tensors resolves several operands, each with its name.
func (b *Backend) tensors(op string, list ...named) error {
	for _, o := range list {
		var err error
		if *o.to, err = b.tensor(op, o.name, o.from); err != nil {
			return err
		}
	}
	return nil
}

// named is an operand to be resolved.
type named struct {
	name string
	from compute.Tensor
	to   *view
}
