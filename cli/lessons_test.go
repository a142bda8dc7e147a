package cli

import (
	"path/filepath"
	"testing"

	"clara/store"
	"clara/trainer"
)

// newTrainer is a trainer over an empty data folder, without a model, with its store.
func newTrainer(t *testing.T) (*trainer.Trainer, *store.Store) {
	t.Helper()
	home := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(home, "clara.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	tr, err := trainer.New(t.Context(), trainer.Params{Store: st, Home: home, Settings: trainer.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	return tr, st
}

// Of a lesson that is known no training is promised: none takes it up.
func TestPractisingAKnownLessonPromisesNoTraining(t *testing.T) {
	tr, st := newTrainer(t)
	if _, err := tr.Teach(t.Context(), trainer.Teaching{Question: "Who is the mayor?", Answer: "Anna Huber."}); err != nil {
		t.Fatal(err)
	}
	practise := func(l language, want string) {
		t.Helper()
		if got, err := (&program{language: l}).practise(t.Context(), tr, 1); err != nil || got != want {
			t.Errorf("it says %q (%v), want %q", got, err, want)
		}
	}
	practise(english, "Lesson 1 weighs more in the next training.")
	if err := st.AddResults(t.Context(), "base", []store.LessonResult{{Lesson: 1, Outcome: store.LessonKnown}}); err != nil {
		t.Fatal(err)
	}
	practise(german, "Lektion 1 sitzt: Kein Training braucht sie, solange sie nicht verloren geht; dann wiegt sie mehr.")
	practise(english, "Lesson 1 is known: no training needs it unless it is lost; it weighs the most already.")
	if err := st.AddResults(t.Context(), "base", []store.LessonResult{{Lesson: 1, Outcome: store.LessonLost}}); err != nil {
		t.Fatal(err)
	}
	practise(english, "Lesson 1 weighs the most already; the next training takes it as it is.")
}
