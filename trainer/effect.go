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
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return Effect{}, fmt.Errorf("read the samples: %w", err)
	}
	e := Effect{Samples: len(samples), Dropped: make(map[string]int)}
	probe := loop{Trainer: t}
	p := pending{judged: Judge(samples, s)}
	for _, j := range p.judged {
		if !j.Kept {
			e.Dropped[j.Reason.Code]++
			continue
		}
		e.Trains++
		if j.State == SampleUsed || j.Kind != Manner {
			continue
		}
		if j.Form == FormCorrection {
			p.manner++
		} else {
			p.ratings++
		}
		if p.since.IsZero() || j.Created.Before(p.since) {
			p.since = j.Created
		}
	}
	state := t.State()
	p.fresh = state.NewLessons
	now := t.now()
	if p.fresh > 0 && p.since.IsZero() {
		p.since = now
	}
	why, at := probe.due(p, &s, now)
	e.Why = why
	switch {
	case !s.Enabled:
		e.Why = reason(CodeOff, "learning is switched off")
	case !at.IsZero():
		e.StartsIn = max(0, at.Sub(now))
		e.StartsNow = e.StartsIn == 0
	}
	if s.LearningRate < leastUsefulRate {
		e.Notes = append(e.Notes, reason(CodeRateTooLow, "below 1e-5 nothing measurable changes", "rate", strconv.FormatFloat(s.LearningRate, 'g', -1, 64), "least", leastUsefulRate))
	}
	return e, nil
}

// leastUsefulRate is the learning rate below which LoRA does not move: the note's
// 1e-6 changed no answer.
const leastUsefulRate = 1e-5
