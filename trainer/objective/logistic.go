package objective

import "math"

// sigmoid is 1/(1+exp(-x)), split by sign so that exp never overflows.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// logSigmoid is log(sigmoid(x)) = -softplus(-x), with softplus(x) =
// max(x, 0) + log1p(exp(-|x|)).
func logSigmoid(x float64) float64 {
	return -(math.Max(-x, 0) + math.Log1p(math.Exp(-math.Abs(x))))
}

// logRatio is R = sum over the tokens of l - r, the log-ratio of adapter to base.
func logRatio(l, r []float64) float64 {
	sum := 0.0
	for t := range l {
		sum += l[t] - r[t]
	}
	return sum
}

// constant is a slice of n times v: the derivative of a function of a sum.
func constant(n int, v float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = v
	}
	return d
}
