package trainer

import (
	"context"

	"clara/model"
)

// weighted is a sequence with what its loss depends on.
type weighted struct {
	model.Sequence
	weight float64
	token  []float64 // weighs the answer's tokens; nil: all alike
	base   []float64 // the base's log-probabilities of the answer's tokens
	prompt string    // normal form
	given  *weighted // by "dpo": the answer that a correction is to be preferred to; nil: none
}

// baseLogProbs fills in the base's log-probabilities.
func baseLogProbs(ctx context.Context, r *model.Runner, ws []weighted) error {
	if len(ws) == 0 {
		return nil
	}
	seqs := make([]model.Sequence, len(ws))
	for i, w := range ws {
		seqs[i] = w.Sequence
	}
	lps, err := r.LogProbs(ctx, seqs, nil, model.Background)
	if err != nil {
		return err
	}
	for i := range ws {
		ws[i].base = widen(lps[i])
	}
	return nil
}
