package cpu

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
	d, err := b.operand(op, "dst", dst)
	if err != nil {
		return err
	}
	if err := compute.CheckEmbedding(dst, w, ids); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	b.overRows(d.rows, d.cols, func(_, from, to int) {
		for i := from; i < to; i++ {
			y := d.row(i)
			b.k.dequantize(w.Type, y, w.rowData(int(ids[i])))
			if scale != 1 {
				b.k.scale(y, scale)
			}
		}
	})
	return nil
}
