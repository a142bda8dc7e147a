package conformance

import (
	"errors"
	"fmt"
	"math"

	"clara/compute"
)

// AdamW. Each new value is a handful of operations on its old ones: 16 eps of the
// sum of the absolute terms.
func adamWOperation() operation {
	op := operation{name: "AdamW"}
	for _, s := range [][2]int{{1, 1}, {1, 7}, {16, 576}, {33, 65}, {130, 257}, {0, 3}} {
		for _, step := range []compute.AdamWStep{
			{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.01, GradScale: 1, Step: 1},
			{Rate: 2e-4, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, GradScale: 0.37, Step: 7},
			{Rate: 1e-2, Beta1: 0.8, Beta2: 0.999, Eps: 1e-6, Decay: 0.1, GradScale: 1, Step: 5000},
			{Rate: 1e-3, Beta1: 0, Beta2: 0, Eps: 1e-8, GradScale: 0, Step: 2},
		} {
			op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d %+v", s[0], s[1], step), func(e *env) error {
				state := func(name string, f func() float64) *operand {
					host := make([]float32, s[0]*s[1])
					for i := range host {
						host[i] = float32(f())
					}
					l := e.randomLayout()
					l.pad = 0
					return e.place(name, s[0], s[1], host, l)
				}
				param, grad := state("param", e.r.NormFloat64).changes(), state("grad", e.r.NormFloat64)
				m := state("m", func() float64 { return 0.1 * e.r.NormFloat64() }).changes()
				v := state("v", func() float64 { return 0.01 * e.r.Float64() * e.r.Float64() }).changes()
				want := adamW(param.mat(), grad.mat(), m.mat(), v.mat(), step)
				if e.err != nil {
					return e.err
				}
				if err := e.b.AdamW(param.Tensor, grad.Tensor, m.Tensor, v.Tensor, step); err != nil {
					return err
				}
				return errors.Join(e.check(m, want.m, want.mTol), e.check(v, want.v, want.vTol), e.check(param, want.param, want.paramTol))
			}})
		}
	}
	op.misfits = func(e *env) []misfit {
		host := make([]float32, 12)
		place := func(name string) *operand { return e.place(name, 3, 4, host, layout{}) }
		param, grad, m, v := place("param"), place("grad"), place("m"), place("v")
		gaps := e.place("gaps", 3, 4, host, layout{pad: 2})
		good := compute.AdamWStep{Rate: 1, Beta1: 0.9, Beta2: 0.9, Eps: 1, GradScale: 1, Step: 1}
		call := func(param, grad, m, v compute.Tensor, step int) func() error {
			return func() error {
				s := good
				s.Step = step
				return e.b.AdamW(param, grad, m, v, s)
			}
		}
		return []misfit{
			{"grad", call(param.Tensor, grad.Slice(0, 2), m.Tensor, v.Tensor, 1)},
			{"m", call(param.Tensor, grad.Tensor, m.Slice(0, 2), v.Tensor, 1)},
			{"v", call(param.Tensor, grad.Tensor, m.Tensor, v.Slice(0, 2), 1)},
			{"param with gaps", call(gaps.Tensor, grad.Tensor, m.Tensor, v.Tensor, 1)},
			{"grad with gaps", call(param.Tensor, gaps.Tensor, m.Tensor, v.Tensor, 1)},
			{"step 0", call(param.Tensor, grad.Tensor, m.Tensor, v.Tensor, 0)},
			{"no v", call(param.Tensor, grad.Tensor, m.Tensor, compute.Tensor{}, 1)},
		}
	}
	op.bench = []benchmark{{"4,884,480 parameters", func(e *env) (func() error, float64) {
		place := func(name string) *operand {
			return e.place(name, 1, 4_884_480, make([]float32, 4_884_480), layout{}).changes()
		}
		param, grad, m, v := place("param"), place("grad"), place("m"), place("v")
		s := compute.AdamWStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.01, GradScale: 1, Step: 1}
		return func() error { return e.b.AdamW(param.Tensor, grad.Tensor, m.Tensor, v.Tensor, s) }, 0
	}}}
	return op
}

type stepped struct {
	param, paramTol, m, mTol, v, vTol mat
}

// adamW is the reference.
func adamW(param, grad, m, v mat, s compute.AdamWStep) stepped {
	r := stepped{
		newMat(param.rows, param.cols), newMat(param.rows, param.cols), newMat(param.rows, param.cols),
		newMat(param.rows, param.cols), newMat(param.rows, param.cols), newMat(param.rows, param.cols),
	}
	rate, beta1, beta2 := float64(s.Rate), float64(s.Beta1), float64(s.Beta2)
	bias1, bias2 := 1-math.Pow(beta1, float64(s.Step)), 1-math.Pow(beta2, float64(s.Step))
	for i, p := range param.v {
		g := grad.v[i] * float64(s.GradScale)
		m1, v1 := beta1*m.v[i]+(1-beta1)*g, beta2*v.v[i]+(1-beta2)*g*g
		m1Terms := math.Abs(beta1*m.v[i]) + math.Abs((1-beta1)*g)
		root := math.Sqrt(v1/bias2) + float64(s.Eps)
		r.m.v[i], r.mTol.v[i] = m1, 16*eps*m1Terms
		r.v.v[i], r.vTol.v[i] = v1, 16*eps*v1
		r.param.v[i] = p - rate*float64(s.Decay)*p - rate*(m1/bias1)/root
		r.paramTol.v[i] = 16 * eps * (math.Abs(p) + rate*float64(s.Decay)*math.Abs(p) + rate*m1Terms/bias1/root)
	}
	return r
}

// SumSquares: the products are exact in f64, so that only their sum is rounded.
func sumSquaresOperation() operation {
	op := operation{name: "SumSquares"}
	for _, s := range [][2]int{{1, 1}, {1, 1000}, {3, 7}, {130, 513}, {7, 20000}, {0, 4}, {4, 0}} {
		op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d", s[0], s[1]), func(e *env) error {
			x := e.filled("x", s[0], s[1], func() float64 { return math.Exp(3 * e.r.NormFloat64()) })
			if e.err != nil {
				return e.err
			}
			got, err := e.b.SumSquares(x.Tensor)
			if err != nil {
				return err
			}
			var want float64
			for _, v := range x.mat().v {
				want += v * v
			}
			if d := math.Abs(got - want); !(d <= float64(len(x.host)+1)*0x1p-52*want) {
				return fmt.Errorf("sum of squares %v, want %v", got, want)
			}
			return nil
		}})
	}
	op.misfits = func(e *env) []misfit {
		x := e.in("x", 3, 4)
		beyond := x.Tensor
		beyond.Rows = x.Mem.Len() + 1
		call := func(x compute.Tensor) func() error {
			return func() error { _, err := e.b.SumSquares(x); return err }
		}
		return []misfit{{"no x", call(compute.Tensor{})}, {"beyond the memory", call(beyond)}}
	}
	op.bench = []benchmark{{"4,884,480 values", func(e *env) (func() error, float64) {
		x := e.in("x", 1, 4_884_480)
		return func() error { _, err := e.b.SumSquares(x.Tensor); return err }, 0
	}}}
	return op
}
