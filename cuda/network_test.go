//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
)

// stories returns a file of the trained model of 260,000 parameters; the test skips
// without it.
func stories(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("CLARA_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(root, "models", "stories260K", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no test data at %s: set CLARA_TESTDATA", path)
	}
	return path
}

// runner opens the model on an engine.
func runner(t *testing.T, open func() (compute.Backend, error)) *model.Runner {
	t.Helper()
	path := stories(t, "stories260K.gguf")
	b, err := open()
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Open(t.Context(), path, b, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Greedy steps give one known text; two hundred of them would take the emulator long.
func TestStories260K(t *testing.T) {
	want, err := os.ReadFile(stories(t, "greedy-200.txt"))
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, open32)
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: 24, Exact: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(res.Text); got == "" || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
}

// TestTrainingIsThatOfTheCPU takes the same LoRA steps on the CPU and here, with the
// limits that parity with transformers + PEFT has.
func TestTrainingIsThatOfTheCPU(t *testing.T) {
	want := losses(t, func() (compute.Backend, error) { return cpu.New(cpu.Options{Threads: 1}) })
	for _, c := range []struct {
		name       string
		open       func() (compute.Backend, error)
		loss, norm float64
	}{
		{"f32", open32, 1e-4, 1e-3},
		{"bfloat16", func() (compute.Backend, error) { return Open(Options{BFloat16: true}) }, 5e-3, 3e-2},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i, got := range losses(t, c.open) {
				if d := math.Abs(got.Loss-want[i].Loss) / want[i].Loss; !(d <= c.loss) {
					t.Errorf("step %d: the loss is %v, %v on the CPU", i+1, got.Loss, want[i].Loss)
				}
				if d := math.Abs(got.GradNorm-want[i].GradNorm) / want[i].GradNorm; !(d <= c.norm) {
					t.Errorf("step %d: the gradient's norm is %v, %v on the CPU", i+1, got.GradNorm, want[i].GradNorm)
				}
			}
		})
	}
}

// losses takes two steps on two sequences that share their beginning.
func losses(t *testing.T, open func() (compute.Backend, error)) []model.StepReport {
	t.Helper()
	r := runner(t, open)
	training, err := r.NewTraining(model.TrainingOptions{Rank: 4, Alpha: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	random := rand.New(rand.NewPCG(1, 1))
	ids := func(n int) []int32 {
		s := make([]int32, n)
		for i := range s {
			s[i] = int32(10 + random.IntN(r.Info().Vocabulary-10))
		}
		return s
	}
	prompt := ids(9)
	items := []model.Item{
		{Sequence: model.Sequence{Prompt: prompt, Answer: ids(12)}},
		{Sequence: model.Sequence{Prompt: append(prompt[:5:5], ids(3)...), Answer: ids(7)}},
	}
	loss := func(logp [][][]float32) (float64, [][][]float32, error) {
		var sum float64
		d := make([][][]float32, len(logp))
		for i, item := range logp {
			for _, candidates := range item {
				sum -= float64(candidates[0])
				d[i] = append(d[i], []float32{-1})
			}
		}
		return sum, d, nil
	}
	var reports []model.StepReport
	for range 2 {
		report, err := training.Step(t.Context(), items, loss, model.StepOptions{Rate: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1})
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, report)
	}
	return reports
}
