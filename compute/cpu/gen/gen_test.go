package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What is checked in is what the generator writes.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	out := t.TempDir()
	asm, stubs := filepath.Join(out, "kernels_amd64.s"), filepath.Join(out, "stubs_amd64.go")
	cmd := exec.Command("go", "run", ".", "-out", asm, "-stubs", stubs, "-pkg", "cpu")
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, log)
	}
	for _, path := range []string{asm, stubs} {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		// The first line quotes the command with its paths.
		_, got, _ = bytes.Cut(got, []byte("\n"))
		_, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: run go generate in compute/cpu", filepath.Base(path))
		}
	}
}
