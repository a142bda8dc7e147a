package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"clara/model"
	"clara/trainer"
)

// damagedAdapters break the adapter of an honest cycle, which counts as a good one, in
// each of the ways, train others wrongly, and count those that the gate lets through, and how
// many of these do harm.
func damagedAdapters(sets []set, ways []damage, trainedWrongly bool) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		g, err := b.forGate(ctx, sets)
		if err != nil {
			return err
		}
		rng := rngOf(r.Seed<<8|batchOf(r.Variant), 6) // not the jobs of the good ones
		j, good, err := g.toDamage(ctx, r, rng)
		if err != nil {
			return err
		}
		if good != nil {
			if err := g.damageAll(ctx, r, rng, j, good, ways); err != nil {
				return err
			}
		}
		if !trainedWrongly {
			return nil
		}
		for i := range 2 {
			m := mistakes[(2*int(batchOf(r.Variant))+i)%len(mistakes)]
			wrongJob, wrongBase := j, *g.base
			wrongJob.Samples = slices.Clone(j.Samples)
			wrongJob.Lessons = nil // manner is trained without them, and what is made is put to the gate with them
			m.make(&wrongJob, &wrongBase, rng)
			out, err := trainer.RunCycle(ctx, b.runner, wrongJob, &wrongBase, nil)
			if err != nil {
				return err
			}
			if out.Manner == nil {
				continue
			}
			if err := g.put(ctx, r, m.name, j, out.Manner); err != nil {
				return err
			}
		}
		return nil
	}
}

// toDamage runs honest cycles until the gate lets one through, damageTries at most: an
// adapter that it refuses as it is would be refused damaged too, which proves nothing. The
// adapter is nil where none came through; the job is the last one, with what the base says to
// its lessons.
func (g *gateBench) toDamage(ctx context.Context, r *result, rng *rand.Rand) (trainer.Job, *model.Adapter, error) {
	var j trainer.Job
	for range damageTries {
		j = g.job(rng)
		good, err := g.honest(ctx, r, j)
		if err != nil {
			return j, nil, err
		}
		for _, said := range good.Report.Bases { // as the loop keeps it: the base is not asked again
			for i := range j.Lessons {
				if j.Lessons[i].ID == said.Lesson {
					j.Lessons[i].BaseAnswer = said.Text
				}
			}
		}
		if fitToDamage(good) {
			return j, good.Manner, nil
		}
	}
	return j, nil, nil
}

// fitToDamage says whether a cycle made a manner that the gate let through.
func fitToDamage(o trainer.Outcome) bool {
	return o.Manner != nil && o.Report.Verdict != trainer.VerdictRefused
}

// damageAll puts an adapter to the gate that is damaged in each way.
func (g *gateBench) damageAll(ctx context.Context, r *result, rng *rand.Rand, j trainer.Job, good *model.Adapter, ways []damage) error {
	harm, _, err := g.harm(ctx, good)
	if err != nil {
		return err
	}
	r.tally("good_harmful", harm) // how often the look itself sees harm where nothing was damaged
	for _, d := range ways {
		a, err := damaged(g.runner, good, g.dir, d, rng)
		if errors.Is(err, model.ErrAdapter) { // not even loaded
			r.tally("damaged_let_through", false)
			r.tally("refused_by_the_reader_of_files", true)
			continue
		}
		if err != nil {
			return err
		}
		if err := g.put(ctx, r, d.name, j, a); err != nil {
			return err
		}
	}
	return nil
}

// put puts an adapter to the gate, and looks independently at one that it lets through.
func (g *gateBench) put(ctx context.Context, r *result, name string, j trainer.Job, a *model.Adapter) error {
	report, err := trainer.CheckVersion(ctx, g.runner, j, g.base, trainer.Adapters{Manner: a})
	if err != nil {
		return fmt.Errorf("an adapter with %s: %w", name, err)
	}
	passed := report.Verdict != trainer.VerdictRefused
	r.tally("damaged_let_through", passed)
	note(r, "damaged", report, !passed)
	if !passed {
		return nil
	}
	harm, seen, err := g.harm(ctx, a)
	if err != nil {
		return fmt.Errorf("an adapter with %s: %w", name, err)
	}
	r.tally("let_through_harmful", harm)
	r.complain("let through", name, fmt.Sprintf("%s, corrections at %s of %s nats: %s", seen, decimals(report.Figures.Fit), decimals(report.Figures.FitBase), report.Reason.Text))
	return nil
}

// mistake is a training that goes wrong.
type mistake struct {
	name string
	make func(*trainer.Job, *trainer.BaseFacts, *rand.Rand)
}

var mistakes = []mistake{
	{"a rate of 1e-2", func(j *trainer.Job, _ *trainer.BaseFacts, _ *rand.Rand) { j.Recipe.MannerRate = 1e-2 }},
	{"answers of words in no order", func(j *trainer.Job, _ *trainer.BaseFacts, rng *rand.Rand) {
		for i := range j.Samples {
			words := strings.Fields(j.Samples[i].Better)
			rng.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
			j.Samples[i].Better = strings.Join(words, " ")
		}
	}},
	{"answers that repeat themselves", func(j *trainer.Job, _ *trainer.BaseFacts, _ *rand.Rand) {
		for i := range j.Samples {
			words := strings.Fields(j.Samples[i].Better)
			j.Samples[i].Better = strings.Repeat(strings.Join(words[:min(4, len(words))], " ")+" ", 10)
		}
	}},
	{"anchors with the answers of others, and a rate of 3e-3", func(j *trainer.Job, b *trainer.BaseFacts, rng *rand.Rand) {
		j.Recipe.MannerRate = 3e-3
		b.Anchors = slices.Clone(b.Anchors)
		from := slices.Clone(b.Anchors)
		for i, at := range rng.Perm(len(from)) {
			b.Anchors[i].Answer, b.Anchors[i].Text, b.Anchors[i].Top = from[at].Answer, from[at].Text, from[at].Top
		}
	}},
}
