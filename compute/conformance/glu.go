package conformance

import (
	"fmt"
	"math"

	"clara/compute"
)

// sqrt(2/pi) and the cubic coefficient of GELU's tanh form.
const (
	geluScale = 0.7978845608028654
	geluCubic = 0.044715
)

var gluShapes = [][2]int{{1, 1}, {1, 1536}, {3, 7}, {5, 31}, {17, 65}, {40, 640}, {0, 4}}

// gate is an operand with values that saturate the activation now and then.
func (e *env) gate(rows, cols int) *operand {
	return e.filled("gate", rows, cols, func() float64 {
		switch e.r.IntN(24) {
		case 0:
			return 0
		case 1:
			return 100 * e.r.NormFloat64()
		case 2:
			return 10 * e.r.NormFloat64()
		default:
			return 2 * e.r.NormFloat64()
		}
	})
}

// GLU: y = act(gate) up.
func gluOperation() operation {
	op := operation{name: "GLU"}
	for _, act := range []compute.Activation{compute.SiLU, compute.GELUTanh} {
		for _, s := range gluShapes {
			for _, alias := range []string{"", "gate", "up"} {
				op.cases = append(op.cases, testCase{fmt.Sprintf("%dx%d gelu %t in place of %q", s[0], s[1], act == compute.GELUTanh, alias), func(e *env) error {
					gate, up := e.gate(s[0], s[1]), e.in("up", s[0], s[1])
					var y *operand
					switch alias {
					case "gate":
						y = gate.changes()
					case "up":
						y = up.changes()
					default:
						y = e.out("y", s[0], s[1])
					}
					want, tol := glu(gate.mat(), up.mat(), act)
					if e.err != nil {
						return e.err
					}
					if err := e.b.GLU(y.Tensor, gate.Tensor, up.Tensor, act); err != nil {
						return err
					}
					return e.check(y, want, tol)
				}})
			}
		}
	}
	op.misfits = func(e *env) []misfit {
		y, gate, up := e.in("y", 3, 8), e.in("gate", 3, 8), e.in("up", 3, 8)
		call := func(y, gate, up compute.Tensor, act compute.Activation) func() error {
			return func() error { return e.b.GLU(y, gate, up, act) }
		}
		return []misfit{
			{"y", call(y.Slice(0, 2), gate.Tensor, up.Tensor, compute.SiLU)},
			{"gate", call(y.Tensor, gate.Columns(0, 7), up.Tensor, compute.SiLU)},
			{"up", call(y.Tensor, gate.Tensor, up.Slice(1, 3), compute.SiLU)},
			{"no up", call(y.Tensor, gate.Tensor, compute.Tensor{}, compute.SiLU)},
			{"activation", call(y.Tensor, gate.Tensor, up.Tensor, compute.Activation(9))},
		}
	}
	for _, rows := range []int{1, 768} {
		op.bench = append(op.bench, benchmark{fmt.Sprintf("%dx1536", rows), func(e *env) (func() error, float64) {
			y, gate, up := e.out("y", rows, 1536), e.in("gate", rows, 1536), e.in("up", rows, 1536)
			return func() error { return e.b.GLU(y.Tensor, gate.Tensor, up.Tensor, compute.SiLU) }, 0
		}})
	}
	return op
}

// activation returns act(g), its derivative, and the sums of the absolute terms
// of which the two are made.
func activation(g float64, act compute.Activation) (a, d, aTerms, dTerms float64) {
	if act == compute.SiLU {
		s := 1 / (1 + math.Exp(-g))
		return g * s, s * (1 + g*(1-s)), math.Abs(g) * s, s * (1 + math.Abs(g))
	}
	u := geluScale * (g + geluCubic*g*g*g)
	du := geluScale * (1 + 3*geluCubic*g*g)
	// 1 + tanh u = 2 s. An engine that adds the 1 has nothing left where tanh is near -1, and
	// the exponential of what was rounded is off by as much as its argument.
	s := 1 / (1 + math.Exp(-2*u))
	return g * s, s + 2*g*s*(1-s)*du, math.Abs(g) * s * (1 + 2*math.Abs(u)), 1 + math.Abs(g)*du
}

// glu is the reference. An exponential in f32 has an error of some eps; 8 of
// them are allowed, and for the derivatives, which are products of such, 16.
func glu(gate, up mat, act compute.Activation) (y, tol mat) {
	y, tol = newMat(gate.rows, gate.cols), newMat(gate.rows, gate.cols)
	for i, g := range gate.v {
		a, _, terms, _ := activation(g, act)
		y.v[i] = a * up.v[i]
		tol.v[i] = 8*eps*terms*math.Abs(up.v[i]) + tiny*(1+math.Abs(g*up.v[i]))
	}
	return y, tol
}

