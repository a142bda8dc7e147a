//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clara/model"
)

// callsOf are the calls of the driver that do makes, counted by their names. The last one
// of a name may have a version behind it.
func callsOf(t *testing.T, do func()) map[string]int {
	t.Helper()
	const variable = "CLARA_EMULATOR_CALLS"
	file := filepath.Join(t.TempDir(), "calls")
	t.Setenv(variable, file)
	do()
	if err := os.Unsetenv(variable); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for name := range strings.FieldsSeq(string(text)) {
		calls[strings.TrimSuffix(name, "_v2")]++
	}
	return calls
}

// streams requires that the calls launch kernels, allocate and free nothing, compile
// nothing, and wait as often as said: each wait is followed by a copy to the host.
func streams(t *testing.T, calls map[string]int, waits int) {
	t.Helper()
	t.Logf("%v", calls)
	if calls["cuLaunchKernel"] == 0 {
		t.Error("no kernel was launched")
	}
	for _, name := range []string{"cuMemAlloc", "cuMemFree", "cuMemHostAlloc", "cuMemFreeHost", "cuModuleLoadData", "cuStreamCreate", "cuEventSynchronize"} {
		if calls[name] > 0 {
			t.Errorf("%s was called %d times", name, calls[name])
		}
	}
	if calls["cuStreamSynchronize"] != waits || calls["cuMemcpyDtoH"] != waits {
		t.Errorf("the host waits %d times and copies %d times, want %d", calls["cuStreamSynchronize"], calls["cuMemcpyDtoH"], waits)
	}
}

// A step, after one of its size, waits for what the host needs in its middle, the
// log-probabilities for the loss, and at its end, the gradient's norm, and for nothing else.
func TestStepNeitherAllocatesNorWaits(t *testing.T) {
	onEmulator(t)
	training, step := steps(t, open32, model.Options{})
	defer training.Close()
	step()
	streams(t, callsOf(t, func() { step() }), 2)
}

// A token waits for its logits, and for nothing else.
func TestDecodingNeitherAllocatesNorWaits(t *testing.T) {
	onEmulator(t)
	r := runner(t, open32, model.Options{})
	const first, tokens = 4, 8
	answer := func(most int) {
		request := model.Request{Prompt: []int32{r.Tokenizer().BOS()}, MaxTokens: most, Exact: true}
		if res, err := r.Generate(t.Context(), request, nil); err != nil || len(res.IDs) != most {
			t.Fatalf("%d tokens, %v", len(res.IDs), err)
		}
	}
	answer(tokens) // grows what has to grow
	short := callsOf(t, func() { answer(first) })
	long := callsOf(t, func() { answer(tokens) })
	for name, n := range short {
		long[name] -= n
	}
	streams(t, long, tokens-first)
}
