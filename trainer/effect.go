package trainer

import (
	"context"
	"fmt"
	"strconv"
)

// Effect says what s would do to the samples that there are. It changes nothing and
// takes milliseconds.
func (t *Trainer) Effect(ctx context.Context, s Settings) (Effect, error) {
	if err := s.Validate(); err != nil {
		return Effect{}, err
	}
	p, buffer, _, err := t.gathered(ctx, t.baseHash(), &s)
	if err != nil {
		return Effect{}, err
	}
	probe := loop{Trainer: t}
	e := Effect{Samples: buffer.Total, Trains: buffer.Kept, Dropped: buffer.Dropped}
	now := t.now()
	why, at := probe.due(p, &s, now)
	e.Why = why
	switch {
	case !s.Enabled:
		e.Why = reason(CodeOff, "learning is switched off")
	case !at.IsZero():
		e.StartsIn = max(0, at.Sub(now))
		e.StartsNow = e.StartsIn == 0
	}
	if rate := min(s.LearningRate, s.KnowledgeRate); rate < leastUsefulRate {
		e.Notes = append(e.Notes, rateTooLow(rate))
	}
	return e, nil
}

// leastUsefulRate is the learning rate below which LoRA does not move: the note's
// 1e-6 changed no answer.
const leastUsefulRate = 1e-5

func rateTooLow(rate float64) Reason {
	return reason(CodeRateTooLow, fmt.Sprintf("the learning rate %g is too low: below %g nothing measurable changes", rate, leastUsefulRate),
		"rate", strconv.FormatFloat(rate, 'g', -1, 64), "least", leastUsefulRate)
}
