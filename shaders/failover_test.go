//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model"
)

// A card that the driver resets in the middle of an answer is left for the CPU, which goes
// on behind the tokens that there are.
func TestAnswerOutlivesTheCard(t *testing.T) {
	requireOpenGL(t)
	b, err := open(options)
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	path, folder := stories(t)
	moved := 0
	r, err := model.Open(t.Context(), path, b, model.Options{
		Next:  func(compute.Info) (compute.Backend, error) { return cpu.New(cpu.Options{Threads: 1}) },
		Moved: func(_, _ compute.Info, cause error) { moved++; t.Logf("moved: %v", cause) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	want, err := os.ReadFile(filepath.Join(folder, "greedy-200.txt"))
	must(t, err)
	n := 0
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: 40, Exact: true}, func(model.Piece) {
		if n++; n == 10 {
			b.send(func(d *device) { d.fail(fmt.Errorf("reset: %w", compute.ErrLost)) })
		}
	})
	must(t, err)
	if got := strings.TrimSpace(res.Text); len(res.IDs) != 40 || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
	if engine := r.Info().Engine.Name; moved != 1 || engine != "cpu" || n != 40 {
		t.Errorf("moved %d times, to %s; %d tokens were told", moved, engine, n)
	}
}

// Two programs on one card disturb each other in nothing but time.
func TestTwoProcessesOnOneCard(t *testing.T) {
	requireOpenGL(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			out, err := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStories260K$", "-test.count=1").CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
}
