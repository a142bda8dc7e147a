package cpu

import "clara/compute"

// MatMul: c = alpha * op(a) op(b), or c += with accumulate.
func (b *Backend) MatMul(c, a, bm compute.Tensor, transA, transB bool, alpha float32, accumulate bool) error {
	if err := b.begin("MatMul"); err != nil {
		return err
	}
	defer b.mu.Unlock()
	cv, err := b.operand("MatMul", "c", c)
	if err != nil {
		return err
	}
	av, err := b.operand("MatMul", "a", a)
	if err != nil {
		return err
	}
	bv, err := b.operand("MatMul", "b", bm)
	if err != nil {
		return err
	}
	m, k := av.rows, av.cols
	if transA {
		m, k = k, m
	}
	kb, n := bv.rows, bv.cols
	if transB {
		kb, n = n, kb
	}
	if !cv.is(m, n) || k != kb {
		return b.misfit("MatMul", "c %v = op(a) %dx%d by op(b) %dx%d", cv, m, k, kb, n)
	}
	return b.product(cv, av, transA, right{v: bv, trans: transB}, k, alpha, accumulate)
}
