package trainer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"clara/store"
)

// What old versions take can be had back, without harm to the one in use and to what it refers to.
func TestOldVersionsMakeRoom(t *testing.T) {
	b := newBench(t)
	b.attach()
	const size = 1000
	var versions []Version
	for range 3 {
		v := b.versionOver(0)
		folder := filepath.Join(b.home, filepath.FromSlash(v.Manner))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "adapter_model.safetensors"), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	room := func() Room {
		t.Helper()
		r, err := b.Room(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if got, want := room(), (Room{Needed: journalBytes + size, Old: 2, OldBytes: 2 * size}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := b.RemoveOldVersions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := room(), (Room{Needed: journalBytes + size}); got != want {
		t.Errorf("after the removal %+v, want %+v", got, want)
	}
	for i, v := range versions {
		_, err := os.Stat(filepath.Join(b.home, filepath.FromSlash(v.Manner)))
		if last := i == len(versions)-1; last != (err == nil) || !last && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the files of version %d: %v", v.Number, err)
		}
	}
	if err := b.Restore(t.Context(), versions[0].ID); !errors.Is(err, store.ErrRemoved) {
		t.Errorf("restoring a removed version: %v", err)
	}
	if err := b.RemoveOldVersions(t.Context()); err != nil {
		t.Errorf("with nothing left to remove: %v", err)
	}
}

// An adapter goes with the last old version that uses it, although it lies with another one whose
// own files are gone.
func TestOldVersionsLeaveNothing(t *testing.T) {
	b := newBench(t)
	b.attach()
	first := b.versionOver(0)
	folder := filepath.Join(b.home, filepath.FromSlash(first.Manner))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{Parent: first.ID, Manner: first.Manner}}); err != nil {
		t.Fatal(err)
	}
	b.versionOver(0)
	if err := b.store.RemoveVersion(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.RemoveOldVersions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an adapter that nothing refers to stays: %v", err)
	}
}
