package main

import (
	"context"
	"fmt"

	"clara/trainer"
)

// missed are the lessons that reader and turn do not get right as written, which a cycle
// trains knowledge on. They are found by the check of the program, which has no keywords of
// a set; what is said does not depend on the others in memory.
func (b *bench) missed(ctx context.Context, lessons []lesson) ([]lesson, error) {
	var out []lesson
	if len(lessons) == 0 {
		return nil, nil
	}
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

// What lessons on invented products are made of.
var (
	productNames  = []string{"Breeze 3", "Falcon 7", "Comet 12", "Lumen 4", "Aqua 9", "Nordic 5", "Titan 8", "Swift 6"}
	productThings = []string{"vacuum cleaner", "drill", "lawn mower", "coffee machine", "hedge trimmer"}
	productAsks   = []struct{ question, answer string }{
		{"What does the %s %s cost?", "The %s %s costs %d euros."},
		{"How much does the %s %s weigh?", "The %s %s weighs %d grams."},
	}
)

// products are lessons in English on invented products, each time the same: of such reader and
// turn miss several, of other facts hardly any, and of what contradicts strong priors some that
// no training mends without harm.
func products() []lesson {
	rng := rngOf(1, 10)
	var out []lesson
	for i, name := range productNames {
		for _, thing := range productThings {
			ask, value := productAsks[i%len(productAsks)], 20+rng.IntN(900)
			out = append(out, lesson{ScriptLesson: trainer.ScriptLesson{
				Prompt: fmt.Sprintf(ask.question, name, thing), Correction: fmt.Sprintf(ask.answer, name, thing, value), Expect: [][]string{{fmt.Sprint(value)}},
			}})
		}
	}
	return out
}
