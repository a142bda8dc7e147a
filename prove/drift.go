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
// and knowledge in use. hard are lessons of which reader and turn miss some. A life takes long,
// so it is kept from time to time, and goes on from there when the run was killed.
func drift(facts set, hard []lesson, w wish, cycles int, events []driftEvent) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		began, place := time.Now(), b.checkpointOf(r)
		before, home, going, err := kept[keptLife](place)
		if err != nil {
			return err
		}
		if going && !before.same(r) {
			fmt.Fprintf(b.progress, "  begun anew: what there is of it was measured at commit %s, or with another model\n", before.Result.Commit)
			going, home = false, ""
		}
		source := rand.NewPCG(r.Seed, 8)
		l := &life{r: r, rng: rand.New(source), source: source}
		if going {
			if err := source.UnmarshalBinary(before.Random); err != nil {
				return fmt.Errorf("go on with a life: %w", err)
			}
			*r, l.lived = before.Result, before.Lived
			began = began.Add(-time.Duration(r.Seconds * float64(time.Second)))
			fmt.Fprintf(b.progress, "  goes on after cycle %d of %d\n", l.Over, cycles)
		} else if l.Missed, err = b.missed(ctx, hard); err != nil {
			return err
		}
		return b.onHome(ctx, settings(r.Seed), home, func(p *subject) error {
			l.subject = p
			if !going {
				if err := l.begin(ctx, facts, w, cycles); err != nil {
					return err
				}
			}
			safe := time.Now()
			for l.Over < cycles {
				if err := l.next(ctx, facts, w, cycles, events); err != nil {
					return fmt.Errorf("cycle %d: %w", l.Over+1, err)
				}
				l.Over++
				if l.Over%tellEvery == 0 || l.Over == cycles {
					known := r.Series["known"]
					fmt.Fprintf(b.progress, "  cycle %d of %d after %s: %s of the lessons known, %d versions made, %d cycles refused\n",
						l.Over, cycles, clock(time.Since(began)), decimals(known[len(known)-1]), r.Counts["promoted"].N, r.Counts["refused"].N)
				}
				if time.Since(safe) >= b.keepEvery {
					if err := l.keep(place, time.Since(began).Seconds()); err != nil {
						return err
					}
					safe = time.Now()
				}
			}
			return l.askAll(ctx, "known_at_end")
		})
	}
}

// begin shuffles what there is to be taught, and teaches the first of it.
func (l *life) begin(ctx context.Context, facts set, w wish, cycles int) (err error) {
	l.Live, l.Untold = make(map[int64]lesson), w.Corrections[:mannerTaught]
	l.Fresh = append(l.Fresh, facts.Lessons...)
	l.rng.Shuffle(len(l.Fresh), func(i, j int) { l.Fresh[i], l.Fresh[j] = l.Fresh[j], l.Fresh[i] })
	l.rng.Shuffle(len(l.Missed), func(i, j int) { l.Missed[i], l.Missed[j] = l.Missed[j], l.Missed[i] })
	for _, f := range invented(facts.Language, driftBegin+cycles, l.rng) {
		f.Expect = [][]string{{lastNumber(f.Correction)}}
		l.Fresh = append(l.Fresh, f)
	}
	if l.Plain, err = l.Canary(ctx); err != nil {
		return err
	}
	for range driftBegin {
		if err := l.add(ctx); err != nil {
			return err
		}
	}
	return nil
}

// next changes something, lets the loop run a cycle, and asks what is known after it.
func (l *life) next(ctx context.Context, facts set, w wish, cycles int, events []driftEvent) error {
	n := l.Over + 1
	if err := l.change(ctx, n, cycles, events); err != nil {
		return err
	}
	end, err := l.cycle(ctx)
	if err != nil {
		return err
	}
	l.r.add("cycle_seconds", end.Seconds)
	l.r.tally("promoted", end.promoted())
	l.r.tally("refused", end.State == trainer.CycleRefused)
	if err := l.noteUse(ctx, "cycles"); err != nil {
		return err
	}
	if err := l.askAll(ctx, "known"); err != nil {
		return err
	}
	if n%lookEvery != 0 && n != cycles {
		return nil
	}
	l.r.add("canary_at", float64(n))
	l.r.add("kept_at", float64(n))
	if err := l.noteUse(ctx, "looks"); err != nil {
		return err
	}
	return l.look(ctx, facts.Unrelated, w.Test)
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
