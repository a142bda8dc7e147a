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

func TestMakeFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "versions", "cycle-1")
	for range 2 {
		check(t, MakeFolder(path, 0o700))
		if info := must(os.Stat(path))(t); !info.IsDir() {
			t.Errorf("%s is no folder", path)
		}
	}
	file := filepath.Join(dir, "file")
	check(t, WriteFile(file, nil))
	for _, taken := range []string{file, filepath.Join(file, "below")} {
		if err := MakeFolder(taken, 0o700); err == nil {
			t.Errorf("a file is in the way of %s, and it is no error", taken)
		}
	}
}

// A kill in the middle of writing a file leaves half of it beside it.
func TestRemoveHalves(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[a]")
	check(t, MakeFolder(dir, 0o700))
	path := filepath.Join(dir, "training.state")
	check(t, WriteFile(path, []byte("whole")))
	half := must(os.CreateTemp(dir, ".training.state.*"))(t)
	check(t, half.Close())
	check(t, WriteFile(filepath.Join(dir, ".training.other"), nil))
	check(t, RemoveHalves(path))
	var left []string
	for _, e := range must(os.ReadDir(dir))(t) {
		left = append(left, e.Name())
	}
	same(t, []string{".training.other", "training.state"}, left)
}
