package store

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "continuous.toml")
	for _, content := range []string{"first", "second, longer", "", "x"} {
		check(t, WriteFile(path, []byte(content)))
		if got := string(must(os.ReadFile(path))(t)); got != content {
			t.Errorf("read %q, want %q", got, content)
		}
	}
	if n := len(must(os.ReadDir(dir))(t)); n != 1 {
		t.Errorf("%d files in the folder, want 1", n)
	}
}

func TestWriteFileKeepsModeAndLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has neither modes nor links for everyone")
	}
	dir := t.TempDir()
	path, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	check(t, WriteFile(path, nil))
	if mode := must(os.Stat(path))(t).Mode().Perm(); mode != 0o600 {
		t.Errorf("a new file has mode %v", mode)
	}
	check(t, os.Chmod(path, 0o440))
	check(t, os.Symlink("real", link))
	check(t, WriteFile(link, []byte("new")))
	if mode := must(os.Stat(path))(t).Mode().Perm(); mode != 0o440 {
		t.Errorf("mode is now %v", mode)
	}
	if target := must(os.Readlink(link))(t); target != "real" {
		t.Errorf("the link points at %q", target)
	}
	if got := string(must(os.ReadFile(path))(t)); got != "new" {
		t.Errorf("behind the link is %q", got)
	}
}

func TestWriteFileThatFailsLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	check(t, os.MkdirAll(filepath.Join(path, "inside"), 0o700)) // a folder cannot be replaced by a file
	if err := WriteFile(path, []byte("x")); err == nil {
		t.Fatal("no error")
	}
	if err := WriteFile(filepath.Join(dir, "nowhere", "file"), nil); err == nil {
		t.Fatal("no error")
	}
	if n := len(must(os.ReadDir(dir))(t)); n != 1 {
		t.Errorf("%d entries in the folder, want the 1 that was there", n)
	}
}
