package main

import (
	"math"
	"testing"

	"clara/trainer"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %g, want %g", what, got, want)
	}
}

// Known values: Wilson's interval of 8 of 10, and fractions that can be counted out.
func TestStatistics(t *testing.T) {
	low, high := wilson(8, 10)
	near(t, "wilson low of 8/10", low, 0.4901625, 1e-6)
	near(t, "wilson high of 8/10", high, 0.9433178, 1e-6)
	low, high = wilson(0, 10)
	near(t, "wilson low of 0/10", low, 0, 0)
	near(t, "wilson high of 0/10", high, 0.2775328, 1e-6)
	low, high = wilson(0, 0)
	if low != 0 || high != 1 {
		t.Errorf("wilson of nothing: %g to %g", low, high)
	}
	// Fisher's tea: 3 of 4 against 1 of 4.
	near(t, "fisher 3/4, 1/4", trainer.Fisher(3, 4, 1, 4), 17.0/70, 1e-12)
	near(t, "fisher 4/4, 0/4", trainer.Fisher(4, 4, 0, 4), 1.0/70, 1e-12)
	near(t, "fisher 0/4, 4/4", trainer.Fisher(0, 4, 4, 4), 1, 1e-12)
	near(t, "fisher of nothing", trainer.Fisher(0, 0, 1, 2), 1, 0)
}

func TestMedian(t *testing.T) {
	near(t, "the median of one", median([]float64{3}), 3, 0)
	near(t, "the median of three", median([]float64{1, 2, 9}), 2, 0)
	near(t, "the median of four", median([]float64{1, 2, 4, 9}), 3, 0)
}
