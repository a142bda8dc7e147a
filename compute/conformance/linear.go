package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

// linearShapes are rows of x, outputs and inputs of the weight.
var linearShapes = [][3]int{
	{1, 1, 1},
	{1, 48, 64},
	{2, 7, 96},
	{3, 1, 37},
	{7, 33, 61},
	{13, 31, 256},
	{17, 100, 288},
	{64, 65, 576},
	{130, 37, 128},
	{0, 5, 32},
}

// Linear: y = x Wᵀ. An element is a sum of Cols products: sumError(Cols) of the
// sum of their absolute values.
//
// With Rounded the engine may replace x by whole multiples of d = amax/127 in
// each block of 32. The error of one value then is evenly spread over ±d/2, its
// variance d²/12, and the sum's the sum of d²/12 w²; six standard deviations of
// it are allowed, since a suite with a fixed seed meets no rarer case by chance.
// (A worst case in which all errors add up would be some ten times as wide, and
// would let a wrong block scale pass.)
func linearOperation() operation {
	op := operation{name: "Linear"}
	for _, t := range types {
		for _, s := range linearShapes {
			for _, p := range []compute.Precision{compute.Exact, compute.Rounded} {
				for _, accumulate := range []bool{false, true} {
					rows, out, in := s[0], s[1], columnsFor(t, s[2])
					name := fmt.Sprintf("%v %dx%dx%d rounded %t += %t", t, rows, out, in, p == compute.Rounded, accumulate)
					op.cases = append(op.cases, testCase{name, func(e *env) error {
						w, values := e.weight(t, out, in)
						x, y := e.in("x", rows, in), e.sum("y", rows, out, accumulate)
						want, tol := linear(x.mat(), values, y.before(accumulate), p)
						if e.err != nil {
							return e.err
						}
						if err := e.b.Linear(y.Tensor, x.Tensor, w, p, accumulate); err != nil {
							return err
						}
						return e.check(y, want, tol)
					}})
				}
			}
		}
		in := columnsFor(t, 288)
		op.cases = append(op.cases, testCase{fmt.Sprintf("%v rounded beside exact", t), func(e *env) error {
			const rows, out = 3, 40
			w, values := e.weight(t, out, in)
			x, exact, rounded := e.in("x", rows, in), e.out("exact", rows, out), e.out("rounded", rows, out)
			if e.err != nil {
				return e.err
			}
			if err := e.b.Linear(exact.Tensor, x.Tensor, w, compute.Exact, false); err != nil {
				return err
			}
			if err := e.b.Linear(rounded.Tensor, x.Tensor, w, compute.Rounded, false); err != nil {
				return err
			}
			got := make([]float32, rows*out)
			if err := e.b.Read(got, exact.Tensor); err != nil {
				return err
			}
			_, tol := linear(x.mat(), values, newMat(rows, out), compute.Rounded)
			want := newMat(rows, out)
			for i, v := range got {
				want.v[i] = float64(v)
				tol.v[i] += tol.v[i] * eps
			}
			return e.check(rounded, want, tol)
		}}, testCase{fmt.Sprintf("%v of zeros", t), func(e *env) error {
			w, _ := e.weight(t, 5, in)
			x, y := e.filled("x", 2, in, func() float64 { return 0 }), e.out("y", 2, 5)
			if e.err != nil {
				return e.err
			}
			// A block of zeros has the scale 0: no division by it.
			if err := e.b.Linear(y.Tensor, x.Tensor, w, compute.Rounded, false); err != nil {
				return err
			}
			return e.check(y, newMat(2, 5), newMat(2, 5))
		}})
	}
	op.misfits = func(e *env) []misfit {
		w, _ := e.weight(compute.F32, 5, 6)
		freed := e.freedWeight(5, 6)
		x, y := e.in("x", 3, 6), e.in("y", 3, 5)
		call := func(y, x compute.Tensor) func() error {
			return func() error { return e.b.Linear(y, x, w, compute.Exact, false) }
		}
		return []misfit{
			{"inputs", call(y.Tensor, x.Columns(0, 5))},
			{"outputs", call(y.Columns(0, 4), x.Tensor)},
			{"rows", call(y.Slice(0, 2), x.Tensor)},
			{"no x", call(y.Tensor, compute.Tensor{})},
			{"no y", call(compute.Tensor{}, x.Tensor)},
			{"no weight", func() error { return e.b.Linear(y.Tensor, x.Tensor, nil, compute.Exact, false) }},
			{"a freed weight", func() error { return e.b.Linear(y.Tensor, x.Tensor, freed, compute.Exact, false) }},
		}
	}
	for _, t := range []compute.Type{compute.Q4_1, compute.Q8_0} {
		for _, rows := range []int{1, 64, 768} {
			op.bench = append(op.bench, benchmark{fmt.Sprintf("%v %dx1536x576", t, rows), func(e *env) (func() error, float64) {
				w, _ := e.weight(t, 1536, 576)
				x, y := e.in("x", rows, 576), e.out("y", rows, 1536)
				return func() error { return e.b.Linear(y.Tensor, x.Tensor, w, compute.Rounded, false) }, 2 * float64(rows) * 1536 * 576
			}})
		}
	}
	return op
}

