package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// While a model is loaded that takes as long as it likes, the second Ctrl+C ends the program at once,
// also where a dialogue is to begin.
func TestSecondInterruptEndsALoadAtOnce(t *testing.T) {
	model := filepath.Join(t.TempDir(), "endless.gguf")
	if err := syscall.Mkfifo(model, 0o600); err != nil { // to open it takes until somebody writes
		t.Fatal(err)
	}
	for _, args := range []string{"chat", "learn --interactive"} {
		home := t.TempDir()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--home", home, "--model", model, "--engine", "cpu"}, strings.Fields(args)...)...)
		cmd.Env = environment()
		var log strings.Builder
		cmd.Stderr = &log
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if text, err := os.ReadFile(filepath.Join(home, "clara.log")); err == nil && strings.Contains(string(text), "msg=opened") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: it does not come to the load\n%s", args, &log)
			}
		}
		for range 2 {
			time.Sleep(time.Second)
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatalf("%s: it ended before: %v\n%s", args, err, &log)
			}
		}
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: it goes on loading", args)
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-ended
		}
	}
}
