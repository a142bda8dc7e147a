package trainer

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clara/compute/cpu"
	"clara/model"
)

// builtIn opens the built-in model, or skips: these tests look at what it learns, so
// they take minutes and are left out with -short.
func builtIn(t testing.TB) *model.Runner {
	t.Helper()
	if testing.Short() {
		t.Skip("not with -short: trains the built-in model")
	}
	path, err := filepath.Abs(filepath.Join("..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no built-in model: %v (make model)", err)
	}
	engine, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Open(context.Background(), path, engine, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func runDemo(t *testing.T, s Script) DemoReport {
	t.Helper()
	r := builtIn(t)
	start := time.Now()
	stage := DemoStage("")
	report, err := RunDemo(t.Context(), DemoParams{Runner: r, Dir: t.TempDir(), Settings: DefaultSettings(), Progress: func(s DemoStage, p Progress) {
		if s != stage || s == DemoTrain {
			t.Logf("%6.1f s  %s %s %d of %d", time.Since(start).Seconds(), s, p.Step, p.Done, p.Of)
			stage = s
		}
	}}, s)
	if err != nil {
		t.Fatal(err)
	}
	answers := report.Answers
	report.Answers = nil
	text, _ := json.MarshalIndent(report, "", " ")
	t.Logf("%s", text)
	for _, a := range answers {
		t.Logf("%s %s (lesson %v) %q: %q", a.Stage, a.Part, a.Lesson, a.Prompt, a.Answer)
	}
	return report
}

// The acceptance of the loop: 12 lessons and a manner, on the real model.
func TestDemoOfTheExperiment(t *testing.T) {
	s, err := ReadScript(testdata(t, "learning", "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := runDemo(t, s)
	if r.ExactInstant < 11 || r.RewordedInstant < 32 || r.NeighbourLeaksInstant > 2 || float64(r.UnrelatedKeptInstant) < 0.97*float64(r.Unrelated) {
		t.Errorf("right after saving: exact %d of 12, reworded %d of 36, leaks %d of 22, kept %d of %d", r.ExactInstant, r.RewordedInstant, r.NeighbourLeaksInstant, r.UnrelatedKeptInstant, r.Unrelated)
	}
	if !r.Promoted || r.ExactAfter < r.ExactInstant || r.RewordedAfter < r.RewordedInstant || r.NeighbourLeaks > r.NeighbourLeaksInstant || r.UnrelatedKept < r.UnrelatedKeptInstant {
		t.Errorf("after a cycle (%s): exact %d, reworded %d, leaks %d, kept %d", r.Reason, r.ExactAfter, r.RewordedAfter, r.NeighbourLeaks, r.UnrelatedKept)
	}
	if r.MannerBefore != 0 || r.MannerAfter < 27 {
		t.Errorf("manner on %d, then on %d of 30 unseen prompts", r.MannerBefore, r.MannerAfter)
	}
}

func TestBuiltInDemo(t *testing.T) {
	s, err := BuiltInScript()
	if err != nil {
		t.Fatal(err)
	}
	r := runDemo(t, s)
	if r.ExactInstant != r.Lessons || !r.Promoted || r.MannerAfter < r.MannerPrompts*9/10 || r.MannerBefore != 0 {
		t.Errorf("exact %d of %d at once; promoted %v (%s); manner on %d of %d", r.ExactInstant, r.Lessons, r.Promoted, r.Reason, r.MannerAfter, r.MannerPrompts)
	}
}
