package trainer

import (
	"context"
	"errors"
	"testing"
)

// A move trains the same feedback on another model, leaves the one in use answering,
// and keeps what the two make of the lessons apart.
func TestMove(t *testing.T) {
	from, to := tinyRunner(t, 1), tinyRunner(t, 2)
	b := newBench(t, t.TempDir())
	defer b.close()
	if err := b.Attach(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Attach(context.Background(), nil); err != nil {
			t.Error(err)
		}
	}()
	lesson := b.teach("Who leads IT at Brandt?", "Maria Kowalski.", Knowledge)
	b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
	v := made(t, b.store, from.Info().Hash, "")
	if err := b.renew(t.Context()); err != nil {
		t.Fatal(err)
	}

	stopped, cancel := context.WithCancel(t.Context())
	b.play(func(ctx context.Context, _ Job, _ func(Progress)) (Outcome, error) {
		cancel()
		return Outcome{}, ctx.Err()
	})
	if _, err := b.Move(stopped, to, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled move: %v", err)
	}
	b.wantCycles(CycleStopped, CyclePromoted)

	var job Job
	b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
		job = j
		return promoted(j)
	})
	card, err := b.Move(t.Context(), to, nil)
	if err != nil {
		t.Fatal(err)
	}
	if job.Base != to.Info().Hash || job.Before.Version != 0 || len(job.Samples) != 1 || len(job.Lessons) != 1 {
		t.Errorf("the job is %+v", job)
	}
	if card.Old.Version != v.Number || card.Old.Lessons != 1 || card.After.Lessons != 1 || card.State != CycleChecked || len(card.Lessons) != 1 || card.Lessons[0].Question != lesson.Prompt {
		t.Errorf("the card is %+v", card)
	}
	if got := b.State().Active.ID; got != v.ID {
		t.Errorf("version %d answers, want %d", got, v.ID)
	}
	for base, want := range map[string]LessonState{from.Info().Hash: LessonNew, to.Info().Hash: LessonKnown} {
		if l, err := b.store.Lessons(t.Context(), base); err != nil || len(l) != 1 || l[0].State != want {
			t.Errorf("on %.8s: %+v, %v; want %s", base, l, err, want)
		}
	}
	b.start()
	if _, err := b.Move(t.Context(), to, nil); !errors.Is(err, ErrRunning) {
		t.Errorf("a move while the loop runs: %v", err)
	}
	b.Stop()
	if _, err := b.Move(t.Context(), from, nil); err == nil {
		t.Error("moved to the model in use")
	}
}
