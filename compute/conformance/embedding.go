package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

// Embedding: dst[i] = scale * row ids[i] of w. One rounding.
func embeddingOperation() operation {
	op := operation{name: "Embedding"}
	for _, t := range types {
		for _, c := range []struct {
			cols, n int
			scale   float32
		}{{32, 1, 1}, {96, 5, 1}, {256, 13, 25.298221}, {576, 40, 0.5}, {64, 0, 1}} {
			cols := columnsFor(t, c.cols)
			op.cases = append(op.cases, testCase{fmt.Sprintf("%v %dx%d times %v", t, c.n, cols, c.scale), func(e *env) error {
				const rows = 11
				w, values := e.weight(t, rows, cols)
				dst := e.out("dst", c.n, cols)
				ids := make([]int32, c.n)
				want, tol := newMat(c.n, cols), newMat(c.n, cols)
				for i := range ids {
					ids[i] = int32(e.r.IntN(rows))
					for j, v := range values.row(int(ids[i])) {
						want.set(i, j, v*float64(c.scale))
						if c.scale != 1 {
							tol.set(i, j, eps*math.Abs(v*float64(c.scale)))
						}
					}
				}
				if e.err != nil {
					return e.err
				}
				if err := e.b.Embedding(dst.Tensor, w, ids, c.scale); err != nil {
					return err
				}
				clear(ids) // the call has read them
				return e.check(dst, want, tol)
			}})
		}
	}
	op.misfits = func(e *env) []misfit {
		w, _ := e.weight(compute.F32, 4, 6)
		freed := e.freedWeight(4, 6)
		dst, wide := e.in("dst", 2, 6), e.in("wide", 2, 7)
		call := func(y compute.Tensor, ids ...int32) func() error {
			return func() error { return e.b.Embedding(y, w, ids, 1) }
		}
		return []misfit{
			{"columns", call(wide.Tensor, 0, 1)},
			{"too few ids", call(dst.Tensor, 0)},
			{"id too large", call(dst.Tensor, 0, 4)},
			{"negative id", call(dst.Tensor, -1, 0)},
			{"no result", call(compute.Tensor{}, 0, 1)},
			{"no weight", func() error { return e.b.Embedding(dst.Tensor, nil, []int32{0, 1}, 1) }},
			{"a freed weight", func() error { return e.b.Embedding(dst.Tensor, freed, []int32{0, 1}, 1) }},
		}
	}
	op.bench = []benchmark{{"one id", func(e *env) (func() error, float64) {
		w, _ := e.weight(compute.Q8_0, 1000, 576)
		dst := e.out("dst", 1, 576)
		return func() error { return e.b.Embedding(dst.Tensor, w, []int32{7}, 1) }, 0
	}}}
	return op
}
