package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clara/cli"
	"clara/compute/selftest"
	"clara/configs"
	"clara/shaders"
	"clara/trainer"
)

func TestShippedSettingsAreTheTrainersOwn(t *testing.T) {
	if d := cmp.Diff(trainer.DefaultSettings(), learning(configs.Default())); d != "" {
		t.Errorf("-trainer +configs:\n%s", d)
	}
}

// Every key of learning and answering reaches the trainer: one that was forgotten would
// have its default, and change nothing.
func TestEveryKeyIsHonoured(t *testing.T) {
	shipped := learning(configs.Default())
	honoured := 0
	for _, k := range configs.Keys() {
		if !strings.HasPrefix(k.Name, "continuous.") && !strings.HasPrefix(k.Name, "answer.") {
			continue
		}
		s := configs.Default()
		switch at := k.At(&s).(type) {
		case *bool:
			*at = !*at
		case *int:
			*at++
		case *float64:
			*at = (*at + k.Range.Max) / 2
		case *string:
			*at = "another"
		}
		if learning(s) == shipped {
			t.Errorf("%s changes nothing", k.Name)
		}
		honoured++
	}
	if honoured < 20 {
		t.Errorf("only %d keys were looked at", honoured)
	}
}

// What the settings file allows, the trainer takes: at both ends of every range.
func TestRangesOfTheSettingsFitTheTrainer(t *testing.T) {
	for _, k := range configs.Keys() {
		for _, value := range append(k.Range.Choices, "low", "high") {
			s := configs.Default()
			switch at := k.At(&s).(type) {
			case *int:
				*at = int(k.Range.Min)
				if value == "high" {
					*at = int(k.Range.Max)
				}
			case *float64:
				*at = k.Range.Min
				if value == "high" {
					*at = k.Range.Max
				}
			case *string:
				if len(k.Range.Choices) > 0 && value != "low" && value != "high" {
					*at = value
				}
			}
			if err := s.Validate(); err != nil {
				t.Fatalf("%s, %s: the test is wrong: %v", k.Name, value, err)
			}
			if err := learning(s).Validate(); err != nil {
				t.Errorf("%s, %s: %v", k.Name, value, err)
			}
		}
	}
}

func TestFlagsGoBeforeSettings(t *testing.T) {
	s := configs.Default()
	s.Model = configs.Model{Path: "/settings.gguf", Context: 512, Engine: "cpu", Threads: 3}
	if d := cmp.Diff(s.Model, chosen(cli.Options{}, s, "/data/continuous.toml")); d != "" {
		t.Errorf("without flags (-settings +chosen):\n%s", d)
	}
	want := configs.Model{Path: "flag.gguf", Context: 512, Engine: "auto", Threads: 1}
	if d := cmp.Diff(want, chosen(cli.Options{Model: "flag.gguf", Engine: "auto", Threads: 1}, s, "/data/continuous.toml")); d != "" {
		t.Errorf("with flags (-want +chosen):\n%s", d)
	}
	s.Model.Path = "models/own.gguf"
	if got, want := chosen(cli.Options{}, s, "/data/continuous.toml").Path, filepath.FromSlash("/data/models/own.gguf"); got != want {
		t.Errorf("a path in the settings counts from %s, want %s", got, want)
	}
}

func TestLongLogIsPutAside(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, "clara.log")
	if err := os.WriteFile(path, make([]byte, maxLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openTestSession(t, cli.Options{Home: home}).close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path + ".1")
	if err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if before.Size() != maxLog+1 || !strings.Contains(string(now), "opened") {
		t.Errorf("%d bytes put aside, the new log says %q", before.Size(), now)
	}
}

// A program that runs for months begins a new log as a start does, and keeps the one before.
func TestLongLogIsPutAsideWhileItRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clara.log")
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range [][]byte{make([]byte, maxLog), []byte("last\n"), []byte("first\n"), []byte("second\n")} {
		if _, err := l.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path + ".1")
	if err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || before.Size() != maxLog+5 || string(now) != "first\nsecond\n" {
		t.Errorf("%d bytes put aside, the new log says %q, %v", before.Size(), now, err)
	}
}

