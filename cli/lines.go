package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/reeflective/readline"
	"golang.org/x/term"
)

// mostInput bounds a line and a text from stdin: far beyond every model's context,
// far below what would fill the memory.
const mostInput = 4 << 20

// errInterrupt says that Ctrl+C was pressed at the prompt.
var errInterrupt = readline.ErrInterrupt

// lineReader asks for lines: with editing, history and completion at a terminal that can
// move its cursor, else as they come.
type lineReader struct {
	shell    *readline.Shell // nil: no such terminal
	terminal int             // its file descriptor
	plain    chan line
	quit     <-chan os.Signal // Ctrl+C where no terminal is in raw mode
}

type line struct {
	text string
	err  error
}

// newLineReader asks with a prompt, completes words, and keeps what was typed in the file
// history for the next time. quit ends the waiting for a line.
func (c *program) newLineReader(prompt string, words []string, history string, quit <-chan os.Signal) *lineReader {
	r := &lineReader{quit: quit}
	if isTerminal(c.in) && isTerminal(c.out) && os.Getenv("TERM") != "dumb" && !c.json {
		r.shell, r.terminal = readline.NewShell(), int(c.in.Fd())
		r.shell.History.AddFromFile("clara", history)
		r.shell.Prompt.Primary(func() string { return prompt })
		r.shell.Completer = func(text []rune, cursor int) readline.Completions {
			if strings.ContainsRune(string(text[:cursor]), ' ') {
				return readline.Completions{}
			}
			return readline.CompleteValues(words...)
		}
		return r
	}
	// Nothing can interrupt a read, so a goroutine that reads lives until the input or
	// the program ends. It holds nothing that would have to be closed.
	r.plain = make(chan line)
	go func() {
		s := bufio.NewScanner(c.in)
		s.Buffer(nil, mostInput)
		for s.Scan() {
			r.plain <- line{text: s.Text()}
		}
		err := s.Err()
		if err == nil {
			err = io.EOF
		}
		r.plain <- line{err: err}
	}()
	return r
}

// next waits for a line. The error is io.EOF at the end, errInterrupt for Ctrl+C or
// when the program is to end.
func (r *lineReader) next() (string, error) {
	lines := r.plain
	if r.shell != nil {
		var before *term.State
		if state, err := term.GetState(r.terminal); err == nil {
			before = state
		}
		lines = make(chan line, 1)
		go func() {
			text, err := r.shell.Readline()
			lines <- line{text, err}
		}()
		defer func() {
			if before != nil { // the reading may go on, and keep the terminal raw
				_ = term.Restore(r.terminal, before)
			}
		}()
	}
	select {
	case l := <-lines:
		if errors.Is(l.err, bufio.ErrTooLong) {
			return "", errTooMuch
		}
		return strings.TrimSpace(l.text), l.err
	case <-r.quit:
		return "", errInterrupt
	}
}

// errTooMuch says that a text from stdin is beyond mostInput.
var errTooMuch = errors.New("read stdin: too long")

// readAll reads a text from stdin.
func (c *program) readAll() (string, error) {
	data, err := io.ReadAll(io.LimitReader(c.in, mostInput+1))
	if err != nil {
		return "", fmt.Errorf("read stdin: %w", err)
	}
	if len(data) > mostInput {
		return "", errTooMuch
	}
	return strings.TrimSpace(string(data)), nil
}
