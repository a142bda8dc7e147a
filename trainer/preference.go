package trainer

import (
	"context"
	"fmt"
	"slices"

	"clara/model"
)

// Ratings are few and say little by themselves: some are kept apart from training, so
// that the gate can ask whether the manner spreads to what it was not shown.
const (
	heldEvery = 5  // of so many ratings one is kept apart
	heldLeast = 10 // with fewer ratings all train
	heldSalt  = 0x68656c64
)

// holdOut parts the samples of manner into those that train and the ratings that are
// kept apart. With heldLeast ratings and more, the side of one depends on its question and
// answer alone: it does not change as others come and go, nor with its stars. But where
// all good ones would be kept apart, or all bad ones, those train: else nothing would teach
// what they say.
func holdOut(samples []JobSample) (train, held []JobSample) {
	ratings := 0
	for _, s := range samples {
		ratings += boolToInt(s.Form == FormRating)
	}
	if ratings < heldLeast {
		return samples, nil
	}
	isDrawn := func(s JobSample) bool { return s.Form == FormRating && s.ticket()%heldEvery == 0 }
	trains := make(map[bool]bool) // of good ones and of bad ones: some
	for _, s := range samples {
		if s.Form == FormRating && !isDrawn(s) {
			trains[s.Score > 0] = true
		}
	}
	for _, s := range samples {
		if isDrawn(s) && trains[s.Score > 0] {
			held = append(held, s)
		} else {
			train = append(train, s)
		}
	}
	return train, held
}

// ticket is a number that depends on the sample's question and answer alone.
func (s JobSample) ticket() uint64 {
	return lottery(subjectOf(Sample{Form: s.Form, Prompt: s.Prompt, Answer: s.Answer}), heldSalt)
}

// HeldRating is a rating that was not trained on: how much likelier than by the base
// its answer is, by the version before and by the candidate, nats per token.
type HeldRating struct {
	Sample int64   `json:"sample"`
	Good   bool    `json:"good"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// preference measures the ratings kept apart by the manner adapters, and compares: a
// good and a bad one make a pair, each in at most one, so that the comparisons are
// independent, as the sign test wants them. A pair is better when the good answer
// gains on the bad one. (A single rating would not do: a manner makes most answers
// likelier or less likely than before, good and bad alike.)
func (c *candidate) preference(ctx context.Context, f *Figures) ([]HeldRating, error) {
	if len(c.held) == 0 || c.now.manner == c.before.manner {
		return nil, nil
	}
	held := slices.Clone(c.held)
	slices.SortStableFunc(held, func(a, b JobSample) int {
		switch x, y := a.ticket(), b.ticket(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	ratings := make([]weighted, len(held))
	for i, s := range held {
		seq, err := s.sequence(c.now.runner, c.job.Recipe.System)
		if err != nil {
			return nil, fmt.Errorf("read the ratings kept apart: %w", err)
		}
		ratings[i] = weighted{Sequence: seq}
	}
	if err := baseLogProbs(ctx, c.now.runner, ratings); err != nil {
		return nil, fmt.Errorf("read the ratings kept apart: %w", err)
	}
	gain := func(manner *model.Adapter) ([]float64, error) {
		out := make([]float64, len(ratings))
		if manner == nil {
			return out, nil
		}
		seqs := make([]model.Sequence, len(ratings))
		for i, r := range ratings {
			seqs[i] = r.Sequence
		}
		lps, err := c.now.runner.LogProbs(ctx, seqs, []*model.Adapter{manner}, model.Background)
		if err != nil {
			return nil, fmt.Errorf("read the ratings kept apart: %w", err)
		}
		for i, lp := range lps {
			out[i] = mean(lp) - mean(ratings[i].base)
		}
		return out, nil
	}
	before, err := gain(c.before.manner)
	if err != nil {
		return nil, err
	}
	after, err := gain(c.now.manner)
	if err != nil {
		return nil, err
	}
	out := make([]HeldRating, len(held))
	for i, s := range held {
		out[i] = HeldRating{Sample: s.ID, Good: s.Score > 0, Before: f.number(before[i]), After: f.number(after[i])}
	}
	f.HeldBetter, f.HeldWorse = pairs(out)
	return out, nil
}

// pairs counts the pairs of a good and a bad rating whose margin grew, and shrank.
func pairs(held []HeldRating) (better, worse int) {
	var good, bad []HeldRating
	for _, h := range held {
		if h.Good {
			good = append(good, h)
		} else {
			bad = append(bad, h)
		}
	}
	for i := range min(len(good), len(bad)) {
		growth := (good[i].After - bad[i].After) - (good[i].Before - bad[i].Before)
		better += boolToInt(growth > 0)
		worse += boolToInt(growth < 0)
	}
	return better, worse
}
