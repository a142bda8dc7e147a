package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Ctrl+C lets what is under way end; once more, it ends the program at once.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	if killedModel() == "" {
		t.Skip("no model to serve (make model)")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no signal can be sent to another program there")
	}
	cmd := exec.CommandContext(t.Context(), program, "--home", preparedHome(t), "--model", killedModel(), "--json", "serve", "--addr", "127.0.0.1:0")
	cmd.Env = environment()
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ready struct{ URL string }
	lines := bufio.NewScanner(out)
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &ready) != nil {
		t.Fatalf("it does not serve: %s\n%s", lines.Text(), &log)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(ready.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// A request that does not end: the server waits for it, once it has asked for the body.
	if _, err := fmt.Fprint(c, "POST /feedback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("the body is not asked for: %q, %v", line, err)
	}
	ended := make(chan error, 1)
	interrupt := func() {
		t.Helper()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	go func() {
		for lines.Scan() {
		}
		ended <- cmd.Wait()
	}()
	select {
	case err := <-ended:
		t.Fatalf("the first one ended it, though a request is under way: %v\n%s", err, &log)
	case <-time.After(time.Second):
	}
	interrupt()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it calls itself done")
		}
	case <-time.After(5 * time.Second):
		t.Error("it goes on after the second one")
		<-ended
	}
}
