package cpu

import (
	"math"
	"sort"

	"clara/compute"
)

// logits writes h Wᵀ for one row.
func (b *Backend) logits(z []float32, h []float32, w *weight) {
	const rows = 64
	b.pool.run((w.Rows+rows-1)/rows, func(_, i int) {
		values := make([]float32, w.Cols)
		for r := i * rows; r < min((i+1)*rows, w.Rows); r++ {
			b.k.dequantize(w.Type, values, w.rowData(r))
			z[r] = b.k.dot(values, h)
		}
	})
}

func (b *Backend) logSumExp(z []float32) float32 {
	m := b.k.max(z)
	var s float64
	for _, v := range z {
		s += math.Exp(float64(v - m))
	}
	return m + float32(math.Log(s))
}

// HeadLogProbs is the fused output layer.
func (b *Backend) HeadLogProbs(logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbs"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	lv, err := b.operand(op, "logp", logp)
	if err != nil {
		return err
	}
	sv, err := b.operand(op, "lse", lse)
	if err != nil {
		return err
	}
	hv, err := b.operand(op, "h", h)
	if err != nil {
		return err
	}
	if hv.cols != w.Cols || lv.rows != hv.rows || !sv.is(hv.rows, 1) || len(ids) != lv.rows*lv.cols {
		return b.misfit(op, "logp is %v, lse %v, h %v, the weight %dx%d, %d ids", lv, sv, hv, w.Rows, w.Cols, len(ids))
	}
	for _, id := range ids {
		if int(id) >= w.Rows {
			return b.misfit(op, "id %d of a vocabulary of %d", id, w.Rows)
		}
	}
	z := make([]float32, w.Rows)
	for i := range hv.rows {
		b.logits(z, hv.row(i), w)
		s := b.logSumExp(z)
		sv.row(i)[0] = s
		for j := range lv.cols {
			if id := ids[i*lv.cols+j]; id >= 0 {
				lv.row(i)[j] = z[id] - s
			} else {
				lv.row(i)[j] = 0
			}
		}
	}
	return nil
}

// HeadLogProbsBackward: dh from dlogp.
func (b *Backend) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbsBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	dhv, err := b.operand(op, "dh", dh)
	if err != nil {
		return err
	}
	lv, err := b.operand(op, "dlogp", dlogp)
	if err != nil {
		return err
	}
	sv, err := b.operand(op, "lse", lse)
	if err != nil {
		return err
	}
	hv, err := b.operand(op, "h", h)
	if err != nil {
		return err
	}
	if hv.cols != w.Cols || !dhv.is(hv.rows, hv.cols) || lv.rows != hv.rows || !sv.is(hv.rows, 1) || len(ids) != lv.rows*lv.cols {
		return b.misfit(op, "dh is %v, dlogp %v, lse %v, h %v, the weight %dx%d, %d ids", dhv, lv, sv, hv, w.Rows, w.Cols, len(ids))
	}
	for _, id := range ids {
		if int(id) >= w.Rows {
			return b.misfit(op, "id %d of a vocabulary of %d", id, w.Rows)
		}
	}
	z := make([]float32, w.Rows)
	values := make([]float32, w.Cols)
	for i := range hv.rows {
		var total float32
		for j, id := range ids[i*lv.cols:][:lv.cols] {
			if id >= 0 {
				total += lv.row(i)[j]
			}
		}
		b.logits(z, hv.row(i), w)
		b.k.expSum(z, z, sv.row(i)[0])
		b.k.scale(z, -total)
		for j, id := range ids[i*lv.cols:][:lv.cols] {
			if id >= 0 {
				z[id] += lv.row(i)[j]
			}
		}
		clear(dhv.row(i))
		for r, v := range z {
			b.k.dequantize(w.Type, values, w.rowData(r))
			b.k.axpy(dhv.row(i), values, v)
		}
	}
	return nil
}

// HeadTopK returns the k most probable ids of each row.
func (b *Backend) HeadTopK(ids []int32, logp []float32, h compute.Tensor, cw compute.Weight, k int) error {
	const op = "HeadTopK"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	hv, err := b.operand(op, "h", h)
	if err != nil {
		return err
	}
	if hv.cols != w.Cols || k < 1 || k > w.Rows || len(ids) != hv.rows*k || len(logp) != hv.rows*k {
		return b.misfit(op, "h is %v, the weight %dx%d, %d ids and %d log-probabilities for the %d best", hv, w.Rows, w.Cols, len(ids), len(logp), k)
	}
	z := make([]float32, w.Rows)
	order := make([]int32, w.Rows)
	for i := range hv.rows {
		b.logits(z, hv.row(i), w)
		s := b.logSumExp(z)
		for j := range order {
			order[j] = int32(j)
		}
		sort.SliceStable(order, func(x, y int) bool { return z[order[x]] > z[order[y]] })
		for j := range k {
			ids[i*k+j] = order[j]
			logp[i*k+j] = z[order[j]] - s
		}
	}
	return nil
}
