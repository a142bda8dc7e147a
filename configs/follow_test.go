package configs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// What someone changes with an editor is told, also a mistake, and a file that is gone is
// waited for.
func TestFollowTellsWhatAnEditorChanged(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "continuous.toml"))
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			s   Settings
			err error
		}
		heard := make(chan told, 8)
		ctx, stop := context.WithCancel(t.Context())
		go f.Follow(ctx, func(s Settings, err error) { heard <- told{s, err} })
		synctest.Wait()
		write := func(text string) {
			if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3*FollowEvery + time.Second)
		}
		write("[continuous]\nmin_batch_size = 25\n")
		if got := <-heard; got.err != nil || got.s.Continuous.MinBatchSize != 25 {
			t.Errorf("changed: %+v", got)
		}
		write("[continuous]\nmin_batch = 25\n\n")
		if got := <-heard; !errors.Is(got.err, ErrUnknownKey) {
			t.Errorf("a mistake: %+v", got)
		}
		if err := os.Remove(f.Path()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3*FollowEvery + time.Second)
		write("[continuous]\nrank = 8\n")
		if got := <-heard; got.err != nil || got.s.Continuous.Rank != 8 {
			t.Errorf("replaced: %+v", got)
		}
		time.Sleep(5 * FollowEvery)
		stop()
		synctest.Wait()
		if n := len(heard); n > 0 {
			t.Errorf("told %d times more of nothing", n)
		}
	})
}

// What was changed after the settings were read, and before the file was followed, is told, too:
// whatever was read of it in between.
func TestFollowTellsWhatWasChangedBefore(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "continuous.toml"))
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "[continuous]\nmin_batch_size = 25\n"} {
		if text != "" {
			if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Load(); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan Settings, 8)
		ctx, stop := context.WithCancel(t.Context())
		go f.Follow(ctx, func(s Settings, _ error) { heard <- s })
		time.Sleep(5*FollowEvery + time.Second)
		stop()
		synctest.Wait()
		if len(heard) != 1 || (<-heard).Continuous.MinBatchSize != 25 {
			t.Errorf("told %d times", len(heard))
		}
	})
}
