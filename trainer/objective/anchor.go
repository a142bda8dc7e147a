package objective

import "math"

// leastRest bounds the rest bucket from below: beyond it log(1 - Σ exp q) has no
// digits left in the f32 log-probabilities that it is computed from.
const leastRest = 1e-6

// Anchor holds the adapter to the base where it should not change: the mean over
// the tokens of KL(base || adapter), which is distillation from the base (Hinton et
// al. 2015) as a guard against forgetting (Li & Hoiem 2016, "Learning without
// Forgetting", eq. 2). The base's distribution is given by its k most likely tokens
// and one bucket for the rest (4 KB an answer instead of 8 MB), which by the log-sum
// inequality (Cover & Thomas, thm. 2.7.1) bounds the full divergence from below:
//
//	L = λ (1/n) Σ_t [ Σ_i p_ti (log p_ti - q_ti) + P_t (log P_t - log Q_t) ]
//	P_t = 1 - Σ_i p_ti,  Q_t = 1 - Σ_i exp(q_ti)
//	dL/dq_ti = (λ/n) (exp(q_ti) P_t / Q_t - p_ti)
//
// base[t] and q[t] are the log-probabilities of the same tokens by base and
// adapter, n = len(base). Backed through the softmax this is λ/n (p_adapter -
// p_base) on the logits, except that the rest is moved as a whole.
func Anchor(q, base [][]float64, lambda float64) (loss float64, dq [][]float64) {
	if len(base) == 0 {
		return 0, nil
	}
	scale := lambda / float64(len(base))
	dq = make([][]float64, len(base))
	for t := range base {
		restP, restQ := 1.0, 1.0
		for i := range base[t] {
			restP -= math.Exp(base[t][i])
			restQ -= math.Exp(q[t][i])
		}
		restP, clipped := max(restP, leastRest), restQ < leastRest
		restQ = max(restQ, leastRest)
		kl := restP * (math.Log(restP) - math.Log(restQ))
		dq[t] = make([]float64, len(base[t]))
		for i, b := range base[t] {
			p := math.Exp(b)
			kl += p * (b - q[t][i])
			dq[t][i] = -scale * p
			if !clipped {
				dq[t][i] += scale * math.Exp(q[t][i]) * restP / restQ
			}
		}
		loss += scale * kl
	}
	return loss, dq
}
