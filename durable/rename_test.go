package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// A file that another program looks at for a moment is replaced once that has gone; another
// error is none to wait for.
func TestRenameWaitsForOtherPrograms(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("plays on another system what Windows does")
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "new"), filepath.Join(dir, "old")
	if err := errors.Join(os.WriteFile(from, nil, 0o600), os.Mkdir(to, 0o700)); err != nil { // no file replaces a folder
		t.Fatal(err)
	}
	held := func(err error) bool { return errors.Is(err, syscall.EEXIST) }
	if err := rename(from, to, func(error) bool { return false }); err == nil {
		t.Fatal("a folder was replaced")
	}
	time.AfterFunc(50*time.Millisecond, func() { os.Remove(to) })
	if err := rename(from, to, held); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := rename(from, to, held); !errors.Is(err, fs.ErrNotExist) || time.Since(began) > renameTime/2 {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

// What is renamed is in the place of what had the name, a file or a folder.
func TestRename(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "new"), filepath.Join(dir, "old")
	if err := errors.Join(os.WriteFile(from, []byte("new"), 0o600), os.WriteFile(to, []byte("old"), 0o600), Rename(from, to)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "new" {
		t.Errorf("%q, %v", got, err)
	}
	folder := filepath.Join(dir, "folder")
	if err := errors.Join(os.Mkdir(folder, 0o700), Rename(folder, filepath.Join(dir, "other"))); err != nil {
		t.Error(err)
	}
	if err := Rename(from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
}
