package trainer

import (
	"context"
	"math"

	"clara/model"
)

// AdamW's constants, as in the experiment: no decay, gradients clipped to norm 1.
const (
	adamBeta1, adamBeta2, adamEps = 0.9, 0.99, 1e-8
	gradientClip                  = 1
	warmUp                        = 5 // steps until the full rate
)

// stopWindow is over how many steps the surprise is averaged to decide on stopping early.
const stopWindow = 4

// rateDivisor is what a learning rate that was found on models of up to half a billion weights is
// divided by for one of so many. The design starts with 1e-3 there, half of it up to 3 billion and a fifth at 8;
// the last is what QLoRA trains 7 and 13 billion with (2e-4, Dettmers et al. 2023). No model
// beyond half a billion was measured here. The bounds lie above what models of these names
// have: one of 3 billion has 3.2, one of a half up to .63 where its head is stored apart.
func rateDivisor(parameters int64) int {
	switch {
	case parameters < 750_000_000:
		return 1
	case parameters < 4_000_000_000:
		return 2
	}
	return 5
}

// rateFor is such a rate for a model of so many weights.
func rateFor(parameters int64, rate float64) float64 { return rate / float64(rateDivisor(parameters)) }

// schedule says how long a training goes on and how fast.
type schedule struct {
	steps int
	rate  float64 // the full learning rate
	last  float64 // share of it to which it falls linearly, reached after the last step; 0: it does not fall
	// It ends when the surprise at what is imitated, in nats per token over the last stopWindow,
	// falls below; 0: never. It is no loss, which importance beside that of other feedback
	// weighs. What is rated has no part in it: such a loss begins at .5 or .7 whatever was
	// learnt, and hardly falls.
	stop float64
}

// at is the rate of a step, which counts from 0.
func (s schedule) at(step int) float64 {
	rate := s.rate * math.Min(1, float64(step+1)/warmUp)
	if s.last > 0 {
		rate *= 1 - (1-s.last)*float64(step)/float64(s.steps)
	}
	return rate
}

// observer hears of each step, and how that fitted into memory.
type observer func(LossPoint, model.Plan)

// run takes the optimiser steps that are left, on the batches of next.
func (s schedule) run(ctx context.Context, t *model.Training, step Step, next func() (*batch, error), observe observer) error {
	return s.runTo(ctx, t, step, s.steps, next, observe)
}

// runTo takes optimiser steps until the training has taken so many.
func (s schedule) runTo(ctx context.Context, t *model.Training, step Step, until int, next func() (*batch, error), observe observer) error {
	var recent []float64
	for t.Steps() < until {
		b, err := next()
		if err != nil {
			return err
		}
		var parts lossParts
		n := t.Steps() + 1
		loss := func(logp [][][]float32) (float64, [][][]float32, error) {
			var d [][][]float32
			var err error
			if parts, d, err = b.losses(logp); err != nil {
				return 0, nil, err
			}
			return parts.feedback() + b.lambda*parts.held, d, nil
		}
		taken, err := t.Step(ctx, b.items, loss, model.StepOptions{
			Rate: float32(s.at(n - 1)), Beta1: adamBeta1, Beta2: adamBeta2, Eps: adamEps, Clip: gradientClip,
		})
		if err != nil {
			return withoutMemory(err)
		}
		observe(LossPoint{Step: step, N: n, Loss: parts.feedback(), Anchor: parts.held}, taken.Plan)
		recent = append(recent, parts.surprise)
		if n := len(recent); s.stop > 0 && n >= warmUp && mean(recent[max(0, n-stopWindow):]) < s.stop {
			break
		}
	}
	return nil
}
