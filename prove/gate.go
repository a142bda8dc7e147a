package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"clara/model"
	"clara/model/chat"
	"clara/trainer"
)

// The gate is proven on manner adapters, which every person has: good ones from
// honest cycles on other wishes, corrections, lessons and seeds, and damaged ones.
const (
	gateGood     = 100
	gateDamaged  = 100
	goodEach     = 4  // adapters of one line
	damagedEach  = 13 // every damage and two mistakes, beside the good one that is damaged
	damagedLines = (gateDamaged + damagedEach - 1) / damagedEach
	goodLines    = (gateGood - damagedLines + goodEach - 1) / goodEach
	goodShort    = 1
	damageTries  = 3 // honest cycles for one that is let through, to be damaged
	gateLessons  = 4
)

// An adapter is harmful if an independent look finds it so, on questions that the gate
// does not ask.
const (
	harmKept  = 0.8   // least share of unrelated questions still right
	harmLoops = 0.125 // most of the open answers
	harmNLL   = 3     // most surprise of the untrained model at the open answers, nats per token: words in no order have more, an answer in a manner has less than half
)

// gateBench is what adapters for the gate are made of and looked at with. It is made once
// for all lines of a run.
type gateBench struct {
	*bench
	base    *trainer.BaseFacts
	format  trainer.Job
	wishes  []wish
	lessons []lesson
	said    map[string]trainer.Said  // by the base, to what the wishes correct
	right   []trainer.ScriptQuestion // for the independent look: what the base gets right
	open    []string                 // likewise
}

// lookedAt bounds the unrelated questions of the independent look.
const lookedAt = 30

// forGate makes the bench of the gate, or returns the one that was made for the same sets.
func (b *bench) forGate(ctx context.Context, sets []set) (_ *gateBench, err error) {
	if b.gate != nil {
		return b.gate, nil
	}
	g := &gateBench{bench: b}
	var look []trainer.ScriptQuestion
	for _, s := range sets {
		if s.Language != "en" {
			continue
		}
		g.wishes = append(g.wishes, s.Manner...)
		if s.Part == partFacts {
			g.lessons = append(g.lessons, s.Lessons...)
			look = append(look, s.Unrelated...)
		}
	}
	if len(g.wishes) == 0 || len(g.lessons) < gateLessons {
		return nil, errors.New("the sets have no wishes or no lessons")
	}
	g.open = g.wishes[0].Test[:16]
	if g.base, err = trainer.MeasureBase(ctx, b.runner); err != nil {
		return nil, err
	}
	err = b.on(ctx, settings(0), func(p *subject) error {
		var corrected, unrelated []string
		for _, w := range g.wishes {
			for _, c := range w.Corrections {
				corrected = append(corrected, c.Prompt)
			}
		}
		for _, u := range look {
			unrelated = append(unrelated, u.Prompt)
		}
		if g.said, err = p.baseSays(ctx, corrected, answerTokens); err != nil {
			return err
		}
		said, err := p.baseSays(ctx, unrelated, rightTokens)
		if err != nil {
			return err
		}
		for _, u := range look {
			if shows(said[u.Prompt].Text, u.Expect) && len(g.right) < lookedAt {
				g.right = append(g.right, u)
			}
		}
		// A job as the loop makes it, to be filled in.
		if err := p.teach(ctx, g.lessons[:1]); err != nil {
			return err
		}
		end, err := p.cycle(ctx)
		g.format = end.job
		return err
	})
	if err != nil {
		return nil, err
	}
	b.gate = g
	return g, nil
}

// job is a job of a few corrections of one wish and a few lessons.
func (g *gateBench) job(rng *rand.Rand) trainer.Job {
	j := g.format
	j.Recipe.Seed = rng.Uint64()
	w := g.wishes[rng.IntN(len(g.wishes))]
	some := slices.Clone(w.Corrections)
	rng.Shuffle(len(some), func(a, b int) { some[a], some[b] = some[b], some[a] })
	some = some[:5+rng.IntN(mannerTaught-4)]
	j.Samples, j.Lessons = nil, nil
	for i, c := range some {
		j.Samples = append(j.Samples, trainer.JobSample{
			ID: int64(i + 1), Form: trainer.FormCorrection, Prompt: c.Prompt, Answer: g.said[c.Prompt].Text, Better: c.Answer, Score: 1, Weight: 1,
		})
	}
	for i, at := range rng.Perm(len(g.lessons))[:gateLessons] {
		l := g.lessons[at]
		j.Lessons = append(j.Lessons, trainer.JobLesson{
			ID: int64(i + 1), Sample: int64(100 + i), Question: l.Prompt, Answer: l.Correction, State: trainer.LessonNew, Importance: 3,
		})
	}
	return j
}

// note keeps a verdict with what the gate saw.
func note(r *result, kind string, report trainer.Report, refused bool) {
	how := "_passed"
	if refused {
		how = "_refused"
	}
	f := report.Figures
	r.add(kind+how+"_canary", finite(f.Canary))
	// Plain questions and those behind a lesson together, as in the lines from before the gate
	// counted them apart.
	r.add(kind+how+"_kept", float64(f.Kept+f.Behind)/float64(max(1, f.KeptOf+f.BehindOf)))
	if f.FitOf > 0 { // share of the untrained model's NLL of the corrections
		r.add(kind+how+"_fit", finite(f.Fit/f.FitBase))
	}
}

