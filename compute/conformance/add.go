package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

var elementShapes = [][2]int{{1, 1}, {1, 576}, {3, 7}, {5, 33}, {17, 64}, {130, 513}, {0, 5}, {3, 0}}

// Add: y = x alpha + y. Two roundings.
func addOperation() operation {
	op := operation{name: "Add"}
	for _, s := range elementShapes {
		for _, alpha := range []float32{1, -0.3, 0} {
			op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d times %v", s[0], s[1], alpha), func(e *env) error {
				y, x := e.in("y", s[0], s[1]).changes(), e.in("x", s[0], s[1])
				want, tol := y.mat(), newMat(s[0], s[1])
				for i, v := range x.mat().v {
					tol.v[i] = 2 * eps * (math.Abs(want.v[i]) + math.Abs(v*float64(alpha)))
					want.v[i] += v * float64(alpha)
				}
				if e.err != nil {
					return e.err
				}
				if err := e.b.Add(y.Tensor, x.Tensor, alpha); err != nil {
					return err
				}
				return e.check(y, want, tol)
			}})
		}
	}
	op.misfits = func(e *env) []misfit {
		y, x := e.in("y", 3, 4), e.in("x", 3, 4)
		call := func(y, x compute.Tensor) func() error { return func() error { return e.b.Add(y, x, 1) } }
		return []misfit{
			{"rows", call(y.Tensor, x.Slice(0, 2))},
			{"columns", call(y.Columns(1, 4), x.Tensor)},
			{"no x", call(y.Tensor, compute.Tensor{})},
			{"no y", call(compute.Tensor{}, x.Tensor)},
		}
	}
	op.bench = []benchmark{{"768x576", func(e *env) (func() error, float64) {
		y, x := e.in("y", 768, 576).changes(), e.in("x", 768, 576)
		return func() error { return e.b.Add(y.Tensor, x.Tensor, 0) }, 0
	}}}
	return op
}

// Scale: y = y alpha. One rounding; 0 clears.
func scaleOperation() operation {
	op := operation{name: "Scale"}
	for _, s := range elementShapes {
		for _, alpha := range []float32{1, -0.3, 0} {
			op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d times %v", s[0], s[1], alpha), func(e *env) error {
				y := e.in("y", s[0], s[1]).changes()
				want, tol := y.mat(), newMat(s[0], s[1])
				for i := range want.v {
					want.v[i] *= float64(alpha)
					tol.v[i] = eps * math.Abs(want.v[i])
				}
				if e.err != nil {
					return e.err
				}
				if err := e.b.Scale(y.Tensor, alpha); err != nil {
					return err
				}
				return e.check(y, want, tol)
			}})
		}
	}
	op.cases = append(op.cases, testCase{"0 clears NaN and infinities", func(e *env) error {
		values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1}
		y := e.filled("y", 5, 9, func() float64 { return values[e.r.IntN(4)] }).changes()
		if e.err != nil {
			return e.err
		}
		if err := e.b.Scale(y.Tensor, 0); err != nil {
			return err
		}
		return e.check(y, newMat(5, 9), newMat(5, 9))
	}})
	op.misfits = func(e *env) []misfit {
		y := e.in("y", 3, 4)
		beyond := y.Tensor
		beyond.Rows = y.Mem.Len() + 1
		return []misfit{
			{"no y", func() error { return e.b.Scale(compute.Tensor{}, 1) }},
			{"beyond the memory", func() error { return e.b.Scale(beyond, 0) }},
		}
	}
	op.bench = []benchmark{{"768x576", func(e *env) (func() error, float64) {
		y := e.in("y", 768, 576).changes()
		return func() error { return e.b.Scale(y.Tensor, 1) }, 0
	}}}
	return op
}
