package objective

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every loss is checked against central differences at random points. The step
// h = 1e-5 leaves a truncation error of h^2/6 times the third derivative (below 1
// here) and a rounding error of eps*|L|/h: 1e-9 covers both.
const (
	step      = 1e-5
	tolerance = 1e-9
)

func randoms(rng *rand.Rand, n int, low, high float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = low + (high-low)*rng.Float64()
	}
	return v
}

func checkGradient(t *testing.T, name string, f func() float64, at, got []float64) {
	t.Helper()
	if len(got) != len(at) {
		t.Fatalf("%s: %d derivatives for %d inputs", name, len(got), len(at))
	}
	for i := range at {
		x := at[i]
		at[i] = x + step
		up := f()
		at[i] = x - step
		down := f()
		at[i] = x
		want := (up - down) / (2 * step)
		if d := math.Abs(got[i] - want); !(d <= tolerance*(1+math.Abs(want))) {
			t.Errorf("%s: dL/dx[%d] = %.12g, finite differences give %.12g", name, i, got[i], want)
		}
	}
}

func TestGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n := 1 + rng.IntN(12)
		l, r := randoms(rng, n, -6, 0), randoms(rng, n, -6, 0)
		given, givenBase := randoms(rng, n+2, -6, 0), randoms(rng, n+2, -6, 0)
		token := randoms(rng, n, 0.5, 3)
		w, beta, z := 0.2+2.8*rng.Float64(), 0.05+rng.Float64(), 3*rng.Float64()

		_, d := SFT(l, token, w)
		checkGradient(t, "SFT", func() float64 { v, _ := SFT(l, token, w); return v }, l, d)
		_, d = SFT(l, nil, w)
		checkGradient(t, "SFT, even", func() float64 { v, _ := SFT(l, nil, w); return v }, l, d)
		for _, good := range []bool{true, false} {
			_, d = KTO(l, r, good, w, beta, z)
			checkGradient(t, "KTO", func() float64 { v, _ := KTO(l, r, good, w, beta, z); return v }, l, d)
			_, d = Bounded(l, r, good, w, beta)
			checkGradient(t, "Bounded", func() float64 { v, _ := Bounded(l, r, good, w, beta); return v }, l, d)
		}
		dpo := func() float64 { v, _, _ := DPO(l, r, given, givenBase, w, beta); return v }
		_, dBetter, dGiven := DPO(l, r, given, givenBase, w, beta)
		checkGradient(t, "DPO better", dpo, l, dBetter)
		checkGradient(t, "DPO given", dpo, given, dGiven)
	}
}

// distribution returns the log-probabilities of the first k of n outcomes.
func distribution(rng *rand.Rand, n, k int) []float64 {
	p := randoms(rng, n, 0.01, 1)
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	out := make([]float64, k)
	for i := range out {
		out[i] = math.Log(p[i] / sum)
	}
	return out
}

func TestAnchorGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		tokens, k := 1+rng.IntN(5), 1+rng.IntN(6)
		var q, base [][]float64
		for range tokens {
			q = append(q, distribution(rng, 9, k))
			base = append(base, distribution(rng, 9, k))
		}
		lambda := 0.5 + rng.Float64()
		loss, dq := Anchor(q, base, lambda)
		if !(loss >= 0) {
			t.Fatalf("a divergence of %g", loss)
		}
		for j := range q {
			checkGradient(t, "Anchor", func() float64 { v, _ := Anchor(q, base, lambda); return v }, q[j], dq[j])
		}
	}
}

// With B = 0 the adapter is the base: R = 0, and the losses have known values.
func TestAtTheBase(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	l := randoms(rng, 7, -5, 0)
	for _, good := range []bool{true, false} {
		if v, _ := KTO(l, l, good, 2, 0.1, 0); v != 1 {
			t.Errorf("KTO(R = 0, w = 2) = %g, want exactly 1", v)
		}
	}
	if v, _, _ := DPO(l, l, l, l, 1, 0.3); !(math.Abs(v-math.Ln2) <= 1e-15) {
		t.Errorf("DPO(d = 0) = %g, want log 2", v)
	}
	if z := Reference([][]float64{l, l}, [][]float64{l, l}); z != 0 {
		t.Errorf("Reference at the base = %g, want 0", z)
	}
	base := [][]float64{distribution(rng, 9, 4), distribution(rng, 9, 4)}
	loss, dq := Anchor(base, base, 1)
	if !(math.Abs(loss) <= 1e-15) {
		t.Errorf("Anchor of the base to itself = %g", loss)
	}
	for _, row := range dq {
		for _, d := range row {
			if !(math.Abs(d) <= 1e-15) {
				t.Errorf("Anchor pulls on the base itself: %g", d)
			}
		}
	}
}