// A log that could not be opened anew, as while too many files are open, goes on once it can; one that is closed does not.
func TestLogGoesOnOnceItCanBeOpened(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "clara.log")
	l, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write(make([]byte, maxLog+1)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(folder, folder+"-away"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte("lost\n")); err == nil {
		t.Fatal("it is written, though there is no folder")
	}
	if err := os.Rename(folder+"-away", folder); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte("on\n")); err != nil {
		t.Errorf("it does not go on: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(now), "on\n") {
		t.Errorf("%d bytes are written, %v", len(now), err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Write([]byte("late\n")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after its end it takes lines: %v", err)
	}
}

func TestSecondProgramOnOneFolderSaysSo(t *testing.T) {
	o := cli.Options{Home: filepath.Join(t.TempDir(), "home")}
	first := openTestSession(t, o)
	_, err := openSession(t.Context(), o)
	var u *trainer.UserError
	if !errors.As(err, &u) || u.Reason.Code != "locked" || u.Reason.Args["home"] != o.Home {
		t.Fatalf("the second says %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if err := openTestSession(t, o).close(); err != nil {
		t.Fatal(err)
	}
}

// What a person chooses in the running program goes before the flags that it was started with; the other flags stay.
func TestChangedSettingsGoBeforeFlags(t *testing.T) {
	s := openTestSession(t, cli.Options{Home: t.TempDir(), Model: "flag.gguf", Engine: "cpu", Threads: 1})
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	now := s.settings
	if got := s.chosen(now); got.Path != "flag.gguf" || got.Engine != "cpu" || got.Threads != 1 {
		t.Errorf("at the start: %+v", got)
	}
	now.Model.Path, now.Model.Threads = "/models/other.gguf", 2
	if got := s.chosen(now); got.Path != "/models/other.gguf" || got.Engine != "cpu" || got.Threads != 2 {
		t.Errorf("after a change: %+v", got)
	}
}

// What is changed in the file of a program that runs holds for learning and answering, but
// for what opens a model: the model that answers is that of the start, and so are the flags
// that a later change is held against.
func TestChangedSettingsLeaveTheModelOfTheStart(t *testing.T) {
	s := openTestSession(t, cli.Options{Home: t.TempDir(), Model: "flag.gguf"})
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	start, changed := s.settings, s.settings
	changed.Model.Path, changed.Answer.MaxTokens = "/models/other.gguf", 7
	if err := s.takeOver(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := s.trainer.Settings().MaxTokens; got != 7 || s.settings.Answer.MaxTokens != 7 {
		t.Errorf("answers have %d tokens at most, the session says %d", got, s.settings.Answer.MaxTokens)
	}
	if s.settings.Model != start.Model {
		t.Errorf("the start is said to have been with %+v", s.settings.Model)
	}
	if got := s.chosen(changed).Path; got != "/models/other.gguf" {
		t.Errorf("the next model would be %s", got)
	}
}

func TestSettingsOfASession(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	s := openTestSession(t, cli.Options{Home: home})
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(home, "continuous.toml")
	if got, err := configs.NewFile(own).Load(); err != nil || got != configs.Default() {
		t.Errorf("the file that was made says %+v, %v", got, err)
	}

	if err := os.WriteFile(own, []byte("[continuous]\nrank = 0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s = openTestSession(t, cli.Options{Home: home})
	if !errors.Is(s.settingsErr, configs.ErrRange) || s.settings != configs.Default() {
		t.Errorf("with a bad file: %+v, %v", s.settings, s.settingsErr)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openForCommand(t.Context(), cli.Options{Home: home}); !errors.Is(err, configs.ErrRange) {
		t.Errorf("a command with a bad file gives %v", err)
	}
	if _, err := openSession(t.Context(), cli.Options{Home: home, Config: filepath.Join(home, "typo.toml")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a named file that is not there gives %v", err)
	}
}

// A settings file that goes bad while the program runs is in the log when a model is
// loaded by the settings of the start.
func TestSettingsThatWentBadAreLogged(t *testing.T) {
	home := t.TempDir()
	s := openTestSession(t, cli.Options{Home: home, Model: filepath.Join(home, "missing.gguf")})
	if err := os.WriteFile(s.file.Path(), []byte("[continuous]\nrank = 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.load(t.Context(), nil); err == nil {
		t.Error("a model that is not there was loaded")
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(home, "clara.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "level=WARN") || !strings.Contains(string(text), "rank") {
		t.Errorf("the log does not say what is wrong with the settings:\n%s", text)
	}
}

func TestEngineIsChosenByName(t *testing.T) {
	for _, name := range []string{"auto", "cpu"} {
		b, leftOut, err := openEngine(name, 1, selftest.Model{})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Info().Name; got != name && name != "auto" {
			t.Errorf("%s gives %s", name, got)
		}
		// An OpenGL that computes on the processor is taken by name only; a card is left out where
		// it is slower than the processor, or wrong.
		if name == "auto" && b.Info().Name == "cpu" && !errors.Is(leftOut, shaders.ErrNoOpenGL) &&
			!errors.Is(leftOut, selftest.ErrSlow) && !errors.Is(leftOut, selftest.ErrWrong) {
			t.Errorf("opengl was left out because of %v", leftOut)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := openEngine("abacus", 1, selftest.Model{}); err == nil {
		t.Error("an engine that does not exist was opened")
	}
}

func openTestSession(t *testing.T, o cli.Options) *session {
	t.Helper()
	s, err := openSession(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whoever asks how a model file would fit, or how the engines do, does not wait for a load:
// that may take minutes.
func TestNothingWaitsForALoad(t *testing.T) {
	s := openTestSession(t, cli.Options{Home: t.TempDir(), Engine: "cpu"})
	s.loading.Lock() // as load does
	defer func() {
		s.loading.Unlock()
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		s.freeMemory()
		s.runner()
	}()
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for the load")
	}
}
