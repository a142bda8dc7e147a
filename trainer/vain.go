package trainer

import (
	"fmt"
	"strings"

	"clara/model"
)

// gained is how many lessons more are known than with the reader.
func (c *cycleRun) gained(order []int, reader, knowledge map[int]string) int {
	return c.known(order, knowledge) - c.known(order, reader)
}

// known is how many lessons such answers show.
func (c *cycleRun) known(order []int, answers map[int]string) int {
	n := 0
	for _, p := range order {
		n += boolToInt(c.job.Lessons[p].check().Passes(answers[p]))
	}
	return n
}

// dropKnowledge lets the reader serve: knowledge taught nothing that it did not know. It
// is not tried again on the same lessons, and keeps no manner from being used. What a
// new one was trained on is told, with what was known with it.
func (c *cycleRun) dropKnowledge(cand *candidate, known int) {
	rep := &c.out.Report
	rep.KnowledgeTried = cand.tried
	rep.KnowledgeKey, rep.KnowledgeOn = "", nil
	if c.out.Knowledge != nil {
		c.noteInVain(cand.trained, Vain{Known: known})
	}
	c.out.Knowledge, c.out.KeepKnowledge, cand.knowledge = nil, false, nil
	clear(cand.trained)
}

// standing is the knowledge of the version before where another one is left out: as long as
// all that it was trained on is still taught. nil: there is none, and the reader serves.
func (c *cycleRun) standing() *model.Adapter {
	if c.knowledge == nil || len(c.job.Before.KnowledgeOn) == 0 {
		return nil
	}
	taught := make(map[int64]bool, len(c.job.Lessons))
	for _, l := range c.job.Lessons {
		taught[l.Sample] = true
	}
	for _, sample := range c.job.Before.KnowledgeOn {
		if !taught[sample] {
			return nil
		}
	}
	rep := &c.out.Report
	c.out.KeepKnowledge, rep.KnowledgeKey, rep.KnowledgeOn = true, c.job.Before.KnowledgeKey, c.job.Before.KnowledgeOn
	return c.knowledge
}

// noteInVain keeps which lessons a training did not help, by their positions.
func (c *cycleRun) noteInVain(positions map[int]bool, v Vain) {
	for p, l := range c.job.Lessons {
		if positions[p] {
			v.Lessons = append(v.Lessons, l.Question)
		}
	}
	c.out.Report.Vain = &v
}

// unchanged says why a cycle made no other version; answers are those of the reader.
func (c *cycleRun) unchanged(order []int, answers map[int]string) Reason {
	v := c.out.Report.Vain
	if v == nil && len(c.job.Samples) > 0 && c.job.mannerKey() == "" {
		return reason(CodeNothingGood, "nothing was trained: there is no good rating to train on, and this objective learns nothing of bad ones")
	}
	if v == nil {
		return reason(CodeOnlyAsked, "nothing was due: the lessons were asked")
	}
	count, lessons := len(v.Lessons), strings.Join(v.Lessons, "; ")
	if v.Earlier {
		return reason(CodeVainBefore, fmt.Sprintf("not trained again (%d): %s; that did not help before. They are trained once a lesson or the manner changes", count, lessons),
			"count", count, "lessons", lessons)
	}
	before, of := c.known(order, answers), len(order)
	return reason(CodeInVain, fmt.Sprintf("trained (%d): %s; %d of %d lessons are known with it, %d without, so it is not used. The lessons go on working as before, and are trained again once a lesson or the manner changes",
		count, lessons, v.Known, of, before), "count", count, "lessons", lessons, "known", v.Known, "before", before, "of", of)
}
