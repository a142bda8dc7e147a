package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clara/trainer"
	"clara/widgets"
)

func TestDesktopIsToldOfACycleOnlyWhileTheWindowIsBehind(t *testing.T) {
	w := newTestWindow(t, Params{Settings: look{language: english}.settings()}, wide)
	a := w.App.(*testApp)
	news := []trainer.News{
		{Kind: trainer.NewsActivated, Number: 3, Known: []string{"When does the office open?"}},
		{Kind: trainer.NewsCycleEnded, End: &trainer.CycleEnd{State: trainer.CycleRefused, Reason: trainer.Reason{Code: trainer.CodeNeutral}}},
		{Kind: trainer.NewsSamples},
	}
	w.heard(trainer.Event{News: news})
	if len(a.told) != 0 {
		t.Errorf("told %q in front of the person's eyes", a.told)
	}
	w.behind = true
	w.heard(trainer.Event{News: news})
	if len(a.told) != 2 || !strings.Contains(a.told[0], "When does the office open?") {
		t.Errorf("told %q", a.told)
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
	raise := make(chan struct{}, 1)
	w := newTestWindow(t, Params{Raise: raise}, wide)
	w.start()
	w.frame.Hide()
	raise <- struct{}{}
	for deadline := time.Now().Add(10 * time.Second); len(raise) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody heard it")
		}
	}
	close(raise)
	w.settle(t)
}
