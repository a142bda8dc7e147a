package cli

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

// The loss of bench train is the mean cross-entropy, and its derivative is that of
// finite differences.
func TestCrossEntropy(t *testing.T) {
	logp := [][][]float32{{{-1}, {-2}}, {{-0.5}, {-4}, {-0.25}}}
	loss, d, err := crossEntropy(logp)
	if err != nil {
		t.Fatal(err)
	}
	if want := (1 + 2 + 0.5 + 4 + 0.25) / 5; !(math.Abs(loss-want) <= 1e-12) {
		t.Errorf("loss %g, want %g", loss, want)
	}
	const h = 1.0 / 64 // exact in f32
	for i := range logp {
		for j := range logp[i] {
			logp[i][j][0] += h
			up, _, _ := crossEntropy(logp)
			logp[i][j][0] -= h
			if slope := (up - loss) / h; !(math.Abs(slope-float64(d[i][j][0])) <= 1e-6) {
				t.Errorf("d[%d][%d] = %g, finite differences say %g", i, j, d[i][j][0], slope)
			}
		}
	}
}

// A model of too few tokens is refused; from the fewest on there are tokens to choose from.
func TestCheckVocabulary(t *testing.T) {
	c := &program{language: english}
	const fewest = firstPlain + trainSequences
	for _, n := range []int{0, firstPlain, fewest - 1} {
		var told *toldError
		if err := c.checkVocabulary(n); !errors.As(err, &told) || told.Exit != exitModel {
			t.Errorf("%d tokens: %v", n, err)
		}
	}
	if err := c.checkVocabulary(fewest); err != nil {
		t.Error(err)
	}
	for _, id := range randomTokens(promptTokens, fewest, 1) {
		if id < firstPlain || id >= fewest {
			t.Errorf("token %d of %d", id, fewest)
		}
	}
}

// Random tokens are the same each time, and leave the tokens of control alone.
func TestRandomTokens(t *testing.T) {
	a, b, other := randomTokens(512, 1000, 3), randomTokens(512, 1000, 3), randomTokens(512, 1000, 4)
	same := 0
	for i := range a {
		if a[i] != b[i] || a[i] < firstPlain || a[i] >= 1000 {
			t.Fatalf("token %d: %d and %d", i, a[i], b[i])
		}
		if a[i] == other[i] {
			same++
		}
	}
	if same > 50 {
		t.Errorf("%d of 512 tokens are the same with another seed", same)
	}
}

// Scripts of others read these names.
func TestNamesOfTheBenchReportAreKept(t *testing.T) {
	text, err := json.Marshal(benchReport{})
	if err != nil {
		t.Fatal(err)
	}
	var has map[string]any
	if err := json.Unmarshal(text, &has); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("work model engine threads tokens seconds tokens_per_s gflops cpu") {
		if _, ok := has[name]; !ok {
			t.Errorf("there is no %s in %s", name, text)
		}
	}
}
