package cpu

import "clara/compute"

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
	if !d.is(len(ids), w.Cols) {
		return b.misfit(op, "dst is %v, the weight %dx%d, %d ids", d, w.Rows, w.Cols, len(ids))
	}
	for i, id := range ids {
		if id < 0 || int(id) >= w.Rows {
			return b.misfit(op, "id %d at %d, the vocabulary has %d", id, i, w.Rows)
		}
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
