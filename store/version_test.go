package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func same(t tester, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, sameRecords); diff != "" {
		t.Fatalf("want (-), got (+):\n%s", diff)
	}
}

// promote runs a cycle that makes a version.
func promote(t *testing.T, s *Store, base string) Version {
	t.Helper()
	parent := must(s.ActiveVersion(t.Context(), base))(t)
	c := must(s.StartCycle(t.Context(), Cycle{BaseHash: base}))(t)
	_, v, err := s.FinishCycle(t.Context(), CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{Parent: parent.ID}})
	check(t, err)
	return v
}

func TestEachBaseModelHasItsActiveVersion(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	active := func(base string) int { t.Helper(); return must(s.ActiveVersion(ctx, base))(t).Number }
	a1, b1, a2 := promote(t, s, "A"), promote(t, s, "B"), promote(t, s, "A")
	if n := must(s.NextNumber(ctx))(t); n != 4 {
		t.Errorf("the next version has the number %d, after %d", n, a2.Number)
	}
	if a2.Parent != a1.ID || active("A") != 3 || active("B") != 2 || active("C") != 0 {
		t.Fatalf("active: A %d, B %d, C %d; parent %d", active("A"), active("B"), active("C"), a2.Parent)
	}
	wantErr(t, s.ActivateVersion(ctx, "A", b1.ID, CauseRestore, Reason{}), ErrNotFound)
	check(t, s.ActivateVersion(ctx, "A", a1.ID, CauseRollback, Reason{Code: "ratings_fell"}))
	if active("A") != 1 || active("B") != 2 {
		t.Errorf("active: A %d, B %d", active("A"), active("B"))
	}
	check(t, s.ActivateVersion(ctx, "A", 0, CauseRestore, Reason{}))
	same(t, Version{}, must(s.ActiveVersion(ctx, "A"))(t))
	var marks []int
	for _, a := range must(s.Activations(ctx, "A"))(t) {
		marks = append(marks, a.Number)
	}
	same(t, []int{1, 3, 1, 0}, marks)
}

func TestRemovedVersionStaysInTheHistory(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	old, now := promote(t, s, "A"), promote(t, s, "A")
	wantErr(t, s.RemoveVersion(ctx, now.ID), ErrActive)
	check(t, s.RemoveVersion(ctx, old.ID))
	check(t, s.RemoveVersion(ctx, old.ID)) // deleting its files was cut short and is done again
	err := s.ActivateVersion(ctx, "A", old.ID, CauseRestore, Reason{})
	if !errors.Is(err, ErrRemoved) {
		t.Errorf("activated without its files: %v", err)
	}
	versions := must(s.Versions(ctx, "A"))(t)
	if len(versions) != 2 || !versions[1].Removed || versions[0].Removed || !versions[0].Active || versions[1].Active {
		t.Errorf("history %+v", versions)
	}
}

// A version keeps what its adapters are, however it is read.
func TestAVersionKeepsItsHashes(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	c := must(s.StartCycle(ctx, Cycle{BaseHash: "A"}))(t)
	want := Version{Manner: "m", MannerHash: "of m", Knowledge: "k", KnowledgeHash: "of k"}
	_, made, err := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &want})
	check(t, err)
	for name, got := range map[string]Version{
		"made": made, "by its id": must(s.Version(ctx, made.ID))(t), "in use": must(s.ActiveVersion(ctx, "A"))(t), "listed": must(s.Versions(ctx, "A"))(t)[0],
	} {
		if got.MannerHash != want.MannerHash || got.KnowledgeHash != want.KnowledgeHash {
			t.Errorf("%s: %q and %q", name, got.MannerHash, got.KnowledgeHash)
		}
	}
}

// A cycle does not make a version over another one than it began with.
func TestOvertakenCycleMakesNoVersion(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	end := func(over int64) (Version, error) {
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
		_, v, err := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{}, Over: &over})
		if err != nil {
			_, _, stop := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CycleStopped})
			check(t, stop)
		}
		return v, err
	}
	first := must(end(0))(t)
	_, err := end(0)
	wantErr(t, err, ErrOvertaken)
	second := must(end(first.ID))(t)
	check(t, s.ActivateVersion(ctx, "base", 0, CauseRestore, Reason{}))
	_, err = end(second.ID)
	wantErr(t, err, ErrOvertaken)
	must(end(0))(t)
}
