package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal that can only print, as the shell window of an editor, is asked line by line:
// it never answers where its cursor stands, which editing a line waits for.
func TestADumbTerminalIsAskedForLines(t *testing.T) {
	keys, screen := terminal(t)
	t.Setenv("TERM", "dumb")
	c := &program{in: screen, out: screen}
	r := c.newLineReader("> ", nil, filepath.Join(t.TempDir(), "history"), nil)
	if _, err := keys.WriteString("hello\n"); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		text, err := r.next()
		if err != nil {
			text = err.Error()
		}
		said <- text
	}()
	select {
	case text := <-said:
		if text != "hello" {
			t.Errorf("read %q", text)
		}
	case <-time.After(5 * time.Second):
		t.Error("the line is waited for in vain")
	}
}

// terminal opens a pseudo-terminal: the side of the keyboard, and that of the program.
func terminal(t *testing.T) (keys, screen *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { keys.Close() })
	fd := int(keys.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	return keys, screen
}
