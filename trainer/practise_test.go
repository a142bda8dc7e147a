package trainer

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"clara/store"
)

// A lesson that is practised comes up more often in training than before, as long as there
// is more.
func TestPractise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s, err := b.Teach(t.Context(), Teaching{Question: "Who leads the IT department?", Answer: "Maria leads it.", Kind: Knowledge, Importance: 1})
		if err != nil {
			t.Fatal(err)
		}
		lessons, err := b.Lessons(t.Context())
		if err != nil || len(lessons) != 1 || lessons[0].Sample != s.ID {
			t.Fatalf("%+v, %v", lessons, err)
		}
		for _, want := range []struct {
			importance int
			raised     bool
		}{{4, true}, {5, true}, {5, false}} {
			got, err := b.Practise(t.Context(), lessons[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			l, err := b.store.Lesson(t.Context(), "", lessons[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			if got != (Practised{Raised: want.raised}) || l.Importance != want.importance {
				t.Errorf("%+v to %d, want %+v", got, l.Importance, want)
			}
		}
	})
}

// A lesson that is known is not what a training is for: practised, it weighs more for when it is
// lost, and none starts. One that was trained to be known is trained again with the others.
func TestPractiseAKnownLesson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.start()
		s := b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
		b.answered(s, LessonKnown)
		l, err := b.store.LessonOf(t.Context(), testHash, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		practise := func(want Practised, runs int32, importance int) {
			t.Helper()
			got, err := b.Practise(t.Context(), l.ID)
			if err != nil {
				t.Fatal(err)
			}
			if now, err := b.store.Lesson(t.Context(), testHash, l.ID); err != nil || got != want || now.Importance != importance {
				t.Errorf("%+v at an importance of %d (%v), want %+v at %d", got, now.Importance, err, want, importance)
			}
			b.wantRuns(runs)
		}
		practise(Practised{Raised: true, Known: true}, 0, 4)
		practise(Practised{Raised: true, Known: true}, 0, 5)
		practise(Practised{Known: true}, 0, 5)
		b.answered(s, LessonLost)
		practise(Practised{}, 1, 5)

		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err == nil {
			_, _, err = b.store.FinishCycle(t.Context(), store.CycleEnd{
				Cycle: c.ID, State: CyclePromoted, Version: &Version{Samples: []int64{s.ID}, Knowledge: "trained"},
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		b.answered(s, LessonKnown)
		practise(Practised{}, 2, 5)
	})
}

// Of a lesson that is none any more, since it was taken back or teaches manner now, nothing can
// be changed.
func TestOnlyLessonsThatShowAreChanged(t *testing.T) {
	for name, end := range map[string]func(*bench, Sample) error{
		"taken back":       func(b *bench, s Sample) error { return b.TakeBack(b.t.Context(), s.ID) },
		"of manner by now": func(b *bench, s Sample) error { return b.SetKind(b.t.Context(), s.ID, Manner) },
	} {
		b := newBench(t)
		sample := b.teach("What is fog?", "Fog is a cloud.", Knowledge)
		l, err := b.store.LessonOf(t.Context(), "", sample.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(b, sample); err != nil {
			t.Fatal(err)
		}
		all := func() []Sample {
			t.Helper()
			samples, err := b.Samples(t.Context(), SampleQuery{})
			if err != nil {
				t.Fatal(err)
			}
			return samples
		}
		before := all()
		_, practised := b.Practise(t.Context(), l.ID)
		for what, err := range map[string]error{
			"practised": practised, "given keywords": b.SetKeywords(t.Context(), l.ID, [][]string{{"cloud"}}),
			"given an answer": b.SetAnswer(t.Context(), l.ID, "Fog is mist."), "unlearnt": b.Unlearn(t.Context(), l.ID),
		} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("a lesson that is %s is %s: %v", name, what, err)
			}
		}
		if after := all(); !slices.EqualFunc(before, after, func(x, y Sample) bool { return x.ID == y.ID && x.Importance == y.Importance }) {
			t.Errorf("a lesson that is %s: the samples were %+v, are %+v", name, before, after)
		}
	}
}
