package trainer

import (
	"context"
	"fmt"
	"math"

	"clara/model"
	"clara/model/chat"
)

// How a lesson is chosen. Words find what a question may be about, and cannot tell
// "When does the last bus to Brugg leave?" from the first one. The reading adapter can:
// it was trained to say the lesson's answer where it fits and something else where it
// does not, so the probability that it gives to that answer says which of the two it is.
const (
	choosingTries  = 2   // lessons that are looked at for a question
	choosingTokens = 32  // of a lesson's answer that are looked at
	leastNear      = 0.2 // the overlap below which none is looked at
	leastCertain   = 0.3 // of the least probable token of the lesson's answer
)

// choice is what was chosen for a question.
type choice struct {
	lesson  int     // position in voice.lessons; -1: none
	overlap float64 // of the question with that lesson, or the nearest if there is none
}

// choose finds the lessons that questions are to be answered by: of those that share
// most words with a question, the first whose answer the reading adapter gives to it.
// A question that is a lesson's own is answered by that one. Without a reading adapter
// the words decide.
func (v *voice) choose(ctx context.Context, questions []string, p model.Priority) ([]choice, error) {
	out := make([]choice, len(questions))
	var open []int // questions not yet decided
	near := make([][]match, len(questions))
	for i, q := range questions {
		out[i] = choice{lesson: -1}
		if v.router == nil {
			continue
		}
		if v.reading == nil {
			lesson, overlap, _ := v.router.Match(q)
			out[i] = choice{lesson, overlap}
			continue
		}
		near[i] = v.router.near(q, choosingTries)
		if len(near[i]) == 0 {
			continue
		}
		out[i].overlap = near[i][0].overlap
		if near[i][0].own {
			out[i].lesson = near[i][0].lesson
			continue
		}
		open = append(open, i)
	}
	for try := range choosingTries {
		var asked []int
		var seqs []model.Sequence
		for _, i := range open {
			if try >= len(near[i]) || near[i][try].vetoed || near[i][try].overlap < leastNear {
				continue
			}
			s, err := v.fit(near[i][try].lesson, questions[i])
			if err != nil {
				return nil, fmt.Errorf("choose a lesson for %q: %w", questions[i], err)
			}
			asked, seqs = append(asked, i), append(seqs, s)
		}
		if len(seqs) == 0 {
			break
		}
		certain, err := v.memory.logProbs(ctx, v.runner, seqs, []*model.Adapter{v.reading}, p)
		if err != nil {
			return nil, fmt.Errorf("choose lessons for %d questions: %w", len(seqs), err)
		}
		open = open[:0]
		for k, i := range asked {
			if m := near[i][try]; fits(certain[k]) {
				out[i] = choice{m.lesson, m.overlap}
			} else {
				open = append(open, i)
			}
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

// fits says whether an answer with these log-probabilities of its tokens would be given.
func fits(logp []float32) bool {
	least := math.Log(leastCertain)
	for _, l := range logp {
		if !(float64(l) >= least) {
			return false
		}
	}
	return true
}
