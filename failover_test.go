package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"clara/cli"
	"clara/compute"
	"clara/compute/cpu"
	"clara/trainer"
)

// doomed is an engine that loses its device after so many products; below 0 it is sound.
type doomed struct {
	compute.Backend
	name string
	left *atomic.Int64
}

func (d doomed) Info() compute.Info { return compute.Info{Name: d.name, Device: "a card"} }

func (d doomed) Linear(y, x compute.Tensor, w compute.Weight, p compute.Precision, accumulate bool) error {
	if d.left.Add(-1) == 0 {
		d.left.Store(1) // it stays lost
		return compute.ErrLost
	}
	return d.Backend.Linear(y, x, w, p, accumulate)
}

// playEngines puts engines in the place of the program's own: one that is lost after so
// many products, a way of it, one that does not start, and the CPU.
func playEngines(t *testing.T, left *atomic.Int64) {
	t.Helper()
	before := engines
	t.Cleanup(func() { engines = before })
	processor := before[len(before)-1]
	card := func(name string) func(int, bool) (compute.Backend, error) {
		return func(int, bool) (compute.Backend, error) {
			b, err := cpu.New(cpu.Options{Threads: 1})
			return doomed{b, name, left}, err
		}
	}
	engines = []engine{
		{name: "cuda", open: card("cuda")},
		{name: "cuda-f16", of: "cuda", open: card("cuda-f16")},
		{name: "opengl", open: func(int, bool) (compute.Backend, error) { return nil, errors.New("no OpenGL here") }},
		processor,
	}
}

// stories is a model file of 260,000 parameters; without it the test skips.
func stories(t *testing.T) string {
	t.Helper()
	root := os.Getenv("CLARA_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "shared", "data")
	}
	path, err := filepath.Abs(filepath.Join(root, "models", "stories260K", "stories260K.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("no test data at %s: set CLARA_TESTDATA", path)
	}
	return path
}

// An engine that is lost in the middle of an answer is left for the next that starts, the
// answer is what it would have been, and window, terminal and log say so, once each.
func TestLostEngineIsLeftAndSaid(t *testing.T) {
	path := stories(t)
	var left atomic.Int64
	playEngines(t, &left)
	answer := func(lost int64) (text string, said []trainer.Reason, news []trainer.News, s *session) {
		left.Store(-1)
		s = openTestSession(t, cli.Options{
			Home: t.TempDir(), Model: path, Engine: "cuda", Threads: 1,
			Moved: func(why trainer.Reason) { said = append(said, why) },
		})
		t.Cleanup(func() {
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
		if _, err := s.load(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		watching, stop := context.WithCancel(t.Context())
		events := s.trainer.Watch(watching)
		left.Store(lost)
		entry, err := s.trainer.Answer(t.Context(), trainer.Ask{Text: "Once upon a time", Greedy: true, MaxTokens: 24}, nil)
		if err != nil {
			t.Fatal(err)
		}
		stop()
		for e := range events {
			for _, n := range e.News {
				if n.Kind == trainer.NewsEngine {
					news = append(news, n)
				}
			}
		}
		return entry.Text, said, news, s
	}
	want, said, news, _ := answer(-1)
	if want == "" || len(said)+len(news) > 0 {
		t.Fatalf("undisturbed: %q, said %v and %v", want, said, news)
	}
	got, said, news, s := answer(200)
	if got != want {
		t.Errorf("%q after the engine was lost, want %q", got, want)
	}
	if len(said) != 1 || len(news) != 1 || said[0].Code != trainer.CodeEngineLost || said[0].Args["from"] != "cuda" || said[0].Args["to"] != "cpu" {
		t.Errorf("said %v and %v", said, news)
	}
	if info, _ := s.trainer.ModelInfo(); info.Engine != "cpu" {
		t.Errorf("%s computes", info.Engine)
	}
	text, err := os.ReadFile(filepath.Join(s.home, "clara.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "the engine failed"); n != 1 {
		t.Errorf("the log says it %d times:\n%s", n, text)
	}
}

// A try names every engine with what was measured, and a way of an engine only where that
// one works.
func TestEnginesAreTried(t *testing.T) {
	var left atomic.Int64
	left.Store(-1)
	playEngines(t, &left)
	s := openTestSession(t, cli.Options{Home: t.TempDir(), Threads: 1})
	defer s.close()
	check := func(want ...string) {
		t.Helper()
		facts := s.engines(t.Context())
		var names []string
		for _, f := range facts {
			names = append(names, f.Name)
			if f.Passed != (f.Fault == "") || f.Passed != (f.GFLOPS > 0) || f.Passed != f.Started && f.Name != "cuda" {
				t.Errorf("%+v", f)
			}
		}
		if strings.Join(names, " ") != strings.Join(want, " ") {
			t.Errorf("tried %v, want %v", names, want)
		}
	}
	check("cuda", "cuda-f16", "opengl", "cpu")
	left.Store(1) // lost from the start
	check("cuda", "opengl", "cpu")
}
