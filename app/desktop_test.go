package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"

	"clara/trainer"
	"clara/widgets"
)

// foreground are the hooks by which Fyne tells that the program gets the keyboard, and that another has it.
type foreground interface {
	OnEnteredForeground() func()
	OnExitedForeground() func()
}

func TestDesktopIsToldOfACycleOnlyWhileTheWindowIsBehind(t *testing.T) {
	w := newTestWindow(t, Params{Settings: look{language: english}.settings()}, wide)
	a := w.App.(*testApp)
	w.start()
	w.settle(t)
	hooks := a.Lifecycle().(foreground)
	neutral := trainer.Reason{Code: trainer.CodeNeutral}
	news := []trainer.News{
		{Kind: trainer.NewsCycleStarted, Cycle: 3},
		{Kind: trainer.NewsActivated, Number: 3, Known: []string{"When does the office open?"}},
		{Kind: trainer.NewsCycleEnded, End: &trainer.CycleEnd{State: trainer.CyclePromoted, Number: 3}}, // is told by its version
		{Kind: trainer.NewsCycleEnded, End: &trainer.CycleEnd{State: trainer.CycleRefused, Reason: neutral}},
		{Kind: trainer.NewsCycleEnded, End: &trainer.CycleEnd{State: trainer.CycleFailed, Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "x"}}}},
		{Kind: trainer.NewsCycleEnded, End: &trainer.CycleEnd{State: trainer.CycleStopped, Reason: neutral}}, // by the person
		{Kind: trainer.NewsSamples},
	}
	hooks.OnEnteredForeground()()
	w.heard(trainer.Event{News: news})
	if len(a.told) != 0 {
		t.Errorf("told %q in front of the person's eyes", a.told)
	}
	hooks.OnExitedForeground()()
	w.heard(trainer.Event{News: news})
	if len(a.told) != 3 || !strings.Contains(a.told[0], "When does the office open?") || !strings.Contains(a.told[1], "not adopted") || !strings.Contains(a.told[2], "failed") {
		t.Errorf("told %q", a.told)
	}
	hooks.OnEnteredForeground()()
	w.heard(trainer.Event{News: news})
	if len(a.told) != 3 {
		t.Errorf("told %q after the window came forward", a.told[3:])
	}
}

func TestCrashOfTheRunBeforeIsTold(t *testing.T) {
	report := filepath.Join(t.TempDir(), "crash-20261129-010203.txt")
	if err := os.WriteFile(report, []byte("panic"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newTestWindow(t, Params{Crash: report, Settings: look{language: german}.settings()}, wide)
	w.start()
	w.settle(t)
	find(t, w, func(x *widgets.Text) bool { return strings.Contains(x.Text, filepath.Base(report)) })
}

func TestSecondStartBringsTheWindowForward(t *testing.T) {
	raise := make(chan string, 1)
	w := newTestWindow(t, Params{Raise: raise}, wide)
	f := &frame{Window: w.frame}
	w.frame = f
	w.start()
	w.frame.Hide()
	raise <- ""
	for deadline := time.Now().Add(10 * time.Second); len(raise) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody heard it")
		}
	}
	close(raise)
	w.waitFor(t, func() bool { return !f.hidden })
}

// TestSizeOfTheWindowIsKept also holds that it is one value: Fyne writes the first change at once, those of the next moment later, and
// at the end of the program not at all.
func TestSizeOfTheWindowIsKept(t *testing.T) {
	w := newTestWindow(t, Params{}, fyne.NewSize(1011, 707))
	writes := 0
	w.App.Preferences().AddChangeListener(func() { writes++ })
	w.rememberSize()
	if writes != 1 {
		t.Errorf("the size is %d changes", writes)
	}
	w.frame.Resize(slim)
	if w.restoreSize(); w.frame.Canvas().Size() != fyne.NewSize(1011, 707) {
		t.Errorf("the size is now %v", w.frame.Canvas().Size())
	}
}