// linear is the reference: before + x wᵀ.
func linear(x, w, before mat, p compute.Precision) (y, tol mat) {
	y, tol = newMat(x.rows, w.rows), newMat(x.rows, w.rows)
	for t := range x.rows {
		xr := x.row(t)
		variance := make([]float64, len(xr)) // of the rounding of each value
		if p == compute.Rounded {
			for i := 0; i < len(xr); i += 32 {
				block := xr[i:min(i+32, len(xr))]
				var amax float64
				for _, v := range block {
					amax = max(amax, math.Abs(v))
				}
				for j := range block {
					variance[i+j] = amax / 127 * amax / 127 / 12
				}
			}
		}
		for r := range w.rows {
			sum := before.at(t, r)
			terms, spread := math.Abs(sum), 0.0
			for i, v := range w.row(r) {
				sum += xr[i] * v
				terms += math.Abs(xr[i] * v)
				spread += variance[i] * v * v
			}
			y.set(t, r, sum)
			tol.set(t, r, sumError(len(xr))*terms+6*math.Sqrt(spread))
		}
	}
	return y, tol
}

// LinearBackward: dx = dy W, sums of w.Rows products.
func linearBackwardOperation() operation {
	op := operation{name: "LinearBackward"}
	for _, t := range types {
		for _, s := range linearShapes {
			for _, accumulate := range []bool{false, true} {
				rows, out, in := s[0], s[1], columnsFor(t, s[2])
				op.cases = append(op.cases, testCase{fmt.Sprintf("%v %dx%dx%d += %t", t, rows, out, in, accumulate), func(e *env) error {
					w, values := e.weight(t, out, in)
					dy, dx := e.in("dy", rows, out), e.sum("dx", rows, in, accumulate)
					want, tol := linear(dy.mat(), values.transposed(true), dx.before(accumulate), compute.Exact)
					if e.err != nil {
						return e.err
					}
					if err := e.b.LinearBackward(dx.Tensor, dy.Tensor, w, accumulate); err != nil {
						return err
					}
					return e.check(dx, want, tol)
				}})
			}
		}
	}
	op.misfits = func(e *env) []misfit {
		w, _ := e.weight(compute.F32, 5, 6)
		dx, dy := e.in("dx", 3, 6), e.in("dy", 3, 5)
		call := func(dx, dy compute.Tensor) func() error {
			return func() error { return e.b.LinearBackward(dx, dy, w, true) }
		}
		return []misfit{
			{"inputs", call(dx.Columns(0, 5), dy.Tensor)},
			{"outputs", call(dx.Tensor, dy.Columns(0, 4))},
			{"rows", call(dx.Slice(0, 2), dy.Tensor)},
			{"no dy", call(dx.Tensor, compute.Tensor{})},
			{"no weight", func() error { return e.b.LinearBackward(dx.Tensor, dy.Tensor, nil, false) }},
		}
	}
	op.bench = []benchmark{{"Q4_1 768x1536x576", func(e *env) (func() error, float64) {
		w, _ := e.weight(compute.Q4_1, 1536, 576)
		dx, dy := e.out("dx", 768, 576), e.in("dy", 768, 1536)
		return func() error { return e.b.LinearBackward(dx.Tensor, dy.Tensor, w, false) }, 2 * 768 * 1536 * 576
	}}}
	return op
}
