package trainer

import (
	"slices"
	"testing"

	"clara/model"
	"clara/trainer/routing"
)

// What is examined is what a person gets, and nothing of it is kept.
func TestExamineAnswersAsAPersonGetsIt(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	const asked, tokens = "When do we open?", 12
	b.teach(asked, "At eight.", Knowledge)
	said, err := b.Examine(t.Context(), []Question{
		{Text: asked, Tokens: tokens},
		{Text: asked, Tokens: tokens, WithoutLesson: true},
		{Text: asked, Tokens: tokens, Untrained: true},
		{Text: "Why is the sky blue?", Tokens: tokens},
		{Text: asked, Tokens: tokens, Seed: 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	conversations, err := b.Conversations(t.Context())
	if err != nil || len(conversations) != 0 {
		t.Errorf("the examination left %d conversations, %v", len(conversations), err)
	}
	for i, ask := range []Ask{
		{Text: asked, Greedy: true},
		{Text: asked, Greedy: true, WithoutLesson: true},
		{Text: asked, Greedy: true, WithoutLesson: true},
		{Text: "Why is the sky blue?", Greedy: true},
		{Text: asked, Seed: 7},
	} {
		ask.MaxTokens = tokens
		e, err := b.Answer(t.Context(), ask, nil)
		if err != nil {
			t.Fatal(err)
		}
		if e.Text != said[i].Text || e.Lesson != said[i].Lesson || (e.Finish == FinishEnd) != said[i].Ended {
			t.Errorf("question %d: examined %+v, answered %q with lesson %d", i, said[i], e.Text, e.Lesson)
		}
	}
	if said[0].Lesson == 0 || said[0].Overlap != 1 {
		t.Errorf("the lesson is not put before the model: %+v", said[0])
	}
	if said[3].Lesson != 0 || said[3].Overlap >= routing.LeastOverlap {
		t.Errorf("an unrelated question gets a lesson: %+v", said[3])
	}
}

// An examination computes what it asked before anew only where a lesson or an adapter is
// another, and leaves nothing that makes a cycle faster.
func TestExamineAsksTheSameOnce(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	questions := []Question{{Text: "When do we open?", Tokens: 8}, {Text: "Why is the sky blue?", Tokens: 8}, {Text: "Why is the sky blue?", Tokens: 8, Seed: 3}}
	a := b.model.use()
	defer a.users.Done()
	examine := func(want int) []Said {
		t.Helper()
		before := a.examined.count()
		said, err := b.Examine(t.Context(), questions)
		if got := a.examined.count() - before; err != nil || got != want {
			t.Errorf("%d answers were computed, want %d: %v", got, want, err)
		}
		return said
	}
	first, again := examine(3), examine(0)
	if !slices.Equal(first, again) {
		t.Errorf("%+v, then %+v", first, again)
	}
	b.teach("When do we open?", "At eight.", Knowledge)
	if now := examine(1); now[0].Lesson == 0 {
		t.Errorf("with a lesson: %+v", now)
	}
	if n := a.memory.count(); n != 0 {
		t.Errorf("a cycle would find %d answers", n)
	}
}

// The canary texts are read by each adapter that a version answers with: one that harms only
// answers to lessons shows too.
func TestCanaryIsOfAllAdapters(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	fresh := untrained(t, r, 2)
	read := func(manner, knowledge *model.Adapter) float64 {
		t.Helper()
		s := *b.speaking.Load()
		s.manner, s.version.Knowledge = manner, ""
		if knowledge != nil {
			s.reading, s.version.Knowledge = knowledge, "knowledge"
		}
		b.speaking.Store(&s)
		nll, err := b.Canary(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return nll
	}
	base, harmful := read(nil, nil), noisy(t, r, fresh, 0.5)
	if same := read(fresh, fresh); same != base {
		t.Errorf("adapters that change nothing: %v, the base %v", same, base)
	}
	if manner, knowledge := read(harmful, nil), read(fresh, harmful); manner <= base || knowledge != manner {
		t.Errorf("base %v, harmful manner %v, harmful knowledge %v", base, manner, knowledge)
	}
}

func TestExamineNeedsAModel(t *testing.T) {
	b := newBench(t)
	if _, err := b.Examine(t.Context(), []Question{{Text: "Why?", Tokens: 1}}); err == nil {
		t.Error("answered without a model")
	}
	if _, err := b.Canary(t.Context()); err == nil {
		t.Error("read without a model")
	}
}
