package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

// RoPE: two products and a sum, of an angle that is one product; an engine may
// form the angle in f32, whose rounding turns the pair by up to eps*|angle|.
func ropeOperation() operation {
	op := operation{name: "RoPE"}
	for _, s := range []struct{ rows, heads, pairs, highest int }{
		{1, 1, 1, 10}, {1, 9, 32, 500}, {7, 3, 5, 30}, {13, 2, 20, 3000}, {70, 4, 128, 4000}, {5, 1, 16, 1 << 20}, {0, 2, 4, 1},
	} {
		for _, style := range []compute.RoPEStyle{compute.Interleaved, compute.Halves} {
			for _, backward := range []bool{false, true} {
				name := fmt.Sprintf("%d rows %d heads of %d pairs halves %t backward %t", s.rows, s.heads, s.pairs, style == compute.Halves, backward)
				op.cases = append(op.cases, testCase{name, func(e *env) error {
					x := e.in("x", s.rows, s.heads*s.pairs*2).changes()
					positions := make([]int32, s.rows)
					for t := range positions {
						positions[t] = int32(e.r.IntN(s.highest))
					}
					freqs := ropeFrequencies(s.pairs)
					want, tol := rope(x.mat(), positions, freqs, style, backward)
					if e.err != nil {
						return e.err
					}
					if err := e.b.RoPE(x.Tensor, positions, freqs, style, backward); err != nil {
						return err
					}
					clear(positions) // the call has read them
					return e.check(x, want, tol)
				}})
			}
		}
	}
	op.misfits = func(e *env) []misfit {
		x := e.in("x", 3, 12)
		call := func(x compute.Tensor, positions []int32, pairs int) func() error {
			return func() error {
				return e.b.RoPE(x, positions, ropeFrequencies(pairs), compute.Halves, false)
			}
		}
		return []misfit{
			{"too few positions", call(x.Tensor, []int32{0, 1}, 3)},
			{"heads of no whole number", call(x.Tensor, []int32{0, 1, 2}, 4)},
			{"no frequencies", call(x.Tensor, []int32{0, 1, 2}, 0)},
			{"no x", call(compute.Tensor{}, nil, 3)},
			{"style", func() error {
				return e.b.RoPE(x.Tensor, []int32{0, 1, 2}, ropeFrequencies(3), compute.RoPEStyle(9), false)
			}},
		}
	}
	for _, rows := range []int{1, 768} {
		op.bench = append(op.bench, benchmark{fmt.Sprintf("%d rows 9 heads of 64", rows), func(e *env) (func() error, float64) {
			x := e.in("x", rows, 576).changes()
			positions := make([]int32, rows)
			for t := range positions {
				positions[t] = int32(t)
			}
			freqs := ropeFrequencies(32)
			return func() error { return e.b.RoPE(x.Tensor, positions, freqs, compute.Interleaved, false) }, 0
		}})
	}
	return op
}

// ropeFrequencies are those of a model with base 10,000.
func ropeFrequencies(pairs int) []float32 {
	freqs := make([]float32, pairs)
	for i := range freqs {
		freqs[i] = float32(math.Pow(10000, -float64(i)/float64(pairs)))
	}
	return freqs
}

// rope is the reference.
func rope(x mat, positions []int32, freqs []float32, style compute.RoPEStyle, backward bool) (y, tol mat) {
	y, tol = newMat(x.rows, x.cols), newMat(x.rows, x.cols)
	pairs := len(freqs)
	for t := range x.rows {
		for head := 0; head < x.cols; head += 2 * pairs {
			for i, f := range freqs {
				p, q := head+2*i, head+2*i+1
				if style == compute.Halves {
					p, q = head+i, head+i+pairs
				}
				angle := float64(positions[t]) * float64(f)
				if backward {
					angle = -angle
				}
				s, c := math.Sincos(angle)
				u, v := x.at(t, p), x.at(t, q)
				y.set(t, p, u*c-v*s)
				y.set(t, q, u*s+v*c)
				bound := eps * (4 + math.Abs(angle)) * (math.Abs(u) + math.Abs(v))
				tol.set(t, p, bound)
				tol.set(t, q, bound)
			}
		}
	}
	return y, tol
}
