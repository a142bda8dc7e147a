package trainer

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// A correction that is saved again with another importance or other keywords is the lesson that
// it was: its trail goes on, and it is asked for by the new keywords.
func TestACorrectionSavedAgainKeepsItsTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		_, message := b.talk("Who leads IT?", 0)
		save := func(c Correction) Sample {
			t.Helper()
			c.Message = message
			s, err := b.Correct(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		first := save(Correction{Better: "Maria leads IT.", Kind: Knowledge})
		b.answered(first, LessonKnown)
		words := [][]string{{"maria"}}
		again := save(Correction{Better: " Maria leads IT. ", Kind: Knowledge, Importance: 5, Keywords: words})
		if again.ID != first.ID || again.Importance != 5 {
			t.Errorf("saved again it is sample %d of importance %d, want %d of 5", again.ID, again.Importance, first.ID)
		}
		lessons, err := b.Lessons(t.Context())
		if err != nil || len(lessons) != 1 {
			t.Fatalf("%+v, %v", lessons, err)
		}
		if l := lessons[0]; l.State != LessonKnown || len(l.Trail) != 1 || l.Importance != 5 || len(l.Keywords) != 1 || l.Form != FormCorrection {
			t.Errorf("saved again it is %+v", l)
		}
		if got := b.speaking.Load().lessons[0].Keywords; len(got) != 1 {
			t.Errorf("answers go by the keywords %q", got)
		}
		if c, err := b.Standing(t.Context(), message); err != nil || c.Importance != 5 || len(c.Keywords) != 1 {
			t.Errorf("on the answer stands %+v, %v", c, err)
		}
		for _, c := range []Correction{
			{Better: "Karl leads IT.", Kind: Knowledge}, {Better: "Karl leads IT.", Kind: Manner}, {Better: "Karl leads IT.", Kind: Manner, Importance: 4},
		} {
			if s := save(c); s.ID == again.ID {
				t.Errorf("%+v changed the sample before", c)
			} else {
				again = s
			}
		}
	})
}

// A lesson was corrected, also when the conversation that it was corrected in is gone.
func TestALessonIsCorrectedWithoutItsConversation(t *testing.T) {
	b := newBench(t)
	conversation, message := b.talk("Who leads IT?", 0)
	if _, err := b.Correct(t.Context(), Correction{Message: message, Better: "Maria leads IT.", Kind: Knowledge}); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteConversation(t.Context(), conversation); err != nil {
		t.Fatal(err)
	}
	if err := b.store.EraseConversations(t.Context(), b.now().Add(Restorable)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Teach(t.Context(), Teaching{Question: "Who leads sales?", Answer: "Karl leads sales."}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []Form{FormText, FormCorrection} { // the newest first
		lessons, err := b.Lessons(t.Context())
		if err != nil || len(lessons) != 2 || lessons[i].Form != want {
			t.Errorf("lesson %d: %+v, %v, want %s", i, lessons, err, want)
		}
	}
}

// Another answer to a lesson takes the lesson's keywords over, but for those that it cannot be
// known by: they were about the answer before. The same answer changes nothing.
func TestAnotherAnswerIsCheckedByItsOwnWords(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		keywords [][]string
		answer   string
		left     int
		same     bool
	}{
		{[][]string{{"maria", "karl"}}, "Karl leads IT.", 1, false},
		{[][]string{{"maria"}}, "Karl leads IT.", 0, false},
		{[][]string{{"otto"}}, "Karl leads IT.", 1, false}, // the answer before had it neither
		{[][]string{{"maria"}}, " Maria leads IT.", 1, true},
	} {
		s, err := b.Teach(t.Context(), Teaching{Question: "Who leads IT?", Answer: "Maria leads IT.", Keywords: c.keywords})
		if err != nil {
			t.Fatal(err)
		}
		l, err := b.store.LessonOf(t.Context(), "", s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.SetAnswer(t.Context(), l.ID, c.answer); err != nil {
			t.Fatal(err)
		}
		now, err := b.Lessons(t.Context())
		if err != nil || len(now) != 1 || len(now[0].Keywords) != c.left || (now[0].ID == l.ID) != c.same {
			t.Errorf("%q with %q: %+v, %v", c.answer, c.keywords, now, err)
		}
	}
}

// Whoever rates an answer anew does not wait for all lessons to be read and indexed again.
func TestRatingAnewLeavesTheLessonsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		_, message := b.talk("Who leads IT?", 0)
		before := b.speaking.Load()
		for _, stars := range []int{2, 5, 1} {
			if _, err := b.Rate(t.Context(), message, stars); err != nil {
				t.Fatal(err)
			}
		}
		if b.speaking.Load() != before {
			t.Error("what answers was built anew for a rating")
		}
		if _, err := b.Correct(t.Context(), Correction{Message: message, Better: "Maria leads IT.", Kind: Knowledge}); err != nil {
			t.Fatal(err)
		}
		if b.speaking.Load() == before {
			t.Error("a correction is not used")
		}
	})
}

// Of an answer there is one correction: one that was taken back does not come back beside a later one, of whichever kind that is.
func TestAnAnswerHasOneCorrection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		_, message := b.talk("Who leads IT?", 0)
		correct := func(kind Kind) Sample {
			t.Helper()
			time.Sleep(time.Second)
			s, err := b.Correct(t.Context(), Correction{Message: message, Better: "Maria leads IT.", Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		first := correct(Knowledge)
		if err := b.TakeBack(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		second := correct(Manner)
		var told *UserError
		if err := b.PutBack(t.Context(), first.ID); !errors.As(err, &told) || told.Reason.Args["by"] != strconv.FormatInt(second.ID, 10) {
			t.Errorf("put back beside a later one: %v", err)
		}
		if err := b.TakeBack(t.Context(), second.ID); err != nil {
			t.Fatal(err)
		}
		if err := b.PutBack(t.Context(), first.ID); err != nil {
			t.Error(err)
		}
	})
}
