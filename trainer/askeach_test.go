package trainer

import (
	"context"
	"errors"
	"testing"
)

// Asking many lessons keeps each answer as it comes, also where it is cut short, and reads the
// lessons anew once, when it is over.
func TestLessonsAreAskedOneByOneAndReadAnewOnce(t *testing.T) {
	b := newBench(t)
	defer b.load(tinyRunner(t, 1))()
	for question, answer := range map[string]string{"Who leads IT at Brandt?": "Maria Koch.", "Who keeps the keys?": "Olga Stein.", "Where is the archive?": "In the cellar."} {
		b.teach(question, answer, Knowledge)
	}
	var ids []int64
	for _, l := range b.speaking.Load().lessons {
		ids = append(ids, l.ID)
	}
	ask := func(until int) (told int, err error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		before := b.speaking.Load()
		err = b.AskEach(ctx, ids, func(r LessonResult) {
			trail, err := b.store.Trail(t.Context(), "", r.Lesson, 0)
			if err != nil || len(trail) == 0 || r.Lesson != ids[told] || b.speaking.Load() != before {
				t.Errorf("lesson %d: the trail is %+v (%v), read anew: %v", r.Lesson, trail, err, b.speaking.Load() != before)
			}
			if told++; told == until {
				cancel()
			}
		})
		for i, l := range b.speaking.Load().lessons {
			if (l.State == LessonNew) != (i >= until) {
				t.Errorf("lesson %d is %s after %d were asked", l.ID, l.State, until)
			}
		}
		return told, err
	}
	if told, err := ask(1); told != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("cut short: %d told, %v", told, err)
	}
	if told, err := ask(3); told != 3 || err != nil {
		t.Errorf("%d told, %v", told, err)
	}
	if err := b.AskEach(t.Context(), []int64{77}, func(LessonResult) {}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such lesson: %v", err)
	}
}
