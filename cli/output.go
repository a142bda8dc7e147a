package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// answer prints the one JSON object of a run.
func (c *program) answer(v any) error {
	c.answered = true
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// show prints v for a program, or what person prints for a person.
func (c *program) show(v any, person func()) error {
	if c.json {
		return c.answer(v)
	}
	person()
	return nil
}

// sayf prints a line for a person.
func (c *program) sayf(en, de string, args ...any) {
	fmt.Fprintln(c.out, printable(c.language.say(en, de, args...)))
}

// note prints a line about the work, which is no part of its result.
func (c *program) note(en, de string, args ...any) {
	fmt.Fprintln(c.errs, printable(c.language.say(en, de, args...)))
}

// table prints rows in columns.
func (c *program) table(head []string, rows [][]string) { writeTable(c.out, head, rows) }

func writeTable(w io.Writer, head []string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range append([][]string{head}, rows...) {
		fmt.Fprintln(t, printable(strings.TrimRight(strings.Join(r, "\t"), "\t")))
	}
	_ = t.Flush() // its writer's errors are the writer's own
}

// isTerminal says whether a person sees f.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
