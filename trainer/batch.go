package trainer

import (
	"fmt"

	"clara/model"
	"clara/trainer/objective"
)

// batch is one optimiser step: its sequences, and what the loss wants of each.
// The three parts of the loss are means over their own items, so that more
// anchors do not push the feedback aside:
//
//	L = mean(imitated) + mean(rated) + λ mean(held)
type batch struct {
	items    []model.Item
	imitated []imitated
	rated    []rated
	pairs    []pair // with "dpo"
	apart    []apart
	held     []held
	lambda   float64
	beta     float64
	loss     string // of ratings: Settings.Objective
}

type imitated struct { // by supervised fine-tuning
	item   int
	weight float64
	token  []float64
}

type rated struct { // one by one
	item   int
	base   []float64
	good   bool
	weight float64
}

type pair struct{ better, given rated } // two answers to one question; the weight is the better one's

type apart struct { // a prompt with the answer to another, for KTO's reference
	item int
	base []float64
}

type held struct { // to the base's distribution
	item int
	base [][]float64
}

// imitate adds an answer to imitate. token weighs its tokens; nil: all alike.
func (b *batch) imitate(s model.Sequence, weight float64, token []float64) {
	b.imitated = append(b.imitated, imitated{len(b.items), weight, token})
	b.items = append(b.items, model.Item{Sequence: s})
}

// rate adds a rated answer with the base's log-probabilities of its tokens.
func (b *batch) rate(s model.Sequence, base []float64, good bool, weight float64) {
	b.rated = append(b.rated, rated{len(b.items), base, good, weight})
	b.items = append(b.items, model.Item{Sequence: s})
}

// prefer adds an answer that is to become likelier than another to the same question.
func (b *batch) prefer(better, given weighted) {
	b.items = append(b.items, model.Item{Sequence: better.Sequence})
	b.preferLast(better, given)
}

// preferLast is prefer with the answer that was added last as the better one: what is
// imitated is not computed twice.
func (b *batch) preferLast(better, given weighted) {
	n := len(b.items)
	b.items = append(b.items, model.Item{Sequence: given.Sequence})
	b.pairs = append(b.pairs, pair{
		better: rated{item: n - 1, base: better.base, good: true, weight: better.weight},
		given:  rated{item: n, base: given.base, weight: given.weight},
	})
}

// mismatch adds a mismatched pair with the base's log-probabilities. No gradient runs through
// KTO's reference.
func (b *batch) mismatch(s model.Sequence, base []float64) {
	b.apart = append(b.apart, apart{len(b.items), base})
	b.items = append(b.items, model.Item{Sequence: s, ForwardOnly: true})
}

// stepRows is how many tokens a step takes (model.ErrTooLong).
const stepRows = 4096

// rows is how many tokens the step has, if its prompts have nothing in common.
func (b *batch) rows() (n int) {
	for _, it := range b.items {
		n += len(it.Prompt) + len(it.Answer) - 1
	}
	return n
}

// hold adds a text on which prompt, then the text, are to be distributed as top says,
// unless the step is full: a gentler try has more to hold than always fits beside the
// longest samples.
func (b *batch) hold(s model.Sequence, top []model.Distribution) {
	if b.rows()+len(s.Prompt)+len(s.Answer) > stepRows {
		return
	}
	it := model.Item{Sequence: s, Candidates: make([][]int32, len(top))}
	base := make([][]float64, len(top))
	for t, d := range top {
		it.Candidates[t] = d.IDs
		base[t] = widen(d.LogProbs)
	}
	b.held = append(b.held, held{len(b.items), base})
	b.items = append(b.items, it)
}

// lossParts is the loss of a step by what it is of, each part a mean over its items.
type lossParts struct {
	imitated, rated float64
	held            float64 // before λ
	surprise        float64 // nats per token at what is imitated, the more important ones counting more
}

// feedback is what is learnt from, without what holds to the base.
func (l lossParts) feedback() float64 { return l.imitated + l.rated }

// losses is the loss in its parts, with the derivatives of the whole.
func (b *batch) losses(logp [][][]float32) (parts lossParts, dlogp [][][]float32, err error) {
	dlogp = make([][][]float32, len(logp))
	for i := range logp {
		dlogp[i] = make([][]float32, len(logp[i]))
		for t := range logp[i] {
			dlogp[i][t] = make([]float32, len(logp[i][t]))
		}
	}
	own := func(item int) []float64 { // of the answer's own tokens
		l := make([]float64, len(logp[item]))
		for t := range l {
			l[t] = float64(logp[item][t][0])
		}
		return l
	}
	spread := func(item int, d []float64, scale float64) {
		for t := range d {
			dlogp[item][t][0] += float32(scale * d[t])
		}
	}
	weights := 0.0
	for _, im := range b.imitated {
		scale := 1 / float64(len(b.imitated))
		v, d := objective.SFT(own(im.item), im.token, im.weight)
		parts.imitated += scale * v
		weights += scale * im.weight
		spread(im.item, d, scale)
	}
	if weights > 0 {
		parts.surprise = parts.imitated / weights
	}
	if parts.rated, err = b.ratedLosses(own, spread); err != nil {
		return lossParts{}, nil, err
	}
	for _, h := range b.held {
		q := make([][]float64, len(logp[h.item]))
		for t := range q {
			q[t] = widen(logp[h.item][t])
		}
		scale := 1 / float64(len(b.held))
		v, d := objective.Anchor(q, h.base, 1)
		parts.held += scale * v
		for t := range d {
			for i := range d[t] {
				dlogp[h.item][t][i] += float32(b.lambda * scale * d[t][i])
			}
		}
	}
	return parts, dlogp, nil
}

// ratedLosses is a mean over pairs and what is rated without one.
func (b *batch) ratedLosses(own func(int) []float64, spread func(int, []float64, float64)) (sum float64, err error) {
	if len(b.rated) == 0 && len(b.pairs) == 0 {
		return 0, nil
	}
	z := 0.0
	if b.loss == "kto" {
		var l, r [][]float64
		for _, a := range b.apart {
			l, r = append(l, own(a.item)), append(r, a.base)
		}
		z = objective.Reference(l, r)
	}
	imitates := b.loss == "sft" || b.loss == "dpo" // without a pair there is nothing to prefer: imitate the good
	n := len(b.pairs)
	for _, x := range b.rated {
		n += boolToInt(x.good || !imitates)
	}
	scale := 1 / float64(max(1, n))
	for _, p := range b.pairs {
		v, dBetter, dGiven := objective.DPO(own(p.better.item), p.better.base, own(p.given.item), p.given.base, p.better.weight, b.beta)
		sum += scale * v
		spread(p.better.item, dBetter, scale)
		spread(p.given.item, dGiven, scale)
	}
	for _, x := range b.rated {
		var v float64
		var d []float64
		switch b.loss {
		case "sft", "dpo":
			if !x.good {
				continue
			}
			v, d = objective.SFT(own(x.item), nil, x.weight)
		case "bounded":
			v, d = objective.Bounded(own(x.item), x.base, x.good, x.weight, b.beta)
		case "kto":
			v, d = objective.KTO(own(x.item), x.base, x.good, x.weight, b.beta, z)
		default:
			return 0, fmt.Errorf("no objective is called %q", b.loss)
		}
		sum += scale * v
		spread(x.item, d, scale)
	}
	return sum, nil
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}
