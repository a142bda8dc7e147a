package objective

// DPO is direct preference optimisation, for a better answer beside a worse one
// to the same prompt (Rafailov et al. 2023, "Direct Preference Optimization", eq.
// 7). With d = R_better - R_given and s the logistic function:
//
//	L = -w log s(β d)        dL/dl_t = ∓ w β s(-β d)
//
// minus for the tokens of the better answer, plus for those of the given one.
func DPO(better, betterBase, given, givenBase []float64, w, beta float64) (loss float64, dBetter, dGiven []float64) {
	if len(better) == 0 || len(given) == 0 {
		return 0, nil, nil
	}
	d := logRatio(better, betterBase) - logRatio(given, givenBase)
	g := w * beta * sigmoid(-beta*d)
	return -w * logSigmoid(beta*d), constant(len(better), -g), constant(len(given), g)
}
