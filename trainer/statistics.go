package trainer

import "math"

// logChoose is log(n over k).
func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}

// Fisher is the one-sided p of Fisher's exact test (Fisher 1922): that of n good and m bad
// ones drawn alike, as many good ones or more have what good and bad ones together have.
// It is 1 where there are none of either.
func Fisher(good, n, bad, m int) float64 {
	has, p := good+bad, 0.0
	for g := good; g <= min(n, has); g++ {
		if b := has - g; b <= m {
			p += math.Exp(logChoose(n, g) + logChoose(m, b) - logChoose(n+m, has))
		}
	}
	return math.Min(p, 1)
}
