package trainer

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A training that taught nothing is no cycle in which nothing was due: it says what was
// trained, and that it is not used. The next cycle says why it does not try again.
func TestTrainedInVain(t *testing.T) {
	s := newSchool(t, tinyRunner(t, 1))
	j := Job{Format: jobFormat, Base: s.runner.Info().Hash, Model: "tiny", Recipe: DefaultSettings().recipe()}
	j.Recipe.KnowledgeRate = 1e-9 // moves nothing
	question := "Which word is the last one?"
	j.Lessons = []JobLesson{{ID: 1, Sample: 201, Question: question, Answer: "Zebra.", Keywords: [][]string{{"zebra"}}, State: LessonNew, Importance: 3}}

	first := s.run(j)
	why := first.Report.Reason
	if why.Code != CodeInVain || !slices.Equal(first.Report.Trained, []Step{StepKnowledge}) || why.Args["lessons"] != question || why.Args["count"] != "1" || why.Args["known"] != "0" || why.Args["of"] != "1" {
		t.Errorf("the first cycle trained %v and says %+v", first.Report.Trained, why)
	}
	if first.Changed(j.Before) || first.Report.Lessons[0].Outcome != LessonMissed {
		t.Errorf("it is used: %v, the lesson is %s", first.Changed(j.Before), first.Report.Lessons[0].Outcome)
	}
	again := s.run(after(j, first))
	if why := again.Report.Reason; why.Code != CodeVainBefore || len(again.Report.Trained) > 0 || why.Args["lessons"] != question {
		t.Errorf("the second cycle trained %v and says %+v", again.Report.Trained, why)
	}

	// An adapter that the program still has is no more use than one that it trains anew.
	m := new(memory)
	for _, want := range [][]Step{{StepKnowledge}, nil} {
		o, err := runCycle(t.Context(), s.runner, j, s.facts, m, nil)
		if err != nil || o.Report.Reason.Code != CodeInVain || !slices.Equal(o.Report.Trained, want) {
			t.Errorf("trained %v, want %v: %+v, %v", o.Report.Trained, want, o.Report.Reason, err)
		}
	}

	j = after(j, again)
	for _, q := range []string{"What is fog?", "What is rain?", "What is snow?", "What is hail?"} {
		j.Samples = append(j.Samples, JobSample{ID: int64(len(j.Samples) + 1), Form: FormCorrection, Prompt: q, Better: "Dear reader, it is water of a kind.", Score: 1, Weight: 1})
	}
	manner := s.run(j)
	at := slices.IndexFunc(manner.Report.Figures.Sentences(), func(s Sentence) bool { return s.Reason.Code == FigureVain })
	if manner.Manner == nil || at < 0 || !strings.Contains(manner.Report.Figures.Sentences()[at].Reason.Text, question) {
		t.Errorf("a manner was trained beside it (%v), and the figures do not tell: %+v", manner.Manner != nil, manner.Report.Figures)
	}
}

// The history has a training that made no version, with why, beside those that the gate
// refused; a cycle that only asked has no line there.
func TestTrainingInVainIsKept(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		why := reason(CodeInVain, "trained (1): What is fog?", "count", 1, "lessons", "What is fog?")
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			o, err := promoted(j)
			o.Report.Verdict, o.Report.Reason, o.Report.Trained = "", why, []Step{StepKnowledge}
			return o, err
		})
		b.attach()
		b.start()
		b.teach("What is fog?", "Fog is a cloud.", Knowledge)
		b.settle()
		time.Sleep(b.Settings().TrainInterval)
		b.settle()
		if last := b.State().Last; last == nil || last.State != CycleChecked || last.Reason.Code != CodeInVain {
			t.Errorf("the last cycle ended as %+v", last)
		}
		rows, err := b.Versions(t.Context())
		if err != nil || len(rows) != 2 || rows[0].ID != 0 || rows[0].Cycle == 0 || rows[0].Reason.Args["lessons"] != "What is fog?" {
			t.Errorf("the history is %+v, %v", rows, err)
		}
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			o, err := promoted(j)
			o.Report.Reason = reason(CodeOnlyAsked, "nothing was due")
			return o, err
		})
		b.Train()
		b.settle()
		if rows, err := b.Versions(t.Context()); err != nil || len(rows) != 2 {
			t.Errorf("after a cycle that only asked the history is %+v, %v", rows, err)
		}
	})
}
