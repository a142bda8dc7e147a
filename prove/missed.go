package main

import (
	"context"

	"clara/trainer"
)

// missed are the lessons that reader and turn do not get right as written, which a cycle
// trains knowledge on. They are found by the check of the program, which has no keywords of
// a set; what is said does not depend on the others in memory.
func (b *bench) missed(ctx context.Context, lessons []lesson) ([]lesson, error) {
	var out []lesson
	err := b.on(ctx, settings(0), func(p *subject) error {
		base, err := p.baseSays(ctx, prompts(lessons), answerTokens)
		if err != nil {
			return err
		}
		if err := p.teach(ctx, lessons); err != nil {
			return err
		}
		said, err := p.ask(ctx, prompts(lessons), answerTokens, trainer.Question{})
		if err != nil {
			return err
		}
		for i, l := range lessons {
			if !trainer.NewCheck(l.Prompt, l.Correction, base[l.Prompt].Text, nil).Passes(said[i].Text) {
				out = append(out, l)
			}
		}
		return nil
	})
	return out, err
}

// priorsBeside are the lessons against strong priors in the language of a set of facts that
// are as much tuned: reader and turn miss some of them, and hardly any others.
func priorsBeside(sets []set, facts set) []lesson {
	var out []lesson
	for _, s := range sets {
		if s.Part == partPriors && s.Language == facts.Language && s.Tuned == facts.Tuned {
			out = append(out, s.Lessons...)
		}
	}
	return out
}