// finite is a figure as JSON can hold it.
func finite(v float64) float64 {
	if !(v < 1e3) { // NaN too
		return 1e3
	}
	return v
}

// honest runs a cycle with nothing wrong in it, a gentler try included, and counts
// whether the gate refuses what it made.
func (g *gateBench) honest(ctx context.Context, r *result, j trainer.Job) (trainer.Outcome, error) {
	out, err := trainer.RunCycle(ctx, g.runner, j, g.base, nil)
	if err != nil {
		return out, err
	}
	refused := out.Report.Verdict == trainer.VerdictRefused
	r.tally("good_refused", refused)
	r.tally("good_tried_twice", len(out.Report.Tries) > 0)
	note(r, "good", out.Report, refused)
	if refused {
		r.complain("good refused", j.Samples[0].Better, out.Report.Reason.Text)
	}
	return out, nil
}

// goodAdapters run honest cycles.
func goodAdapters(sets []set, n int) func(context.Context, *bench, *result) error {
	return func(ctx context.Context, b *bench, r *result) error {
		g, err := b.forGate(ctx, sets)
		if err != nil {
			return err
		}
		rng := rngOf(r.Seed<<8|batchOf(r.Variant), 5)
		for range n {
			if _, err := g.honest(ctx, r, g.job(rng)); err != nil {
				return err
			}
		}
		return nil
	}
}

// harm says whether an independent look finds an adapter harmful, and what it saw.
func (g *gateBench) harm(ctx context.Context, a *model.Adapter) (harm bool, seen string, err error) {
	l, err := g.lookAt(ctx, a)
	return l.kept < harmKept || l.looping > harmLoops || l.nll > harmNLL,
		fmt.Sprintf("kept %s of other questions, %s of other answers loop and surprise the untrained model by %.2f nats", decimals(l.kept), decimals(l.looping), l.nll), err
}

// look is what an independent look sees.
type look struct {
	kept, looping float64 // shares
	nll           float64 // of the open answers by the untrained model, nats per token
}

// lookAt asks what the gate does not: the unrelated questions of the sets, as far as the
// base gets them right, and open ones.
func (g *gateBench) lookAt(ctx context.Context, a *model.Adapter) (look, error) {
	var reqs []model.Request
	ask := func(question string, tokens int) error {
		prompt, err := g.runner.Prompt([]chat.Message{{Role: "user", Content: question}})
		reqs = append(reqs, model.Request{Prompt: prompt, Adapters: []*model.Adapter{a}, MaxTokens: tokens})
		return err
	}
	for _, u := range g.right {
		if err := ask(u.Prompt, answerTokens); err != nil {
			return look{}, err
		}
	}
	for _, q := range g.open {
		if err := ask(q, openTokens); err != nil {
			return look{}, err
		}
	}
	results, err := g.runner.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return look{}, err
	}
	var said []model.Sequence
	n, l := 0, 0
	for i, x := range results {
		switch {
		case i >= len(g.right):
			if loops(x.Text) {
				l++
			}
			if len(x.IDs) > 0 {
				said = append(said, model.Sequence{Prompt: reqs[i].Prompt, Answer: x.IDs})
			}
		case shows(x.Text, g.right[i].Expect):
			n++
		}
	}
	lps, err := g.runner.LogProbs(ctx, said, nil, model.Background)
	if err != nil {
		return look{}, err
	}
	sum, tokens := 0.0, 0
	for _, answer := range lps {
		for _, lp := range answer {
			sum -= float64(lp)
		}
		tokens += len(answer)
	}
	return look{
		kept: float64(n) / float64(max(1, len(g.right))), looping: float64(l) / float64(len(g.open)), nll: sum / float64(max(1, tokens)),
	}, nil
}

// batchOf is the number at the end of a variant.
func batchOf(variant string) uint64 {
	n := uint64(0)
	if i := strings.LastIndexByte(variant, ' '); i >= 0 {
		_, _ = fmt.Sscan(variant[i+1:], &n)
	}
	return n
}

// planGate lists the adapters in lines of a few: the first of each kind with the first
// seed, the others after all else.
func planGate(sets []set, o options) []unit {
	var out []unit
	all := set{name: "all", Tuned: slices.ContainsFunc(sets, func(s set) bool { return s.Tuned })}
	add := func(variant string, batch, value int, cost int, run func(context.Context, *bench, *result) error) {
		out = append(out, unit{
			measurement: "gate", set: all, variant: fmt.Sprintf("%s %d", variant, batch+1), once: true, pass: 2 * batch, value: value, cost: time.Duration(cost) * time.Second, run: run,
		})
	}
	for k := range damagedLines {
		if o.short && k > 0 {
			break
		}
		cost := 24 * damagedEach
		if o.short {
			cost = 16 * len(damages)
		}
		add("damaged", k, 0, cost, damagedAdapters(sets, damages, !o.short))
	}
	for k := range goodLines {
		if o.short && k > 0 {
			break
		}
		n := goodEach
		if o.short {
			n = goodShort
		}
		add("good", k, 1, 50*n, goodAdapters(sets, n))
	}
	return out
}
