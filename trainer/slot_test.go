package trainer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Three users over one model: their cycles run one after the other, in the order in which
// they became due, and one who no longer wants to train holds nobody up.
func TestCyclesOfSeveralUsersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slot := new(Slot)
		var order []int
		running := 0
		users := make([]*bench, 3)
		for i := range users {
			b := newBench(t)
			b.slot = slot
			b.play(func(ctx context.Context, j Job, _ func(Progress)) (Outcome, error) {
				order = append(order, i)
				if running++; running != 1 {
					t.Errorf("%d cycles run at a time", running)
				}
				select {
				case <-time.After(time.Minute):
				case <-ctx.Done():
				}
				running--
				return promoted(j)
			})
			b.start()
			b.attach()
			users[i] = b
			synctest.Wait()
		}
		for _, b := range users {
			b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
			synctest.Wait()
		}
		users[0].want(PhaseRunning, CodeCorrection)
		users[1].want(PhaseWaiting, CodeOthersTurn)
		users[2].want(PhaseWaiting, CodeOthersTurn)
		users[0].teach("What is dew?", "Dear reader, dew is water.", Manner) // due again, behind the others
		users[1].Pause()
		users[1].want(PhasePaused, CodePaused)
		time.Sleep(61 * time.Second)
		users[2].want(PhaseRunning, CodeCorrection)
		users[0].want(PhaseWaiting, CodeOthersTurn)
		users[1].Resume()
		users[1].want(PhaseWaiting, CodeOthersTurn)
		users[0].Stop() // also while it waits
		time.Sleep(60 * time.Second)
		users[1].want(PhaseRunning, CodeCorrection)
		time.Sleep(60 * time.Second)
		for _, b := range users[1:] {
			b.want(PhaseWaiting, CodeNothingNew)
		}
		if len(order) != 3 || order[0] != 0 || order[1] != 2 || order[2] != 1 {
			t.Errorf("the cycles ran in the order %v, want [0 2 1]", order)
		}
	})
}

// What is measured of an untrained model is kept where all users find it.
func TestWhatIsMeasuredOfTheBaseIsShared(t *testing.T) {
	r := tinyRunner(t, 1)
	first, second := newBench(t), newBench(t)
	second.bases = first.store
	for _, b := range []*bench{first, second} {
		a, err := b.attachedTo(r)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := b.keptFacts(t.Context(), a)
		if err != nil || (kept != nil) != (b == second) {
			t.Fatalf("measured before: %v, %v", kept != nil, err)
		}
		if _, err := b.facts(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
}
