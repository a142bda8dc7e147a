package app

import (
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