// GLUBackward: dup = dy act(gate), dgate = dy up act'(gate).
func gluBackwardOperation() operation {
	op := operation{name: "GLUBackward"}
	for _, act := range []compute.Activation{compute.SiLU, compute.GELUTanh} {
		for _, s := range gluShapes {
			for _, alias := range []struct{ dgate, dup string }{{"", ""}, {"gate", "up"}, {"dy", "up"}, {"gate", "dy"}, {"dy", ""}, {"", "dy"}} {
				name := fmt.Sprintf("%dx%d gelu %t in place of %q %q", s[0], s[1], act == compute.GELUTanh, alias.dgate, alias.dup)
				op.cases = append(op.cases, testCase{name, func(e *env) error {
					gate, up, dy := e.gate(s[0], s[1]), e.in("up", s[0], s[1]), e.in("dy", s[0], s[1])
					place := func(name, alias string) *operand {
						for _, o := range []*operand{gate, up, dy} {
							if o.name == alias {
								return o.changes()
							}
						}
						return e.out(name, s[0], s[1])
					}
					dgate, dup := place("dgate", alias.dgate), place("dup", alias.dup)
					wantGate, tolGate, wantUp, tolUp := gluBackward(dy.mat(), gate.mat(), up.mat(), act)
					if e.err != nil {
						return e.err
					}
					if err := e.b.GLUBackward(dgate.Tensor, dup.Tensor, dy.Tensor, gate.Tensor, up.Tensor, act); err != nil {
						return err
					}
					if err := e.check(dgate, wantGate, tolGate); err != nil {
						return fmt.Errorf("dgate: %w", err)
					}
					if err := e.check(dup, wantUp, tolUp); err != nil {
						return fmt.Errorf("dup: %w", err)
					}
					return nil
				}})
			}
		}
	}
	op.misfits = func(e *env) []misfit {
		dgate, dup, dy := e.in("dgate", 3, 8), e.in("dup", 3, 8), e.in("dy", 3, 8)
		gate, up := e.in("gate", 3, 8), e.in("up", 3, 8)
		call := func(dgate, dup, dy, gate, up compute.Tensor, act compute.Activation) func() error {
			return func() error { return e.b.GLUBackward(dgate, dup, dy, gate, up, act) }
		}
		return []misfit{
			{"dgate", call(dgate.Slice(0, 2), dup.Tensor, dy.Tensor, gate.Tensor, up.Tensor, compute.SiLU)},
			{"dup", call(dgate.Tensor, dup.Columns(0, 7), dy.Tensor, gate.Tensor, up.Tensor, compute.SiLU)},
			{"dy", call(dgate.Tensor, dup.Tensor, dy.Slice(0, 1), gate.Tensor, up.Tensor, compute.SiLU)},
			{"gate", call(dgate.Tensor, dup.Tensor, dy.Tensor, gate.Columns(0, 7), up.Tensor, compute.SiLU)},
			{"up", call(dgate.Tensor, dup.Tensor, dy.Tensor, gate.Tensor, up.Columns(0, 7), compute.SiLU)},
			{"no dy", call(dgate.Tensor, dup.Tensor, compute.Tensor{}, gate.Tensor, up.Tensor, compute.SiLU)},
			{"activation", call(dgate.Tensor, dup.Tensor, dy.Tensor, gate.Tensor, up.Tensor, compute.Activation(9))},
		}
	}
	op.bench = []benchmark{{"768x1536", func(e *env) (func() error, float64) {
		dgate, dup, dy := e.out("dgate", 768, 1536), e.out("dup", 768, 1536), e.in("dy", 768, 1536)
		gate, up := e.in("gate", 768, 1536), e.in("up", 768, 1536)
		return func() error {
			return e.b.GLUBackward(dgate.Tensor, dup.Tensor, dy.Tensor, gate.Tensor, up.Tensor, compute.SiLU)
		}, 0
	}}}
	return op
}

// gluBackward is the reference.
func gluBackward(dy, gate, up mat, act compute.Activation) (dgate, tolGate, dup, tolUp mat) {
	dgate, tolGate = newMat(gate.rows, gate.cols), newMat(gate.rows, gate.cols)
	dup, tolUp = newMat(gate.rows, gate.cols), newMat(gate.rows, gate.cols)
	for i, g := range gate.v {
		a, d, aTerms, dTerms := activation(g, act)
		dgate.v[i] = dy.v[i] * up.v[i] * d
		tolGate.v[i] = 16*eps*math.Abs(dy.v[i]*up.v[i])*dTerms + tiny*(1+math.Abs(dy.v[i]*up.v[i]*g))
		dup.v[i] = dy.v[i] * a
		tolUp.v[i] = 8*eps*math.Abs(dy.v[i])*aTerms + tiny*(1+math.Abs(dy.v[i]*g))
	}
	return dgate, tolGate, dup, tolUp
}
