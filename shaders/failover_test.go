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

// fails answers on the card with the CPU to go on with, and calls fail before the first
// token and behind each, with its number. The answer has to be the one known text, and to
// have moved once.
func fails(t *testing.T, fail func(b *Backend, token int)) {
	t.Helper()
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
	fail(b, 0)
	n := 0
	res, err := r.Generate(t.Context(), model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: 40, Exact: true}, func(model.Piece) {
		n++
		fail(b, n)
	})
	must(t, err)
	if got := strings.TrimSpace(res.Text); len(res.IDs) != 40 || !strings.HasPrefix(strings.TrimSpace(string(want)), got) {
		t.Errorf("got\n%s\nexpected the beginning of\n%s", got, want)
	}
	if engine := r.Info().Engine.Name; moved != 1 || engine != "cpu" || n != 40 {
		t.Errorf("moved %d times, to %s; %d tokens were told", moved, engine, n)
	}
}

// A card that the driver resets in the middle of an answer is left for the CPU, which goes
// on behind the tokens that there are.
func TestAnswerOutlivesTheCard(t *testing.T) {
	fails(t, func(b *Backend, token int) {
		if token == 10 {
			b.send(func(d *device) { d.fail(fmt.Errorf("reset: %w", compute.ErrLost)) })
		}
	})
}

// A card that has no memory for what an answer needs is left, too.
func TestAnswerOutlivesRefusedMemory(t *testing.T) {
	fails(t, func(b *Backend, token int) {
		if token == 0 {
			b.send(func(d *device) { d.most = d.bytes + 1000 })
		}
	})
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
