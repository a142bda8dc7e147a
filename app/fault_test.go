package app

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"clara/trainer"
)

// A German window names the errors that a person meets in German, not by their English chain.
func TestFaultsAreNamedInTheLanguageSpoken(t *testing.T) {
	w := openSample(t, spoken(german))
	w.settle(t)
	missing := fmt.Errorf("open model: %w", &fs.PathError{Op: "open", Path: "/models/a.gguf", Err: fs.ErrNotExist})
	if got, want := fault(missing), "/models/a.gguf gibt es nicht"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	lost := trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "cuda: out of memory", "fault": trainer.CodeFaultMemory}}
	if got, want := because(lost), "Das Training ist fehlgeschlagen: Der Arbeitsspeicher reicht nicht. Ihre Rückmeldungen bleiben erhalten"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// A full disk is named as what it is, until something is saved again; what is said of something else stays.
func TestAFullDiskIsToldOfUntilSomethingIsSaved(t *testing.T) {
	w := openSample(t, spoken(german))
	w.settle(t)
	w.failed(&trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeDiskFull}, Hint: trainer.HintFreeSpace, Err: trainer.ErrFull})
	if !reads(w, "Der Datenträger ist voll") || !reads(w, "Was Sie zuletzt getan haben, wurde nicht gespeichert. Schaffen Sie Platz auf dem Datenträger und versuchen Sie es erneut.") {
		t.Error("the full disk is not told of")
	}
	last := w.lastAnswer()
	w.chat.rate(last.ID, 5)
	w.settle(t)
	if reads(w, "Der Datenträger ist voll") {
		t.Error("the disk is said to be full after a rating was saved")
	}
	w.failed(errors.New("the printer is on fire"))
	w.chat.rate(last.ID, 4)
	w.settle(t)
	if !reads(w, "Das ging nicht") {
		t.Error("what was said of something else is gone")
	}
}
