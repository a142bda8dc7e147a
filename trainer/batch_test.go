package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"clara/model"
)

// The derivatives of a whole step agree with finite differences, whatever it is made
// of. The log-probabilities are f32, so h is 1e-2 and the tolerance its square.
func TestBatchGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	seq := func(n int) model.Sequence { return model.Sequence{Prompt: []int32{1}, Answer: make([]int32, n)} }
	base := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = -3 * rng.Float64()
		}
		return v
	}
	top := func(n int) []model.Distribution {
		d := make([]model.Distribution, n)
		for i := range d {
			d[i] = model.Distribution{IDs: []int32{1, 2}, LogProbs: []float32{-0.7, -1.5}}
		}
		return d
	}
	for _, objective := range []string{"kto", "sft", "dpo", "bounded"} {
		b := &batch{lambda: 0.7, beta: 0.3, loss: objective}
		b.imitate(seq(3), 2, []float64{1, 2, 1})
		b.imitate(seq(2), 1, nil)
		b.rate(seq(3), base(3), true, 1.5)
		b.rate(seq(2), base(2), false, 0.5)
		if objective == "dpo" {
			w := func(n int) weighted { return weighted{Sequence: seq(n), base: base(n), weight: 2} }
			b.prefer(w(2), w(3))
			b.imitate(seq(3), 1, nil)
			b.preferLast(w(3), w(2))
		}
		b.hold(seq(2), top(2))
		logp := make([][][]float32, len(b.items))
		for i, it := range b.items {
			for range it.Answer {
				n := 1
				if it.Candidates != nil {
					n = 2
				}
				row := make([]float32, n)
				for k := range row {
					row[k] = float32(-1 - rng.Float64())
				}
				logp[i] = append(logp[i], row)
			}
		}
		total := func() float64 {
			l, _, err := b.losses(logp)
			if err != nil {
				t.Fatal(err)
			}
			return l.feedback() + b.lambda*l.held
		}
		_, d, err := b.losses(logp)
		if err != nil {
			t.Fatal(err)
		}
		const h = 1e-2
		for i := range logp {
			for s := range logp[i] {
				for k := range logp[i][s] {
					x := logp[i][s][k]
					logp[i][s][k] = x + h
					up := total()
					logp[i][s][k] = x - h
					down := total()
					logp[i][s][k] = x
					want := (up - down) / (2 * h)
					if got := float64(d[i][s][k]); !(math.Abs(got-want) <= h*h) {
						t.Errorf("%s: item %d token %d candidate %d: %g, finite differences give %g", objective, i, s, k, got, want)
					}
				}
			}
		}
	}
}

func TestUnknownObjective(t *testing.T) {
	b := &batch{loss: "luck"}
	b.rate(model.Sequence{Prompt: []int32{1}, Answer: []int32{2}}, []float64{-1}, true, 1)
	if _, _, err := b.losses([][][]float32{{{-1}}}); err == nil {
		t.Error("a step by luck is taken")
	}
}

// An answer that is not imitated takes nothing from those that are.
func TestBadRatingsDoNotDiluteImitation(t *testing.T) {
	answer := func() model.Sequence { return model.Sequence{Prompt: []int32{1}, Answer: make([]int32, 2)} }
	logp := [][][]float32{{{-1}, {-2}}, {{-3}, {-4}}}
	for _, objective := range []string{"sft", "dpo"} {
		alone := &batch{lambda: 1, loss: objective}
		alone.rate(answer(), []float64{-1, -1}, true, 1)
		want, wantD, err := alone.losses(logp[:1])
		if err != nil {
			t.Fatal(err)
		}
		beside := &batch{lambda: 1, loss: objective}
		beside.rate(answer(), []float64{-1, -1}, true, 1)
		beside.rate(answer(), []float64{-1, -1}, false, 1)
		got, gotD, err := beside.losses(logp)
		if err != nil {
			t.Fatal(err)
		}
		if got != want || gotD[0][0][0] != wantD[0][0][0] || gotD[1][0][0] != 0 {
			t.Errorf("%s: %g with a bad answer beside it, %g without", objective, got.rated, want.rated)
		}
	}
}
