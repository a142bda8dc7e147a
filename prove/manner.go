package main

import (
	"context"
	"math/rand/v2"
	"slices"

	"clara/trainer"
)

// mannerBy measures a wish that a person shows by eight corrections: how many answers
// to unseen questions comply, and how many unrelated questions are still right.
func mannerBy(w wish, unrelated []trainer.ScriptQuestion) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		return b.on(ctx, settings(r.Seed), func(p *subject) error {
			before, err := p.baseSays(ctx, w.Test, openTokens)
			if err != nil {
				return err
			}
			for _, prompt := range w.Test {
				r.tally("before", w.Check.passes(before[prompt].Text, before[prompt].Ended))
			}
			for _, c := range w.Corrections[:mannerTaught] {
				if err := p.correct(ctx, c.Prompt, c.Answer, trainer.Manner); err != nil {
					return err
				}
			}
			end, err := p.cycle(ctx)
			if err != nil {
				return err
			}
			noteCycle(r, end)
			if err := comply(ctx, p, r, "complies", w.Check, w.Test); err != nil {
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

// comply asks unseen questions, the likeliest answer to each, and counts those that
// pass.
func comply(ctx context.Context, p *subject, r *result, name string, c check, test []string) error {
	said, err := p.ask(ctx, test, openTokens, trainer.Question{})
	if err != nil {
		return err
	}
	for i, s := range said {
		ok := c.passes(s.Text, s.Ended)
		r.tally(name, ok)
		r.tally("looping", loops(s.Text))
		if !ok {
			r.complain(name, test[i], s.Text)
		}
	}
	return nil
}

// noteCycle keeps how a cycle ended and what its gate measured.
func noteCycle(r *result, end trained) {
	r.tally("promoted", end.promoted())
	r.tally("tried_twice", len(end.report.Tries) > 0)
	r.value("cycle_seconds", end.Seconds)
	r.value("gate_seconds", end.report.Seconds.Gate)
	r.Gate = end.Reason.Text
}

func noteCanary(ctx context.Context, p *subject, r *result) error {
	nll, err := p.Canary(ctx)
	if err != nil {
		return err
	}
	r.value("canary_nll", nll)
	return nil
}

// both measures lessons and a manner that are taught together.
func both(facts set, w wish) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		lessons := slices.Clone(facts.Lessons)
		rng := rand.New(rand.NewPCG(r.Seed, 2))
		rng.Shuffle(len(lessons), func(i, j int) { lessons[i], lessons[j] = lessons[j], lessons[i] })
		lessons = lessons[:min(len(lessons), 12)]
		return b.on(ctx, settings(r.Seed), func(p *subject) error {
			for _, l := range lessons {
				if err := p.correct(ctx, l.Prompt, l.Correction, trainer.Knowledge); err != nil {
					return err
				}
			}
			for _, c := range w.Corrections[:mannerTaught] {
				if err := p.correct(ctx, c.Prompt, c.Answer, trainer.Manner); err != nil {
					return err
				}
			}
			end, err := p.cycle(ctx)
			if err != nil {
				return err
			}
			noteCycle(r, end)
			q := inquiry{lessons: lessons, unrelated: facts.Unrelated, tokens: openTokens, manner: &w.Check}
			if err := q.ask(ctx, p, r, "", trainer.Question{}); err != nil {
				return err
			}
			if err := comply(ctx, p, r, "complies", w.Check, w.Test); err != nil {
				return err
			}
			return noteCanary(ctx, p, r)
		})
	}
}
