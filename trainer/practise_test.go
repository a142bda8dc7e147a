package trainer

import (
	"testing"
	"testing/synctest"
)

// A lesson that is practised comes up more often in training than before, as long as there
// is more.
func TestPractise(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, home)
		defer b.close()
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
			raised, err := b.Practise(t.Context(), lessons[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			l, err := b.store.Lesson(t.Context(), "", lessons[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			if raised != want.raised || l.Importance != want.importance {
				t.Errorf("raised %v to %d, want %+v", raised, l.Importance, want)
			}
		}
	})
}
