package trainer

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"clara/model"
)

// heldLesson is a lesson that readers are judged by and never trained on.
type heldLesson struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Reworded string `json:"reworded"`
	Beside   string `json:"beside"` // the same question about another
}

//go:embed anchors/reading.json
var heldJSON []byte

var heldLessons = sync.OnceValues(func() ([]heldLesson, error) {
	var all []heldLesson
	if err := json.Unmarshal(heldJSON, &all); err != nil {
		return nil, fmt.Errorf("read the built-in lessons for readers: %w", err)
	}
	return all, nil
})

// checkReader puts a reader before the gate. Lessons that it was not trained on are
// put before the model as a turn and asked for in other words: a reader that does not
// show at least leastOwn of them has not learnt to read. Unrelated questions, canary
// and divergence are the gate's own (candidate).
func checkReader(ctx context.Context, r *model.Runner, a *model.Adapter, b *BaseFacts, seed uint64, progress func(done, of int)) (ReaderReport, error) {
	var report ReaderReport
	fail := func(err error) (ReaderReport, error) { return report, fmt.Errorf("check the reader: %w", err) }
	held, err := heldLessons()
	if err != nil {
		return fail(err)
	}
	j := &Job{Recipe: Recipe{Seed: seed}, Lessons: make([]JobLesson, len(held))}
	for i, h := range held {
		j.Lessons[i] = JobLesson{ID: int64(i + 1), Question: h.Question, Answer: h.Answer}
	}
	if err := baseAnswers(ctx, r, j.Lessons); err != nil {
		return fail(err)
	}
	c := &candidate{job: j, base: b, knowledge: a, trained: make(map[int]bool)}
	c.before = &voice{runner: r, lessons: j.Lessons}
	c.now = &voice{runner: r, lessons: j.Lessons, reading: a}
	if report.Lessons, err = c.readLessons(ctx, held); err != nil {
		return fail(err)
	}
	for i, l := range report.Lessons {
		c.trained[i] = true // as far as the gate is concerned: they must be known
		c.asked = append(c.asked, Asked{Lesson: j.Lessons[i].ID, Answer: l.Answer, Known: l.Known, Before: l.Before, Swapped: []Answered{l.Beside}})
	}
	found, err := c.check(ctx, progress)
	if err != nil {
		return fail(err)
	}
	report.Figures, report.Verdict, report.Reason = found.figures, found.verdict, found.reason
	if f := report.Figures; report.Verdict != VerdictRefused && float64(f.Known) < leastOwn*float64(f.KnownOf) {
		report.Verdict, report.Reason = VerdictRefused, reason(CodeOwnMissed, fmt.Sprintf("refused: it reads too few lessons (%d of %d)", f.Known, f.KnownOf),
			"known", f.Known, "of", f.KnownOf, "limit", leastOwn)
	}
	return report, nil
}

// readLessons asks each lesson in other words and its neighbour, with the lesson as
// turn, by the candidate, and the first by the version before too.
func (c *candidate) readLessons(ctx context.Context, held []heldLesson) ([]ReadLesson, error) {
	var reqs []model.Request
	for i, h := range held {
		for _, a := range []struct {
			v        *voice
			question string
		}{{c.now, h.Reworded}, {c.before, h.Reworded}, {c.now, h.Beside}} {
			s, err := a.v.speakWith(nil, a.question, i)
			if err != nil {
				return nil, fmt.Errorf("ask the lesson %q: %w", a.question, err)
			}
			reqs = append(reqs, s.greedy(answerRoom(c.now.runner, h.Answer)))
		}
	}
	results, err := c.now.runner.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return nil, fmt.Errorf("ask %d lessons: %w", len(held), err)
	}
	out := make([]ReadLesson, len(held))
	for i, h := range held {
		now, before, beside := results[3*i].Text, results[3*i+1].Text, results[3*i+2].Text
		check := c.now.lessons[i].check()
		out[i] = ReadLesson{
			Question: h.Question, Asked: h.Reworded, Answer: now, Known: check.Passes(now), Before: check.Passes(before),
			Beside: Answered{Question: h.Beside, Answer: beside, Shows: check.Passes(beside)},
		}
	}
	return out, nil
}
