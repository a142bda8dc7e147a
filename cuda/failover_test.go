//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"os"
	"strings"
	"sync"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
)

// onCPUNext opens the small trained model on the device, with the CPU to go on with. moved
// counts how often it did.
func onCPUNext(t *testing.T) (r *model.Runner, moved *int) {
	t.Helper()
	path := stories(t, "stories260K.gguf")
	b, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	moved = new(int)
	r, err = model.Open(t.Context(), path, b, model.Options{
		Next:  func(compute.Info) (compute.Backend, error) { return cpu.New(cpu.Options{Threads: 1}) },
		Moved: func(_, _ compute.Info, cause error) { *moved++; t.Logf("moved: %v", cause) },
	})
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
	return r, moved
}

// knownText fails the test unless an answer of tokens is the one known text; token is
// called behind each.
func knownText(t *testing.T, r *model.Runner, tokens int, token func(n int)) {
	t.Helper()
	want, err := os.ReadFile(stories(t, "greedy-200.txt"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: tokens, Exact: true}, func(model.Piece) {
		n++
		token(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(res.Text); len(res.IDs) != tokens || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
}

// A device that is lost in the middle of an answer is left for the CPU, which goes on
// behind the tokens that there are.
func TestAnswerOutlivesTheDevice(t *testing.T) {
	onEmulator(t)
	if os.Getenv(inside) == "" {
		if out, err := again(t, "^"+t.Name()+"$"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	r, moved := onCPUNext(t)
	knownText(t, r, 24, func(n int) {
		if n == 6 {
			t.Setenv("CLARA_EMULATOR_LOST", "1")
		}
	})
	if engine := r.Info().Engine.Name; *moved != 1 || engine != "cpu" {
		t.Errorf("moved %d times, to %s", *moved, engine)
	}
}

// A device that has no memory for what an answer needs is left, too.
func TestAnswerOutlivesRefusedMemory(t *testing.T) {
	onEmulator(t)
	r, moved := onCPUNext(t)
	t.Setenv("CLARA_EMULATOR_MEMORY", "1000")
	knownText(t, r, 24, func(int) {})
	if engine := r.Info().Engine.Name; *moved != 1 || engine != "cpu" {
		t.Errorf("moved %d times, to %s", *moved, engine)
	}
}

// Two programs on one card disturb each other in nothing but time.
func TestTwoProcessesOnOneCard(t *testing.T) {
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if out, err := again(t, "^TestStories260K$"); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
}
