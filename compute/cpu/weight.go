package cpu

import (
	"fmt"

	"clara/compute"
)

// weight is a frozen matrix: the caller's bytes, and the layout that the matrix
// products make of them when they first need it.
type weight struct {
	compute.Matrix
	owner  *Backend
	freed  bool
	packed packedWeight
}

// NewWeight registers m and keeps a reference to m.Data until Free.
func (b *Backend) NewWeight(m compute.Matrix) (compute.Weight, error) {
	if err := b.begin("NewWeight"); err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("NewWeight: %w", err)
	}
	w := &weight{Matrix: m, owner: b}
	b.weights[w] = struct{}{}
	return w, nil
}

// Shape is rows (outputs) x cols (inputs).
func (w *weight) Shape() (rows, cols int) { return w.Rows, w.Cols }

// Free gives up what the engine made of the matrix; a second time does nothing.
func (w *weight) Free() {
	w.owner.mu.Lock()
	defer w.owner.mu.Unlock()
	w.release()
}

// release is Free under the lock.
func (w *weight) release() {
	if w.freed {
		return
	}
	w.freed = true
	w.packed.free()
	w.Data = nil
	delete(w.owner.weights, w)
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

// rowData is row i as it lies in the file.
func (w *weight) rowData(i int) []byte {
	n := w.Type.RowBytes(w.Cols)
	return w.Data[i*n:][:n:n]
}
