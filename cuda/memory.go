//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"clara/compute"

	"gorgonia.org/cu"
)

// Sizes of a value and of an index.
const f32Bytes, wordBytes = 4, 4

// mostValues is more than any device has, and less than what overflows in bytes.
const mostValues = 1 << 40

// memory is a region on the device.
type memory struct {
	owner *Backend
	data  cu.DevicePtr // 0 once freed, or without values
	n     int
	freed bool
}

// Alloc returns n zeroed values.
func (b *Backend) Alloc(n int) (compute.Memory, error) {
	const op = "Alloc"
	if err := b.begin(op); err != nil {
		return nil, err
	}
	defer b.end()
	if n < 0 {
		return nil, b.misfit(op, "%d values", n)
	}
	m := &memory{owner: b, n: n}
	if n > 0 {
		if n > mostValues {
			return nil, fmt.Errorf("%s: %d values: %w", op, n, compute.ErrMemory)
		}
		data, err := cu.MemAlloc(int64(n) * f32Bytes)
		if err != nil {
			return nil, b.failed(op, fmt.Sprintf("allocate %d values", n), err)
		}
		m.data = data
		if err := cu.MemsetD32Async(data, 0, int64(n), b.stream); err != nil {
			return nil, errors.Join(b.failed(op, fmt.Sprintf("clear %d values", n), err), m.release())
		}
	}
	b.memories[m] = struct{}{}
	return m, nil
}

// Len is the number of values.
func (m *memory) Len() int { return m.n }

// Free gives the region back, when what works on it is done; a second time does
// nothing.
func (m *memory) Free() {
	if m.owner.begin("Free") != nil {
		return // what a closed or a lost engine had is gone with it
	}
	defer m.owner.end()
	if err := m.release(); err != nil {
		_ = m.owner.failed("Free", "free memory", err) // the next call reports it
	}
}

// release is Free under the lock.
func (m *memory) release() error {
	if m.freed {
		return nil
	}
	m.freed = true
	delete(m.owner.memories, m)
	if m.n == 0 {
		return nil
	}
	return cu.MemFree(m.data)
}

// Write copies src into dst.
func (b *Backend) Write(dst compute.Tensor, src []float32) error {
	const op = "Write"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	d, err := b.operand(op, "dst", dst)
	if err != nil {
		return err
	}
	if len(src) != d.rows*d.cols {
		return b.misfit(op, "dst is %v, src has %d values", d, len(src))
	}
	if len(src) == 0 {
		return nil
	}
	if d.contiguous() {
		return b.send(op, d.data, bytesOf(src))
	}
	// A row at least, else as many as go at a time.
	for rows := max(1, uploadBytes/2/f32Bytes/d.cols); d.rows > 0; {
		n := min(rows, d.rows)
		part, err := b.upload(op, bytesOf(src[:n*d.cols]))
		if err != nil {
			return err
		}
		if err := b.copyRows(op, d.slice(0, n), view{part, n, d.cols, d.cols}); err != nil {
			return err
		}
		d, src = d.slice(n, d.rows), src[n*d.cols:]
	}
	return nil
}

// Read waits and copies src into dst.
func (b *Backend) Read(dst []float32, src compute.Tensor) error {
	const op = "Read"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	s, err := b.operand(op, "src", src)
	if err != nil {
		return err
	}
	if len(dst) != s.rows*s.cols {
		return b.misfit(op, "src is %v, dst has %d values", s, len(dst))
	}
	if len(dst) == 0 {
		return b.wait(op)
	}
	if s.contiguous() {
		return b.receive(op, bytesOf(dst), s.data)
	}
	for rows := max(1, uploadBytes/f32Bytes/s.cols); s.rows > 0; {
		n := min(rows, s.rows)
		part, err := b.room(op, readScratch, n*s.cols*f32Bytes)
		if err != nil {
			return err
		}
		if err := b.copyRows(op, view{part, n, s.cols, s.cols}, s.slice(0, n)); err != nil {
			return err
		}
		if err := b.receive(op, bytesOf(dst[:n*s.cols]), part); err != nil {
			return err
		}
		s, dst = s.slice(n, s.rows), dst[n*s.cols:]
	}
	return nil
}

// copyRows copies the rows of one matrix to another of the same shape.
func (b *Backend) copyRows(op string, dst, src view) error {
	return b.launch(op, "copyrows", "copy_rows", overValues(dst.rows, dst.cols),
		word(dst.data), word(dst.stride), 0, word(src.data), word(src.stride), 0, word(dst.rows), word(dst.cols), 0)
}

// receive waits and copies bytes from the device.
func (b *Backend) receive(op string, dst []byte, src cu.DevicePtr) error {
	if err := b.wait(op); err != nil {
		return err
	}
	if err := cu.MemcpyDtoH(unsafe.Pointer(unsafe.SliceData(dst)), src, int64(len(dst))); err != nil {
		return b.failed(op, fmt.Sprintf("copy %d bytes from the device", len(dst)), err)
	}
	return nil
}

// bytesOf is the memory of s.
func bytesOf[T any](s []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(one)))
}

// view is a tensor resolved to where it lies on the device. Without values it has no
// data, and the stride 0.
type view struct {
	data               cu.DevicePtr
	rows, cols, stride int
}

// slice returns rows [from, to).
func (v view) slice(from, to int) view {
	if from == to {
		return view{rows: 0, cols: v.cols}
	}
	v.data += cu.DevicePtr(from * v.stride * f32Bytes)
	v.rows = to - from
	return v
}

// contiguous reports whether the rows follow one another without a gap.
func (v view) contiguous() bool { return v.stride == v.cols || v.rows <= 1 }

// is reports whether v has the shape rows x cols.
func (v view) is(rows, cols int) bool { return v.rows == rows && v.cols == cols }

// empty reports whether v has no values.
func (v view) empty() bool { return v.rows == 0 || v.cols == 0 }

// String is the shape, for messages.
func (v view) String() string { return fmt.Sprintf("%dx%d", v.rows, v.cols) }

// flatten makes one row each of matrices of one shape, if none has gaps: a kernel for
// single values then fills its blocks.
func flatten(views ...*view) {
	for _, v := range views {
		if !v.contiguous() {
			return
		}
	}
	for _, v := range views {
		n := v.rows * v.cols
		v.rows, v.cols, v.stride = 1, n, n
	}
}

// operand resolves the operand that op calls name.
func (b *Backend) operand(op, name string, t compute.Tensor) (view, error) {
	if t.Mem == nil {
		return view{}, b.misfit(op, "%s is missing", name)
	}
	m, ok := t.Mem.(*memory)
	if !ok || m == nil || m.owner != b {
		return view{}, b.misfit(op, "%s is memory of another engine", name)
	}
	if m.freed {
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
	if v.rows > math.MaxInt32 || v.cols > math.MaxInt32 {
		return view{}, b.misfit(op, "%s is %dx%d, more than kernels count", name, t.Rows, t.Cols)
	}
	v.data = m.data + cu.DevicePtr(t.Off*f32Bytes)
	return v, nil
}

// named is an operand to resolve, with its name in messages.
type named struct {
	name string
	from compute.Tensor
	to   *view
}

// operands resolves several operands of op.
func (b *Backend) operands(op string, list ...named) error {
	for _, o := range list {
		v, err := b.operand(op, o.name, o.from)
		if err != nil {
			return err
		}
		*o.to = v
	}
	return nil
}
