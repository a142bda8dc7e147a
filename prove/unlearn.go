package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"clara/model"
	"clara/trainer"
)

// The program that unlearns has so much to begin with.
const (
	unlearnLessons     = 8
	unlearnMissed      = 2 // of these, as far as there are so many: missed by reader and turn, so that knowledge is trained
	unlearnCorrections = 6
)

// The adapters of a version.
const (
	partManner    = "manner"
	partKnowledge = "knowledge"
)

// unlearning teaches lessons and a manner, trains, takes one of each back, trains again,
// and compares the adapters byte for byte with those of a program that was never taught
// the two. hard are lessons of which reader and turn miss some; the lesson that is taken
// back is one of these, where another one is left to train knowledge on. Without manner
// nothing but the lessons is taught.
func unlearning(lessons, hard []lesson, manner []trainer.ScriptExchange) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		missed, err := b.missed(ctx, hard)
		if err != nil {
			return err
		}
		rng := rngOf(r.Seed, 7)
		rng.Shuffle(len(missed), func(i, j int) { missed[i], missed[j] = missed[j], missed[i] })
		some := slices.Clone(missed[:min(unlearnMissed, len(missed))])
		r.value("missed", float64(len(some)))
		others := slices.Clone(lessons)
		rng.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		some = append(some, others[:min(unlearnLessons-len(some), len(others))]...)
		manner := manner[:min(unlearnCorrections, len(manner))]
		gone, left := len(some)-1, manner
		var back string // the question of the correction that is taken back
		if len(manner) > 0 {
			at := rng.IntN(len(manner))
			back, left = manner[at].Prompt, slices.Delete(slices.Clone(manner), at, at+1)
		}
		if len(missed) > 1 {
			gone = 0
		}
		var taught, never map[string][]byte
		var asked []trainer.Said
		prompts := prompts(some)
		err = b.on(ctx, settings(r.Seed), func(p *subject) (err error) {
			if err := p.teachBoth(ctx, some, manner); err != nil {
				return err
			}
			if _, err := p.cycle(ctx); err != nil {
				return err
			}
			samples, err := p.Samples(ctx, trainer.SampleQuery{})
			if err != nil {
				return err
			}
			for _, s := range samples {
				if s.Prompt == some[gone].Prompt || s.Prompt == back {
					if err := p.TakeBack(ctx, s.ID); err != nil {
						return err
					}
				}
			}
			if _, err := p.cycle(ctx); err != nil {
				return err
			}
			if taught, err = p.adapters(ctx); err != nil {
				return err
			}
			asked, err = p.ask(ctx, prompts, answerTokens, trainer.Question{})
			return err
		})
		if err != nil {
			return err
		}
		return b.on(ctx, settings(r.Seed), func(p *subject) (err error) {
			if err := p.teachBoth(ctx, slices.Delete(slices.Clone(some), gone, gone+1), left); err != nil {
				return err
			}
			end, err := p.cycle(ctx)
			if err != nil {
				return err
			}
			r.Gate = end.Reason.Text
			if never, err = p.adapters(ctx); err != nil {
				return err
			}
			for _, part := range []string{partManner, partKnowledge} {
				arose := taught[part] != nil || never[part] != nil
				r.tally("arose_"+part, arose)
				if arose { // two that are not there prove nothing
					r.tally("equal_"+part, bytes.Equal(taught[part], never[part]))
					r.value(part+"_bytes", float64(len(taught[part])))
				}
			}
			answers, err := p.ask(ctx, prompts, answerTokens, trainer.Question{})
			if err != nil {
				return err
			}
			for i := range answers {
				r.tally("same_answers", answers[i].Text == asked[i].Text)
			}
			return nil
		})
	}
}

func (s *subject) teachBoth(ctx context.Context, lessons []lesson, manner []trainer.ScriptExchange) error {
	for _, l := range lessons {
		if err := s.correct(ctx, l.Prompt, l.Correction, trainer.Knowledge); err != nil {
			return err
		}
	}
	for _, c := range manner {
		if err := s.correct(ctx, c.Prompt, c.Answer, trainer.Manner); err != nil {
			return err
		}
	}
	return nil
}

// adapters are the files of the version in use, by part; nil for one that it has not.
func (s *subject) adapters(ctx context.Context) (map[string][]byte, error) {
	v, err := s.store.ActiveVersion(ctx, s.bench.runner.Info().Hash)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte)
	for part, folder := range map[string]string{partManner: v.Manner, partKnowledge: v.Knowledge} {
		if folder == "" {
			continue
		}
		out[part], err = os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(folder), model.AdapterTensorsFile))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the version in use has no %s: %w", part, err)
		}
		if err != nil {
			return nil, fmt.Errorf("read the adapters of the version in use: %w", err)
		}
	}
	return out, nil
}

func planUnlearning(sets []set, o options) []unit {
	facts, wishes := untuned(sets)
	if len(facts) == 0 || len(wishes) == 0 {
		return nil
	}
	run := func(variant string, cost time.Duration, hard []lesson, manner []trainer.ScriptExchange) unit {
		return unit{measurement: "unlearn", set: facts[0], variant: variant, cost: cost, run: unlearning(facts[0].Lessons, hard, manner)}
	}
	if w := wishes[0]; !o.short {
		// Beside this manner no knowledge arose, so it is taught without one too.
		return []unit{
			run(w.Wish+"; manner and knowledge", 150*time.Second, products(), w.Corrections),
			run("knowledge", 240*time.Second, products(), nil),
		}
	}
	return []unit{run(wishes[0].Wish+"; manner", 150*time.Second, nil, wishes[0].Corrections)}
}
