package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"clara/compute"
)

// The references of the backward operations are held against finite differences
// of the forward ones: sum(dy * f(x)) is moved along each value of x.

// step of the central differences: their error is step²/6 of the third
// derivative, and the rounding of f64 over step.
const step = 1e-4

// gradientOf checks got, the gradient of loss with respect to x.
func gradientOf(t *testing.T, name string, x, got mat, loss func() float64) {
	t.Helper()
	if len(x.v) == 0 || len(got.v) != len(x.v) {
		t.Fatalf("%s: %d values, a gradient of %d", name, len(x.v), len(got.v))
	}
	for i, v := range x.v {
		x.v[i] = v + step
		above := loss()
		x.v[i] = v - step
		below := loss()
		x.v[i] = v
		want := (above - below) / (2 * step)
		if d := math.Abs(got.v[i] - want); !(d <= 1e-6*(1+math.Abs(want))) {
			t.Errorf("%s: value %d has the gradient %v, finite differences %v", name, i, got.v[i], want)
		}
	}
}

func random(r *rand.Rand, rows, cols int) mat {
	m := newMat(rows, cols)
	for i := range m.v {
		m.v[i] = r.NormFloat64()
	}
	return m
}

func product(a, b mat) float64 {
	var s float64
	for i, v := range a.v {
		s += v * b.v[i]
	}
	return s
}

func TestLinearReference(t *testing.T) {
	r := randomOf(t.Name())
	x, w, dy := random(r, 3, 5), random(r, 4, 5), random(r, 3, 4)
	dx, _ := linear(dy, w.transposed(true), newMat(3, 5), compute.Exact)
	gradientOf(t, "dx", x, dx, func() float64 {
		y, _ := linear(x, w, newMat(3, 4), compute.Exact)
		return product(dy, y)
	})
}

func TestRMSNormReference(t *testing.T) {
	r := randomOf(t.Name())
	x, gain, dy := random(r, 3, 7), random(r, 1, 7), random(r, 3, 7)
	dx, _ := rmsNormBackward(dy, x, gain, newMat(3, 7))
	gradientOf(t, "dx", x, dx, func() float64 {
		y, _ := rmsNorm(x, gain)
		return product(dy, y)
	})
}

func TestRoPEReference(t *testing.T) {
	r := randomOf(t.Name())
	x, dy := random(r, 3, 12), random(r, 3, 12)
	positions := []int32{0, 5, 77}
	for _, style := range []compute.RoPEStyle{compute.Interleaved, compute.Halves} {
		dx, _ := rope(dy, positions, ropeFrequencies(3), style, true)
		gradientOf(t, fmt.Sprintf("dx of style %d", style), x, dx, func() float64 {
			y, _ := rope(x, positions, ropeFrequencies(3), style, false)
			return product(dy, y)
		})
	}
}

func TestGLUReference(t *testing.T) {
	r := randomOf(t.Name())
	gate, up, dy := random(r, 4, 9), random(r, 4, 9), random(r, 4, 9)
	for _, act := range []compute.Activation{compute.SiLU, compute.GELUTanh} {
		dgate, _, dup, _ := gluBackward(dy, gate, up, act)
		loss := func() float64 {
			y, _ := glu(gate, up, act)
			return product(dy, y)
		}
		gradientOf(t, fmt.Sprintf("dgate of activation %d", act), gate, dgate, loss)
		gradientOf(t, fmt.Sprintf("dup of activation %d", act), up, dup, loss)
	}
}

