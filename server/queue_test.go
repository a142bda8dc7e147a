package server

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// One user with many requests does not keep another one waiting.
func TestQueueServesUsersInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 3)
		leave, err := q.enter(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		var served []string
		wait := func(ctx context.Context, user string) {
			go func() {
				leave, err := q.enter(ctx, user)
				if err != nil {
					served = append(served, user+" "+err.Error())
					return
				}
				served = append(served, user)
				leave()
				leave() // counts once
			}()
			synctest.Wait()
		}
		for range 3 {
			wait(t.Context(), "anna")
		}
		if _, err := q.enter(t.Context(), "anna"); !errors.Is(err, errFull) {
			t.Errorf("a fourth one waits: %v", err)
		}
		wait(t.Context(), "ben")
		gone, cancel := context.WithCancel(t.Context())
		wait(gone, "carl")
		wait(t.Context(), "ben")
		if held, waiting := q.state(); held != 1 || waiting != 6 {
			t.Errorf("%d are answered and %d wait, want 1 and 6", held, waiting)
		}
		cancel()
		synctest.Wait()
		leave()
		synctest.Wait()
		want := []string{"carl context canceled", "anna", "ben", "anna", "ben", "anna"}
		if !slices.Equal(served, want) {
			t.Errorf("served were %q, want %q", served, want)
		}
		if held, waiting := q.state(); held != 0 || waiting != 0 || q.free != 1 || len(q.waiting) != 0 || len(q.turns) != 0 {
			t.Errorf("left over: %d answers, %d waiting, %+v", held, waiting, q)
		}
	})
}
