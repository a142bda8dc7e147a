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
	memory     cu.DevicePtr // 0 without values
	largest    cu.DevicePtr // the largest absolute value, for half.go
	data       cu.DevicePtr
	freed      bool
}

// residentBlocks is how many blocks a processor has at once: of the cards from Ampere on
// each holds 1,536 threads at least.
const residentBlocks = 1536 / threads

// weightHead is what lies before the values of a weight: the largest one, and as many
// bytes more as leave the others where the driver would have put them.
const weightHead = 256

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
		memory, err := cu.MemAlloc(weightHead + n)
		if err != nil {
			return nil, b.failed(op, fmt.Sprintf("allocate %d bytes", weightHead+n), err)
		}
		w.memory, w.largest, w.data = memory, memory, memory+weightHead
		if err := b.fill(op, w, m.Data); err != nil {
			return nil, errors.Join(err, w.release())
		}
	}
	b.weights[w] = struct{}{}
	return w, nil
}

// fill copies the values of w to the device, and finds the largest.
func (b *Backend) fill(op string, w *weight, data []byte) error {
	// Pageable memory has been read when this returns, though the copy may go on.
	if err := cu.MemcpyHtoDAsync(w.data, unsafe.Pointer(unsafe.SliceData(data)), int64(len(data)), b.stream); err != nil {
		return b.failed(op, fmt.Sprintf("copy %d bytes to the device", len(data)), err)
	}
	if err := cu.MemsetD32Async(w.largest, 0, 1, b.stream); err != nil {
		return b.failed(op, "clear the largest value", err)
	}
	// Each block ends with a maximum over its threads and an atomic one over all: so there are
	// no more blocks than the device works on at once, and each has rows in turn.
	err := b.launchOn(op, w, "largest", grid{x: blocks(w.cols, 4*threads), y: min(w.rows, residentBlocks*b.processors)},
		word(w.largest), word(w.data), word(w.stride()), word(w.rows), word(w.cols))
	if err != nil {
		return err
	}
	return b.wait(op)
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
	if w.memory == 0 {
		return nil
	}
	return cu.MemFree(w.memory)
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
