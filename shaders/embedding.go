//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"

	"clara/compute"
)

// Embedding: dst[i] = scale * row ids[i] of w.
func (b *Backend) Embedding(dst compute.Tensor, cw compute.Weight, ids []int32, scale float32) error {
	const op = "Embedding"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	d, err := b.tensor(op, "dst", dst)
	if err != nil {
		return err
	}
	if err := compute.CheckEmbedding(dst, w, ids); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if d.empty() {
		return nil
	}
	all := w.all()
	height, seen := min(b.groups, b.rowsWithin(d)), b.matrixRows(all)
	for r := 0; r < d.rows; r += height {
		part := d.slice(r, min(r+height, d.rows))
		which, err := b.indices(ids[r : r+part.rows])
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		for v0 := 0; v0 < w.rows; v0 += seen {
			m := all.slice(v0, min(v0+seen, w.rows))
			b.dispatch(dispatch{
				shader:   shader{"embedding.comp", []string{"weight.glsl"}, append(m.defines(1), "HALVES 2")},
				operands: []operand{part.writes(), m.operand, which},
				ints:     []int32{int32(part.rows), int32(w.cols), int32(w.halfWords), int32(v0), int32(m.rows)},
				floats:   []float32{scale},
				groups:   [3]int{ceil(w.cols, 256), part.rows},
			})
		}
	}
	return nil
}
