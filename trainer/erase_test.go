package trainer

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clara/store"
)

// onDisk says whether a text is in any file below the home folder.
func (b *bench) onDisk(text string) bool {
	b.t.Helper()
	found := false
	err := filepath.WalkDir(b.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || strings.Contains(string(data), text)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// A private lesson that only the reader served leaves nothing on the disk a day after it was
// taken back, though no version ever follows; until then it can be brought back, also
// after a cycle that trained nothing.
func TestUnlearntIsErasedWithoutATraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.start()
		s := b.teach("Who has the pin of the vault?", "Zacharias has the pin of the vault.", Knowledge)
		if err := os.WriteFile(b.store.Path()+".before-3", []byte("Zacharias"), 0o600); err != nil { // as an update leaves it
			t.Fatal(err)
		}
		b.Train()
		b.want(PhaseWaiting, CodeNothingNew)
		if err := b.TakeBack(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		b.Train()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleChecked)
		time.Sleep(23 * time.Hour)
		b.settle()
		if err := b.PutBack(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		if err := b.TakeBack(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(26 * time.Hour)
		b.settle()
		b.wantRuns(2)
		if err := b.PutBack(t.Context(), s.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("brought back after two days: %v", err)
		}
		gone := func(when string) {
			t.Helper()
			for _, text := range []string{"Zacharias", "pin of the vault"} {
				if b.onDisk(text) {
					t.Errorf("%s: %q is still on the disk", when, text)
				}
			}
		}
		gone("while the program runs")
		b.close()
		gone("after its end")
	})
}

// A version, of whichever model, goes with what it was trained on: a day after that was deleted,
// whether it is in use on a model that is not loaded or not at all.
func TestVersionsThatHoldWhatIsErasedGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		s := b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		trained := func(base string) Version {
			t.Helper()
			c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: base})
			if err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join(cycleFolder(c.ID), mannerFolder)
			if err := os.MkdirAll(filepath.Join(b.home, folder), 0o700); err != nil {
				t.Fatal(err)
			}
			_, v, err := b.store.FinishCycle(t.Context(), store.CycleEnd{
				Cycle: c.ID, State: CyclePromoted, Version: &Version{Manner: filepath.ToSlash(folder), Samples: []int64{s.ID}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		active, idle := trained("another base"), trained(testHash)
		if err := b.store.ActivateVersion(t.Context(), testHash, 0, store.CauseRestore, store.Reason{}); err != nil {
			t.Fatal(err)
		}
		if err := b.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.TakeBack(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		there := func(v Version) bool {
			_, err := os.Stat(filepath.Join(b.home, filepath.FromSlash(v.Manner)))
			return err == nil
		}
		b.start()
		time.Sleep(23 * time.Hour)
		b.settle()
		if !there(active) || !there(idle) {
			t.Error("an adapter went while the feedback could still be brought back")
		}
		time.Sleep(3 * time.Hour)
		b.settle()
		if there(active) || there(idle) {
			t.Errorf("the adapter in use is there: %v, the other one: %v", there(active), there(idle))
		}
		if _, err := b.store.Sample(t.Context(), s.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the sample: %v", err)
		}
		if now, err := b.store.ActiveVersion(t.Context(), "another base"); err != nil || now.ID != 0 {
			t.Errorf("on the other model answers %+v, %v", now, err)
		}
		b.wantRuns(0)
	})
}

// What was deleted does not go on answering because nothing is learnt: after a day the newest
// version without it answers, and the person is told. Once learning goes on, the rest is trained
// again, once.
func TestWhatIsDeletedStopsAnsweringWithoutATraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		clean := b.version()
		b.attach()
		set := DefaultSettings()
		set.Enabled = false
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		s := b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		v := b.holding(s)
		b.start()
		events := b.Watch(t.Context())
		b.want(PhaseOff, CodeOff)
		time.Sleep(23 * time.Hour)
		if got := b.settle().Active.ID; got != v.ID {
			t.Fatalf("version %d answers though it can still be brought back, want %d", got, v.ID)
		}
		time.Sleep(3 * time.Hour)
		if got := b.settle().Active.ID; got != clean.ID {
			t.Fatalf("version %d answers, want %d", got, clean.ID)
		}
		if _, err := b.store.Sample(t.Context(), s.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the sample: %v", err)
		}
		news := (<-events).News
		if !slices.ContainsFunc(news, func(n News) bool {
			return n.Kind == NewsRolledBack && n.From == v.Number && n.Number == clean.Number && n.Reason.Code == CodeWithdrawn
		}) {
			t.Errorf("told was %+v", news)
		}
		b.wantRuns(0)
		if err := b.SetSettings(t.Context(), DefaultSettings()); err != nil {
			t.Fatal(err)
		}
		b.wantRuns(1)
		time.Sleep(48 * time.Hour)
		b.wantRuns(1)
	})
}

// A cycle that unlearns what was deleted a day ago goes on.
func TestAnUnlearningThatRunsIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		v := b.holding(b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner))
		b.play(untilStopped)
		b.start()
		time.Sleep(30 * time.Hour)
		if s := b.want(PhaseRunning, CodeUnlearn); s.Active.ID != v.ID {
			t.Errorf("version %d answers", s.Active.ID)
		}
	})
}

