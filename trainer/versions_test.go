package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clara/store"
)

// version makes a version without adapters, as a promoted cycle would.
func (b *bench) version() Version {
	b.t.Helper()
	c, err := b.store.StartCycle(b.t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		b.t.Fatal(err)
	}
	_, v, err := b.store.FinishCycle(b.t.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &Version{}})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// versionOver makes a version with a manner adapter that follows another one.
func (b *bench) versionOver(parent int64) Version {
	b.t.Helper()
	c, err := b.store.StartCycle(b.t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		b.t.Fatal(err)
	}
	v := Version{Parent: parent}
	if parent == 0 {
		v.Manner = filepath.ToSlash(filepath.Join(cycleFolder(c.ID), mannerFolder))
	}
	_, v, err = b.store.FinishCycle(b.t.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Version: &v})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) rated(version int64, n, stars int) {
	b.t.Helper()
	for i := range n {
		time.Sleep(time.Second)
		_, _, err := b.store.AddFeedback(b.t.Context(), store.Feedback{Sample: Sample{
			Form: FormRating, Kind: Manner, Prompt: fmt.Sprint(version, stars, i, time.Now()), Answer: "an answer of several words", Score: scoreOf(stars), Version: version,
		}})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	wake(b.changed)
	synctest.Wait()
}

// Three of the first five ratings at two stars or fewer, and worse than before: back by
// itself. What the user then chooses stays.
func TestRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		set := DefaultSettings()
		set.MinBatchSize, set.TrainInterval = 1000, 24*time.Hour
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.attach()
		b.start()
		b.rated(0, 5, 4)
		v := b.version()
		if err := b.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		events := b.Watch(ctx)
		b.rated(v.ID, 2, 1)
		if got := b.settle().Active.ID; got != v.ID {
			t.Fatalf("two low ratings: version %d answers, want %d", got, v.ID)
		}
		b.rated(v.ID, 1, 2)
		if got := b.settle().Active.ID; got != 0 {
			t.Fatalf("three low ratings: version %d answers, want the base", got)
		}
		told := false
		for _, n := range (<-events).News {
			if n.Kind == NewsRolledBack && n.Reason.Code == CodeRolledBack && n.Reason.Text != "" {
				told = true
			}
		}
		cancel()
		if !told {
			t.Error("nobody was told")
		}
		if err := b.Restore(t.Context(), v.ID); err != nil {
			t.Fatal(err)
		}
		b.rated(v.ID, 5, 1)
		if got := b.settle().Active.ID; got != v.ID {
			t.Errorf("the user chose version %d, yet %d answers", v.ID, got)
		}
		rows, err := b.Versions(t.Context())
		if err != nil || len(rows) != 2 || !rows[0].Active || rows[1].ID != 0 || rows[1].Active {
			t.Errorf("the history: %+v, %v", rows, err)
		}
	})
}

// The doctor names the actual reason with its figures.
func TestDoctor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		find := func(subject string) Finding {
			t.Helper()
			all, err := b.Doctor(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range all {
				if f.Subject == subject {
					return f
				}
			}
			t.Fatalf("nothing about %s", subject)
			return Finding{}
		}
		if f := find(SubjectModel); f.Good || f.Hint != HintLoadModel {
			t.Errorf("no model: %+v", f)
		}
		if f := find(SubjectBuffer); f.Good || f.Hint != HintRate {
			t.Errorf("no feedback: %+v", f)
		}
		set := DefaultSettings()
		set.QualityThreshold = -0.5
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			b.rate(fmt.Sprint("low ", i), 1)
		}
		b.rate("high", 5)
		if f := find(SubjectBuffer); f.Good || f.Hint != HintLowerThreshold || f.Reason.Args["count"] != "4" || f.Reason.Args["total"] != "5" {
			t.Errorf("below the threshold: %+v", f)
		}
		b.attach()
		b.start()
		b.Pause()
		b.want(PhasePaused, CodePaused)
		if f := find(SubjectTraining); f.Good || f.Hint != HintResume {
			t.Errorf("paused: %+v", f)
		}
		b.Resume()
		b.want(PhaseDue, CodeTooFewRatings)
		if f := find(SubjectTraining); !f.Good || f.Reason.Args["ratings"] != "1" {
			t.Errorf("waiting for ratings: %+v", f)
		}
		set.LearningRate = 1e-6
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		if f := find(SubjectImprovement); f.Good || f.Hint != HintRaiseRate {
			t.Errorf("the note's learning rate: %+v", f)
		}
		e, err := b.Effect(t.Context(), set)
		if err != nil || e.Samples != 5 || e.Trains != 1 || e.Dropped[CodeBelowThreshold] != 4 || len(e.Notes) != 1 {
			t.Errorf("the effect: %+v, %v", e, err)
		}
		set.QualityThreshold, set.MinBatchSize = -1, 5
		if e, err = b.Effect(t.Context(), set); err != nil || e.Trains != 5 || !e.StartsNow {
			t.Errorf("the effect of other thresholds: %+v, %v", e, err)
		}
		s, err := b.LiveStats(t.Context())
		if err != nil || s.Buffer.Count != 1 || s.Metrics.Ratings != 5 || s.Metrics.SamplesTotal != 5 || s.Buffer.AvgQuality != 1 {
			t.Errorf("statistics: %+v, %v", s, err)
		}
	})
}

