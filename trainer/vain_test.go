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

// Knowledge that the gate refuses keeps no manner from being used: it is left out, with why,
// and not trained again on the same.
func TestRefusedKnowledgeIsLeftOut(t *testing.T) {
	s := newSchool(t, tinyRunner(t, 1))
	j := Job{Format: jobFormat, Base: s.runner.Info().Hash, Model: "tiny", Recipe: DefaultSettings().recipe()}
	j.Recipe.KnowledgeRate, j.Recipe.MannerRate = 0.03, 0.005
	for _, a := range s.facts.Anchors { // a base that is far surer than this one: knowledge drifts from it, and that does not limit a manner
		for _, top := range a.Top {
			top.LogProbs[0] = 0
		}
	}
	question := "Which word is the last one?"
	// Whatever it says is right: the base says nothing.
	j.Lessons = []JobLesson{{ID: 1, Sample: 201, Question: question, Answer: "Zebra.", Keywords: [][]string{{"z", "e", "b", "r", "a"}}, State: LessonNew, Importance: 3}}
	for _, q := range []string{"What is fog?", "What is rain?", "What is snow?", "What is hail?"} {
		j.Samples = append(j.Samples, JobSample{ID: int64(len(j.Samples) + 1), Form: FormCorrection, Prompt: q, Better: "Dear reader, it is water of a kind.", Score: 1, Weight: 1})
	}
	// Which seed's knowledge gets so far as to the gate depends on the last bits of the processor.
	for ; j.Recipe.Seed < 20; j.Recipe.Seed++ {
		alone, both := j, s.run(j)
		if both.Report.Vain == nil || both.Report.Vain.Refused == nil {
			continue
		}
		rep := both.Report
		if rep.Verdict == VerdictRefused || both.Manner == nil || both.Knowledge != nil || rep.KnowledgeKey != "" || len(rep.KnowledgeOn) > 0 {
			t.Fatalf("%s (%s), manner %v, knowledge %v on %v", rep.Verdict, rep.Reason.Text, both.Manner != nil, both.Knowledge != nil, rep.KnowledgeOn)
		}
		if !slices.Equal(rep.Trained, []Step{StepManner}) || len(rep.Losses) == 0 || rep.Losses[0].Step != StepManner || rep.Memory.Parts == 0 {
			t.Errorf("trained %v, with %d losses, in %+v", rep.Trained, len(rep.Losses), rep.Memory)
		}
		at := slices.IndexFunc(rep.Figures.Sentences(), func(s Sentence) bool { return s.Reason.Code == FigureAside })
		if at < 0 || GateOf(rep.Figures.Sentences()[at].Reason).Code != CodeRefusedTwice || rep.Figures.Sentences()[at].Reason.Args["questions"] != question {
			t.Errorf("the figures tell %+v", rep.Figures.Sentences())
		}
		if again := s.run(after(j, both)); again.Changed(after(j, both).Before) || len(again.Report.Trained) > 0 || again.Report.Reason.Code != CodeVainBefore {
			t.Errorf("the same again: trained %v, %s", again.Report.Trained, again.Report.Reason.Text)
		}
		alone.Samples = nil // there is nothing else to use
		if o := s.run(alone); o.Report.Verdict != VerdictRefused && o.Report.Reason.Code != CodeInVain || o.Report.Vain != nil && o.Report.Vain.Refused != nil {
			t.Errorf("alone it is %s (%s), left out: %+v", o.Report.Verdict, o.Report.Reason.Text, o.Report.Vain)
		}
		return
	}
	t.Error("no seed's knowledge was refused")
}

// Where new knowledge is left out, the one in use goes on answering, as long as all that it
// was trained on is still taught.
func TestKnowledgeInUseStands(t *testing.T) {
	r := tinyRunner(t, 1)
	for _, c := range []struct {
		on     []int64
		stands bool
	}{{[]int64{201}, true}, {[]int64{201, 202}, true}, {[]int64{201, 203}, false}, {nil, false}} {
		run := cycleRun{knowledge: untrained(t, r, 2), job: &Job{
			Lessons: []JobLesson{{Sample: 201}, {Sample: 202}}, Before: JobVersion{KnowledgeKey: "key", KnowledgeOn: c.on},
		}}
		a := run.standing()
		if (a != nil) != c.stands || run.out.KeepKnowledge != c.stands || (run.out.Report.KnowledgeKey == "key") != c.stands || c.stands && !slices.Equal(run.out.Report.KnowledgeOn, c.on) {
			t.Errorf("trained on %v: stands %v, %+v", c.on, a != nil, run.out)
		}
	}
}

// The history has a training that made no version, with why, beside those that the gate
// refused; a cycle that only asked has no line there.
func TestTrainingInVainIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
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
		if s, err := b.LiveStats(t.Context()); err != nil || s.Metrics.Cycles != 1 || s.Metrics.InVain != 1 || s.Metrics.SuccessRate != 0 {
			t.Errorf("the statistics are %+v, %v", s.Metrics, err)
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
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			o, err := promoted(j)
			o.Report.Verdict, o.Report.Reason, o.Report.Trained = "", reason(CodeStillGentle, "nothing changed"), []Step{StepManner}
			o.Report.Tries = []Try{{Rate: 1, Verdict: VerdictRefused}, {Rate: .5}}
			return o, err
		})
		b.Train()
		b.settle()
		s, err := b.LiveStats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rows, err = b.Versions(t.Context()); err != nil || len(rows) != 1+s.Metrics.InVain || rows[0].Reason.Code != CodeStillGentle || len(rows[0].Tries) != 2 || rows[0].Figures != nil {
			t.Errorf("%d trainings in vain are counted, and the history is %+v, %v", s.Metrics.InVain, rows, err)
		}
	})
}
