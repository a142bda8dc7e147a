//go:build cgo && (linux || windows)

package shaders

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
)

// stories is a file of the trained model of 260,000 parameters, and the folder where it
// lies; the test skips without it.
func stories(t *testing.T) (path, folder string) {
	t.Helper()
	if folder = os.Getenv("CLARA_TESTDATA"); folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	folder = filepath.Join(folder, "models", "stories260K")
	path = filepath.Join(folder, "stories260K.gguf")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("no test data at %s: set CLARA_TESTDATA", path)
	}
	return path, folder
}

// network opens that model on an engine.
func network(t *testing.T, open func() (compute.Backend, error), o model.Options) (r *model.Runner, folder string) {
	t.Helper()
	path, folder := stories(t)
	b, err := open()
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	r, err = model.Open(t.Context(), path, b, o)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r, folder
}

// Greedy steps give one known text.
func TestStories260K(t *testing.T) {
	requireOpenGL(t)
	r, folder := network(t, opengl, model.Options{})
	want, err := os.ReadFile(filepath.Join(folder, "greedy-200.txt"))
	must(t, err)
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: 40, Exact: true}, nil)
	must(t, err)
	if got := strings.TrimSpace(res.Text); got == "" || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
}

func opengl() (compute.Backend, error) { return New(options) }

// trained takes two LoRA steps on sequences of which two share their beginning, and one begins as
// none.
func trained(t *testing.T, open func() (compute.Backend, error), o model.Options) (steps []model.StepReport) {
	t.Helper()
	r, _ := network(t, open, o)
	training, err := r.NewTraining(model.TrainingOptions{Rank: trainedRank, Alpha: 8, Seed: 1})
	must(t, err)
	defer training.Close()
	var items []model.Item
	for _, texts := range [][2]string{{"Once upon a time", " there was a girl"}, {"The", " sun"}, {"Once upon a day", " a dog ran"}} {
		items = append(items, model.Item{Sequence: model.Sequence{
			Prompt: r.Tokenizer().Encode(texts[0], false), Answer: r.Tokenizer().Encode(texts[1], false),
		}})
	}
	for range 2 {
		report, err := training.Step(t.Context(), items, negativeLogLikelihood, model.StepOptions{Rate: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1})
		must(t, err)
		steps = append(steps, report)
	}
	return steps
}

const trainedRank = 4

// same requires that steps are those wanted, within what parity with transformers + PEFT
// allows.
func same(t *testing.T, steps, wanted []model.StepReport) {
	t.Helper()
	for i, want := range wanted {
		got := steps[i]
		if d := math.Abs(got.Loss - want.Loss); !(d <= 1e-4*want.Loss) {
			t.Errorf("step %d: the loss is %v, want %v", i+1, got.Loss, want.Loss)
		}
		if d := math.Abs(got.GradNorm - want.GradNorm); !(d <= 1e-3*want.GradNorm) {
			t.Errorf("step %d: the gradient's norm is %v, want %v", i+1, got.GradNorm, want.GradNorm)
		}
	}
}

func TestStepIsThatOfTheCPU(t *testing.T) {
	requireOpenGL(t)
	processor := func() (compute.Backend, error) { return cpu.New(cpu.Options{Threads: 1}) }
	same(t, trained(t, opengl, model.Options{}), trained(t, processor, model.Options{}))
}

// Within less memory the same steps are taken, with blocks recomputed or in parts.
func TestTrainingWithinALimit(t *testing.T) {
	requireOpenGL(t)
	want := trained(t, opengl, model.Options{})
	// Parameters, gradients and two moments of LoRA on five blocks of the file.
	const adapter = 4 * 4 * 5 * trainedRank * (3*64 + 64 + 2*32 + 64 + 64 + 2*(64+172) + 64 + 172)
	step := want[0].Plan.Bytes * 6 / 10
	got := trained(t, opengl, model.Options{TrainingMemory: adapter + step})
	same(t, got, want)
	for _, s := range got {
		if s.Plan.Parts == 1 && s.Plan.Recomputed == 0 || s.Plan.Bytes > step {
			t.Errorf("within %d bytes: %+v", step, s.Plan)
		}
	}
}

// Two programs train on one card, and so do two engines of one program.
func TestTwoAtOnce(t *testing.T) {
	requireOpenGL(t)
	limit := "0"
	if deadline, ok := t.Deadline(); ok { // whose panic would leave the programs behind
		limit = (time.Until(deadline) - time.Second).String()
	}
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStepIsThatOfTheCPU$", "-test.timeout="+limit)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("a program beside another one: %v\n%s", err, out)
			}
		})
	}
	work.Wait()
	t.Run("engines", func(t *testing.T) {
		for _, name := range []string{"one", "another"} {
			t.Run(name, func(t *testing.T) { t.Parallel(); TestStepIsThatOfTheCPU(t) })
		}
	})
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
