package server

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clara/store"
	"clara/trainer"
)

// openWithoutModel opens a trainer that has nothing to do but to erase.
func openWithoutModel(ctx context.Context, home string) (Opened, error) {
	st, err := store.Open(ctx, filepath.Join(home, "clara.db"))
	if err != nil {
		return Opened{}, err
	}
	tr, err := trainer.New(ctx, trainer.Params{Store: st, Home: home, Settings: trainer.DefaultSettings()})
	if err == nil {
		err = tr.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		return Opened{}, errors.Join(err, st.Close())
	}
	return Opened{Trainer: tr, Close: func() error { tr.Stop(); return st.Close() }}, nil
}

// What a user deleted is erased after a day though they do not come back, and so is what the
// desktop's own user deleted, whom nobody asks for while there are others.
func TestWhatIsDeletedIsErasedWithoutARequest(t *testing.T) {
	home := t.TempDir()
	users := NewUsers(home, store.WriteFile)
	if _, err := users.Add("anna"); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		folder := func(name string) string { return filepath.Join(home, "of-"+name) }
		p := Params{Users: users, Log: slog.New(slog.DiscardHandler), Limits: Limits{}.WithDefaults()}
		p.Open = func(ctx context.Context, name string) (Opened, error) { return openWithoutModel(ctx, folder(name)) }
		for _, name := range []string{"", "anna"} {
			o, err := p.Open(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := o.Trainer.Teach(t.Context(), trainer.Teaching{Question: "Who has the pin?", Answer: "Zacharias has the pin."})
			if err := errors.Join(err, o.Trainer.TakeBack(t.Context(), s.ID), o.Close()); err != nil {
				t.Fatal(err)
			}
		}
		there := func(name string) (found bool) {
			files, err := filepath.Glob(filepath.Join(folder(name), "clara.db*"))
			if err != nil || len(files) == 0 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			for _, path := range files {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				found = found || strings.Contains(string(data), "Zacharias")
			}
			return found
		}
		s := &server{Params: p, accounts: newAccounts(p)}
		list, err := users.List()
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); s.tend(ctx, list) }()
		for _, x := range []struct {
			after time.Duration
			there bool
		}{{23 * time.Hour, true}, {8 * time.Hour, false}} {
			time.Sleep(x.after)
			for _, name := range []string{"", "anna"} {
				if got := there(name); got != x.there {
					t.Errorf("after %v more the text of %q is there: %v, want %v", x.after, name, got, x.there)
				}
			}
		}
		end()
		<-ended
		if n := len(s.accounts.all); n != 0 {
			t.Errorf("%d accounts stay open", n)
		}
		if err := s.accounts.closeAll(); err != nil {
			t.Error(err)
		}
	})
}

// A user who has not asked for a while is closed, and goes on where they were when they ask again;
// a request under way keeps their data open however long it takes.
func TestAUserAtRestIsClosed(t *testing.T) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := Params{Log: slog.New(slog.DiscardHandler), Limits: Limits{}.WithDefaults()}
		p.Open = func(ctx context.Context, _ string) (Opened, error) { return openWithoutModel(ctx, home) }
		as := newAccounts(p)
		open := func(after time.Duration) bool {
			time.Sleep(after)
			synctest.Wait()
			as.wake(t.Context(), nil)
			synctest.Wait()
			return len(as.all) == 1
		}
		a, done, err := as.get(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		if !open(time.Hour) {
			t.Error("it is closed while a request is under way")
		}
		done()
		if !open(restTime - time.Second) {
			t.Error("it is closed before its time")
		}
		if open(2 * time.Second) {
			t.Error("it stays open")
		}
		again, done, err := as.get(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		if again == a || again.threads != a.threads {
			t.Error("it does not go on where it was")
		}
		done()
		if err := as.closeAll(); err != nil {
			t.Error(err)
		}
	})
}

// A user whose data make the opening panic keeps nobody else from being looked after: it comes
// without a request, so that the server would end for all.
func TestDataThatMakeTheOpeningPanicAreLeftOut(t *testing.T) {
	home := t.TempDir()
	as := newAccounts(Params{Log: slog.New(slog.DiscardHandler), Limits: Limits{}.WithDefaults(), Open: func(ctx context.Context, name string) (Opened, error) {
		if name == "anna" {
			panic("index out of range")
		}
		return openWithoutModel(ctx, home)
	}})
	if left := as.wake(t.Context(), []User{{Name: "anna"}, {Name: "ben"}}); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
	if as.all["anna"] != nil || as.all["ben"] == nil {
		t.Errorf("open are %v", as.all)
	}
	if err := as.closeAll(); err != nil {
		t.Error(err)
	}
}
