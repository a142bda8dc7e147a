//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"

	"clara/compute"
)

// elementGroup is the size of a work group of the shaders that compute value by value.
const elementGroup = 256

// written lists the views that a shader writes; those behind them in a call of
// elements are read.
func written(v ...view) []view { return v }

// elements runs a shader that computes value by value over tensors of one shape: the
// invocation (column, row) its value. Where no tensor has gaps they are one long row,
// which leaves no invocation idle at the ends of rows. It is cut into dispatches that a
// driver takes and whose operands a shader can see.
func (b *Backend) elements(s shader, floats []float32, results []view, arguments ...view) {
	all := append(append([]view{}, results...), arguments...)
	if all[0].empty() {
		return
	}
	flat := true
	for _, v := range all {
		flat = flat && v.contiguous()
	}
	if flat {
		for i, v := range all {
			all[i] = view{v.m, v.off, 1, v.rows * v.cols, v.rows * v.cols}
		}
	}
	rows, cols := all[0].rows, all[0].cols
	height := min(b.groups, b.rowsWithin(all...))
	width := min(b.groups*elementGroup, b.blockValues()/elementGroup*elementGroup)
	for r := 0; r < rows; r += height {
		for c := 0; c < cols; c += width {
			part := dispatch{shader: s, floats: floats}
			for i, v := range all {
				v = v.slice(r, min(r+height, rows)).columns(c, min(c+width, cols))
				if i < len(results) {
					part.operands = append(part.operands, v.writes())
				} else {
					part.operands = append(part.operands, v.reads())
				}
				part.ints = []int32{int32(v.rows), int32(v.cols)}
			}
			part.groups = [3]int{ceil(int(part.ints[1]), elementGroup), int(part.ints[0])}
			b.dispatch(part)
		}
	}
}

// blockValues is how many values a shader sees of one buffer.
func (b *Backend) blockValues() int { return (b.block - b.alignment - padding) / 4 }

// rowsWithin is how many rows of each view a shader can see at a time: 1 at least.
func (b *Backend) rowsWithin(views ...view) int {
	rows := max(views[0].rows, 1)
	for _, v := range views {
		if v.rows > 1 && v.cols > 0 {
			rows = min(rows, max(1, (b.blockValues()-v.cols)/v.stride+1))
		}
	}
	return rows
}

// seen refuses operands of which a shader sees only a part, where the operation cannot be
// cut: a row may be wanted by any other.
func (b *Backend) seen(op string, views ...view) error {
	for _, v := range views {
		if b.rowsWithin(v) < v.rows {
			return fmt.Errorf("%s: an operand of %v is more than the %d bytes that a shader sees: %w", op, v, b.block, compute.ErrMemory)
		}
	}
	return nil
}

// ceil is a/b rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }
