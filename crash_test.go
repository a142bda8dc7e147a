package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test binary die on request, as the program may.
func TestMain(m *testing.M) {
	if home := os.Getenv("CLARA_TEST_CRASH"); home != "" {
		if _, _, err := watchCrashes(home); err != nil {
			panic(err)
		}
		panic("on request")
	}
	os.Exit(m.Run())
}

func TestCrashIsReportedAtTheNextStart(t *testing.T) {
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CLARA_TEST_CRASH="+home)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("it did not die: %s", out)
	}
	before, stop, err := watchCrashes(home)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(before); err != nil || !strings.Contains(string(text), "panic: on request") || !strings.Contains(string(text), "goroutine") {
		t.Errorf("the report in %q is %.200q, %v", before, text, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, crashName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a run that ended well leaves a report: %v", err)
	}
	again, stop, err := watchCrashes(home)
	if err != nil || again != "" {
		t.Errorf("a run that ended well is reported as %q, %v", again, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
