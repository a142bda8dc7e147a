package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"clara/model"
	"clara/model/chat"
	"clara/trainer/routing"
)

// How a lesson is chosen. Words find what a question may be about, and cannot tell
// "When does the last bus to Brugg leave?" from the first one. The reading adapter can:
// it was trained to say the lesson's answer where it fits and something else where it
// does not, so the probability that it gives to that answer says which of the two it is.
const (
	choosingTries  = 2    // lessons that are looked at for a question
	choosingTokens = 32   // of a lesson's answer that are looked at
	leastNear      = 0.2  // the overlap below which none is looked at
	leastCertain   = 0.55 // of the least probable token of the lesson's answer
	nearnessCounts = 0.5  // of the overlap, against the logarithm of that probability, where two lessons fit
)

// choice is what was chosen for a question.
type choice struct {
	lesson  int     // position in voice.lessons; -1: none
	overlap float64 // of the question with that lesson, or the nearest if there is none
	looks   []look  // at the nearest lessons, for the log
}

// look is what was found of one lesson for a question.
type look struct {
	lesson  int
	overlap float64
	vetoed  bool    // names of the lesson's question are missing
	least   float64 // probability of the least probable token of its answer; 0: not looked at
}

// String says it for the log, without texts.
func (l look) String() string {
	switch {
	case l.vetoed:
		return fmt.Sprintf("overlap %.2f, but its names are missing", l.overlap)
	case l.least == 0:
		return fmt.Sprintf("overlap %.2f", l.overlap)
	}
	return fmt.Sprintf("overlap %.2f, its answer fits with %.2f", l.overlap, l.least)
}

// choose finds the lessons that questions are to be answered by: of those that share
// most words with a question, the one whose answer the reading adapter gives to it most
// surely. A question that is a lesson's own is answered by that one. Without a reading
// adapter the words decide.
func (v *voice) choose(ctx context.Context, questions []string, p model.Priority) ([]choice, error) {
	out := make([]choice, len(questions))
	type try struct {
		question, look int
		routing.Match
	}
	var tries []try
	var seqs []model.Sequence
	for i, q := range questions {
		out[i] = choice{lesson: -1}
		if v.router == nil || v.runner.Tokenizer().MinTokens(len(q)) > v.runner.Info().Context {
			continue // there are no lessons, or no answer to a question so long
		}
		if v.reading == nil {
			lesson, overlap, ok := v.router.Match(q)
			if ok && !v.lessons[lesson].fits(v.runner) {
				lesson = -1
			}
			out[i] = choice{lesson: lesson, overlap: overlap}
			if lesson >= 0 {
				out[i].looks = []look{{lesson: lesson, overlap: overlap}}
			}
			continue
		}
		near := v.router.Nearest(q, choosingTries)
		if len(near) == 0 {
			continue
		}
		out[i].overlap = near[0].Overlap
		for _, m := range near {
			out[i].looks = append(out[i].looks, look{lesson: m.Lesson, overlap: m.Overlap, vetoed: m.Vetoed})
		}
		if near[0].Own && v.lessons[near[0].Lesson].fits(v.runner) {
			out[i].lesson = near[0].Lesson
			continue
		}
		for at, m := range near {
			if m.Own || m.Vetoed || m.Overlap < leastNear || !v.lessons[m.Lesson].fits(v.runner) {
				continue
			}
			s, err := v.fit(m.Lesson, q)
			if errors.Is(err, model.ErrContext) || len(s.Prompt)+len(s.Answer) > stepRows {
				continue // behind a lesson the question is too long
			}
			if err != nil {
				return nil, fmt.Errorf("choose a lesson for a question of %d bytes: %w", len(q), err)
			}
			tries, seqs = append(tries, try{i, at, m}), append(seqs, s)
		}
	}
	if len(seqs) == 0 {
		return out, nil
	}
	certain, err := v.memory.logProbs(ctx, v.runner, seqs, []*model.Adapter{v.reading}, p)
	if err != nil {
		return nil, fmt.Errorf("choose lessons for %d questions: %w", len(questions), err)
	}
	best := make([]float64, len(questions))
	for k, l := range tries {
		least, fits := leastOf(certain[k])
		score := least + nearnessCounts*l.Overlap
		o := &out[l.question]
		o.looks[l.look].least = math.Exp(least)
		if fits && (o.lesson < 0 || score > best[l.question]) {
			o.lesson, o.overlap, best[l.question] = l.Lesson, l.Overlap, score
		}
	}
	return out, nil
}

// fit is the lesson as a turn, the question after it, and the beginning of the lesson's
// answer, to be judged. It has neither history nor manner: a choice does not depend on
// them.
func (v *voice) fit(lesson int, question string) (model.Sequence, error) {
	l := v.lessons[lesson]
	prompt, err := v.runner.Prompt([]chat.Message{
		{Role: "user", Content: l.Question}, {Role: "assistant", Content: l.Answer}, {Role: "user", Content: question},
	})
	answer := v.runner.AnswerTokens(l.Answer)
	return model.Sequence{Prompt: prompt, Answer: answer[:min(len(answer), choosingTokens)]}, err
}

// leastOf is the least of the log-probabilities of an answer's tokens, and whether that
// is enough for the answer to be given.
func leastOf(logp []float32) (least float64, fits bool) {
	for _, l := range logp {
		least = min(least, float64(l)) // NaN if any is
	}
	return least, least >= math.Log(leastCertain)
}
