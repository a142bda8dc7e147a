package trainer

import (
	"context"
	"fmt"

	"clara/model"
	"clara/trainer/objective"
)

// fit is how well the corrections of the buffer that a new manner was trained on are
// predicted, against the untrained model: nats per token of their better answers, weighed as
// in training. An adapter that was trained on nothing, or whose weights are no longer what
// training made of them, harms nothing that is asked of it and would pass for good. Of more
// than fitSeen corrections as many are looked at, evenly spread, also some that a training
// of few steps has not come to: what they have in common is what is learnt.
func (c *candidate) fit(ctx context.Context, f *Figures) error {
	if c.manner == nil {
		return nil
	}
	var corrections []JobSample
	for _, s := range c.job.Samples {
		if s.Form == FormCorrection {
			corrections = append(corrections, s)
		}
	}
	if len(corrections) == 0 {
		return nil
	}
	some := make([]weighted, min(len(corrections), fitSeen))
	for i := range some {
		s := corrections[i*len(corrections)/len(some)]
		seq, err := s.sequence(c.now.runner, c.job.Recipe.System)
		if err != nil {
			return fmt.Errorf("read the corrections: %w", err)
		}
		some[i] = weighted{Sequence: seq, weight: s.Weight, token: c.style.weigh(c.now.runner, s.Better, seq.Answer)}
	}
	f.FitOf, f.FitLimit = len(some), leastFit
	for _, x := range []struct {
		adapters []*model.Adapter
		to       *float64
	}{{nil, &f.FitBase}, {[]*model.Adapter{c.manner}, &f.Fit}} {
		nll, err := weightedNLL(ctx, c.now.runner, some, x.adapters)
		if err != nil {
			return fmt.Errorf("read the corrections: %w", err)
		}
		*x.to = f.number(nll)
	}
	return nil
}

// weightedNLL is the mean over sequences, by their weights, of the negative log-likelihood of
// their answers, nats per token, each token with its weight.
func weightedNLL(ctx context.Context, r *model.Runner, ws []weighted, adapters []*model.Adapter) (float64, error) {
	seqs := make([]model.Sequence, len(ws))
	for i, w := range ws {
		seqs[i] = w.Sequence
	}
	lps, err := r.LogProbs(ctx, seqs, adapters, model.Background)
	if err != nil {
		return 0, err
	}
	total, weights := 0.0, 0.0
	for i, w := range ws {
		loss, _ := objective.SFT(widen(lps[i]), w.token, w.weight)
		total += loss
		weights += w.weight
	}
	return total / weights, nil
}
