package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

// MatMul: c = alpha op(a) op(b), sums of K products.
func matMulOperation() operation {
	op := operation{name: "MatMul"}
	for _, s := range [][3]int{
		{1, 1, 1},
		{1, 16, 576},
		{1, 576, 16},
		{5, 7, 11},
		{16, 576, 33},
		{37, 8, 100},
		{64, 64, 64},
		{131, 67, 53},
		{8, 300, 700},
		{0, 3, 4},
		{3, 0, 4},
	} {
		for flags := range 8 {
			m, n, k := s[0], s[1], s[2]
			transA, transB, accumulate := flags&1 > 0, flags&2 > 0, flags&4 > 0
			name := fmt.Sprintf("%dx%dx%d transposed %t %t += %t", m, n, k, transA, transB, accumulate)
			op.cases = append(op.cases, testCase{name, func(e *env) error {
				alpha := float32(0.75)
				if flags == 0 {
					alpha = 1
				}
				ar, ac, br, bc := m, k, k, n
				if transA {
					ar, ac = ac, ar
				}
				if transB {
					br, bc = bc, br
				}
				a, b, c := e.in("a", ar, ac), e.in("b", br, bc), e.sum("c", m, n, accumulate)
				want, tol := matMul(a.mat().transposed(transA), b.mat().transposed(transB), c.before(accumulate), float64(alpha))
				if e.err != nil {
					return e.err
				}
				if err := e.b.MatMul(c.Tensor, a.Tensor, b.Tensor, transA, transB, alpha, accumulate); err != nil {
					return err
				}
				return e.check(c, want, tol)
			}})
		}
	}
	op.cases = append(op.cases, testCase{"nothing to add up", func(e *env) error {
		a, b, c := e.in("a", 3, 0), e.in("b", 0, 4), e.out("c", 3, 4)
		if e.err != nil {
			return e.err
		}
		if err := e.b.MatMul(c.Tensor, a.Tensor, b.Tensor, false, false, 1, false); err != nil {
			return err
		}
		return e.check(c, newMat(3, 4), newMat(3, 4))
	}})
	op.misfits = func(e *env) []misfit {
		a, b, c := e.in("a", 3, 4), e.in("b", 4, 5), e.in("c", 3, 5)
		call := func(c, a, b compute.Tensor, transA, transB bool) func() error {
			return func() error { return e.b.MatMul(c, a, b, transA, transB, 1, true) }
		}
		return []misfit{
			{"K", call(c.Tensor, a.Columns(0, 3), b.Tensor, false, false)},
			{"M", call(c.Slice(0, 2), a.Tensor, b.Tensor, false, false)},
			{"N", call(c.Columns(0, 4), a.Tensor, b.Tensor, false, false)},
			{"a transposed", call(c.Tensor, a.Tensor, b.Tensor, true, false)},
			{"b transposed", call(c.Tensor, a.Tensor, b.Tensor, false, true)},
			{"no a", call(c.Tensor, compute.Tensor{}, b.Tensor, false, false)},
			{"no b", call(c.Tensor, a.Tensor, compute.Tensor{}, false, false)},
			{"no c", call(compute.Tensor{}, a.Tensor, b.Tensor, false, false)},
		}
	}
	op.bench = []benchmark{
		{"768x16x576, x Aᵀ", func(e *env) (func() error, float64) {
			c, a, b := e.out("c", 768, 16), e.in("a", 768, 576), e.in("b", 16, 576)
			return func() error { return e.b.MatMul(c.Tensor, a.Tensor, b.Tensor, false, true, 1, false) }, 2 * 768 * 16 * 576
		}},
		{"16x576x768, dhᵀ x", func(e *env) (func() error, float64) {
			c, a, b := e.out("c", 16, 576), e.in("a", 768, 16), e.in("b", 768, 576)
			return func() error { return e.b.MatMul(c.Tensor, a.Tensor, b.Tensor, true, false, 1, false) }, 2 * 768 * 16 * 576
		}},
	}
	return op
}

// matMul is the reference: before + alpha a b.
func matMul(a, b, before mat, alpha float64) (c, tol mat) {
	c, tol = newMat(a.rows, b.cols), newMat(a.rows, b.cols)
	for i := range a.rows {
		for j := range b.cols {
			sum, terms := before.at(i, j), math.Abs(before.at(i, j))
			for k := range a.cols {
				sum += alpha * a.at(i, k) * b.at(k, j)
				terms += math.Abs(alpha * a.at(i, k) * b.at(k, j))
			}
			c.set(i, j, sum)
			tol.set(i, j, sumError(a.cols)*terms)
		}
	}
	return c, tol
}
