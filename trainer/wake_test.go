package trainer

import (
	"fmt"
	"testing"

	"clara/store"
)

// filledBench is a trainer with that many lessons and as many ratings, on a version that
// a cycle made, and its loop, which does not run.
func filledBench(b *testing.B, n int) (*bench, *loop) {
	b.Helper()
	t := &bench{home: b.TempDir()}
	st, err := store.Open(b.Context(), t.home+"/clara.db")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	var all []store.Feedback
	for i, l := range englishSet(b, n).lessons {
		all = append(all, store.Feedback{
			Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: l.Question, Answer: "I do not know that.", Better: l.Answer, Score: 1},
			Lesson: &Lesson{Question: l.Question, Answer: l.Answer},
		}, store.Feedback{Sample: Sample{
			Form: FormRating, Kind: Manner, Prompt: fmt.Sprintf("What may question %d be about?", i), Answer: "It is about one of the many things that somebody may ask.", Score: float64(i%2)*2 - 1,
		}})
	}
	if err := st.AddAllFeedback(b.Context(), all, nil); err != nil {
		b.Fatal(err)
	}
	c, err := st.StartCycle(b.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := st.FinishCycle(b.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{}}); err != nil {
		b.Fatal(err)
	}
	set := DefaultSettings()
	set.Enabled = false // the loop looks at all that there is, and starts nothing
	if t.Trainer, err = New(b.Context(), Params{Store: st, Home: t.home, Settings: set}); err != nil {
		b.Fatal(err)
	}
	t.store = st
	a := &attached{}
	a.info.Hash, a.info.Context = testHash, 2048
	a.reader.Store(&reader{state: ReaderBuiltIn})
	t.model.mu.Lock()
	t.model.current = a
	t.model.mu.Unlock()
	return t, &loop{Trainer: t.Trainer}
}

// BenchmarkWake is what the loop does each time that something is new while nothing runs,
// with 10,000 lessons and 10,000 ratings: at most 100 ms.
func BenchmarkWake(b *testing.B) {
	t, l := filledBench(b, 10000)
	wake := func() {
		if err := l.rollback(b.Context()); err != nil {
			b.Fatal(err)
		}
		l.decide(b.Context())
	}
	wake() // all is read
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			wake()
		}
	})
	b.Run("a new rating", func(b *testing.B) {
		n := 0
		for b.Loop() {
			b.StopTimer()
			n++
			if _, err := t.AddRating(b.Context(), fmt.Sprintf("What is new in number %d?", n), "It is all that was not there before.", 5, "test", 3); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			wake()
		}
	})
	b.Run("a new lesson", func(b *testing.B) {
		n := 0
		for b.Loop() {
			b.StopTimer()
			n++
			_, _, err := t.store.AddFeedback(b.Context(), store.Feedback{
				Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: fmt.Sprintf("Where is cabinet %d of the archive?", n), Better: "It is in the cellar.", Score: 1},
				Lesson: &Lesson{Question: fmt.Sprintf("Where is cabinet %d of the archive?", n), Answer: "It is in the cellar."},
			})
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			wake()
		}
	})
}

// BenchmarkSavedFeedback is the time until a person is thanked for a rating and for a
// lesson, beside 10,000 of each.
func BenchmarkSavedFeedback(b *testing.B) {
	t, _ := filledBench(b, 10000)
	n := 0
	b.Run("rating", func(b *testing.B) {
		for b.Loop() {
			n++
			if _, err := t.AddRating(b.Context(), fmt.Sprintf("What is new in number %d?", n), "It is all that was not there before.", 5, "test", 3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lesson", func(b *testing.B) {
		if err := t.renew(b.Context()); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			n++
			if _, err := t.Teach(b.Context(), Teaching{Question: fmt.Sprintf("Where is cabinet %d of the archive?", n), Answer: "It is in the cellar."}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
