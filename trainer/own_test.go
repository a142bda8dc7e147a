package trainer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// talk keeps a question with its answer in a conversation of its own.
func (b *bench) talk(question string, lesson int64) (conversation, answer int64) {
	b.t.Helper()
	m, err := b.store.BeginConversation(b.t.Context(), Conversation{Title: question}, []Message{
		{Role: RoleUser, Text: question}, {Role: RoleAssistant, Text: "an answer", Finish: FinishEnd, Lesson: lesson},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return m.Conversation, m.ID
}

// Only questions that nothing was taught about hold a training, the latest first; what
// was drawn stays drawn as long as the manner is the same, and a deleted conversation
// is out at once.
func TestOwnQuestionsAreDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.teach("Who leads the IT department at Brandt?", "Maria leads the IT department at Brandt.", Knowledge)
		lessons, err := b.Lessons(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fog, _ := b.talk("How does fog form over rivers?", 0)
		b.talk("Which knots hold a heavy boat?", 0)
		b.talk("Who leads IT at Brandt?", 0)                         // matches the lesson
		b.talk("Which bakery opens early on Sunday?", lessons[0].ID) // was answered with one
		b.talk("And why?", 0)
		_, rated := b.talk("Which trees keep their leaves?", 0)
		if _, err := b.Rate(t.Context(), rated, 5); err != nil {
			t.Fatal(err)
		}
		j := Job{Base: testHash, Recipe: DefaultSettings().recipe()}
		for _, l := range lessons {
			j.Lessons = append(j.Lessons, jobLesson(l.Lesson))
		}
		taught := j.Lessons
		draw := func(before ...string) []string {
			t.Helper()
			own, err := b.drawOwn(t.Context(), &j, []string{"Which trees keep their leaves?"}, &Job{Own: before, Lessons: taught})
			if err != nil {
				t.Fatal(err)
			}
			return own
		}
		both := []string{"Which knots hold a heavy boat?", "How does fog form over rivers?"}
		if d := cmp.Diff(both, draw()); d != "" {
			t.Error(d)
		}
		j.Samples = testJob().Samples
		held := j
		held.Own = both
		j.Before.MannerKey = held.mannerKey()
		b.talk("How many strings does a harp have?", 0)
		if d := cmp.Diff(both, draw(both...)); d != "" {
			t.Errorf("one more question: %s", d)
		}
		j.Lessons = nil
		if got := draw(both...); !slices.Contains(got, "Who leads IT at Brandt?") {
			t.Errorf("without the lesson that one was left out for: %q", got)
		}
		taught = append(taught, JobLesson{Question: "Who mends the roof?"})
		j.Lessons = taught[:1]
		if d := cmp.Diff(both, draw(both...)); d != "" {
			t.Errorf("without a lesson that left none out: %s", d)
		}
		held.Own = nil
		j.Before.MannerKey = held.mannerKey()
		if got := draw(); len(got) != 0 {
			t.Errorf("a manner that is held to none is to be trained again, held to %q", got)
		}
		held.Own = both[:1]
		j.Before.MannerKey = held.mannerKey()
		if got := draw(both[0]); len(got) != 1 {
			t.Errorf("a manner that is held to one is to be trained again, held to %q", got)
		}
		j.Before.MannerKey = "of other samples"
		if got := draw(both...); len(got) != 3 || got[0] != "How many strings does a harp have?" {
			t.Errorf("with other samples: %q", got)
		}
		samples := j.Samples
		j.Samples, j.Before.MannerKey = nil, importedKey // knowledge beside it is held to them
		if d := cmp.Diff(both, draw(both...)); d != "" {
			t.Errorf("beside an imported manner: %s", d)
		}
		j.Samples, held.Own = samples, both
		j.Before.MannerKey = held.mannerKey()
		if err := b.DeleteConversation(t.Context(), fog); err != nil {
			t.Fatal(err)
		}
		if got := draw(both...); slices.Contains(got, both[1]) {
			t.Errorf("a deleted conversation: %q", got)
		}
		j.Samples = nil
		for n := range 40 {
			b.talk(fmt.Sprintf("How far is station %d from harbour %d?", n, n), 0)
		}
		if got := draw(); len(got) != ownMost {
			t.Errorf("%d questions are drawn", len(got))
		}
	})
}

