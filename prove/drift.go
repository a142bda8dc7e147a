package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"clara/trainer"
)

// The life that is drifted through: so many lessons are kept at most and at least, and
// a manner is taught and taken back every mannerEvery cycles, for mannerFor cycles.
const (
	driftCycles = 200
	driftShort  = 12
	driftMost   = 12
	driftLeast  = 6
	mannerEvery = 100
	mannerFor   = 8
	lookEvery   = 20 // cycles between two looks at unrelated questions and plain text
	driftBegin  = 8  // lessons
)

func rngOf(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// life is a program in the middle of many cycles.
type life struct {
	*subject
	r      *result
	rng    *rand.Rand
	fresh  []lesson         // not taught yet
	live   map[int64]lesson // by the lesson's number
	ids    []int64          // of live, the oldest first
	manner []int64          // the samples of the manner taught now
}

// drift lives through many cycles of adding, changing and deleting lessons.
func drift(facts set, w wish, cycles int) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		return b.on(ctx, settings(r.Seed), func(p *subject) error {
			l := &life{subject: p, r: r, rng: rngOf(r.Seed, 8), live: make(map[int64]lesson)}
			l.fresh = append(l.fresh, facts.Lessons...)
			l.rng.Shuffle(len(l.fresh), func(i, j int) { l.fresh[i], l.fresh[j] = l.fresh[j], l.fresh[i] })
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
				if err := l.change(ctx, n, w); err != nil {
					return fmt.Errorf("cycle %d: %w", n, err)
				}
				end, err := p.cycle(ctx)
				if err != nil {
					return err
				}
				r.add("cycle_seconds", end.Seconds)
				r.tally("promoted", end.promoted())
				r.tally("refused", end.State == trainer.CycleRefused)
				if err := l.askAll(ctx, "known"); err != nil {
					return err
				}
				if n%lookEvery != 0 && n != cycles {
					continue
				}
				r.add("canary_at", float64(n))
				r.add("kept_at", float64(n))
				if err := l.look(ctx, facts.Unrelated, w.Test, before); err != nil {
					return err
				}
			}
			return l.askAll(ctx, "known_at_end")
		})
	}
}

// change adds, changes or deletes a lesson, and the manner when it is its time.
func (l *life) change(ctx context.Context, n int, w wish) error {
	switch n % mannerEvery {
	case mannerEvery / 2:
		for _, c := range w.Corrections[:mannerTaught] {
			s, err := l.Teach(ctx, trainer.Teaching{Question: c.Prompt, Answer: c.Answer, Kind: trainer.Manner})
			if err != nil {
				return err
			}
			l.manner = append(l.manner, s.ID)
		}
	case mannerEvery/2 + mannerFor:
		for _, id := range l.manner {
			if err := l.TakeBack(ctx, id); err != nil {
				return err
			}
		}
		l.manner = nil
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

func (l *life) forget(at int) {
	delete(l.live, l.ids[at])
	l.ids = append(l.ids[:at:at], l.ids[at+1:]...)
}

// add teaches a fresh lesson and finds its number.
func (l *life) add(ctx context.Context) error {
	next := l.fresh[0]
	l.fresh = l.fresh[1:]
	if _, err := l.Teach(ctx, trainer.Teaching{Question: next.Prompt, Answer: next.Correction, Kind: trainer.Knowledge}); err != nil {
		return err
	}
	return l.adopt(ctx, next)
}

// adopt notes the newest lesson as live.
func (l *life) adopt(ctx context.Context, x lesson) error {
	views, err := l.Lessons(ctx)
	if err != nil {
		return err
	}
	for _, v := range views { // the newest first
		if v.Question == x.Prompt {
			l.live[v.ID] = x
			l.ids = append(l.ids, v.ID)
			return nil
		}
	}
	return fmt.Errorf("the lesson %q was taught and is not there", x.Prompt)
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
	return l.adopt(ctx, x)
}

// askAll asks every live lesson as written.
func (l *life) askAll(ctx context.Context, name string) error {
	asked := make([]string, len(l.ids))
	for i, id := range l.ids {
		asked[i] = l.live[id].Prompt
	}
	said, err := l.ask(ctx, asked, answerTokens, trainer.Question{})
	if err != nil {
		return err
	}
	known := 0
	for i, s := range said {
		ok := shows(s.Text, l.live[l.ids[i]].Expect)
		if ok {
			known++
		} else {
			l.r.complain(name, asked[i], s.Text)
		}
		if name != "known" {
			l.r.tally(name, ok)
		}
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
		measurement: "drift", set: facts[0], variant: fmt.Sprintf("%d cycles", cycles), cost: time.Duration(cycles) * 4 * time.Second,
		run: drift(facts[0], wishes[0], cycles),
	}}
}
