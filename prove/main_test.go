package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clara/trainer"
)

// smallSession is a session whose built-in model is a small one.
func smallSession(t *testing.T) *session {
	t.Helper()
	s := &session{folder: t.TempDir(), models: t.TempDir(), home: t.TempDir(), threads: 1, commit: "c0ffee"}
	small, err := filepath.Abs(filepath.Join(givenFolder(), "..", "models", "stories260K", "stories260K.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(small); err != nil {
		lacks(t, "no small model: "+err.Error())
	}
	if err := os.Symlink(small, filepath.Join(s.models, builtIn)); err != nil {
		t.Fatal(err)
	}
	b, err := openBench(t.Context(), small, s.home, 1)
	if err != nil {
		t.Fatal(err)
	}
	prepared(t, b, trainer.VerdictProven)
	if err := b.close(); err != nil {
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
// would pass for theirs. So would those of another model.
func TestTheShortFormHasAFolderOfItsOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, model := range []string{"", "another.gguf"} {
		for _, short := range []bool{false, true} {
			folder := folderOf(short, model)
			if seen[folder] {
				t.Errorf("two forms measure into %s", folder)
			}
			seen[folder] = true
		}
	}
}

// Another model gets its reader before it is measured. Stopped in that, what was trained is
// kept for the next run.
func TestAnotherModelIsPreparedBeforeItIsMeasured(t *testing.T) {
	const name = "another.gguf"
	s := smallSession(t)
	s.home, s.model = t.TempDir(), name
	if err := os.Rename(filepath.Join(s.models, builtIn), filepath.Join(s.models, name)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	kept := make(chan bool)
	go func() { // stops it once something is kept
		defer close(kept)
		for ctx.Err() == nil {
			if found, _ := filepath.Glob(filepath.Join(s.home, "readers", "*", "training.state")); len(found) > 0 {
				stop()
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	u := unitOf("asked", func(context.Context, *bench, *result) error {
		t.Error("it is measured without a reader")
		return nil
	})
	u.model = name
	if err := s.measure(ctx, []unit{u}); err == nil || !strings.Contains(err.Error(), "stopped in") {
		t.Errorf("%v", err)
	}
	stop()
	<-kept
	if found, _ := filepath.Glob(filepath.Join(s.home, "readers", "*", "training.state")); len(found) != 1 {
		t.Errorf("kept: %q", found)
	}
}

// Lines of two models in one folder would be added up on one page.
func TestAFolderIsAboutOneModel(t *testing.T) {
	s := smallSession(t)
	there := result{Measurement: "manner", Model: "another.gguf"}
	file, err := openResults(filepath.Join(s.folder, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.append(there); err != nil {
		t.Fatal(err)
	}
	if err := s.measure(t.Context(), []unit{unitOf("manner", nil)}); !errors.Is(err, errSubject) {
		t.Errorf("%v", err)
	}
	if lines, _, err := readResults(file.path); err != nil || subjectOf(lines) != "another.gguf" {
		t.Errorf("the page is about %q, %v", subjectOf(lines), err)
	}
}

// Two runs on one folder would do the same twice, and write the page under each other.
func TestOneRunMeasuresIntoAFolder(t *testing.T) {
	s := &session{folder: filepath.Join(t.TempDir(), "learning")}
	lock, err := s.hold()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.hold(); !errors.Is(err, errBusy) {
		t.Errorf("%v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if lock, err = s.hold(); err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// What was measured at another commit says nothing of whether this one is broken.
func TestTheShortFormJudgesThisCommit(t *testing.T) {
	s := smallSession(t)
	s.short = true
	known := 0
	u := unit{measurement: "facts", variant: "12", model: builtIn, cost: time.Millisecond, run: func(_ context.Context, _ *bench, r *result) error {
		r.Counts = map[string]count{"exact": {known, 12}}
		return nil
	}}
	if err := s.measure(t.Context(), []unit{u}); err != nil {
		t.Fatal(err)
	}
	if err := s.judge(); !errors.Is(err, errBroken) {
		t.Errorf("nothing is known: %v", err)
	}
	s.commit, known = "another", 12
	if err := s.judge(); err != nil {
		t.Errorf("another commit is judged: %v", err)
	}
	if err := s.measure(t.Context(), []unit{u}); err != nil {
		t.Fatal(err)
	}
	lines, _, err := readResults(filepath.Join(s.folder, resultsFile))
	if err != nil || len(lines) != 1 || lines[0].Counts["exact"].N != 12 {
		t.Errorf("it was not measured at this commit: %+v, %v", lines, err)
	}
}
