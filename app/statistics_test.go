package app

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"clara/trainer"
	"clara/widgets"
)

// The figures are those of the trainer, and the span changes them.
func TestStatisticsShowTheCourse(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeStatistics)
	w.settle(t)
	for _, words := range []string{"Statistics", "Mean rating", "The check's decision", "Do the answers get better?"} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read", words)
		}
	}
	if n := len(w.statistics.course.Ratings); n != 5 {
		t.Errorf("%d ratings, not the 5 of the sample", n)
	}
	find(t, w, func(s *widgets.Segmented) bool { return len(s.Names) == 3 && s.Names[2] == "All" }).OnChosen(2)
	w.settle(t)
	if w.statistics.span != 2 || !w.statistics.course.Since.IsZero() {
		t.Error("the span has not changed")
	}
	if n := len(w.statistics.course.Cycles); n != 14 || !reads(w, "and 8 more") {
		t.Errorf("%d cycles, not 14 of which 8 are not listed", n)
	}
}

// Of a cycle of which it is not known how long it took there is no figure.
func TestACycleThatWasCutHasNoDuration(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeStatistics)
	w.settle(t)
	w.statistics.course.Cycles = []trainer.CourseCycle{{Cycle: 1, Started: noon, State: trainer.CycleCut, Samples: 3, Known: 1, Asked: 2, Version: 1}}
	w.statistics.showCycles()
	if !reads(w, "cut short when the program ended") || reads(w, "0 s") {
		t.Error("how long it took is made up")
	}
}

// fileWriter is a file that a person chose in the dialog.
type fileWriter struct {
	io.WriteCloser
	uri fyne.URI
}

func (f fileWriter) URI() fyne.URI { return f.uri }

type brokenFile struct{}

func (brokenFile) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }
func (brokenFile) Close() error              { return nil }

func TestStatisticsAreExported(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeStatistics)
	w.settle(t)
	path := filepath.Join(t.TempDir(), "figures.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := w.statistics.course.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	w.statistics.save(fileWriter{f, storage.NewFileURI(path)}, table.String())
	w.settle(t)
	if text, err := os.ReadFile(path); err != nil || string(text) != table.String() {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if !reads(w, "Saved: figures.csv") {
		t.Error("it is not said where it is")
	}
	w.statistics.save(fileWriter{brokenFile{}, storage.NewFileURI(path)}, "x")
	w.settle(t)
	if !reads(w, "the disk is full") {
		t.Error("the failure is not said")
	}
	if n := len(w.statistics.exports()); n != 5 {
		t.Errorf("%d lines in the menu", n)
	}
}

// Each of the three troubles is answered with the reason and what to do.
func TestWhyItDoesNotLearn(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english)}, wide)
	w.settle(t)
	w.show(placeLearning)
	w.settle(t)
	w.learning.askWhy()
	w.settle(t)
	for _, words := range []string{
		"Does the buffer fill?", "there is no feedback yet", "Rate or correct more answers.",
		"Does training start?", "no model is loaded", "Does the model get better?",
	} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read", words)
		}
	}
	if !w.view().escape() || reads(w, "Does the buffer fill?") {
		t.Error("Escape does not close it")
	}
}

func TestEveryFindingHasWords(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(german)}, wide)
	w.settle(t)
	for _, top := range []string{"", trainer.CodeBelowThreshold, trainer.CodeNeutral, trainer.CodeTooShort, trainer.CodeReplaced, trainer.CodeBufferFull} {
		f := trainer.Finding{Subject: trainer.SubjectBuffer, Reason: trainer.Reason{Code: trainer.CodeBufferEmpty, Args: map[string]string{
			"kept": "3", "total": "10", "top": top, "count": "7", "threshold": "-0.5",
		}}}
		if words := findingWords(f); !strings.Contains(words, "3 von 10") || strings.Contains(words, "reason.") || strings.Contains(words, "no value") {
			t.Errorf("%q is said as %q", top, words)
		}
	}
}
