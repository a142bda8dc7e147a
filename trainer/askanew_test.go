package trainer

import (
	"testing"

	"clara/store"
)

// After a version was taken out of use, what is known is what the one that answers now says:
// the lessons are asked anew, once, also where the program ended before it came to it.
func TestLessonsAreAskedAnewOnceAnotherVersionAnswers(t *testing.T) {
	for _, cause := range []store.Cause{CauseRestore, CauseRollback} {
		b := newBench(t)
		set := DefaultSettings()
		set.PrepareModels = false
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		r := tinyRunner(t, 1)
		defer b.load(r)()
		b.model.current.keep(&BaseFacts{})
		hash := r.Info().Hash
		b.teach("Who leads IT at Brandt?", "Maria Koch leads IT.", Knowledge)
		never := b.teach("Who keeps the keys?", "Olga Stein keeps the keys.", Knowledge)
		lessons, err := b.store.Lessons(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		v := made(t, b.store, hash, "")
		if err := b.store.AddResults(t.Context(), hash, []LessonResult{{Lesson: lessons[0].ID, Version: v.ID, Outcome: LessonKnown, Answer: "Maria Koch."}}); err != nil {
			t.Fatal(err)
		}
		if err := b.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		decide := func() *loop {
			t.Helper()
			l := &loop{Trainer: b.Trainer}
			l.decide(t.Context())
			if l.now.running {
				l.end(t.Context(), <-l.now.done)
			}
			return l
		}
		if decide(); b.State().Phase == PhaseAsking {
			t.Fatal("asked though the same version answers")
		}
		if err := b.activate(t.Context(), 0, cause, Reason{}); err != nil {
			t.Fatal(err)
		}
		l := decide()
		if s := b.State(); s.Phase != PhaseAsking || s.Why.Code != CodeAskedAnew {
			t.Fatalf("%s: the loop is %s (%s)", cause, s.Phase, s.Why.Code)
		}
		views, err := b.Lessons(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range views {
			if want := map[bool]LessonState{false: LessonLost, true: LessonNew}[x.Sample == never.ID]; x.State != want || x.Version != 0 {
				t.Errorf("%s: %q is %s by version %d, want %s by the base", cause, x.Question, x.State, x.Version, want)
			}
		}
		for name, l := range map[string]*loop{"again": l, "after a restart": {Trainer: b.Trainer}} {
			if l.decide(t.Context()); l.now.running {
				t.Fatalf("%s: asked anew %s", cause, name)
			}
		}
	}
}
