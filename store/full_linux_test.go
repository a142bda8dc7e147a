package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A disk that is full when the database is opened is named as one: SQLite, which cannot lay
// out what its connections share, calls it an I/O error.
func TestOpeningOnAFullDiskSaysSo(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("clara-full", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(disk, "clara.db")
	s := must(Open(t.Context(), path))(t)
	kept := must(addConversation(t.Context(), s, Conversation{Title: "kept"}))(t)
	check(t, s.Close())
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("2 MB on a disk of 1: %v", err)
	}
	again, err := Open(t.Context(), path)
	if err == nil {
		check(t, again.Close())
	}
	wantErr(t, err, ErrFull)
	check(t, os.Remove(ballast))
	s = must(Open(t.Context(), path))(t)
	same(t, []Conversation{kept}, must(s.Conversations(t.Context()))(t))
	check(t, s.Close())
}