// A version that is chosen while a cycle runs stays: what the cycle made is not used.
func TestOvertakenCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first := b.version()
		j := Job{Format: jobFormat, Base: testHash, Before: JobVersion{Version: first.ID, Manner: "versions/first/manner"}}
		start := func() int64 {
			t.Helper()
			c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
			if err != nil {
				t.Fatal(err)
			}
			return c.ID
		}
		// What is kept is the job's, and not of whatever model is attached.
		v, err := b.promote(t.Context(), start(), j, Outcome{KeepManner: true}, nil)
		if err != nil || v.Parent != first.ID || v.Manner != j.Before.Manner || v.BaseHash != testHash {
			t.Fatalf("promoted %+v, %v", v, err)
		}
		for _, chosen := range []Version{first, {}} {
			if err := b.store.ActivateVersion(t.Context(), testHash, chosen.ID, CauseRestore, Reason{}); err != nil {
				t.Fatal(err)
			}
			id := start()
			j.Before.Version = v.ID
			if made, err := b.promote(t.Context(), id, j, Outcome{}, nil); !errors.Is(err, errOvertaken) || made.ID != 0 {
				t.Fatalf("overtaken by version %d: made %+v, %v", chosen.ID, made, err)
			}
			c, err := b.store.Cycle(t.Context(), id)
			if err != nil || c.State != CycleStopped || c.Reason.Code != CodeOvertaken {
				t.Errorf("overtaken by version %d: %+v, %v", chosen.ID, c, err)
			}
			if active, err := b.store.ActiveVersion(t.Context(), testHash); err != nil || active.ID != chosen.ID {
				t.Errorf("version %d was chosen, %d is in use (%v)", chosen.ID, active.ID, err)
			}
			if _, err := os.Stat(filepath.Join(b.home, cycleFolder(id))); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("its files stay: %v", err)
			}
		}
	})
}

// What could not become a version leaves nothing on the disk, which may be full.
func TestAFailedPromotionLeavesNoFiles(t *testing.T) {
	b := newBench(t)
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		t.Fatal(err)
	}
	o := Outcome{Manner: untrained(t, tinyRunner(t, 1), 2)}
	_, err = b.promote(t.Context(), c.ID, Job{Format: jobFormat, Base: testHash}, o, map[int64]Kind{77: Manner})
	if !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("a cycle that used an unknown sample was promoted: %v", err)
	}
	if _, err := os.Stat(filepath.Join(b.home, cycleFolder(c.ID))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its files stay: %v", err)
	}
	b.wantCycles(CycleFailed)
}

// A promoted version answers even where what its cycle found out about lessons cannot be kept.
func TestAPromotedVersionAnswersWhateverElseFails(t *testing.T) {
	b := newBench(t)
	b.attach()
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		t.Fatal(err)
	}
	var o Outcome
	o.Report.Styled = []Restyled{{Lesson: 1, Text: strings.Repeat("x", store.MaxText+1)}}
	v, err := b.promote(t.Context(), c.ID, Job{Format: jobFormat, Base: testHash}, o, nil)
	if !errors.Is(err, store.ErrInvalid) || v.ID == 0 {
		t.Fatalf("made %+v, %v", v, err)
	}
	if got := b.State().Active.ID; got != v.ID {
		t.Errorf("version %d answers, not %d, which the store has in use", got, v.ID)
	}
}

// An imported version's cycle has no job, and no samples to show.
func TestSamplesOfAnImport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		v := b.version()
		b.rate("later", 5)
		if got, err := b.CycleSamples(t.Context(), v.Cycle); err != nil || len(got) != 0 {
			t.Errorf("the samples of an import: %+v, %v", got, err)
		}
	})
}