// The base is asked once: its answers are kept, serve as if they were asked anew, and go
// with their conversation.
func TestOwnQuestionsAreKept(t *testing.T) {
	s := newSchool(t, tinyRunner(t, 1))
	b := newBench(t)
	a := &attached{runner: s.runner, info: s.runner.Info()}
	j := Job{Format: jobFormat, Base: a.info.Hash, Model: "tiny", Recipe: DefaultSettings().recipe(), Own: []string{"How does fog form over rivers?", "Which knots hold a heavy boat?"}}
	for _, q := range j.Own {
		b.talk(q, 0)
	}
	with, err := b.withOwn(t.Context(), a, s.facts, j.Own)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.withOwn(t.Context(), a, s.facts, j.Own)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(with.own, again.own); d != "" || len(with.own) != 2 || s.facts.own != nil {
		t.Errorf("read back: %s", d)
	}
	fresh, err := s.facts.holding(t.Context(), s.runner, j.Own)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := again.holding(t.Context(), s.runner, j.Own)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fresh.Anchors, kept.Anchors); d != "" || len(kept.Anchors) != len(s.facts.Anchors)+2 {
		t.Errorf("asked anew and kept: %s", d)
	}
	if err := b.forgetOwn(t.Context(), []Message{{Role: RoleUser, Text: j.Own[0]}}); err != nil {
		t.Fatal(err)
	}
	left, err := b.store.Base(t.Context(), a.info.Hash, ownKind, []string{keyOf(j.Own[0]), keyOf(j.Own[1])})
	if err != nil || len(left) != 1 {
		t.Errorf("%d answers are left, %v", len(left), err)
	}
	// One whose conversation is deleted while the base is asked is not kept after all.
	late := "Where do herons nest in the north?"
	c, _ := b.talk(late, 0)
	if err := b.DeleteConversation(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if with, err = b.withOwn(t.Context(), a, s.facts, []string{late}); err != nil || len(with.own) != 1 {
		t.Errorf("%d questions hold the cycle that runs, %v", len(with.own), err)
	}
	if left, err = b.store.Base(t.Context(), a.info.Hash, ownKind, []string{keyOf(late)}); err != nil || len(left) != 0 {
		t.Errorf("the answer to a deleted question is kept: %d, %v", len(left), err)
	}
	bare := j
	bare.Own, bare.Samples = nil, testJob().Samples
	held := bare
	held.Own = j.Own
	if bare.mannerKey() == held.mannerKey() {
		t.Error("what a manner was held to is no part of its key")
	}
}

// What was trained in vain is not trained again because the user asked something: only a lesson
// or the manner is said to change that.
func TestAQuestionIsNoReasonToTryAgain(t *testing.T) {
	s := newSchool(t, tinyRunner(t, 1))
	j := Job{Format: jobFormat, Base: s.runner.Info().Hash, Model: "tiny", Recipe: DefaultSettings().recipe(), Own: []string{"How does fog form over rivers?"}}
	j.Recipe.KnowledgeRate = 1e-9 // moves nothing
	j.Lessons = []JobLesson{{ID: 1, Sample: 201, Question: "Which word is the last one?", Answer: "Zebra.", Keywords: [][]string{{"zebra"}}, State: LessonNew, Importance: 3}}
	first := s.run(j)
	next := after(j, first)
	next.Own = append(next.Own, "Which knots hold a heavy boat?")
	if again := s.run(next); first.Report.Reason.Code != CodeInVain || again.Report.Reason.Code != CodeVainBefore {
		t.Errorf("first %s, and after one more question %s", first.Report.Reason.Text, again.Report.Reason.Text)
	}
}
