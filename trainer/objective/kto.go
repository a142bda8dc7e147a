package objective

// KTO is Kahneman-Tversky optimisation, for answers that were rated one by one
// (Ethayarajh et al. 2024, "KTO: Model Alignment as Prospect Theoretic
// Optimization", eq. 8). With R = Σ_t (l_t - r_t), s the logistic function and z
// the reference point of Reference:
//
//	good:  L = w (1 - s(β (R - z)))        dL/dl_t = -w β s'(β (R - z))
//	bad:   L = w (1 - s(β (z - R)))        dL/dl_t = +w β s'(β (z - R))
//
// z is a constant of the step: no gradient runs through it. The loss saturates on
// both sides, which is why a wrong rating does little harm.
func KTO(l, r []float64, good bool, w, beta, z float64) (loss float64, dl []float64) {
	if len(l) == 0 {
		return 0, nil
	}
	sign := 1.0
	if !good {
		sign = -1
	}
	s := sigmoid(sign * beta * (logRatio(l, r) - z))
	return w * (1 - s), constant(len(l), -sign*w*beta*s*(1-s))
}

// Reference is KTO's z: an estimate of KL(adapter || base) over a batch from
// mismatched pairs, each prompt with the answer to another one, as the paper
// has it. l[i] and r[i] belong to pair i. It is never negative.
func Reference(l, r [][]float64) float64 {
	if len(l) == 0 {
		return 0
	}
	sum := 0.0
	for i := range l {
		sum += logRatio(l[i], r[i])
	}
	return max(0, sum/float64(len(l)))
}
