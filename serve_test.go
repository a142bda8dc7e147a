package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"clara/cli"
	"clara/server"
	"clara/trainer"
)

// Each user of the server has a folder, lessons and a history of their own over the one
// model; opened again, all of it is there; settings that change hold for all.
func TestUsersOfTheServerHaveTheirOwn(t *testing.T) {
	s := openTestSession(t, cli.Options{Home: t.TempDir(), Model: stories(t), Engine: "cpu", Threads: 1})
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	s.settings.Continuous.Enabled = false
	if _, err := s.load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	open := func(name string) server.Opened {
		o, err := s.openUser(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	anna, ben, own := open("anna"), open("ben"), open("")
	isLocked := func(err error) bool {
		var u *trainer.UserError
		return errors.As(err, &u) && u.Reason.Code == trainer.CodeLocked
	}
	annas := cli.Options{Home: filepath.Join(s.home, usersFolder, "anna")}
	if _, err := openSession(t.Context(), annas); !isLocked(err) {
		t.Errorf("another program on anna's folder says %v", err)
	}
	if _, err := anna.Trainer.Teach(t.Context(), trainer.Teaching{Question: "When do we open?", Answer: "At eight."}); err != nil {
		t.Fatal(err)
	}
	e, err := anna.Trainer.Answer(t.Context(), trainer.Ask{Text: "When do we open?", MaxTokens: 4}, nil)
	if err != nil || e.Lesson == 0 {
		t.Fatalf("anna's answer is by lesson %d, %v", e.Lesson, err)
	}
	for name, other := range map[string]*trainer.Trainer{"ben": ben.Trainer, "the own user": own.Trainer} {
		lessons, err := other.Lessons(t.Context())
		if err != nil || len(lessons) != 0 {
			t.Errorf("%s has %d lessons, %v", name, len(lessons), err)
		}
		if _, err := other.Entries(t.Context(), e.Conversation); !errors.Is(err, trainer.ErrNotFound) {
			t.Errorf("%s reads anna's conversation: %v", name, err)
		}
		if _, err := other.Rate(t.Context(), e.ID, 1); !errors.Is(err, trainer.ErrNotFound) {
			t.Errorf("%s rates anna's answer: %v", name, err)
		}
		mine, _ := other.ModelInfo()
		if info, ok := anna.Trainer.ModelInfo(); !ok || mine != info {
			t.Errorf("%s has the model %+v, anna %+v", name, mine, info)
		}
	}
	if _, err := os.Stat(filepath.Join(s.home, usersFolder, "anna", "clara.db")); err != nil {
		t.Error(err)
	}
	for _, o := range []server.Opened{anna, ben, own} {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
	other := openTestSession(t, annas)
	if _, err := s.openUser(t.Context(), "anna"); !isLocked(err) {
		t.Errorf("opened while another program works in anna's folder: %v", err)
	}
	if err := other.close(); err != nil {
		t.Fatal(err)
	}
	again := open("anna")
	lessons, err := again.Trainer.Lessons(t.Context())
	if err != nil || len(lessons) != 1 {
		t.Errorf("opened again, anna has %d lessons, %v", len(lessons), err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if len(s.trainers) != 1 {
		t.Errorf("%d trainers still go by the settings, want the own one", len(s.trainers))
	}
}

// brokenLog panics where a log of its own is made of it.
type brokenLog struct{ slog.Handler }

func (brokenLog) WithAttrs([]slog.Attr) slog.Handler { panic("index out of range") }

// An opening of a user's data that panics leaves nothing taken: the server goes on, and the next
// request opens them.
func TestOpeningThatPanicsLeavesNothingTaken(t *testing.T) {
	s := openTestSession(t, cli.Options{Home: t.TempDir()})
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	good := s.log
	s.log = slog.New(brokenLog{good.Handler()})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it does not panic")
			}
		}()
		_, _ = s.openUser(t.Context(), "anna")
	}()
	s.log = good
	if !s.following.TryLock() {
		t.Fatal("the settings stay locked")
	}
	s.following.Unlock()
	o, err := s.openUser(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
