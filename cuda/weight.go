//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unsafe"

	"clara/compute"

	"gorgonia.org/cu"
)

// weight is a frozen matrix on the device, as it lies in the model file: kernels
// unpack what they read.
type weight struct {
	owner      *Backend
	typ        compute.Type
	rows, cols int
	data       cu.DevicePtr // 0 without values
	freed      bool
}

// NewWeight copies m to the device; the caller may let go of m.Data.
func (b *Backend) NewWeight(m compute.Matrix) (compute.Weight, error) {
	const op = "NewWeight"
	if err := b.begin(op); err != nil {
		return nil, err
	}
	defer b.end()
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if m.Rows > math.MaxInt32 || m.Cols > math.MaxInt32 {
		return nil, fmt.Errorf("%s: %dx%d values, more than kernels count: %w", op, m.Rows, m.Cols, compute.ErrUnsupported)
	}
	w := &weight{owner: b, typ: m.Type, rows: m.Rows, cols: m.Cols}
	if n := int64(len(m.Data)); n > 0 {
		data, err := cu.MemAlloc(n)
		if err != nil {
			return nil, b.failed(op, fmt.Sprintf("allocate %d bytes", n), err)
		}
		w.data = data
		// Pageable memory has been read when this returns, though the copy may go on.
		if err := cu.MemcpyHtoDAsync(data, unsafe.Pointer(unsafe.SliceData(m.Data)), n, b.stream); err != nil {
			return nil, errors.Join(b.failed(op, fmt.Sprintf("copy %d bytes to the device", n), err), w.release())
		}
		if err := b.wait(op); err != nil {
			return nil, errors.Join(err, w.release())
		}
	}
	b.weights[w] = struct{}{}
	return w, nil
}

// Shape is rows (outputs) x cols (inputs).
func (w *weight) Shape() (rows, cols int) { return w.rows, w.cols }

// Free gives the memory back; a second time does nothing.
func (w *weight) Free() {
	if w.owner.begin("Free") != nil {
		return // what a closed or a lost engine had is gone with it
	}
	defer w.owner.end()
	if err := w.release(); err != nil {
		_ = w.owner.failed("Free", "free a weight", err) // the next call reports it
	}
}

// release is Free under the lock.
func (w *weight) release() error {
	if w.freed {
		return nil
	}
	w.freed = true
	delete(w.owner.weights, w)
	if w.data == 0 {
		return nil
	}
	return cu.MemFree(w.data)
}

// weight resolves the weight of operation op.
func (b *Backend) weight(op string, cw compute.Weight) (*weight, error) {
	w, ok := cw.(*weight)
	if !ok || w == nil || w.owner != b {
		return nil, b.misfit(op, "the weight is of another engine")
	}
	if w.freed {
		return nil, b.misfit(op, "the weight was freed")
	}
	return w, nil
}

// stride is the distance of two rows in bytes.
func (w *weight) stride() int { return w.typ.RowBytes(w.cols) }

// slice returns rows [from, to) of w, for the engine's own use.
func (w *weight) slice(from, to int) *weight {
	s := *w
	s.data += cu.DevicePtr(from * w.stride())
	s.rows = to - from
	return &s
}

// launchOn launches a kernel of those for w's layout.
func (b *Backend) launchOn(op string, w *weight, kernel string, g grid, arguments ...uint64) error {
	return b.launch(op, "linear_"+strings.ToLower(w.typ.String()), kernel+"_"+w.typ.String(), g, arguments...)
}