// The anchor with every outcome but one listed is the full divergence.
func TestAnchorIsTheDivergence(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	p, q := distribution(rng, 6, 6), distribution(rng, 6, 6)
	want := 0.0
	for i := range p {
		want += math.Exp(p[i]) * (p[i] - q[i])
	}
	got, _ := Anchor([][]float64{q[:5]}, [][]float64{p[:5]}, 1)
	if !(math.Abs(got-want) <= 1e-13) {
		t.Errorf("Anchor = %g, KL = %g", got, want)
	}
	coarse, _ := Anchor([][]float64{q[:2]}, [][]float64{p[:2]}, 1)
	if !(coarse <= want+1e-15) {
		t.Errorf("with fewer outcomes the bound %g exceeds KL %g", coarse, want)
	}
}

// A worked example of each, computed by hand: l = (-1, -2), r = (-2, -3), so R = 2.
func TestWorkedExamples(t *testing.T) {
	l, r := []float64{-1, -2}, []float64{-2, -3}
	s := 1 / (1 + math.Exp(-0.2)) // beta R = 0.2
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"SFT", first(SFT(l, nil, 1)), 1.5},
		{"SFT, second token three times", first(SFT(l, []float64{1, 3}, 1)), 1.75},
		{"KTO good", first(KTO(l, r, true, 1, 0.1, 0)), 1 - s},
		{"KTO bad", first(KTO(l, r, false, 1, 0.1, 0)), s},
		{"Bounded good", first(Bounded(l, r, true, 1, 0.1)), -0.95*math.Log(s) - 0.05*math.Log(1-s)},
		{"Bounded bad", first(Bounded(l, r, false, 1, 0.1)), 0.5 * (-0.05*math.Log(s) - 0.95*math.Log(1-s))},
		{"Reference", Reference([][]float64{l, l}, [][]float64{r, l}), 1},
	} {
		if !(math.Abs(c.got-c.want) <= 1e-12) {
			t.Errorf("%s = %.15g, want %.15g", c.name, c.got, c.want)
		}
	}
	if v, _, _ := DPO(l, r, r, r, 1, 0.1); !(math.Abs(v+math.Log(s)) <= 1e-12) {
		t.Errorf("DPO = %g, want %g", v, -math.Log(s))
	}
	// The base is sure by a half, the adapter by a quarter; the rest is one bucket:
	// KL = 1/2 log(1/2 / 1/4) + 1/2 log(1/2 / 3/4), and the token is pulled up by
	// 1/4 · (1/2) / (3/4) - 1/2 = -1/3.
	v, d := Anchor([][]float64{{math.Log(0.25)}}, [][]float64{{math.Log(0.5)}}, 2)
	if want := math.Log(2) + math.Log(2.0/3); !(math.Abs(v-want) <= 1e-12) {
		t.Errorf("Anchor = %.15g, want %.15g", v, want)
	}
	if !(math.Abs(d[0][0]+2.0/3) <= 1e-12) {
		t.Errorf("Anchor pulls by %.15g, want -2/3", d[0][0])
	}
}

func first(v float64, _ []float64) float64 { return v }

// Extreme log-ratios neither overflow nor give NaN.
func TestExtremes(t *testing.T) {
	for _, x := range []float64{-1e308, -1e4, -750, 750, 1e4, 1e308} {
		l, r := []float64{x}, []float64{0}
		for _, good := range []bool{true, false} {
			for name, v := range map[string]float64{
				"KTO": first(KTO(l, r, good, 1, 0.1, 0)), "Bounded": first(Bounded(l, r, good, 1, 0.1)),
			} {
				if !(v >= 0 && !math.IsInf(v, 0)) {
					t.Errorf("%s(R = %g, good %v) = %g", name, x, good, v)
				}
			}
		}
	}
	for _, q := range [][]float64{{0, -800}, {-1e-9, -30}} {
		loss, dq := Anchor([][]float64{q}, [][]float64{{-0.7, -0.8}}, 1)
		if !(loss >= 0 && !math.IsInf(loss, 0)) || math.IsNaN(dq[0][0]) {
			t.Errorf("Anchor(q = %v) = %g, %v", q, loss, dq)
		}
	}
}
