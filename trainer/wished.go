package trainer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"clara/model"
	"clara/trainer/words"
)

// The answers that are paired by a trait: those that were rated, and samples of the base to
// their questions and to those of some anchors. A trait is one of the questions, too: "you" came
// to 12 pairs from 15 rated questions, and to 5 from those of 40 anchors.
const (
	traitQuestions   = 40 // that the base is asked, of those that were rated, and as many anchors
	traitSamples     = 5  // of each; of a rated one up to traitOften
	traitOften       = 8
	traitPairs       = 3 // of one question at most
	traitTokens      = 40
	traitTemperature = 0.7
	leastWished      = 10 // pairs
)

// traitHeld is how many anchors must have a trait for the others not to be held to the base:
// there they teach the opposite. With a first sentence of at most 15 words, which half of the
// anchors have, 81 of 120 sampled answers complied without the others, 69 with them. A trait
// that few anchors have is one of other questions, and they keep it there (docs/learning/notes.md).
const traitHeld = 24

// traitQuestion is a question with answers to it that have a trait, and that lack it.
type traitQuestion struct {
	prompt        []int32
	with, without []weighted
}

// wished pairs answers to the same question that differ in the trait: those that were rated,
// as far as their stars agree with it, and the base's own samples, which it says anyway, so that
// nothing else is taught. rated are the ratings in the order of answers. No pair is
// returned where fewer than leastWished were found: a handful that is trained on again and again
// costs plain texts (docs/learning/notes.md).
func (t Trait) wished(ctx context.Context, r *model.Runner, rated []weighted, answers []ratedAnswer, from []Anchored, seed uint64) ([][2]weighted, error) {
	rng := rand.New(rand.NewPCG(seed, 70))
	var anchors []*traitQuestion
	for _, a := range from {
		anchors = append(anchors, &traitQuestion{prompt: a.Prompt})
	}
	some := func(all []*traitQuestion) []*traitQuestion {
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all[:min(len(all), traitQuestions)]
	}
	questions := t.ratedQuestions(r, rated, answers)
	asked := slices.Concat(some(questions), some(anchors))
	// The fewer questions were rated, the more often each is asked.
	often := min(traitOften, max(traitSamples, traitQuestions*traitSamples/max(1, len(questions))))
	var reqs []model.Request
	var of []*traitQuestion
	for i, q := range asked {
		n := traitSamples
		if i < len(questions) {
			n = often
		}
		for range n {
			of = append(of, q)
			reqs = append(reqs, model.Request{Prompt: q.prompt, MaxTokens: traitTokens, Sampling: model.Sampling{Temperature: traitTemperature, TopP: 1, Seed: 1 + rng.Uint64()>>1}})
		}
	}
	results, err := r.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return nil, fmt.Errorf("sample %d answers of the base: %w", len(reqs), err)
	}
	for i, x := range results {
		ended := x.Finish == model.FinishEnd
		if strings.TrimSpace(x.Text) != "" && !loops(x.Text) && t.isSettled(x.Text, ended) {
			of[i].add(t, r, weighted{Sequence: model.Sequence{Prompt: of[i].prompt, Answer: whole(r, x)}, weight: 1}, t.Has(x.Text, ended))
		}
	}
	if len(questions) > traitQuestions { // those that the base is not asked have what was rated alone
		asked = append(asked, questions[traitQuestions:]...)
	}
	var flat []weighted
	for _, q := range asked {
		for k := range min(len(q.with), len(q.without), traitPairs) {
			flat = append(flat, q.with[k], q.without[k])
		}
	}
	if len(flat) < 2*leastWished {
		return nil, nil
	}
	if err := baseLogProbs(ctx, r, flat); err != nil {
		return nil, fmt.Errorf("read the answers that differ in what was rated: %w", err)
	}
	var out [][2]weighted
	for pair := range slices.Chunk(flat, 2) {
		out = append(out, [2]weighted{pair[0], pair[1]})
	}
	return out, nil
}

// ratedQuestions are the questions of the ratings, each as it stood in its conversation, with the
// answers whose stars agree with the trait, as far as they are trained on.
func (t Trait) ratedQuestions(r *model.Runner, rated []weighted, answers []ratedAnswer) []*traitQuestion {
	var out []*traitQuestion
	at := make(map[string]*traitQuestion)
	for i, w := range rated {
		if w.prompt == "" {
			continue // a text by itself answers nothing
		}
		key := fmt.Sprint(w.Prompt)
		q := at[key]
		if q == nil {
			q = &traitQuestion{prompt: w.Prompt}
			at[key], out = q, append(out, q)
		}
		said, ended := w.Answer, endsTurn(r, w.Answer)
		if ended {
			said = said[:len(said)-1] // some files have an end that reads as text
		}
		if ended && !answers[i].ended {
			w.Answer, ended = said, false // where it stopped is no end
		}
		text := r.Tokenizer().Decode(said)
		if has := t.Has(text, ended); has == answers[i].good && t.isSettled(text, ended) {
			q.add(t, r, w, has)
		}
	}
	return out
}

// add adds an answer that has the trait, or lacks it, as far as it takes to tell.
func (q *traitQuestion) add(t Trait, r *model.Runner, w weighted, has bool) {
	w.Answer = t.told(r, w.Answer)
	if has {
		q.with = append(q.with, w)
	} else {
		q.without = append(q.without, w)
	}
}

// isSettled says whether an answer is known to have the trait, or to lack it, though it may have
// been cut. A word or a list that has not come by then counts as one that it lacks.
func (t Trait) isSettled(text string, ended bool) bool {
	switch t.Kind {
	case TraitFirst:
		return ended || t.isTold(text)
	case TraitShort:
		return ended || words.Count(text) > t.Words
	case TraitQuestion:
		return ended
	}
	return true
}

// told is the beginning of an answer by which it is decided whether it has the trait: what
// follows says nothing about it, and only adds to the noise of a step.
func (t Trait) told(r *model.Runner, answer []int32) []int32 {
	text, decoder := "", r.Tokenizer().NewDecoder()
	for i, id := range answer {
		text += decoder.Push(id)
		if t.isTold(text) {
			return answer[:i+1]
		}
	}
	return answer
}

// isTold says whether an answer that goes on after text is known to have the trait, or to lack it.
func (t Trait) isTold(text string) bool {
	switch t.Kind {
	case TraitFirst:
		first, whole := openingStatement(text)
		return whole || words.Count(first) > t.Words+1 // the last word may go on
	case TraitOpening:
		return len(words.Split(text)) > 1
	case TraitWord:
		all := words.Split(words.Fold(text))
		return len(all) > 1 && slices.Contains(all[:len(all)-1], t.Word)
	}
	return false
}

// held are the anchors that do not teach the opposite of the trait.
func (t Trait) held(r *model.Runner, anchors []Anchored) []Anchored {
	var out []Anchored
	for _, a := range anchors {
		if ended := endsTurn(r, a.Answer); len(a.Answer) > 0 && t.isSettled(a.Text, ended) && t.Has(a.Text, ended) {
			out = append(out, a)
		}
	}
	if len(out) < traitHeld {
		return anchors
	}
	return out
}
