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

// It says how much is missing and offers what can go: the old versions, after a question.
func TestAFullDiskIsMadeRoomOn(t *testing.T) {
	w := openSample(t, spoken(german))
	w.free = func(string) (int64, error) { return 96_000, nil }
	full := &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeDiskFull}, Hint: trainer.HintFreeSpace, Err: trainer.ErrFull}
	w.failed(full)
	w.settle(t)
	if !reads(w, "Es fehlen 4 MB.") {
		t.Error("what is missing is not said")
	}
	if reads(w, "Alte Versionen löschen") {
		t.Error("old versions are offered that have no files")
	}
	w.tellFull(shortage{missing: 120_000_000, room: trainer.Room{Old: 11, OldBytes: 640_000_000}})
	if !reads(w, "Es fehlen 120 MB. Alte Versionen belegen 640 MB.") {
		t.Error("what could go is not said")
	}
	tap(t, w, "Alte Versionen löschen")
	if !reads(w, "11 Versionen lassen sich dann nicht mehr zurückholen") {
		t.Error("it is not asked first")
	}
	tap(t, w, "Behalten")
	tap(t, w, "Alte Versionen löschen")
	tap(t, w, "Löschen")
	w.settle(t)
	if reads(w, "Der Datenträger ist voll") || !reads(w, "640 MB sind frei geworden") {
		t.Error("what became of it is not said")
	}
}
