package objective

// SFT is supervised fine-tuning, maximum likelihood of the wanted answer (Ouyang et
// al. 2022, "Training language models to follow instructions with human feedback",
// sec. 3.1, step 1), as a mean over its tokens:
//
//	L = -w · Σ_t a_t l_t / Σ_t a_t        dL/dl_t = -w · a_t / Σ a
//
// token holds a_t > 0, by which the words that a lesson's correction changed weigh more,
// and in a manner's the beginning or end that all share; nil means 1 for each. It panics
// unless token is nil or as long as l.
func SFT(l, token []float64, w float64) (loss float64, dl []float64) {
	if len(l) == 0 {
		return 0, nil
	}
	if token == nil {
		token = constant(len(l), 1)
	}
	total := 0.0
	for _, a := range token[:len(l)] {
		total += a
	}
	dl = make([]float64, len(l))
	for t := range l {
		dl[t] = -w * token[t] / total
		loss += dl[t] * l[t]
	}
	return loss, dl
}
