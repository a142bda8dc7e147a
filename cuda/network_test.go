//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
)

// testData returns a file or a folder of the test data; the test skips without it.
func testData(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("CLARA_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(root, filepath.Join(parts...))
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("no test data at %s: set CLARA_TESTDATA", path)
	}
	return path
}

// stories returns a file of the trained model of 260,000 parameters.
func stories(t *testing.T, name string) string {
	t.Helper()
	return testData(t, "models", "stories260K", name)
}

// runner opens the model on an engine.
func runner(t *testing.T, open func() (compute.Backend, error), o model.Options) *model.Runner {
	t.Helper()
	path := stories(t, "stories260K.gguf")
	b, err := open()
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Open(t.Context(), path, b, o)
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
	r := runner(t, open32, model.Options{})
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: 24, Exact: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(res.Text); got == "" || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
}

// What parity with transformers + PEFT allows, relative.
const (
	exactLoss, exactNorm   = 1e-4, 1e-3
	halfLoss, halfGradient = 5e-3, 3e-2
)

// same requires that steps are those wanted, within limits.
func same(t *testing.T, steps, wanted []model.StepReport, loss, norm float64) {
	t.Helper()
	for i, want := range wanted {
		got := steps[i]
		if d := math.Abs(got.Loss-want.Loss) / want.Loss; !(d <= loss) {
			t.Errorf("step %d: the loss is %v, want %v", i+1, got.Loss, want.Loss)
		}
		if d := math.Abs(got.GradNorm-want.GradNorm) / want.GradNorm; !(d <= norm) {
			t.Errorf("step %d: the gradient's norm is %v, want %v", i+1, got.GradNorm, want.GradNorm)
		}
	}
}

// TestTrainingIsThatOfTheCPU takes the same LoRA steps on the CPU and here, with the
// limits that parity with transformers + PEFT has.
func TestTrainingIsThatOfTheCPU(t *testing.T) {
	want := losses(t, func() (compute.Backend, error) { return cpu.New(cpu.Options{Threads: 1}) }, model.Options{})
	for _, c := range []struct {
		name       string
		open       func() (compute.Backend, error)
		loss, norm float64
	}{
		{"f32", open32, exactLoss, exactNorm},
		{"float16", open16, halfLoss, halfGradient},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, losses(t, c.open, model.Options{}), want, c.loss, c.norm)
		})
	}
}

// TestTrainingFitsIntoTheDevice leaves less and less memory on the device: the same steps
// are taken with blocks recomputed, then in parts as well, and nothing is refused.
func TestTrainingFitsIntoTheDevice(t *testing.T) {
	onEmulator(t)
	want := losses(t, open32, model.Options{})
	for _, percent := range []int64{60, 45} {
		t.Run(fmt.Sprint(percent, " percent"), func(t *testing.T) {
			left := want[0].Plan.Bytes * percent / 75 // three quarters of which are taken
			tight := func() (compute.Backend, error) {
				b, err := open32()
				return &filled{Backend: b, t: t, left: left}, err
			}
			steps := losses(t, tight, model.Options{})
			same(t, steps, want, exactLoss, exactNorm)
			for _, s := range steps {
				if s.Plan.Recomputed == 0 && s.Plan.Parts == 1 || s.Plan.Bytes > left {
					t.Errorf("in %d bytes: %+v", left, s.Plan)
				}
			}
		})
	}
}

// Two engines train on one device at once, as two programs would.
func TestTwoEnginesAtOnce(t *testing.T) {
	want := losses(t, open32, model.Options{})
	for _, name := range []string{"one", "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, losses(t, open32, model.Options{}), want, exactLoss, exactNorm)
		})
	}
}

// filled is an engine on a device that others fill up as soon as a step asks what is
// free.
type filled struct {
	compute.Backend
	t    *testing.T
	left int64
	done bool
}

func (f *filled) MemoryUse() (compute.MemoryUse, error) {
	u, err := f.Backend.MemoryUse()
	if err != nil || f.done {
		return u, err
	}
	f.done = true
	const whole = 8 << 30 // of the emulated device
	f.t.Setenv("CLARA_EMULATOR_MEMORY", strconv.FormatInt(whole-u.Free+f.left, 10))
	return f.Backend.MemoryUse()
}

// losses takes two steps.
func losses(t *testing.T, open func() (compute.Backend, error), o model.Options) []model.StepReport {
	t.Helper()
	training, step := steps(t, open, o)
	defer training.Close()
	return []model.StepReport{step(), step()}
}

// steps begins a training, of which each call of step takes one on the same sequences: two that
// share their beginning, and one that begins as none, as a plain text does.
func steps(t *testing.T, open func() (compute.Backend, error), o model.Options) (training *model.Training, step func() model.StepReport) {
	t.Helper()
	r := runner(t, open, o)
	training, err := r.NewTraining(model.TrainingOptions{Rank: 4, Alpha: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
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
		{Sequence: model.Sequence{Prompt: ids(1), Answer: ids(6)}},
		{Sequence: model.Sequence{Prompt: append(prompt[:5:5], ids(3)...), Answer: ids(7)}},
	}
	return training, func() model.StepReport {
		t.Helper()
		report, err := training.Step(t.Context(), items, likelihood, model.StepOptions{Rate: 1e-2, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
}

// likelihood is the negative log-likelihood of all answer tokens.
func likelihood(logp [][][]float32) (loss float64, dlogp [][][]float32, err error) {
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
