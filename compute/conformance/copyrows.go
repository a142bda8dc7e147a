package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

// CopyRows: exact, or one rounding.
func copyRowsOperation() operation {
	op := operation{name: "CopyRows"}
	for _, s := range []struct{ dst, src, n, cols int }{{1, 1, 1, 1}, {9, 5, 4, 33}, {40, 90, 37, 576}, {3, 3, 0, 8}, {200, 200, 151, 130}} {
		for flags := range 8 {
			indexed, gathered, accumulate := flags&1 > 0, flags&2 > 0, flags&4 > 0
			name := fmt.Sprintf("%d of %dx%d to %d, di %t si %t += %t", s.n, s.src, s.cols, s.dst, indexed, gathered, accumulate)
			op.cases = append(op.cases, testCase{name, func(e *env) error {
				dstRows, srcRows := s.n, s.n
				var di, si []int32
				if indexed {
					dstRows, di = s.dst, make([]int32, s.n)
					for i, row := range e.r.Perm(s.dst)[:s.n] {
						di[i] = int32(row)
					}
				}
				if gathered {
					srcRows, si = s.src, make([]int32, s.n)
					for i := range si {
						si[i] = int32(e.r.IntN(s.src)) // may repeat
					}
				}
				dst, src := e.in("dst", dstRows, s.cols).changes(), e.in("src", srcRows, s.cols)
				want, tol := dst.mat(), newMat(dstRows, s.cols)
				from := src.mat()
				for i := range s.n {
					d, q := i, i
					if indexed {
						d = int(di[i])
					}
					if gathered {
						q = int(si[i])
					}
					for j, v := range from.row(q) {
						if accumulate {
							tol.set(d, j, eps*(math.Abs(v)+math.Abs(want.at(d, j))))
							v += want.at(d, j)
						}
						want.set(d, j, v)
					}
				}
				if e.err != nil {
					return e.err
				}
				if err := e.b.CopyRows(dst.Tensor, di, src.Tensor, si, accumulate); err != nil {
					return err
				}
				clear(di) // the call has read them
				clear(si)
				return e.check(dst, want, tol)
			}})
		}
	}
	op.misfits = func(e *env) []misfit {
		dst, src := e.in("dst", 3, 4), e.in("src", 3, 4)
		call := func(dst compute.Tensor, di []int32, src compute.Tensor, si []int32) func() error {
			return func() error { return e.b.CopyRows(dst, di, src, si, true) }
		}
		return []misfit{
			{"columns", call(dst.Columns(0, 3), nil, src.Tensor, nil)},
			{"rows", call(dst.Slice(0, 2), nil, src.Tensor, nil)},
			{"indices", call(dst.Tensor, []int32{0, 1}, src.Tensor, []int32{0})},
			{"index beyond dst", call(dst.Tensor, []int32{0, 3}, src.Tensor, []int32{0, 1})},
			{"index beyond src", call(dst.Tensor, []int32{0, 1}, src.Tensor, []int32{0, 3})},
			{"negative index", call(dst.Tensor, []int32{0, -1}, src.Tensor, []int32{0, 1})},
			{"no src", call(dst.Tensor, nil, compute.Tensor{}, nil)},
		}
	}
	op.bench = []benchmark{{"768x576", func(e *env) (func() error, float64) {
		dst, src := e.out("dst", 768, 576), e.in("src", 768, 576)
		return func() error { return e.b.CopyRows(dst.Tensor, nil, src.Tensor, nil, false) }, 0
	}}}
	return op
}
