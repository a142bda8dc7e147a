//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"math"
	"math/rand/v2"
	"testing"

	"clara/compute"
)

// TestHeadKeepsWhatIsNoNumber: a logit that is none makes the log-probabilities of its row none,
// whichever thread has it, before or behind its other ones; one that is minus infinity is just
// never said.
func TestHeadKeepsWhatIsNoNumber(t *testing.T) {
	b, err := open32()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const width = 4
	for _, c := range []struct {
		tokens, at int
		logit      float64
	}{
		{5, 2, math.NaN()},
		{600, 3, math.NaN()},
		{600, 400, math.NaN()},
		{600, 599, math.NaN()},
		{5, 2, math.Inf(-1)},
		{600, 3, math.Inf(-1)},
		{600, 400, math.Inf(-1)},
	} {
		values := normal(rand.New(rand.NewPCG(1, 2)), c.tokens*width)
		values[c.at*width+1] = float32(c.logit)
		w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: c.tokens, Cols: width, Data: bytesOf(values)})
		if err != nil {
			t.Fatal(err)
		}
		h, logp, lse := matrix(t, b, 1, width, []float32{1, 1, 1, 1}), matrix(t, b, 1, 1, nil), matrix(t, b, 1, 2, nil)
		if err := b.HeadLogProbs(logp, lse, h, w, []int32{0}); err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 1)
		if err := b.Read(got, logp); err != nil {
			t.Fatal(err)
		}
		if none := got[0] != got[0]; none != math.IsNaN(c.logit) {
			t.Errorf("logit %d of %d is %g: the log-probability of another is %g", c.at, c.tokens, c.logit, got[0])
		}
		w.Free()
	}
}
