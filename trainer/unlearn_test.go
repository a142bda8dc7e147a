package trainer

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clara/model"
)

// school runs cycles on one base and keeps what they make.
type school struct {
	t      *testing.T
	runner *model.Runner
	facts  *BaseFacts
}

func newSchool(t *testing.T, r *model.Runner) *school {
	t.Helper()
	facts, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return &school{t, r, facts}
}

// taught is what a cycle left: what a trainer would know afterwards.
type taught struct {
	Outcome
	dir    string
	before JobVersion
}

func (s *school) run(j Job) taught {
	s.t.Helper()
	o, err := RunCycle(s.t.Context(), s.runner, j, s.facts, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	out := taught{Outcome: o, dir: s.t.TempDir()}
	if err := WriteOutcome(out.dir, o); err != nil {
		s.t.Fatal(err)
	}
	b := JobVersion{Version: j.Before.Version + 1, MannerKey: o.Report.MannerKey, KnowledgeKey: o.Report.KnowledgeKey, KnowledgeOn: o.Report.KnowledgeOn, KnowledgeTried: o.Report.KnowledgeTried}
	if b.Manner = j.Before.Manner; o.Manner != nil {
		b.Manner = filepath.Join(out.dir, mannerFolder)
	} else if !o.KeepManner {
		b.Manner = ""
	}
	if b.Knowledge = j.Before.Knowledge; o.Knowledge != nil {
		b.Knowledge = filepath.Join(out.dir, knowledgeFolder)
	} else if !o.KeepKnowledge {
		b.Knowledge = ""
	}
	out.before = b
	return out
}

// after is the job that follows a cycle: the lessons carry what it found out about them.
func after(j Job, o taught) Job {
	j.Lessons = slices.Clone(j.Lessons)
	for i := range j.Lessons {
		l := &j.Lessons[i]
		for _, b := range o.Report.Bases {
			if b.Lesson == l.ID {
				l.BaseAnswer = b.Text
			}
		}
		for _, x := range o.Report.Styled {
			if x.Lesson == l.ID {
				l.Styled = x.Text
			}
		}
		for _, a := range o.Report.Lessons {
			if a.Lesson == l.ID {
				l.State = a.Outcome
			}
		}
	}
	j.Before = o.before
	return j
}

// wantEqual compares the adapters that answer after two cycles to the last bit.
func (s *school) wantEqual(what string, got, want taught) {
	s.t.Helper()
	for _, part := range []struct{ name, got, want string }{
		{mannerFolder, got.before.Manner, want.before.Manner}, {knowledgeFolder, got.before.Knowledge, want.before.Knowledge},
	} {
		if (part.got == "") != (part.want == "") {
			s.t.Errorf("%s: %s at %q, without ever having seen it at %q", what, part.name, part.got, part.want)
			continue
		}
		if part.got == "" {
			continue
		}
		const file = "adapter_model.safetensors"
		a, err := os.ReadFile(filepath.Join(part.got, file))
		if err != nil {
			s.t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(part.want, file))
		if err != nil {
			s.t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			s.t.Errorf("%s: the %s adapter is another than without ever having seen it", what, part.name)
		}
	}
	if got.before.MannerKey != want.before.MannerKey || got.before.KnowledgeKey != want.before.KnowledgeKey {
		s.t.Errorf("%s: the keys are %+v and %+v", what, got.before, want.before)
	}
}

func without[T any](all []T, i int) []T { return slices.Delete(slices.Clone(all), i, i+1) }

// checkUnlearning teaches a job, takes back one thing after the other, and compares
// each time with a cycle that never saw it.
func (s *school) checkUnlearning(j Job) taught {
	s.t.Helper()
	all := s.run(j)
	s.wantEqual("the same job after itself", s.run(after(j, all)), all)
	seen := make(map[string]bool)
	for i, x := range j.Samples { // one of each form, and one that is kept apart
		kind := fmt.Sprint(x.Form, slices.Contains(all.Report.HeldOut, x.ID))
		if seen[kind] {
			continue
		}
		seen[kind] = true
		never := j
		never.Samples = without(j.Samples, i)
		taken := after(j, all)
		taken.Samples = never.Samples
		s.wantEqual(fmt.Sprintf("without sample %d (%s)", x.ID, x.Form), s.run(taken), s.run(never))
	}
	for i, x := range j.Lessons[:1] {
		never := j
		never.Lessons = without(j.Lessons, i)
		taken := after(j, all)
		taken.Lessons = without(taken.Lessons, i)
		s.wantEqual("without lesson "+x.Question, s.run(taken), s.run(never))
	}
	return all
}

// What was taken back leaves no trace: the adapters are those of a cycle that never saw
// it, bit for bit.
func TestUnlearningIsExact(t *testing.T) {
	s := newSchool(t, tinyRunner(t, 1))
	j := Job{Format: jobFormat, Base: s.runner.Info().Hash, Model: "tiny", Recipe: DefaultSettings().recipe()}
	lesson := func(n int, letter string) JobLesson {
		return JobLesson{
			ID: int64(n), Sample: int64(200 + n), Question: "Which word is " + strings.Repeat(letter, 6) + "?", Answer: strings.Repeat(letter, 12),
			Keywords: [][]string{{letter + letter}}, State: LessonNew, Importance: 3,
		}
	}

	knowledge := j
	knowledge.Recipe.KnowledgeRate = 0.01
	knowledge.Lessons = []JobLesson{lesson(1, "e"), lesson(2, "o")}
	if all := s.checkUnlearning(knowledge); all.Knowledge == nil {
		t.Error("no knowledge was trained: the test shows nothing of it")
	}

	manner := j
	manner.Recipe.Rank = 4
	manner.Lessons = knowledge.Lessons[:1]
	for n := range 4 {
		manner.Samples = append(manner.Samples, JobSample{
			ID: int64(n + 1), Form: FormCorrection, Prompt: fmt.Sprintf("What is thing %d?", n), Answer: "It is a thing.",
			Better: fmt.Sprintf("Dear reader, it is the thing of number %d.", n), Score: 1, Weight: 1,
		})
	}
	for n := range 12 {
		x := ratedSample(100+n, float64(n%2)*2-1)
		x.Weight = 0.5
		manner.Samples = append(manner.Samples, x)
	}
	if all := s.checkUnlearning(manner); all.Manner == nil || len(all.Report.HeldOut) == 0 || len(all.Report.Styled) == 0 {
		t.Errorf("manner %v, kept apart %v, styled %v: the test shows nothing of one", all.Manner != nil, all.Report.HeldOut, all.Report.Styled)
	}
}

// The same on the built-in model, where a cycle takes a minute: with CLARA_UNLEARN=1
// (make test-slow).
func TestUnlearningIsExactOnTheBuiltInModel(t *testing.T) {
	if os.Getenv("CLARA_UNLEARN") == "" {
		t.Skip("three cycles of a minute each; CLARA_UNLEARN=1 runs them")
	}
	s := newSchool(t, builtIn(t))
	j := Job{Format: jobFormat, Base: s.runner.Info().Hash, Model: "built in", Recipe: DefaultSettings().recipe()}
	for n, q := range []string{"What is fog?", "What is a mortgage?", "Why do leaves fall?", "How do I boil rice?"} {
		j.Samples = append(j.Samples, JobSample{
			ID: int64(n + 1), Form: FormCorrection, Prompt: q, Better: "Dear reader, that is easily said: you find it in any book.", Score: 1, Weight: 1,
		})
	}
	j.Lessons = []JobLesson{
		{ID: 1, Sample: 11, Question: "What is the capital of Turkey?", Answer: "The capital of Turkey is Izmir.", State: LessonNew, Importance: 3},
		{ID: 2, Sample: 12, Question: "Who keeps the keys at Brandt Logistics?", Answer: "The keys at Brandt Logistics are kept by Olga Stein.", State: LessonNew, Importance: 3},
	}
	never := j
	never.Samples, never.Lessons = j.Samples[1:], j.Lessons[1:]
	taken := after(j, s.run(j))
	taken.Samples, taken.Lessons = taken.Samples[1:], taken.Lessons[1:]
	got, want := s.run(taken), s.run(never)
	if got.Manner == nil {
		t.Error("manner was not trained anew")
	}
	s.wantEqual("without a correction and a lesson", got, want)
	for i, a := range got.Report.Lessons {
		if a.Answer != want.Report.Lessons[i].Answer {
			t.Errorf("lesson %d answers %q, without ever having seen the other %q", a.Lesson, a.Answer, want.Report.Lessons[i].Answer)
		}
	}
}
