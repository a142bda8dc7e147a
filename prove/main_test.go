package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// smallSession is a session whose built-in model is a small one.
func smallSession(t *testing.T) *session {
	t.Helper()
	s := &session{folder: t.TempDir(), models: t.TempDir(), threads: 1, commit: "c0ffee"}
	small, err := filepath.Abs(filepath.Join(givenFolder(), "..", "models", "stories260K", "stories260K.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(small); err != nil {
		t.Skipf("no small model: %v", err)
	}
	if err := os.Symlink(small, filepath.Join(s.models, builtIn)); err != nil {
		t.Fatal(err)
	}
	return s
}

// unitOf is a measurement of that name.
func unitOf(name string, run func(context.Context, *bench, *result) error) unit {
	return unit{measurement: name, model: builtIn, seed: 1, cost: time.Millisecond, run: run}
}

// A run that is stopped goes on with what has no line yet, and begins anew what it was
// stopped in.
func TestARunGoesOnWhereItWasStopped(t *testing.T) {
	s := smallSession(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var began []string
	first := unitOf("first", func(context.Context, *bench, *result) error {
		began = append(began, "first")
		return nil
	})
	second := unitOf("second", func(ctx context.Context, _ *bench, r *result) error {
		began = append(began, "second")
		r.tally("asked", true)
		stop() // in the first run, in its middle
		return ctx.Err()
	})
	units := []unit{first, second}
	if err := s.measure(ctx, units); err == nil || !strings.Contains(err.Error(), "second") {
		t.Errorf("it does not say in what it was stopped: %v", err)
	}
	for range 2 { // the second time there is nothing left
		if err := s.measure(t.Context(), units); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"first", "second", "second"}; !slices.Equal(began, want) {
		t.Errorf("measured %v, want %v", began, want)
	}
	lines, _, err := readResults(filepath.Join(s.folder, resultsFile))
	if err != nil || len(lines) != 2 || lines[1].Counts["asked"] != (count{1, 1}) || lines[1].Commit != s.commit {
		t.Errorf("%+v, %v", lines, err)
	}
}

// A model that is not there, as the one that speaks German, keeps nothing else from being measured.
func TestAModelThatIsNotThereIsLeftOut(t *testing.T) {
	s := smallSession(t)
	absent := unitOf("absent", nil)
	absent.model = "none.gguf"
	there := unitOf("there", func(_ context.Context, _ *bench, r *result) error {
		r.tally("asked", true)
		return nil
	})
	if err := s.measure(t.Context(), []unit{absent, there}); err != nil {
		t.Fatal(err)
	}
	lines, _, err := readResults(filepath.Join(s.folder, resultsFile))
	if err != nil || len(lines) != 1 || lines[0].Measurement != "there" {
		t.Errorf("%+v, %v", lines, err)
	}
}

// What takes longer than the budget, as on a slower machine, is stopped and has no line.
func TestTheBudgetIsKept(t *testing.T) {
	s := smallSession(t)
	s.budget = time.Second
	endless := unitOf("endless", func(ctx context.Context, _ *bench, _ *result) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err := s.measure(t.Context(), []unit{endless}); err != nil {
		t.Errorf("a spent budget is no failure: %v", err)
	}
	lines, _, err := readResults(filepath.Join(s.folder, resultsFile))
	if err != nil || len(lines) != 0 {
		t.Errorf("%+v, %v", lines, err)
	}
}

// The short form asks less under the same names: beside the lines of a whole run its lines
// would pass for theirs.
func TestTheShortFormHasAFolderOfItsOwn(t *testing.T) {
	if folderOf(true) == folderOf(false) {
		t.Error(folderOf(true))
	}
}
