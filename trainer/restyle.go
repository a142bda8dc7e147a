package trainer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clara/model"
	"clara/trainer/words"
)

// restyle phrases the lessons' answers in the user's manner: by the style, or, where the
// manner has no marks to put on, by the manner adapter itself, which is asked the
// question with the answer beside it. One that cannot be had so, or would no longer
// pass its check, stays as the user wrote it.
func (c *cycleRun) restyle(ctx context.Context, manner *model.Adapter) error {
	c.enter(StepStyle, len(c.job.Lessons))
	styled := make([]string, len(c.job.Lessons))
	switch {
	case manner == nil || !slices.ContainsFunc(c.job.Samples, func(s JobSample) bool { return s.Form == FormCorrection }):
	case !c.style.IsZero():
		for i, l := range c.job.Lessons {
			if text, ok := c.style.Apply(l.Question, l.Answer); ok && text != l.Answer && l.check().Passes(text) {
				styled[i] = text
			}
		}
	case c.out.KeepManner: // nothing but new lessons can have changed
		for i, l := range c.job.Lessons {
			styled[i] = l.Styled
		}
		fallthrough
	default:
		if err := c.rephrase(ctx, manner, styled); err != nil {
			return err
		}
	}
	for i := range c.job.Lessons {
		// What the manner before said goes with it, also where a new one says the same.
		if l := &c.job.Lessons[i]; styled[i] != l.Styled || styled[i] != "" && !c.out.KeepManner {
			l.Styled = styled[i]
			c.out.Report.Styled = append(c.out.Report.Styled, Restyled{Lesson: l.ID, Text: styled[i]})
		}
	}
	return nil
}

// mostRephrased bounds the work of a cycle. The loop does the rest after it
// (loop.phraseNext).
const mostRephrased = 32

// rephrase lets the manner adapter say the answers that styled has none for.
func (c *cycleRun) rephrase(ctx context.Context, manner *model.Adapter, styled []string) error {
	lessons := slices.Clone(c.job.Lessons)
	for i := range lessons {
		lessons[i].Styled = styled[i]
	}
	said, after, err := phrase(ctx, c.r, c.memory, c.job.Recipe.System, manner, lessons, 0, mostRephrased)
	if err != nil {
		return err
	}
	for i, text := range said {
		styled[i] = text
	}
	if c.out.Report.Phrasing = (Phrasing{}); after != 0 {
		c.out.Report.Phrasing = Phrasing{Manner: manner.Hash(), After: after}
	}
	return nil
}

// Phrasing is where the phrasing of lessons in a manner that has no marks goes on.
type Phrasing struct {
	Manner string `json:"manner"` // hash of the adapter that phrases
	After  int64  `json:"after"`  // the last lesson that was tried; 0: all were, beforeAll: none was
}

const beforeAll = -1

// phrase asks a manner adapter for the answers of lessons that have none in the manner: of
// those behind the lesson after, which are in the order of their ids, so many at most. It
// returns those that can be had so, by position, and the last lesson that was tried, 0 when
// there are no more. It can be had where the adapter comes to an end, says something else
// than the user, not at much greater length, and passes the lesson's check.
func phrase(ctx context.Context, r *model.Runner, m *memory, system string, manner *model.Adapter, lessons []JobLesson, after int64, most int) (said map[int]string, last int64, err error) {
	var reqs []model.Request
	var at []int
	more := false
	for i, l := range lessons {
		if l.ID <= after || l.Styled != "" || !l.fits(r) {
			continue
		}
		if more = len(reqs) == most; more {
			break
		}
		prompt, err := questionPrompt(r, system, l.Question+"\n\n("+l.Answer+")")
		if err != nil {
			return nil, 0, err
		}
		reqs = append(reqs, model.Request{Prompt: prompt, Adapters: []*model.Adapter{manner}, MaxTokens: 2 * answerRoom(r, l.Answer)})
		at = append(at, i)
	}
	if len(reqs) == 0 {
		return nil, 0, nil
	}
	results, err := m.generate(ctx, r, reqs)
	if err != nil {
		return nil, 0, fmt.Errorf("phrase the lessons in the manner: %w", err)
	}
	said = make(map[int]string)
	for k, i := range at {
		l, text := lessons[i], strings.TrimSpace(results[k].Text)
		if results[k].Finish == model.FinishEnd && text != l.Answer && words.Count(text) <= 3*words.Count(l.Answer)+8 && l.check().Passes(text) {
			said[i] = text
		}
	}
	if more {
		last = lessons[at[len(at)-1]].ID
	}
	return said, last, nil
}