func TestAttentionReference(t *testing.T) {
	tried := 0
	for _, s := range scenes() {
		if s.rows == 0 || s.keys == 0 || s.rows*s.keys > 3000 || s.keys > 1000 {
			continue // finite differences of the larger ones would take minutes
		}
		s.shape.HeadDim = 2
		tried++
		t.Run(s.name, func(t *testing.T) {
			r := randomOf(t.Name())
			q, k, v := random(r, s.rows, s.shape.Heads*s.shape.HeadDim), random(r, s.keys, s.shape.KVHeads*s.shape.HeadDim), random(r, s.keys, s.shape.KVHeads*s.shape.HeadDim)
			dout := random(r, s.rows, q.cols)
			spans := s.spans(r)
			got := attentionBackward(dout, q, k, v, newMat(k.rows, k.cols), newMat(k.rows, k.cols), spans, s.shape)
			loss := func() float64 { return product(dout, attention(q, k, v, spans, s.shape).out) }
			gradientOf(t, "dq", q, got.dq, loss)
			gradientOf(t, "dk", k, got.dk, loss)
			gradientOf(t, "dv", v, got.dv, loss)
		})
	}
	if tried < 5 {
		t.Errorf("only %d scenes are small enough", tried)
	}
}

func TestHeadReference(t *testing.T) {
	r := randomOf(t.Name())
	h, w, dlogp := random(r, 3, 5), random(r, 8, 5), random(r, 3, 2)
	ids := []int32{0, 7, 3, -1, 4, 4}
	dh, _ := headBackward(dlogp, h, w, ids)
	gradientOf(t, "dh", h, dh, func() float64 {
		var loss float64
		for i := range h.rows {
			s := headScoresOf(h.row(i), w)
			for j := range 2 {
				if id := ids[i*2+j]; id >= 0 {
					loss += dlogp.at(i, j) * (s.z[id] - s.lse)
				}
			}
		}
		return loss
	})
}

// TestAdamWReference holds the reference against the update as Loshchilov &
// Hutter print it (algorithm 2), over some steps.
func TestAdamWReference(t *testing.T) {
	r := randomOf(t.Name())
	param, m, v := random(r, 2, 3), newMat(2, 3), newMat(2, 3)
	theta, mean, square := param.clone(), newMat(2, 3), newMat(2, 3)
	s := compute.AdamWStep{Rate: 0.01, Beta1: 0.9, Beta2: 0.99, Eps: 1e-4, Decay: 0.1, GradScale: 0.5}
	for s.Step = 1; s.Step <= 5; s.Step++ {
		grad := random(r, 2, 3)
		next := adamW(param, grad, m, v, s)
		param, m, v = next.param, next.m, next.v
		for i := range theta.v {
			b1, b2 := float64(s.Beta1), float64(s.Beta2)
			g := grad.v[i] * float64(s.GradScale)
			mean.v[i] = b1*mean.v[i] + (1-b1)*g
			square.v[i] = b2*square.v[i] + (1-b2)*g*g
			mHat := mean.v[i] / (1 - math.Pow(b1, float64(s.Step)))
			vHat := square.v[i] / (1 - math.Pow(b2, float64(s.Step)))
			theta.v[i] -= float64(s.Rate) * (mHat/(math.Sqrt(vHat)+float64(s.Eps)) + float64(s.Decay)*theta.v[i])
			if d := math.Abs(theta.v[i] - param.v[i]); !(d <= 1e-12) {
				t.Errorf("step %d: parameter %d is %v, want %v", s.Step, i, param.v[i], theta.v[i])
			}
		}
	}
}

// TestOperationsAreComplete: every operation has cases, refusals and a benchmark,
// and no case's name, from which its random values follow, is there twice.
func TestOperationsAreComplete(t *testing.T) {
	for _, op := range operations() {
		if len(op.cases) == 0 || op.misfits == nil || len(op.bench) == 0 && op.name != "Memory" {
			t.Errorf("%s has %d cases, misfits %t, %d benchmarks", op.name, len(op.cases), op.misfits != nil, len(op.bench))
		}
		seen := map[string]bool{}
		for _, c := range op.cases {
			if name := strings.TrimSpace(c.name); seen[name] || name == "" {
				t.Errorf("%s: the case %q is there twice", op.name, name)
			}
			seen[c.name] = true
		}
	}
}
