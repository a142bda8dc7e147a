package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

var normShapes = [][2]int{{1, 1}, {1, 576}, {3, 7}, {5, 33}, {17, 64}, {37, 640}, {130, 100}, {0, 8}}

const normEps = 1e-5

// RMSNorm: y = gain x r with r = 1/sqrt(mean x² + eps). The sum of squares has
// positive terms only, so its relative error is sumError(n); the root halves it.
func rmsNormOperation() operation {
	op := operation{name: "RMSNorm"}
	for _, s := range normShapes {
		for _, alias := range []bool{false, true} {
			op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d in place %t", s[0], s[1], alias), func(e *env) error {
				x, gain := e.in("x", s[0], s[1]), e.in("gain", 1, s[1])
				y := x
				if !alias {
					y = e.out("y", s[0], s[1])
				}
				return e.rmsNorm(y.changes(), x, gain)
			}})
		}
	}
	op.cases = append(op.cases,
		testCase{"one very large value", func(e *env) error {
			x, gain, y := e.in("x", 2, 100), e.in("gain", 1, 100), e.out("y", 2, 100)
			x.host[57] = 3e9
			if e.err == nil {
				e.fail(e.b.Write(x.Tensor, x.host))
			}
			x.whole[x.Off+57] = 3e9
			return e.rmsNorm(y, x, gain)
		}},
		testCase{"zeros", func(e *env) error {
			x, gain, y := e.filled("x", 2, 9, func() float64 { return 0 }), e.in("gain", 1, 9), e.out("y", 2, 9)
			return e.rmsNorm(y, x, gain)
		}})
	op.misfits = func(e *env) []misfit {
		x, y, gain := e.in("x", 3, 8), e.in("y", 3, 8), e.in("gain", 1, 8)
		tall := e.in("tall", 2, 8)
		call := func(y, x, gain compute.Tensor) func() error {
			return func() error { return e.b.RMSNorm(y, x, gain, normEps) }
		}
		return []misfit{
			{"rows", call(y.Slice(0, 2), x.Tensor, gain.Tensor)},
			{"columns", call(y.Columns(0, 7), x.Tensor, gain.Tensor)},
			{"gain's columns", call(y.Tensor, x.Tensor, gain.Columns(0, 7))},
			{"gain's rows", call(y.Tensor, x.Tensor, tall.Tensor)},
			{"no gain", call(y.Tensor, x.Tensor, compute.Tensor{})},
		}
	}
	for _, rows := range []int{1, 768} {
		op.bench = append(op.bench, benchmark{fmt.Sprintf("%dx576", rows), func(e *env) (func() error, float64) {
			x, y, gain := e.in("x", rows, 576), e.out("y", rows, 576), e.in("gain", 1, 576)
			return func() error { return e.b.RMSNorm(y.Tensor, x.Tensor, gain.Tensor, normEps) }, 0
		}})
	}
	return op
}

func (e *env) rmsNorm(y, x, gain *operand) error {
	want, tol := rmsNorm(x.mat(), gain.mat())
	if e.err != nil {
		return e.err
	}
	if err := e.b.RMSNorm(y.Tensor, x.Tensor, gain.Tensor, normEps); err != nil {
		return err
	}
	return e.check(y, want, tol)
}

func inverseRMS(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return 1 / math.Sqrt(sum/float64(len(x))+float64(float32(normEps)))
}

// rmsNorm is the reference.
func rmsNorm(x, gain mat) (y, tol mat) {
	y, tol = newMat(x.rows, x.cols), newMat(x.rows, x.cols)
	for t := range x.rows {
		r := inverseRMS(x.row(t))
		for i, v := range x.row(t) {
			y.set(t, i, gain.v[i]*v*r)
			tol.set(t, i, (sumError(x.cols)/2+4*eps)*math.Abs(y.at(t, i)))
		}
	}
	return y, tol
}

// RMSNormBackward: dx = r gain dy - x r³/n sum(gain dy x).
func rmsNormBackwardOperation() operation {
	op := operation{name: "RMSNormBackward"}
	for _, s := range normShapes {
		for _, c := range []struct{ accumulate, alias bool }{{false, false}, {true, false}, {false, true}} {
			op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d += %t in place %t", s[0], s[1], c.accumulate, c.alias), func(e *env) error {
				x, gain, dy := e.in("x", s[0], s[1]), e.in("gain", 1, s[1]), e.in("dy", s[0], s[1])
				dx := dy
				if !c.alias {
					dx = e.sum("dx", s[0], s[1], c.accumulate)
				}
				want, tol := rmsNormBackward(dy.mat(), x.mat(), gain.mat(), dx.before(c.accumulate))
				dx.changes()
				if e.err != nil {
					return e.err
				}
				if err := e.b.RMSNormBackward(dx.Tensor, dy.Tensor, x.Tensor, gain.Tensor, normEps, c.accumulate); err != nil {
					return err
				}
				return e.check(dx, want, tol)
			}})
		}
	}
	op.misfits = func(e *env) []misfit {
		x, dx, dy, gain := e.in("x", 3, 8), e.in("dx", 3, 8), e.in("dy", 3, 8), e.in("gain", 1, 8)
		call := func(dx, dy, x, gain compute.Tensor) func() error {
			return func() error { return e.b.RMSNormBackward(dx, dy, x, gain, normEps, true) }
		}
		return []misfit{
			{"dx", call(dx.Slice(0, 2), dy.Tensor, x.Tensor, gain.Tensor)},
			{"dy", call(dx.Tensor, dy.Columns(0, 7), x.Tensor, gain.Tensor)},
			{"x", call(dx.Tensor, dy.Tensor, x.Columns(1, 8), gain.Tensor)},
			{"gain", call(dx.Tensor, dy.Tensor, x.Tensor, gain.Columns(0, 7))},
			{"no x", call(dx.Tensor, dy.Tensor, compute.Tensor{}, gain.Tensor)},
		}
	}
	op.bench = []benchmark{{"768x576", func(e *env) (func() error, float64) {
		x, dx, dy, gain := e.in("x", 768, 576), e.out("dx", 768, 576), e.in("dy", 768, 576), e.in("gain", 1, 576)
		return func() error {
			return e.b.RMSNormBackward(dx.Tensor, dy.Tensor, x.Tensor, gain.Tensor, normEps, false)
		}, 0
	}}}
	return op
}

// rmsNormBackward is the reference: before + the gradient.
func rmsNormBackward(dy, x, gain, before mat) (dx, tol mat) {
	dx, tol = newMat(x.rows, x.cols), newMat(x.rows, x.cols)
	for t := range x.rows {
		r := inverseRMS(x.row(t))
		var sum, terms float64
		for i, v := range x.row(t) {
			sum += gain.v[i] * dy.at(t, i) * v
			terms += math.Abs(gain.v[i] * dy.at(t, i) * v)
		}
		c := r * r * r / float64(x.cols)
		for i, v := range x.row(t) {
			direct := r * gain.v[i] * dy.at(t, i)
			dx.set(t, i, before.at(t, i)+direct-v*c*sum)
			// The second term holds one more sum, the cube of r.
			tol.set(t, i, 3*sumError(x.cols)*(math.Abs(direct)+math.Abs(v)*c*terms+math.Abs(before.at(t, i))))
		}
	}
	return dx, tol
}