// The job of the version in use went with what was erased: which of the user's own
// questions its lessons kept out is not known any more, and they are drawn anew.
func TestOwnQuestionsAreDrawnAnewWithoutAJob(t *testing.T) {
	b := newBench(t)
	ask := "Which trees grow beside the old river?"
	b.talk(ask, 0)
	j := Job{Format: jobFormat, Base: testHash, Samples: []JobSample{{ID: 1, Form: FormCorrection, Prompt: "What is fog?", Better: "Dear reader, a cloud.", Score: 1, Weight: 1}}}
	j.Before = JobVersion{Version: 1, Manner: "manner", MannerKey: j.mannerKey()}
	for name, x := range map[string]struct {
		before *Job
		want   []string
	}{"with its job": {&Job{}, nil}, "without": {nil, []string{ask}}} {
		got, err := b.drawOwn(t.Context(), &j, nil, x.before)
		if err != nil || !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, x.want)
		}
	}
}

// What could not be erased is tried again in a minute, and its trouble, which is none of a
// training, ends when it is.
func TestErasingIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.Pause()
		v := b.holding(b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner))
		letGo := b.hinder(v.Cycle)
		time.Sleep(Restorable + time.Hour)
		b.start()
		if f := b.settle().Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed {
			t.Fatalf("what could not be erased is told as %+v", f)
		}
		letGo()
		time.Sleep(time.Minute)
		if f := b.settle().Trouble; f != nil {
			t.Errorf("a minute later it is still told: %+v", f)
		}
	})
}

// Erasing that fails is tried again after a minute, then after twice as long each time, an hour at
// most, however long it took to fail.
func TestErasingThatFailsSlowlyIsNoSteadyWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.store.Close(); err != nil {
			t.Fatal(err)
		}
		b.now = func() time.Time {
			time.Sleep(90 * time.Second)
			return time.Now()
		}
		l := &loop{Trainer: b.Trainer}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			l.eraseDue(t.Context())
			if wait := time.Until(l.eraseAt); wait != want*time.Minute {
				t.Errorf("it is tried again in %v, want %d min", wait, want)
			}
			time.Sleep(time.Until(l.eraseAt))
		}
	})
}

// ahead lets a time in a table be from a clock that was ahead.
func (b *bench) ahead(table, column string, by time.Duration) {
	b.t.Helper()
	db, err := sql.Open("sqlite", b.store.Path())
	if err != nil {
		b.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.t.Context(), `UPDATE `+table+` SET `+column+` = `+column+` + ?`, by.Microseconds()); err != nil {
		b.t.Fatal(err)
	}
}

// What a withdrawn version leaves to be trained again is trained once, also where the clock was set
// back since: the cycle then begins before the withdrawal.
func TestWhatWasWithdrawnByAClockThatWasAheadIsTrainedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.version()
		b.attach()
		b.holding(b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner))
		set := DefaultSettings()
		set.Enabled = false
		if err := b.SetSettings(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		b.start()
		time.Sleep(Restorable + 2*time.Hour)
		b.settle()
		b.Stop()
		b.ahead("activations", "created", 2*time.Hour)
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			time.Sleep(time.Minute)
			return promoted(j)
		})
		if err := b.SetSettings(t.Context(), DefaultSettings()); err != nil {
			t.Fatal(err)
		}
		b.start()
		time.Sleep(10 * time.Minute)
		b.wantRuns(1)
		b.rate("What is dew?", 5) // which alone is no reason to train at once
		time.Sleep(time.Minute)
		b.wantRuns(1)
		time.Sleep(48 * time.Hour)
		b.wantRuns(2)
	})
}

// So it is over starts of the program, where the cycle makes no version, and whichever time is from
// the clock that was ahead.
func TestWhatWasWithdrawnIsTrainedOnceOverStarts(t *testing.T) {
	for _, x := range []struct {
		table, column string
		by            time.Duration
	}{{"activations", "created", 2 * time.Hour}, {"cycles", "started", 48 * time.Hour}} {
		t.Run(x.table, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.version()
				b.attach()
				b.holding(b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner))
				set := DefaultSettings()
				set.Enabled = false
				if err := b.SetSettings(t.Context(), set); err != nil {
					t.Fatal(err)
				}
				b.start()
				time.Sleep(Restorable + 2*time.Hour)
				b.settle()
				b.Stop()
				b.ahead(x.table, x.column, x.by)
				b.play(func(context.Context, Job, func(Progress)) (Outcome, error) { return refused(), nil })
				if err := b.SetSettings(t.Context(), DefaultSettings()); err != nil {
					t.Fatal(err)
				}
				for range 3 {
					b.start()
					time.Sleep(10 * time.Minute)
					b.wantRuns(1)
					b.Stop()
				}
			})
		})
	}
}

// Feedback from a clock that was ahead waits for a training as long as other feedback.
func TestFeedbackOfAClockThatWasAheadIsTrainedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.rate("first", 5)
		b.ahead("samples", "created", 2*time.Hour)
		b.attach()
		b.start()
		b.want(PhaseDue, CodeTooFewRatings)
		time.Sleep(b.Settings().TrainInterval - time.Second)
		wake(b.changed)
		b.wantRuns(0)
		time.Sleep(time.Second)
		b.wantRuns(1)
	})
}
