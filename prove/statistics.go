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

// median is the middle of sorted values, of which there is one at least; of an even number
// the mean of the two in the middle.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
