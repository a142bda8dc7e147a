package trainer

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
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
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
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

// What is brought back does not stand beside what was given on the same since, of which the filter
// keeps the newer one: that is told, and decided by whoever gave both.
func TestWhatIsNewerStaysInThePlaceOfWhatWasTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		older := b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
		l, err := b.store.LessonOf(t.Context(), "", older.ID)
		if err != nil {
			t.Fatal(err)
		}
		takeBack := func(s Sample) {
			t.Helper()
			time.Sleep(time.Second)
			if err := b.TakeBack(t.Context(), s.ID); err != nil {
				t.Fatal(err)
			}
		}
		takeBack(older)
		newer := b.teach("who leads IT", "Karl leads IT.", Knowledge)
		_, relearn := b.Relearn(t.Context(), l.ID)
		for what, err := range map[string]error{"put back": b.PutBack(t.Context(), older.ID), "relearnt": relearn} {
			var told *UserError
			if !errors.As(err, &told) || told.Reason.Code != CodeReplaced || told.Reason.Args["by"] != strconv.FormatInt(newer.ID, 10) {
				t.Errorf("%s beside a newer one: %v", what, err)
			}
		}
		if got := b.answersGiven(); !slices.Equal(got, []string{"Karl leads IT."}) {
			t.Errorf("there are %q", got)
		}
		takeBack(newer)
		if err := b.PutBack(t.Context(), older.ID); err != nil {
			t.Fatal(err)
		}
		if got := b.answersGiven(); !slices.Equal(got, []string{"Maria leads IT."}) {
			t.Errorf("once the newer one is taken back there are %q", got)
		}

		// What stood before it was taken back changes nothing: it is then as it was.
		twice := b.rate("What is fog?", 5)
		b.rate("What is fog?", 4)
		takeBack(twice)
		if err := b.PutBack(t.Context(), twice.ID); err != nil {
			t.Errorf("put back as it was: %v", err)
		}
	})
}

// Feedback that is taken back while the same stands elsewhere, as when it is given again, changes
// nothing that was learnt: that goes on answering, and holds nothing of what was taken back.
func TestWhatStandsElsewhereIsNotUnlearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		said := func() Sample { return b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner) }
		first := b.holding(said())
		again := said()
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			if len(j.Samples) != 1 || j.Samples[0].ID != again.ID {
				t.Errorf("it is trained on %+v", j.Samples)
			}
			return Outcome{KeepManner: true, Report: Report{Reason: reason(CodeOnlyAsked, "nothing was due")}}, nil
		})
		b.start()
		s := b.want(PhaseWaiting, CodeNothingNew)
		if s.Active.ID == 0 || s.Active.ID == first.ID {
			t.Fatalf("version %d answers", s.Active.ID)
		}
		v, err := b.store.Version(t.Context(), s.Active.ID)
		if err != nil || v.Parent != first.ID || v.Reason.Code != CodeStandsOn || s.Last == nil || s.Last.Version != v.ID || s.Last.Reason.Code != CodeStandsOn {
			t.Errorf("it is %+v, %v; told was %+v", v, err, s.Last)
		}
		b.wantCycles(CyclePromoted, CyclePromoted)
		if rows, err := b.Versions(t.Context()); err != nil || rows[0].ID != v.ID || rows[0].Figures != nil {
			t.Errorf("the gate measured nothing of it, and the history has %+v, %v", rows[0], err)
		}
		time.Sleep(48 * time.Hour)
		b.wantRuns(1)
		if got := b.State().Active.ID; got != v.ID {
			t.Errorf("two days later version %d answers", got)
		}
	})
}

// A lesson that is unlearnt, and erased, while it is being answered with
// takes no answer with it.
func TestAnAnswerOutlivesItsLesson(t *testing.T) {
	b := newBench(t)
	defer b.load(tinyRunner(t, 1))()
	s := b.teach("Who leads IT at Brandt?", "Maria.", Knowledge)
	erased := false
	e, err := b.Answer(t.Context(), Ask{Text: "Who leads IT at Brandt?", Greedy: true, MaxTokens: 12}, func(string) { // a drawn one may end at once
		if erased {
			return
		}
		erased = true
		if err := errors.Join(b.Forget(t.Context(), s.ID), b.store.EraseSamples(t.Context(), time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil || !erased || e.Lesson != 0 || e.Question != "" {
		t.Fatalf("erased %v: %+v, %v", erased, e, err)
	}
	if got := b.texts(e.Conversation); len(got) != 2 || got[1] != e.Text {
		t.Errorf("kept is %q", got)
	}
}
