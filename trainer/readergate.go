package trainer

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"clara/model"
	"clara/trainer/routing"
)

// heldLesson is a lesson that readers are judged by and never trained on.
type heldLesson struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Reworded string `json:"reworded"`
	Beside   string `json:"beside"` // the same question about another; "": it is about nobody
	Near     string `json:"near"`   // another question about the same
}

// others are the questions that a lesson must not answer.
func (h heldLesson) others() []string {
	if h.Beside == "" {
		return []string{h.Near}
	}
	return []string{h.Beside, h.Near}
}

// The bounds of the gate on what a reader answers by lessons that it was not trained on.
const (
	leastRead = 0.7 // of the rewordings, many of which share no word with the lesson
	mostShown = 0.3 // of the questions that a lesson must not answer
)

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
// show at least leastRead of them has not learnt to read. Unrelated questions, canary
// and divergence are the gate's own (candidate).
func checkReader(ctx context.Context, r *model.Runner, a *model.Adapter, b *BaseFacts, seed uint64, progress func(done, of int)) (ReaderReport, error) {
	var report ReaderReport
	fail := func(err error) (ReaderReport, error) { return report, fmt.Errorf("check the reader: %w", err) }
	held, err := heldLessons()
	if err != nil {
		return fail(err)
	}
	j := &Job{Recipe: Recipe{Seed: seed}, Lessons: make([]JobLesson, len(held))}
	questions, all := make([]string, len(held)), make([]int, len(held))
	for i, h := range held {
		questions[i], all[i] = h.Question, i
		j.Lessons[i] = JobLesson{ID: int64(i + 1), Question: h.Question, Answer: h.Answer}
	}
	if _, err := baseAnswers(ctx, r, j.Lessons, all); err != nil {
		return fail(err)
	}
	c := &candidate{job: j, base: b, knowledge: a, taught: a, trained: make(map[int]bool)}
	c.before = &voice{runner: r, lessons: j.Lessons}
	c.now = &voice{runner: r, lessons: j.Lessons, reading: a, router: routing.New(questions)}
	if report.Lessons, err = c.readLessons(ctx, held); err != nil {
		return fail(err)
	}
	for i, l := range report.Lessons {
		c.trained[i] = true // as far as the gate is concerned: they must be known
		c.asked = append(c.asked, Asked{Lesson: j.Lessons[i].ID, Answer: l.Answer, Known: l.Known, Before: l.Before, Swapped: l.Others})
	}
	found, err := c.check(ctx, progress)
	if err != nil {
		return fail(err)
	}
	report.Figures, report.Verdict, report.Reason = found.figures, found.verdict, found.reason
	if f := report.Figures; report.Verdict != VerdictRefused && float64(f.Known) < leastRead*float64(f.KnownOf) {
		report.Verdict, report.Reason = VerdictRefused, reason(CodeOwnMissed, fmt.Sprintf("refused: it reads too few lessons (%d of %d)", f.Known, f.KnownOf),
			"known", f.Known, "of", f.KnownOf, "limit", leastRead)
	}
	if f := report.Figures; report.Verdict != VerdictRefused && float64(f.Swapped) > mostShown*float64(f.SwappedOf) {
		report.Verdict, report.Reason = VerdictRefused, refusedForLeaks(f.Swapped, f.SwappedOf, mostShown)
	}
	return report, nil
}

// readLessons asks each lesson in other words, and what it must not answer, by the
// candidate as a user would get it, and the first by the base with the lesson as turn.
func (c *candidate) readLessons(ctx context.Context, held []heldLesson) ([]ReadLesson, error) {
	var questions []string
	var lessons []int // that the questions are about
	for i, h := range held {
		for _, q := range append([]string{h.Reworded}, h.others()...) {
			questions, lessons = append(questions, q), append(lessons, i)
		}
	}
	said, err := c.now.speakAll(ctx, asWritten(questions))
	if err != nil {
		return nil, err
	}
	about := lessons
	for i, h := range held {
		s, err := c.before.speak(nil, h.Reworded, i)
		if err != nil {
			return nil, fmt.Errorf("ask %q: %w", h.Reworded, err)
		}
		said, about = append(said, s), append(about, i)
	}
	reqs := make([]model.Request, len(said))
	for k, s := range said {
		reqs[k] = s.greedy(answerRoom(c.now.runner, held[about[k]].Answer))
	}
	results, err := c.now.runner.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return nil, fmt.Errorf("ask %d lessons: %w", len(held), err)
	}
	out := make([]ReadLesson, len(held))
	for k, q := range questions {
		i, text := lessons[k], results[k].Text
		check, l := c.now.lessons[i].check(), &out[i]
		if l.Asked == "" {
			*l = ReadLesson{
				Question: held[i].Question, Asked: q, Answer: text, Known: check.Passes(text),
				Before: check.Passes(results[len(questions)+i].Text),
			}
			continue
		}
		l.Others = append(l.Others, Answered{Question: q, Answer: text, Shows: check.Passes(text)})
	}
	return out, nil
}
