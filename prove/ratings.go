package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"clara/trainer"
)

// The sampling of answers that are rated and tested, as in the experiment: without
// variety there would be nothing to choose from.
const (
	ratedTemperature = 0.7
	ratedTokens      = 44
	ratedAnswers     = 32 // two to a question
)

// How the stars are given.
const (
	starsHonest   = "honest"
	starsNoisy    = "noisy"    // 20 % turned round
	starsShuffled = "shuffled" // the control: the same stars on other answers
)

// ratingsBy measures a wish that a person shows by stars alone: 32 sampled answers get
// five stars where they comply, else one. It counts how many of 120 sampled answers to
// unseen questions comply before and after the cycle.
func ratingsBy(w hiddenWish, stars, objective string, unrelated []trainer.ScriptQuestion) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		set := settings(r.Seed)
		set.Objective = objective
		set.Temperature, set.TopP, set.TopK, set.MinP, set.RepeatPenalty = ratedTemperature, 1, 0, 0, 1
		return b.on(ctx, set, func(p *subject) error {
			rng := rand.New(rand.NewPCG(r.Seed, 3))
			questions := make([]trainer.Question, ratedAnswers)
			for i := range questions {
				questions[i] = trainer.Question{Text: w.Rate[i/2], Tokens: ratedTokens, Seed: 1 + rng.Uint64()>>1}
			}
			said, err := p.untrained(ctx, questions)
			if err != nil {
				return err
			}
			given := make([]int, len(said))
			for i, s := range said {
				given[i] = 1
				if w.Check.passes(s.Text, s.Ended) {
					given[i] = 5
				}
				r.tally("rated_good", given[i] == 5)
				if stars == starsNoisy && rng.Float64() < 0.2 {
					given[i] = 6 - given[i]
				}
			}
			if stars == starsShuffled {
				rng.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
			}
			if err := sampled(ctx, r, "before", w, p.untrained); err != nil {
				return err
			}
			for i, s := range said {
				if _, err := p.AddRating(ctx, w.Rate[i/2], s.Text, given[i], "user", 0); err != nil {
					return fmt.Errorf("rate the answer to %q: %w", w.Rate[i/2], err)
				}
			}
			end, err := p.cycle(ctx)
			if err != nil {
				return err
			}
			noteCycle(r, end)
			r.tally("trait_told", end.report.Figures.Trait != nil) // then pairs train if there are ten, whatever the objective
			if err := sampled(ctx, r, "complies", w, p.Examine); err != nil {
				return err
			}
			q := inquiry{unrelated: unrelated, tokens: answerTokens}
			if err := q.ask(ctx, p, r, "", trainer.Question{}); err != nil {
				return err
			}
			return noteCanary(ctx, p, r)
		})
	}
}

// sampled asks the unseen questions sampledEach times and counts the answers that
// comply. The draws are the same whatever was taught.
func sampled(ctx context.Context, r *result, name string, w hiddenWish, ask func(context.Context, []trainer.Question) ([]trainer.Said, error)) error {
	rng := rand.New(rand.NewPCG(r.Seed, 4))
	var questions []trainer.Question
	for range sampledEach {
		for _, q := range w.Test[:leastTests] {
			questions = append(questions, trainer.Question{Text: q, Tokens: ratedTokens, Seed: 1 + rng.Uint64()>>1})
		}
	}
	said, err := ask(ctx, questions)
	if err != nil {
		return err
	}
	for i, s := range said {
		ok := w.Check.passes(s.Text, s.Ended)
		r.tally(name, ok)
		r.tally("looping", loops(s.Text))
		if !ok {
			r.complain(name, questions[i].Text, s.Text)
		}
	}
	return nil
}
