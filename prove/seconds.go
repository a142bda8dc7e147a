package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clara/trainer"
)

// timedLessons is how many lessons are timed; others lie in memory beside them.
const (
	timedLessons = 12
	timedMemory  = 88
)

// wait measures how long a person waits: from saving a lesson to the whole answer to
// the question in other words, and from the last of eight corrections to the version
// that answers in the manner, gate included.
func wait(facts set, w wish) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		return b.on(ctx, settings(r.Seed), func(p *subject) error {
			if err := p.teach(ctx, b.fillers(facts.Language, timedMemory, rngOf(r.Seed, 6))); err != nil {
				return err
			}
			for _, l := range facts.Lessons[:min(timedLessons, len(facts.Lessons))] {
				e, err := p.Answer(ctx, trainer.Ask{Text: l.Prompt, Greedy: true, MaxTokens: answerTokens, WithoutLesson: true}, nil)
				if err != nil {
					return err
				}
				start := time.Now()
				if _, err := p.Correct(ctx, trainer.Correction{Message: e.ID, Better: l.Correction, Kind: trainer.Knowledge}); err != nil {
					return fmt.Errorf("correct the answer to %q: %w", l.Prompt, err)
				}
				again, err := p.Answer(ctx, trainer.Ask{Text: l.Rewordings[0], Greedy: true, MaxTokens: answerTokens}, nil)
				if err != nil {
					return err
				}
				r.add("lesson_seconds", time.Since(start).Seconds())
				r.tally("changed", shows(again.Text, l.Expect))
			}
			for _, c := range w.Corrections[:mannerTaught] {
				if err := p.correct(ctx, c.Prompt, c.Answer, trainer.Manner); err != nil {
					return err
				}
			}
			start := time.Now()
			end, err := p.cycle(ctx)
			if err != nil {
				return err
			}
			r.add("manner_seconds", time.Since(start).Seconds())
			noteCycle(r, end)
			return nil
		})
	}
}

// waited is how long a person waits for something, and at most should.
type waited struct {
	what, series string
	most         float64 // seconds
	below        bool    // it must stay below, not reach it
}

// waits are the promises about seconds, each of which has to hold every time.
var waits = []waited{
	{"a lesson: from saving to the whole next answer", "lesson_seconds", 1, true},
	{"a manner, 8 corrections: from the last one to the version in use, gate included", "manner_seconds", 30, false},
}

func (w waited) goal() string {
	if w.below {
		return fmt.Sprintf("< %g", w.most)
	}
	return fmt.Sprintf("≤ %g", w.most)
}

// of are the lines that have such seconds.
func (w waited) of(lines []result) []result {
	return slices.DeleteFunc(slices.Clone(lines), func(r result) bool { return r.Measurement != "seconds" || len(r.Series[w.series]) == 0 })
}

// times are the seconds of lines, the shortest first.
func (w waited) times(lines []result) []float64 {
	var all []float64
	for _, r := range w.of(lines) {
		all = append(all, r.Series[w.series]...)
	}
	slices.Sort(all)
	return all
}

func (w waited) judge(lines, promised []result) judged {
	all := w.times(lines)
	promised = thoseAbout(func(r result) bool { return r.Measurement == "seconds" }, promised)
	if len(all) == 0 {
		return without(len(promised) > 0)
	}
	longest := all[len(all)-1]
	return judged{fmt.Sprintf("%.2f", longest), verdict(longest < w.most || !w.below && longest == w.most, lines, promised)}
}

func planSeconds(sets []set) []unit {
	facts, wishes := untuned(sets)
	if len(facts) == 0 || len(wishes) == 0 {
		return nil
	}
	return []unit{{measurement: "seconds", set: facts[0], variant: wishes[0].Wish, cost: 80 * time.Second, run: wait(facts[0], wishes[0])}}
}

// untuned are the English sets of facts and the wishes that nothing was chosen by; all
// of them where there are none such.
func untuned(sets []set) (facts []set, wishes []wish) {
	for _, tuned := range []bool{false, true} {
		if len(facts) > 0 && len(wishes) > 0 {
			break
		}
		facts, wishes = nil, nil
		for _, s := range sets {
			if s.Language != "en" || s.Tuned != tuned {
				continue
			}
			if s.Part == partFacts && len(s.Lessons) > 0 {
				facts = append(facts, s)
			}
			wishes = append(wishes, s.Manner...)
		}
	}
	return facts, wishes
}
