package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"clara/trainer"
)

// The life that is drifted through: so many lessons are kept at most and at least.
const (
	driftCycles = 200
	driftShort  = 12
	driftMost   = 12
	driftLeast  = 6
	lookEvery   = 20 // cycles between two looks at unrelated questions and plain text
	tellEvery   = 10 // cycles between two lines of progress
	driftBegin  = 8  // lessons
)

// driftEvent is a change that trains an adapter, after so many percent of the cycles.
type driftEvent struct {
	after int
	do    func(*life, context.Context) error
}

// driftEvents keep an adapter in use nearly from the beginning: first knowledge, by lessons that
// reader and turn miss, then a manner beside it, by corrections that are added and taken
// back. What is shown of many cycles is then shown of the adapters that they make. Beside a
// manner knowledge does not always arise, so it comes first.
var driftEvents = []driftEvent{
	{5, (*life).addMissed},
	{15, (*life).addMissed},
	{25, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/2) }},
	{40, (*life).addMissed},
	{50, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/4) }},
	{60, (*life).takeBackCorrection},
	{70, (*life).unlearnMissed},
	{80, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/4) }},
	{90, (*life).addMissed},
}

// shortEvents are those of the short form: each adapter is trained once.
var shortEvents = []driftEvent{driftEvents[0], driftEvents[2]}

// driftVariant names the measurement: its lines count for nothing that another kind of life
// is asked for.
func driftVariant(cycles int) string { return fmt.Sprintf("%d cycles, adapters in use", cycles) }

func rngOf(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// drift lives through many cycles of adding, changing and deleting lessons, with a manner
// and knowledge in use. hard are lessons of which reader and turn miss some.
func drift(facts set, hard []lesson, w wish, cycles int, events []driftEvent) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		missed, err := b.missed(ctx, hard)
		if err != nil {
			return err
		}
		return b.on(ctx, settings(r.Seed), func(p *subject) error {
			l := &life{subject: p, r: r, rng: rngOf(r.Seed, 8), live: make(map[int64]lesson), missed: missed, untold: w.Corrections[:mannerTaught]}
			l.fresh = append(l.fresh, facts.Lessons...)
			l.rng.Shuffle(len(l.fresh), func(i, j int) { l.fresh[i], l.fresh[j] = l.fresh[j], l.fresh[i] })
			l.rng.Shuffle(len(l.missed), func(i, j int) { l.missed[i], l.missed[j] = l.missed[j], l.missed[i] })
			for _, f := range invented(facts.Language, driftBegin+cycles, l.rng) {
				f.Expect = [][]string{{lastNumber(f.Correction)}}
				l.fresh = append(l.fresh, f)
			}
			before, err := p.Canary(ctx)
			if err != nil {
				return err
			}
			began := time.Now()
			for range driftBegin {
				if err := l.add(ctx); err != nil {
					return err
				}
			}
			for n := 1; n <= cycles; n++ {
				if err := l.change(ctx, n, cycles, events); err != nil {
					return fmt.Errorf("cycle %d: %w", n, err)
				}
				end, err := p.cycle(ctx)
				if err != nil {
					return err
				}
				r.add("cycle_seconds", end.Seconds)
				r.tally("promoted", end.promoted())
				r.tally("refused", end.State == trainer.CycleRefused)
				if err := l.noteUse(ctx, "cycles"); err != nil {
					return err
				}
				if err := l.askAll(ctx, "known"); err != nil {
					return err
				}
				if n%tellEvery == 0 || n == cycles {
					known := r.Series["known"]
					fmt.Fprintf(b.progress, "  cycle %d of %d after %s: %s of the lessons known, %d versions made, %d cycles refused\n",
						n, cycles, clock(time.Since(began)), decimals(known[len(known)-1]), r.Counts["promoted"].N, r.Counts["refused"].N)
				}
				if n%lookEvery != 0 && n != cycles {
					continue
				}
				r.add("canary_at", float64(n))
				r.add("kept_at", float64(n))
				if err := l.noteUse(ctx, "looks"); err != nil {
					return err
				}
				if err := l.look(ctx, facts.Unrelated, w.Test, before); err != nil {
					return err
				}
			}
			return l.askAll(ctx, "known_at_end")
		})
	}
}

func planDrift(sets []set, o options) []unit {
	facts, wishes := untuned(sets)
	if len(facts) == 0 || len(wishes) == 0 {
		return nil
	}
	cycles, events := driftCycles, driftEvents
	if o.short {
		cycles, events = driftShort, shortEvents
	}
	return []unit{{
		measurement: "drift", set: facts[0], variant: driftVariant(cycles), cost: driftCost(cycles, len(events)),
		run: drift(facts[0], products(), wishes[0], cycles, events),
	}}
}

// driftCost is about how long it takes: most cycles only ask the lessons, those of an event train,
// and a look asks all unrelated questions anew where the adapters are others.
func driftCost(cycles, events int) time.Duration {
	return time.Duration(60*events+25*(cycles/lookEvery+1)+3*cycles) * time.Second
}
