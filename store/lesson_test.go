package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What one base model makes of a lesson does not mix with what another makes of it.
func TestModelsDoNotMixInALesson(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	_, l := correct(t, s)
	check(t, s.NoteLessons(ctx, "small", map[int64]string{l.ID: "At 9."}))
	check(t, s.PhraseLessons(ctx, "small", "", map[int64]string{l.ID: "Dear reader, at 8.", l.ID + 7: "erased meanwhile"}))
	check(t, s.AddResults(ctx, "small", []LessonResult{{Lesson: l.ID, Outcome: LessonKnown}}))
	check(t, s.NoteLessons(ctx, "large", map[int64]string{l.ID: "At noon.", l.ID + 7: "erased meanwhile"}))
	for _, want := range []struct {
		base, styled, answer string
		state                LessonState
		asked                int
	}{
		{"small", "Dear reader, at 8.", "At 9.", LessonKnown, 1},
		{"large", "", "At noon.", LessonNew, 0},
		{"unseen", "", "", LessonNew, 0},
		{"", "Dear reader, at 8.", "At 9.", LessonKnown, 1}, // the last that was asked
	} {
		got := must(s.Lessons(ctx, want.base))(t)
		if len(got) != 1 || got[0].Styled != want.styled || got[0].BaseAnswer != want.answer || got[0].State != want.state {
			t.Errorf("on %q: %+v, want %+v", want.base, got, want)
		}
		if n := len(must(s.Trail(ctx, want.base, l.ID, 0))(t)); n != want.asked {
			t.Errorf("on %q it was asked %d times, want %d", want.base, n, want.asked)
		}
		if n := must(s.LessonCounts(ctx, want.base))(t)[want.state]; n != 1 {
			t.Errorf("on %q %d lessons are %s, want 1", want.base, n, want.state)
		}
	}
}

// The importance and the check of a lesson change together or not at all.
func TestALessonIsAmended(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	x, l := correct(t, s)
	check(t, s.AddResults(ctx, "base", []LessonResult{{Lesson: l.ID, Outcome: LessonKnown}}))
	want := [][]string{{"eight", "8"}}
	wantErr(t, s.AmendLesson(ctx, l.ID, 6, want), ErrInvalid)
	wantErr(t, s.As("ann").AmendLesson(ctx, l.ID, 5, want), ErrNotFound)
	if got := must(s.Lesson(ctx, "base", l.ID))(t); got.Importance != x.Importance || cmp.Equal(got.Keywords, want) {
		t.Errorf("refused, and changed to %+v", got)
	}
	check(t, s.AmendLesson(ctx, l.ID, 5, want))
	if got := must(s.Lesson(ctx, "base", l.ID))(t); got.Importance != 5 || !cmp.Equal(got.Keywords, want) || got.State != LessonKnown {
		t.Errorf("amended: %+v", got)
	}
}

// What a lesson is phrased as stays as long as the manner that phrased it is in use, and what
// another manner phrased meanwhile is not kept.
func TestPhrasesGoWithTheManner(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	_, l := correct(t, s)
	made := func(manner string) Version {
		t.Helper()
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
		_, v, err := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{Manner: manner}})
		check(t, err)
		return v
	}
	phrase := func(manner, text string) {
		t.Helper()
		check(t, s.PhraseLessons(ctx, "base", manner, map[int64]string{l.ID: text}))
	}
	want := func(styled string) {
		t.Helper()
		if got := must(s.Lesson(ctx, "base", l.ID))(t); got.Styled != styled || got.BaseAnswer != "At 9." {
			t.Errorf("phrased as %q, want %q; the base says %q", got.Styled, styled, got.BaseAnswer)
		}
	}
	check(t, s.NoteLessons(ctx, "base", map[int64]string{l.ID: "At 9."}))
	first := made("first")
	phrase("first", "Dear reader, at 8.")
	made("first") // keeps the manner
	want("Dear reader, at 8.")
	phrase("second", "Ahoy, at 8.")
	want("Dear reader, at 8.")
	made("second")
	want("")
	phrase("first", "Dear reader, at 8.")
	want("")
	phrase("second", "Ahoy, at 8.")
	revision := s.Revision()
	check(t, s.ActivateVersion(ctx, "base", first.ID, CauseRestore, Reason{}))
	want("")
	if s.Revision() == revision {
		t.Error("lessons that were read before count as they are")
	}
	phrase("first", "Dear reader, at 8.")
	check(t, s.ActivateVersion(ctx, "base", 0, CauseRestore, Reason{}))
	want("")
}
