package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// counts draws n tokens from the same logits.
func counts(s Sampling, n int, logits []float32) map[int32]int {
	c := newSampler(s)
	out := map[int32]int{}
	for range n {
		z := append([]float32(nil), logits...)
		out[c.choose(z, nil)]++
	}
	return out
}

var sampleLogits = []float32{
	float32(math.Log(0.5)), float32(math.Log(0.25)), float32(math.Log(0.15)), float32(math.Log(0.07)), float32(math.Log(0.03)),
}

func TestSamplingFollowsTheDistribution(t *testing.T) {
	const n = 20000
	for _, tc := range []struct {
		name string
		s    Sampling
		want []float64
	}{
		{"temperature 1", Sampling{Temperature: 1, Seed: 1}, []float64{.5, .25, .15, .07, .03}},
		{"temperature 0.5", Sampling{Temperature: .5, Seed: 2}, []float64{.25 / .3409, .0625 / .3409, .0225 / .3409, .0049 / .3409, .0009 / .3409}},
		{"top-k 2", Sampling{Temperature: 1, TopK: 2, Seed: 3}, []float64{2. / 3, 1. / 3, 0, 0, 0}},
		{"top-p 0.8", Sampling{Temperature: 1, TopP: .8, Seed: 4}, []float64{.5 / .9, .25 / .9, .15 / .9, 0, 0}},
		{"min-p 0.2", Sampling{Temperature: 1, MinP: .2, Seed: 5}, []float64{.5 / .9, .25 / .9, .15 / .9, 0, 0}},
	} {
		got := counts(tc.s, n, sampleLogits)
		for id, p := range tc.want {
			// five standard errors of a binomial count
			tol := 5 * math.Sqrt(p*(1-p)/n)
			if d := math.Abs(float64(got[int32(id)])/n - p); !(d <= tol+1e-12) {
				t.Errorf("%s: token %d drawn %d times of %d, expected a share of %g", tc.name, id, got[int32(id)], n, p)
			}
		}
	}
}

func TestSamplingGreedyTakesTheFirstOfEquals(t *testing.T) {
	if id := newSampler(Sampling{}).choose([]float32{1, 3, 3, 2}, nil); id != 1 {
		t.Errorf("token %d", id)
	}
}

func TestSamplingSeed(t *testing.T) {
	draw := func(seed uint64) (ids [50]int32) {
		c := newSampler(Sampling{Temperature: 1, Seed: seed})
		for i := range ids {
			ids[i] = c.choose(append([]float32(nil), sampleLogits...), nil)
		}
		return ids
	}
	first, again := draw(1), draw(1)
	if first != again {
		t.Error("the same seed gave other tokens")
	}
	if first == draw(2) {
		t.Error("another seed gave the same tokens")
	}
}

// The penalty divides positive logits and multiplies negative ones, once a token
// however often it occurred, and only within its window.
func TestRepetitionPenalty(t *testing.T) {
	s := newSampler(Sampling{RepeatPenalty: 2})
	logits := []float32{4, -1, 3, 2}
	recent := append([]int32{3}, slices.Repeat([]int32{0}, repeatLast)...)
	recent[5] = 1
	s.choose(logits, recent)
	want := []float32{2, -2, 3, 2}
	for i := range want {
		if logits[i] != want[i] {
			t.Fatalf("%v, expected %v", logits, want)
		}
	}
}

// Candidates come in descending order, the first of equals first, however many are kept.
func TestSamplingRanks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, 301)
	for i := range logits {
		logits[i] = float32(rng.IntN(100))
	}
	sorted := make([]int32, len(logits))
	for i := range sorted {
		sorted[i] = int32(i)
	}
	slices.SortStableFunc(sorted, func(a, b int32) int { return cmp.Compare(logits[b], logits[a]) })
	for _, k := range []int{1, 2, 40, 300, 301, 0, 1000} {
		r := newSampler(Sampling{TopK: k}).rank(logits)
		want := sorted
		if k > 0 {
			want = sorted[:min(k, len(sorted))]
		}
		if r.len() != len(want) {
			t.Fatalf("top-k %d: %d candidates, expected %d", k, r.len(), len(want))
		}
		for i, id := range want {
			if x := r.at(i); x.id != id || x.logit != logits[id] {
				t.Fatalf("top-k %d: candidate %d is token %d, expected %d", k, i, x.id, id)
			}
		}
		if r.at(0).id != sorted[0] {
			t.Errorf("top-k %d: the best is another one once all are ranked", k)
		}
	}
}

// BenchmarkSampling draws from a vocabulary of 49,152, unfiltered as training samples are
// and as chat does.
func BenchmarkSampling(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, 49152)
	for i := range logits {
		logits[i] = float32(4 * rng.NormFloat64())
	}
	for _, s := range []Sampling{{Temperature: .7, TopP: 1}, {Temperature: .7, TopP: .9}, {Temperature: .7, TopK: 40, TopP: .9}} {
		b.Run(fmt.Sprintf("top-k %d, top-p %g", s.TopK, s.TopP), func(b *testing.B) {
			c := newSampler(s)
			for b.Loop() {
				c.choose(logits, nil)
			}
		})
	}
}

func TestSamplingRanges(t *testing.T) {
	for _, s := range []Sampling{
		{Temperature: -1},
		{Temperature: float32(math.Inf(1))},
		{TopK: -1},
		{TopP: 1.5},
		{MinP: float32(math.NaN())},
		{RepeatPenalty: .1},
	} {
		if err := s.Check(); !errors.Is(err, ErrSampling) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if err := (Sampling{Temperature: .7, TopK: 40, TopP: .9, MinP: .05, RepeatPenalty: 1.1}).Check(); err != nil {
		t.Error(err)
	}
}
