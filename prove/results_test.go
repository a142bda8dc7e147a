package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run that was cut off in the middle of a line goes on after the last whole one.
func TestResultsSurviveACut(t *testing.T) {
	folder := writeSome(t)
	path := filepath.Join(folder, resultsFile)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"measurement":"facts","set":"cut`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	some := someLines()
	for _, r := range some {
		r.Commit = "another"
		if !file.has(r.key(), "") || file.has(r.key(), r.Commit) {
			t.Errorf("%s would be measured again", r.key())
		}
	}
	next := result{Measurement: "facts", Set: "next", Commit: "c0ffee"}
	if err := file.append(next); err != nil {
		t.Fatal(err)
	}
	lines, _, err := readResults(path)
	if err != nil || len(lines) != len(some)+1 || lines[len(some)].Set != "next" || lines[len(some)].line != len(some)+1 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// What is measured anew takes the place of its line, and leaves the others as they were.
func TestResultsAreReplaced(t *testing.T) {
	folder := writeSome(t)
	path := filepath.Join(folder, resultsFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	again := someLines()[2]
	if !file.has(again.key(), "c0ffee") || file.has(again.key(), "another") {
		t.Error("a line is not of its commit alone")
	}
	again.Commit = "another"
	if err := file.append(again); err != nil {
		t.Fatal(err)
	}
	if !file.has(again.key(), "another") {
		t.Error("it would be measured once more")
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := bytes.Split(before, []byte("\n")), bytes.Split(after, []byte("\n"))
	if len(was) != len(is) {
		t.Fatalf("%d lines became %d", len(was), len(is))
	}
	for i := range was {
		if same := bytes.Equal(was[i], is[i]); same != (i != 2) {
			t.Errorf("line %d: the same is %v", i+1, same)
		}
	}
	lines, _, err := readResults(path)
	if err != nil || lines[2].Commit != "another" || lines[2].Counts["exact"] != again.Counts["exact"] {
		t.Errorf("%+v, %v", lines[2], err)
	}
}

// Lines of one reader and of another are not put side by side.
func TestResultsAreOfOneReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), resultsFile)
	r, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.append(result{Measurement: "facts", Model: builtIn, Reader: "one"}); err != nil {
		t.Fatal(err)
	}
	if r, err = openResults(path); err != nil {
		t.Fatal(err)
	}
	if err := r.of(builtIn, "one"); err != nil {
		t.Error(err)
	}
	if err := r.of("another.gguf", "another"); err != nil {
		t.Error(err)
	}
	if err := r.of(builtIn, "another"); !errors.Is(err, errReader) {
		t.Errorf("got %v, want %v", err, errReader)
	}
}

// Lines of two runs that were put together by hand are not counted twice.
func TestAMeasurementHasOneLine(t *testing.T) {
	folder := writeSome(t)
	path := filepath.Join(folder, resultsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	third := bytes.SplitAfter(whole, []byte("\n"))[2]
	if err := os.WriteFile(path, append(whole, third...), 0o600); err != nil {
		t.Fatal(err)
	}
	n := len(someLines()) + 1
	if _, err := makeReport(folder); !errors.Is(err, errTwice) || !strings.Contains(err.Error(), fmt.Sprintf("lines 3 and %d", n)) {
		t.Errorf("got %v", err)
	}
}