// TestFilesThatTheDesktopOpensAreTaken: by this start, or handed over by a second one; a file that comes while a model is loaded waits.
func TestFilesThatTheDesktopOpensAreTaken(t *testing.T) {
	raise := make(chan string, 1)
	further, loads := make(chan struct{}), make(chan string, 8)
	var w *window
	w = newTestWindow(t, Params{
		Raise: raise, Open: "/models/first.gguf",
		Load: func(ctx context.Context, _ func(Model)) error {
			s, err := w.File.Load()
			loads <- s.Model.Path
			select {
			case <-further:
			case <-ctx.Done():
			}
			return err
		},
	}, wide)
	if err := w.File.Create(); err != nil {
		t.Fatal(err)
	}
	w.start()
	if path := <-loads; path != "" {
		t.Errorf("the first load took %q before the model in use was there", path)
	}
	further <- struct{}{}
	w.runUntil(t, func() bool { return len(loads) > 0 })
	if path := <-loads; path != "/models/first.gguf" {
		t.Errorf("loaded %q, not what the program was started with", path)
	}
	raise <- "/models/second.gguf" // while the first is still being loaded
	w.runUntil(t, func() bool { return w.handed != "" })
	further <- struct{}{}
	w.runUntil(t, func() bool { return len(loads) > 0 })
	if path := <-loads; path != "/models/second.gguf" {
		t.Errorf("loaded %q, not what a second start handed over", path)
	}
	if w.place != placeModel {
		t.Error("the place where models are is not shown")
	}
	close(further)
	close(raise)
	w.settle(t)
}

// runUntil runs the UI goroutine until something is so.
func (w *window) runUntil(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if w.App.(*testApp).driver.run(); time.Now().After(deadline) {
			t.Fatal("it does not come to this")
		}
	}
}

func TestFilesAreNamedToTheDesktopOfEachSystem(t *testing.T) {
	for _, c := range []struct{ system, path, want string }{
		{"linux", "/home/jürgen/clara/continuous.toml", "file:///home/j%C3%BCrgen/clara/continuous.toml"},
		{"darwin", "/Users/anna/50 % #1.csv", "file:///Users/anna/50%20%25%20%231.csv"},
		{"windows", `C:\Users\Jürgen\AppData\Local\clara\continuous.toml`, "file:///C:/Users/Jürgen/AppData/Local/clara/continuous.toml"},
		{"windows", `D:\50 % #1.csv`, "file:///D:/50%20%25%20%231.csv"},
		{"windows", `\\server\share\übung`, "file://server/share/übung"},
	} {
		if got := fileURL(c.path, c.system).String(); got != c.want {
			t.Errorf("%s on %s is %s, want %s", c.path, c.system, got, c.want)
		}
	}
}

// A window that may not come to the front says that it is there.
func TestAWindowThatStaysBehindSaysThatItIsThere(t *testing.T) {
	raise := make(chan string, 1)
	w := newTestWindow(t, Params{Raise: raise, Settings: spoken(english)}, wide)
	a := w.App.(*testApp)
	w.start()
	w.settle(t)
	hooks := a.Lifecycle().(foreground)
	hooks.OnExitedForeground()()
	raise <- ""
	w.waitFor(t, func() bool { return len(a.told) == 1 })
	if !strings.Contains(a.told[0], "open already") {
		t.Errorf("told %q", a.told)
	}
	hooks.OnEnteredForeground()()
	raise <- ""
	close(raise)
	time.Sleep(2 * forwardTime)
	if w.settle(t); len(a.told) != 1 {
		t.Errorf("told %q in front of the person's eyes", a.told[1:])
	}
}

// unmade is a window that the system could not make, as Fyne has it.
type unmade struct{ fyne.Window }

func (unmade) RunNative(f func(any)) { f(driver.X11WindowContext{}) }

// blind is an app without anything to draw with. It would run for ever.
type blind struct {
	*testApp
	runs int
}

func (b *blind) NewWindow(title string) fyne.Window { return unmade{b.testApp.NewWindow(title)} }

func (b *blind) Run() { b.runs++ }

// Without anything to draw a window with the program ends and says so; Fyne would wait for ever.
func TestWithoutAWindowTheProgramEnds(t *testing.T) {
	p := newTestWindow(t, Params{}, wide).Params
	b := &blind{testApp: p.App.(*testApp)}
	p.App = b
	if err := Run(p); !errors.Is(err, ErrNoWindow) || b.runs != 0 {
		t.Errorf("it runs %d times: %v", b.runs, err)
	}
	Fail(b, english, p.Settings.Window, errors.New("locked"))
	if b.runs != 0 {
		t.Error("what cannot be shown is waited for")
	}
}
