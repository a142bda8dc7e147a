//go:build cgo && (linux || windows)

package shaders

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
)

// network opens the trained model of 260,000 parameters on an engine; the test skips
// without its file. folder is where that lies.
func network(t *testing.T, open func() (compute.Backend, error)) (r *model.Runner, folder string) {
	t.Helper()
	if folder = os.Getenv("CLARA_TESTDATA"); folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	folder = filepath.Join(folder, "models", "stories260K")
	path := filepath.Join(folder, "stories260K.gguf")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no test data at %s: set CLARA_TESTDATA", path)
	}
	b, err := open()
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	r, err = model.Open(t.Context(), path, b, model.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r, folder
}

// Greedy steps give one known text.
func TestStories260K(t *testing.T) {
	requireOpenGL(t)
	r, folder := network(t, func() (compute.Backend, error) { return New(options) })
	want, err := os.ReadFile(filepath.Join(folder, "greedy-200.txt"))
	must(t, err)
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: 40, Exact: true}, nil)
	must(t, err)
	if got := strings.TrimSpace(res.Text); got == "" || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
}

// A LoRA step is that of the CPU, within what parity with transformers + PEFT allows.
func TestStepIsThatOfTheCPU(t *testing.T) {
	requireOpenGL(t)
	var steps [2][]model.StepReport
	for i, open := range []func() (compute.Backend, error){
		func() (compute.Backend, error) { return cpu.New(cpu.Options{Threads: 1}) },
		func() (compute.Backend, error) { return New(options) },
	} {
		r, _ := network(t, open)
		training, err := r.NewTraining(model.TrainingOptions{Rank: 4, Alpha: 8, Seed: 1})
		must(t, err)
		defer training.Close()
		var items []model.Item
		for _, texts := range [][2]string{{"Once upon a time", " there was a girl"}, {"Once upon a day", " a dog ran"}} {
			items = append(items, model.Item{Sequence: model.Sequence{
				Prompt: r.Tokenizer().Encode(texts[0], false), Answer: r.Tokenizer().Encode(texts[1], false),
			}})
		}
		for range 2 {
			report, err := training.Step(t.Context(), items, negativeLogLikelihood, model.StepOptions{Rate: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1})
			must(t, err)
			steps[i] = append(steps[i], report)
		}
	}
	for i, want := range steps[0] {
		got := steps[1][i]
		if d := math.Abs(got.Loss - want.Loss); !(d <= 1e-4*want.Loss) {
			t.Errorf("step %d: the loss is %v, on the CPU %v", i+1, got.Loss, want.Loss)
		}
		if d := math.Abs(got.GradNorm - want.GradNorm); !(d <= 1e-3*want.GradNorm) {
			t.Errorf("step %d: the gradient's norm is %v, on the CPU %v", i+1, got.GradNorm, want.GradNorm)
		}
	}
}

// negativeLogLikelihood is the sum over all answer tokens.
func negativeLogLikelihood(logp [][][]float32) (loss float64, dlogp [][][]float32, err error) {
	for _, item := range logp {
		var d [][]float32
		for _, candidates := range item {
			loss -= float64(candidates[0])
			d = append(d, []float32{-1})
		}
		dlogp = append(dlogp, d)
	}
	return loss, dlogp, nil
}
