package trainer

import (
	"testing"
	"testing/synctest"
)

// answersGiven are the answers of the lessons that there are.
func (b *bench) answersGiven() []string {
	b.t.Helper()
	all, err := b.Lessons(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, l := range all {
		out = append(out, l.Answer)
	}
	return out
}

// Whoever unlearns a lesson, or decides against it, does not get back an answer that it had
// replaced long ago; what is brought back is what was unlearnt.
func TestUnlearningBringsNoEarlierAnswerBack(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
		b.attach()
		for name, unlearn := range map[string]func(l Lesson) error{
			"unlearnt":        func(l Lesson) error { return b.Unlearn(t.Context(), l.ID) },
			"decided against": func(l Lesson) error { return b.Resolve(t.Context(), Contradiction{Older: l}, KeepNewer) },
		} {
			b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
			s := b.teach("Who leads IT?", "Karl leads IT.", Knowledge)
			l, err := b.store.LessonOf(t.Context(), "", s.ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := unlearn(l); err != nil {
				t.Fatal(err)
			}
			if got := b.answersGiven(); len(got) != 0 {
				t.Errorf("%s, and there are %q", name, got)
			}
			if err := b.PutBack(t.Context(), s.ID); err != nil {
				t.Fatal(err)
			}
			if got := b.answersGiven(); len(got) != 1 || got[0] != "Karl leads IT." {
				t.Errorf("brought back are %q", got)
			}
			if err := b.Unlearn(t.Context(), l.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}
