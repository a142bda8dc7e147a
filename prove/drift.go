package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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
	driftBegin  = 8  // lessons
)

// driftEvent is a change that trains an adapter, after so many percent of the cycles.
type driftEvent struct {
	after int
	do    func(*life, context.Context) error
}

// driftEvents keep a manner in use nearly from the beginning, by corrections that are added
// and taken back, and knowledge by lessons that reader and turn miss: what is shown of many
// cycles is then shown of the adapters that they make.
var driftEvents = []driftEvent{
	{5, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/2) }},
	{5, (*life).addMissed},
	{30, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/4) }},
	{40, (*life).addMissed},
	{55, (*life).takeBackCorrection},
	{65, (*life).unlearnMissed},
	{80, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/4) }},
	{90, (*life).addMissed},
}

// driftVariant names the measurement: its lines count for nothing that another kind of life
// is asked for.
func driftVariant(cycles int) string { return fmt.Sprintf("%d cycles, adapters in use", cycles) }

func rngOf(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// life is a program in the middle of many cycles.
type life struct {
	*subject
	r       *result
	rng     *rand.Rand
	fresh   []lesson         // not taught yet
	missed  []lesson         // likewise, those that reader and turn miss
	live    map[int64]lesson // by the lesson's number
	ids     []int64          // of live that change at random, the oldest first
	kept    []int64          // of live that reader and turn miss, likewise
	untold  []exchange       // corrections of the manner that are not made yet
	samples []int64          // of those that are
}

// drift lives through many cycles of adding, changing and deleting lessons, with a manner
// and knowledge in use. hard are lessons that reader and turn may miss, beside those of facts.
func drift(facts set, hard []lesson, w wish, cycles int) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		missed, err := b.missed(ctx, slices.Concat(facts.Lessons, hard))
		if err != nil {
			return err
		}
		return b.on(ctx, settings(r.Seed), func(p *subject) error {
			l := &life{subject: p, r: r, rng: rngOf(r.Seed, 8), live: make(map[int64]lesson), missed: missed, untold: w.Corrections[:mannerTaught]}
			for _, f := range facts.Lessons {
				if !slices.ContainsFunc(missed, func(m lesson) bool { return m.Prompt == f.Prompt }) {
					l.fresh = append(l.fresh, f)
				}
			}
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
			for range driftBegin {
				if err := l.add(ctx); err != nil {
					return err
				}
			}
			for n := 1; n <= cycles; n++ {
				if err := l.change(ctx, n, cycles); err != nil {
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

// noteUse counts the cycles, or looks, after which adapters answer.
func (l *life) noteUse(ctx context.Context, of string) error {
	v, err := l.store.ActiveVersion(ctx, l.bench.runner.Info().Hash)
	if err != nil {
		return fmt.Errorf("read the version in use: %w", err)
	}
	l.r.tally(of+"_with_manner", v.Manner != "")
	l.r.tally(of+"_with_knowledge", v.Knowledge != "")
	return nil
}

// change does what is due of the events, and adds, changes or deletes a lesson.
func (l *life) change(ctx context.Context, n, cycles int) error {
	for _, e := range driftEvents {
		if n == max(1, cycles*e.after/100) {
			if err := e.do(l, ctx); err != nil {
				return err
			}
		}
	}
	what := l.rng.IntN(3)
	switch {
	case len(l.ids) <= driftLeast || what == 0 && len(l.ids) < driftMost:
		return l.add(ctx)
	case what == 1:
		return l.revise(ctx)
	default:
		at := l.rng.IntN(len(l.ids))
		id := l.ids[at]
		l.forget(at)
		return l.Unlearn(ctx, id)
	}
}

// correctManner makes the next corrections of the manner.
func (l *life) correctManner(ctx context.Context, n int) error {
	for _, c := range l.untold[:n] {
		s, err := l.Teach(ctx, trainer.Teaching{Question: c.Prompt, Answer: c.Answer, Kind: trainer.Manner})
		if err != nil {
			return err
		}
		l.samples = append(l.samples, s.ID)
	}
	l.untold = l.untold[n:]
	return nil
}

// takeBackCorrection takes the oldest correction of the manner back.
func (l *life) takeBackCorrection(ctx context.Context) error {
	id := l.samples[0]
	l.samples = l.samples[1:]
	return l.TakeBack(ctx, id)
}

// addMissed teaches a lesson that reader and turn miss, where there is another one.
func (l *life) addMissed(ctx context.Context) error {
	if len(l.missed) == 0 {
		return nil
	}
	next := l.missed[0]
	l.missed = l.missed[1:]
	id, err := l.teachOne(ctx, next)
	l.kept = append(l.kept, id)
	return err
}

// unlearnMissed deletes the oldest of those lessons; it may be taught again.
func (l *life) unlearnMissed(ctx context.Context) error {
	if len(l.kept) == 0 {
		return nil
	}
	id := l.kept[0]
	l.missed, l.kept = append(l.missed, l.live[id]), l.kept[1:]
	delete(l.live, id)
	return l.Unlearn(ctx, id)
}

func (l *life) forget(at int) {
	delete(l.live, l.ids[at])
	l.ids = append(l.ids[:at:at], l.ids[at+1:]...)
}

// add teaches a fresh lesson.
func (l *life) add(ctx context.Context) error {
	next := l.fresh[0]
	l.fresh = l.fresh[1:]
	id, err := l.teachOne(ctx, next)
	l.ids = append(l.ids, id)
	return err
}

// teachOne teaches a lesson and finds its number.
func (l *life) teachOne(ctx context.Context, x lesson) (int64, error) {
	if _, err := l.Teach(ctx, trainer.Teaching{Question: x.Prompt, Answer: x.Correction, Kind: trainer.Knowledge}); err != nil {
		return 0, err
	}
	return l.adopt(ctx, x)
}

// adopt notes the newest lesson with such a question as live.
func (l *life) adopt(ctx context.Context, x lesson) (int64, error) {
	views, err := l.Lessons(ctx)
	if err != nil {
		return 0, err
	}
	for _, v := range views { // the newest first
		if v.Question == x.Prompt {
			l.live[v.ID] = x
			return v.ID, nil
		}
	}
	return 0, fmt.Errorf("the lesson %q was taught and is not there", x.Prompt)
}

// revise gives a lesson another answer: another number in the place of what it shows.
func (l *life) revise(ctx context.Context) error {
	at := l.rng.IntN(len(l.ids))
	id := l.ids[at]
	x := l.live[id]
	x.Expect = [][]string{{fmt.Sprint(10000 + l.rng.IntN(90000))}}
	x.Correction = fmt.Sprintf("That has changed; the new code is %s.", x.Expect[0][0])
	if err := l.SetAnswer(ctx, id, x.Correction); err != nil {
		return err
	}
	l.forget(at)
	id, err := l.adopt(ctx, x)
	l.ids = append(l.ids, id)
	return err
}

// askAll asks every live lesson as written.
func (l *life) askAll(ctx context.Context, name string) error {
	ids := slices.Concat(l.ids, l.kept)
	asked := make([]string, len(ids))
	for i, id := range ids {
		asked[i] = l.live[id].Prompt
	}
	said, err := l.ask(ctx, asked, answerTokens, trainer.Question{})
	if err != nil {
		return err
	}
	known := 0
	for i, s := range said {
		ok := shows(s.Text, l.live[ids[i]].Expect)
		if ok {
			known++
		} else {
			l.r.complain(name, asked[i], s.Text)
		}
		l.r.tally(name, ok)
		l.r.tally("looping", loops(s.Text))
	}
	if name == "known" {
		l.r.add(name, float64(known)/float64(max(1, len(said))))
	}
	return nil
}

// look asks what has nothing to do with any lesson.
func (l *life) look(ctx context.Context, unrelated []trivia, open []string, canary float64) error {
	var seen result
	q := inquiry{unrelated: unrelated, tokens: answerTokens}
	if err := q.ask(ctx, l.subject, &seen, "", trainer.Question{}); err != nil {
		return err
	}
	if c := seen.Counts["kept"]; c.Of > 0 {
		l.r.add("kept", float64(c.N)/float64(c.Of))
	}
	said, err := l.ask(ctx, open[:16], openTokens, trainer.Question{})
	if err != nil {
		return err
	}
	for _, s := range said {
		l.r.tally("looping", loops(s.Text))
	}
	nll, err := l.Canary(ctx)
	if err != nil {
		return err
	}
	l.r.add("canary", nll-canary)
	return nil
}

func lastNumber(s string) string {
	end := len(s)
	for end > 0 && (s[end-1] < '0' || s[end-1] > '9') {
		end--
	}
	start := end
	for start > 0 && s[start-1] >= '0' && s[start-1] <= '9' {
		start--
	}
	return s[start:end]
}

func planDrift(sets []set, o options) []unit {
	facts, wishes := untuned(sets)
	if len(facts) == 0 || len(wishes) == 0 {
		return nil
	}
	cycles := driftCycles
	if o.short {
		cycles = driftShort
	}
	return []unit{{
		measurement: "drift", set: facts[0], variant: driftVariant(cycles), cost: driftCost(cycles),
		run: drift(facts[0], priorsBeside(sets, facts[0]), wishes[0], cycles),
	}}
}

// driftCost is about how long it takes: most cycles only ask the lessons, those of an event train,
// and a look asks all unrelated questions anew where the adapters are others.
func driftCost(cycles int) time.Duration {
	return time.Duration(len(driftEvents))*60*time.Second + time.Duration(cycles/lookEvery+1)*25*time.Second + time.Duration(cycles)*3*time.Second
}
