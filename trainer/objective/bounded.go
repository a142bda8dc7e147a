package objective

// The targets and class weights of Bounded. A bad answer weighs half: there are
// many ways to be bad, and pushing away from one says little about the good.
const (
	boundedGood, boundedGoodWeight = 0.95, 1.0
	boundedBad, boundedBadWeight   = 0.05, 0.5
)

// Bounded is a cross-entropy against a label that is never certain, so that the
// log-ratio R = Σ_t (l_t - r_t) has a finite optimum, at ±log(19)/β. It is label
// smoothing (Szegedy et al. 2016, sec. 7) on the binary classifier that the
// ratio of adapter and base defines:
//
//	L = -w k_y (y log s(βR) + (1-y) log s(-βR))        dL/dl_t = w k_y β (s(βR) - y)
//
// with y = 0.95, k = 1 for a good answer and y = 0.05, k = 0.5 for a bad one.
func Bounded(l, r []float64, good bool, w, beta float64) (loss float64, dl []float64) {
	if len(l) == 0 {
		return 0, nil
	}
	y, k := boundedGood, boundedGoodWeight
	if !good {
		y, k = boundedBad, boundedBadWeight
	}
	x := beta * logRatio(l, r)
	loss = -w * k * (y*logSigmoid(x) + (1-y)*logSigmoid(-x))
	return loss, constant(len(l), w*k*beta*(sigmoid(x)-y))
}
