package main

import "math"

// z95 is the two-sided 95 % point of the normal distribution.
const z95 = 1.959963984540054

// wilson is the 95 % interval of a share (Wilson 1927): it stays within 0 and 1 and
// keeps its promise for few tries and for shares near the ends. With no tries it
// is everything.
func wilson(n, of float64) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	p, z2 := n/of, z95*z95
	middle := (p + z2/(2*of)) / (1 + z2/of)
	half := z95 / (1 + z2/of) * math.Sqrt(p*(1-p)/of+z2/(4*of*of))
	return math.Max(0, middle-half), math.Min(1, middle+half)
}

// logChoose is log(n over k).
func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}

// fisher is the one-sided p of Fisher's exact test: that a's share is as much above
// b's, or more, by chance alone. 1 where one of them has no tries.
func fisher(a, b count) float64 {
	hits, all := a.N+b.N, a.Of+b.Of
	if a.Of == 0 || b.Of == 0 {
		return 1
	}
	p := 0.0
	for k := a.N; k <= min(a.Of, hits); k++ {
		if hits-k > b.Of {
			continue
		}
		p += math.Exp(logChoose(a.Of, k) + logChoose(b.Of, hits-k) - logChoose(all, hits))
	}
	return math.Min(1, p)
}
