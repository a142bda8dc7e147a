package trainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clara/store"
)

// On a disk that is full old versions can be removed too, although their removal cannot be noted first.
func TestOldVersionsMakeRoomOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("clara-room", disk, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	b := newBenchIn(t, disk)
	b.attach()
	old, used := b.versionOver(0), b.versionOver(0)
	for _, v := range []Version{old, used} {
		folder := filepath.Join(b.home, filepath.FromSlash(v.Manner))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "adapter_model.safetensors"), make([]byte, 512<<10), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 8<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("8 MB on a disk of 4: %v", err)
	}
	var err error
	for i := 0; err == nil; i++ { // what the journal has left
		err = b.SaveDraft(t.Context(), 0, strings.Repeat(fmt.Sprint(i), 2000))
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	if err := b.RemoveOldVersions(t.Context()); err != nil {
		t.Error(err)
	}
	if v, err := b.store.Version(t.Context(), old.ID); err != nil || !v.Removed {
		t.Errorf("the old version is noted as removed: %v, %v", v.Removed, err)
	}
	b.close()
}