// The automatic rollback goes one version back, says why with its figures, and does not
// go on falling when the ratings stay low; nor does it go to a version whose files are
// gone, but to the one before that, and to the untrained model where there is none.
func TestRollbackOnce(t *testing.T) {
	for removed := range 3 {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			set := DefaultSettings()
			set.MinBatchSize, set.TrainInterval = 1000, 24*time.Hour
			if err := b.SetSettings(t.Context(), set); err != nil {
				t.Fatal(err)
			}
			b.attach()
			b.start()
			oldest := b.version()
			first := b.versionOver(oldest.ID)
			b.rated(first.ID, 5, 5)
			second := b.versionOver(first.ID)
			for _, id := range []int64{first.ID, oldest.ID}[:removed] {
				if err := b.store.RemoveVersion(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.renew(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []int64{first.ID, oldest.ID, 0}[removed]
			b.rated(second.ID, 2, 5)
			b.rated(second.ID, 3, 2)
			if got := b.settle().Active.ID; got != want {
				t.Fatalf("version %d answers, want %d", got, want)
			}
			b.rated(want, 5, 1)
			if got := b.settle().Active.ID; got != want {
				t.Errorf("it fell on to version %d", got)
			}
			all, err := b.store.Activations(t.Context(), testHash)
			if err != nil {
				t.Fatal(err)
			}
			last := all[len(all)-1]
			if len(all) != 4 || last.Cause != CauseRollback || last.Reason.Args["low"] != "3" || last.Reason.Args["of"] != "5" ||
				last.Reason.Args["version"] != "3" || last.Reason.Args["before"] != "5.0" || last.Reason.Args["after"] != "3.2" {
				t.Errorf("the activations: %+v", all)
			}
		})
	}
}

// Low ratings that are no worse than before, or that the user has switched the rollback
// off for, change nothing.
func TestNoRollback(t *testing.T) {
	for name, c := range map[string]struct {
		auto          bool
		before, after int
	}{"as low before": {true, 1, 1}, "switched off": {false, 5, 1}, "liked": {true, 3, 4}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			set := DefaultSettings()
			set.MinBatchSize, set.TrainInterval, set.AutoRollback = 1000, 24*time.Hour, c.auto
			if err := b.SetSettings(t.Context(), set); err != nil {
				t.Fatal(err)
			}
			b.attach()
			b.start()
			b.rated(0, 5, c.before)
			v := b.version()
			if err := b.renew(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.rated(v.ID, 5, c.after)
			if got := b.settle().Active.ID; got != v.ID {
				t.Errorf("%s: version %d answers, want %d", name, got, v.ID)
			}
		})
	}
}

// Nothing of a removed version stays on the disk, nor the reports that earlier programs
// wrote beside the adapters; what a version that stays refers to does.
func TestPruneLeavesNothing(t *testing.T) {
	b := newBench(t)
	b.attach()
	var versions []Version
	for range 3 {
		v := b.versionOver(0)
		folder := filepath.Join(b.home, cycleFolder(v.Cycle))
		for _, name := range []string{filepath.Join(mannerFolder, "adapter_config.json"), reportFile} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		versions = append(versions, v)
	}
	set := DefaultSettings()
	set.KeepVersions = 2
	b.settings.Store(&set)
	if err := b.prune(t.Context(), testHash); err != nil {
		t.Fatal(err)
	}
	for i, v := range versions {
		folder := filepath.Join(b.home, cycleFolder(v.Cycle))
		if _, err := os.Stat(filepath.Join(folder, reportFile)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the report of version %d: %v", v.Number, err)
		}
		if _, err := os.Stat(filepath.Join(folder, mannerFolder)); (err == nil) != (i > 0) {
			t.Errorf("the adapter of version %d: %v", v.Number, err)
		}
		if _, err := os.Stat(folder); (err == nil) != (i > 0) {
			t.Errorf("the folder of version %d: %v", v.Number, err)
		}
	}
}

// What a cycle wrote that was overtaken goes before its end is noted: nothing would look for it after
// a kill between the two, and it may hold what is taken back later.
func TestWhatWasOvertakenIsRemovedBeforeItEnds(t *testing.T) {
	b := newBench(t)
	const cycle = 77 // its end cannot be noted: there is none
	folder := filepath.Join(b.home, cycleFolder(cycle))
	if err := os.MkdirAll(filepath.Join(folder, mannerFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.overtaken(t.Context(), cycle, testHash); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what it wrote: %v", err)
	}
}
