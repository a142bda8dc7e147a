package trainer

import (
	"context"
	"fmt"
	"slices"

	"clara/model"
)

// Question is one question of an examination.
type Question struct {
	Text    string
	History []Turn // the turns before it; it may begin with a system turn
	Tokens  int    // of the answer at most, at least 1

	WithoutLesson bool // no lesson is put before the model
	WithoutReader bool // a lesson is put before the model, without the reading adapter
	Untrained     bool // the base alone: neither lessons nor adapters

	// Seed, if it is not 0, samples the answer by the Settings; else it is the
	// likeliest one.
	Seed uint64
}

// Said is the answer to a question of an examination.
type Said struct {
	Text    string
	Ended   bool    // by itself, not for want of tokens
	Lesson  int64   // that was put before the model; 0: none
	Overlap float64 // of the question with the nearest lesson, 0 to 1
}

// Examine asks many questions at once and returns the answers in their order. They
// are answered as a person would get them, each in a conversation of its own, but
// nothing is kept beyond the memory of what the same question with the same lesson and
// adapters was answered. It works in the background of conversations, on the version and
// the lessons of the moment when it was called.
func (t *Trainer) Examine(ctx context.Context, questions []Question) ([]Said, error) {
	a, s, err := t.engaged()
	if err != nil {
		return nil, err
	}
	defer a.users.Done()
	until, done := a.until(ctx)
	defer done()
	set := t.settings.Load()
	untrained, bare, silent := voice{runner: s.runner, system: s.system}, s.voice, s.voice
	bare.reading, silent.router = nil, nil
	voices := []*voice{&untrained, &silent, &bare, &s.voice}
	places := make(map[*voice][]int) // of the questions that each of them answers
	for i, q := range questions {
		v := &s.voice
		switch {
		case q.Untrained:
			v = &untrained
		case q.WithoutLesson:
			v = &silent
		case q.WithoutReader:
			v = &bare
		}
		places[v] = append(places[v], i)
	}
	reqs := make([]model.Request, len(questions))
	out := make([]Said, len(questions))
	for _, v := range voices {
		asked := make([]Variant, len(places[v]))
		for k, i := range places[v] {
			asked[k] = Variant{Question: questions[i].Text, History: questions[i].History}
		}
		said, err := v.speakAll(until, asked)
		if err != nil {
			return nil, cause(until, err)
		}
		for k, i := range places[v] {
			q := questions[i]
			if said[k].lesson >= 0 {
				out[i].Lesson = v.lessons[said[k].lesson].ID
			}
			out[i].Overlap = said[k].overlap
			reqs[i] = said[k].greedy(q.Tokens)
			reqs[i].Sampling = sampling(set, Ask{Greedy: q.Seed == 0, Seed: q.Seed})
		}
	}
	results, err := a.examined.generate(until, s.runner, reqs)
	if err != nil {
		return nil, fmt.Errorf("ask %d questions: %w", len(reqs), cause(until, err))
	}
	for i, r := range results {
		out[i].Text, out[i].Ended = r.Text, r.Finish == model.FinishEnd
	}
	return out, nil
}

// Canary is the mean negative log-likelihood of the English canary texts, plain texts that
// nothing is trained on, in nats per token: by the base, or by the adapters of the version in
// use as the gate puts them together, the manner adapter alone and with the knowledge adapter on
// top of it, whichever is worse. It rises when a version forgets general language. The
// reader belongs to the model, not to a version, and is left out.
func (t *Trainer) Canary(ctx context.Context) (float64, error) {
	a, s, err := t.engaged()
	if err != nil {
		return 0, err
	}
	defer a.users.Done()
	until, done := a.until(ctx)
	defer done()
	var manner []*model.Adapter
	if s.manner != nil {
		manner = append(manner, s.manner)
	}
	combinations := [][]*model.Adapter{manner}
	if s.version.Knowledge != "" {
		combinations = append(combinations, append(slices.Clip(manner), s.reading))
	}
	english, err := anchors()
	if err != nil {
		return 0, err
	}
	worst := 0.0
	for _, adapters := range combinations {
		nll, err := canaryNLL(until, s.runner, english.Canary, adapters)
		if err != nil {
			return 0, fmt.Errorf("read the canary texts: %w", cause(until, err))
		}
		worst = max(worst, mean(nll))
	}
	return worst, nil
}
