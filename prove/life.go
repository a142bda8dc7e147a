package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"clara/trainer"
)

// life is a program in the middle of many cycles.
type life struct {
	*subject
	r      *result
	rng    *rand.Rand
	source *rand.PCG // of rng
	lived
}

// lived is what a life has to know besides its program in order to go on.
type lived struct {
	Over    int                      `json:"over"`    // cycles
	Plain   float64                  `json:"plain"`   // the canary of the base
	Fresh   []lesson                 `json:"fresh"`   // not taught yet
	Missed  []lesson                 `json:"missed"`  // likewise, those that reader and turn miss
	Live    map[int64]lesson         `json:"live"`    // by the lesson's number
	IDs     []int64                  `json:"ids"`     // of Live that change at random, the oldest first
	Kept    []int64                  `json:"kept"`    // of Live that reader and turn miss, likewise
	Untold  []trainer.ScriptExchange `json:"untold"`  // corrections of the manner that are not made yet
	Samples []int64                  `json:"samples"` // of those that are
}

// keptLife is what a checkpoint keeps of a life.
type keptLife struct {
	Lived  lived  `json:"lived"`
	Random []byte `json:"random"`
	Result result `json:"result"`
}

// same says whether a result is measured with the same program, base and reader: a life is one
// of one program.
func (k keptLife) same(r *result) bool {
	return k.Result.Commit == r.Commit && k.Result.Base == r.Base && k.Result.Reader == r.Reader
}

// keep keeps the life as it is now; seconds is how long it took so far.
func (l *life) keep(c checkpoint, seconds float64) error {
	random, err := l.source.MarshalBinary()
	if err != nil {
		return fmt.Errorf("keep a measurement in its middle: %w", err)
	}
	r := *l.r
	r.Seconds = seconds
	return keep(c, l.dir, keptLife{l.lived, random, r})
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
func (l *life) change(ctx context.Context, n, cycles int, events []driftEvent) error {
	for _, e := range events {
		if n == max(1, cycles*e.after/100) {
			if err := e.do(l, ctx); err != nil {
				return err
			}
		}
	}
	what := l.rng.IntN(3)
	switch {
	case len(l.IDs) <= driftLeast || what == 0 && len(l.IDs) < driftMost:
		return l.add(ctx)
	case what == 1:
		return l.revise(ctx)
	default:
		at := l.rng.IntN(len(l.IDs))
		id := l.IDs[at]
		l.forget(at)
		return l.Unlearn(ctx, id)
	}
}

// correctManner makes the next corrections of the manner.
func (l *life) correctManner(ctx context.Context, n int) error {
	for _, c := range l.Untold[:n] {
		s, err := l.Teach(ctx, trainer.Teaching{Question: c.Prompt, Answer: c.Answer, Kind: trainer.Manner})
		if err != nil {
			return err
		}
		l.Samples = append(l.Samples, s.ID)
	}
	l.Untold = l.Untold[n:]
	return nil
}

// takeBackCorrection takes the oldest correction of the manner back.
func (l *life) takeBackCorrection(ctx context.Context) error {
	id := l.Samples[0]
	l.Samples = l.Samples[1:]
	return l.TakeBack(ctx, id)
}

// addMissed teaches a lesson that reader and turn miss, where there is another one.
func (l *life) addMissed(ctx context.Context) error {
	if len(l.Missed) == 0 {
		return nil
	}
	next := l.Missed[0]
	l.Missed = l.Missed[1:]
	id, err := l.teachOne(ctx, next)
	l.Kept = append(l.Kept, id)
	return err
}

// unlearnMissed deletes the oldest of those lessons; it may be taught again.
func (l *life) unlearnMissed(ctx context.Context) error {
	if len(l.Kept) == 0 {
		return nil
	}
	id := l.Kept[0]
	l.Missed, l.Kept = append(l.Missed, l.Live[id]), l.Kept[1:]
	delete(l.Live, id)
	return l.Unlearn(ctx, id)
}

func (l *life) forget(at int) {
	delete(l.Live, l.IDs[at])
	l.IDs = append(l.IDs[:at:at], l.IDs[at+1:]...)
}

// add teaches a fresh lesson.
func (l *life) add(ctx context.Context) error {
	next := l.Fresh[0]
	l.Fresh = l.Fresh[1:]
	id, err := l.teachOne(ctx, next)
	l.IDs = append(l.IDs, id)
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
			l.Live[v.ID] = x
			return v.ID, nil
		}
	}
	return 0, fmt.Errorf("the lesson %q was taught and is not there", x.Prompt)
}

// revise gives a lesson another answer: another number in the place of what it shows.
func (l *life) revise(ctx context.Context) error {
	at := l.rng.IntN(len(l.IDs))
	id := l.IDs[at]
	x := l.Live[id]
	x.Expect = [][]string{{fmt.Sprint(10000 + l.rng.IntN(90000))}}
	x.Correction = fmt.Sprintf("That has changed; the new code is %s.", x.Expect[0][0])
	if err := l.SetAnswer(ctx, id, x.Correction); err != nil {
		return err
	}
	l.forget(at)
	id, err := l.adopt(ctx, x)
	l.IDs = append(l.IDs, id)
	return err
}

// askAll asks every live lesson as written.
func (l *life) askAll(ctx context.Context, name string) error {
	ids := slices.Concat(l.IDs, l.Kept)
	asked := make([]string, len(ids))
	for i, id := range ids {
		asked[i] = l.Live[id].Prompt
	}
	said, err := l.ask(ctx, asked, answerTokens, trainer.Question{})
	if err != nil {
		return err
	}
	known := 0
	for i, s := range said {
		ok := shows(s.Text, l.Live[ids[i]].Expect)
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
func (l *life) look(ctx context.Context, unrelated []trainer.ScriptQuestion, open []string) error {
	before := l.r.Counts["kept"] // of the looks so far
	q := inquiry{unrelated: unrelated, tokens: answerTokens}
	if err := q.ask(ctx, l.subject, l.r, "", trainer.Question{}); err != nil {
		return err
	}
	if c := l.r.Counts["kept"]; c.Of > before.Of {
		l.r.add("kept", float64(c.N-before.N)/float64(c.Of-before.Of))
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
	l.r.add("canary", nll-l.Plain)
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
