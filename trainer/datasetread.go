package trainer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clara/store"
)

// The bounds of a data set: far above every live buffer, far below what would fill the
// memory.
const (
	mostRows     = 100_000
	mostRowBytes = 32 << 20
	mostBytes    = 256 << 20
)

// rowErrorsKept is how many lines with an error are told one by one.
const rowErrorsKept = 100

// RowProblem says what is wrong with a line of a data set.
type RowProblem string

// The problems. Column, Wants and Got of a RowError are set where the comment names them.
const (
	RowSyntax    RowProblem = "syntax"    // it is no JSON object in UTF-8; Got
	RowColumns   RowProblem = "columns"   // its columns are those of no format; Got
	RowType      RowProblem = "type"      // Column holds no Wants
	RowRange     RowProblem = "range"     // Column holds Got, and Wants is allowed
	RowTurns     RowProblem = "turns"     // Column is no conversation of the kind Wants
	RowLabel     RowProblem = "label"     // the label Got contradicts the score Wants
	RowEmpty     RowProblem = "empty"     // no text to learn from
	RowUnchanged RowProblem = "unchanged" // the better answer is the given one
	RowLong      RowProblem = "long"      // longer than Wants bytes
)

// RowError is what is wrong with one line.
type RowError struct {
	Line    int        `json:"line"` // counts from 1
	Problem RowProblem `json:"problem"`
	Column  string     `json:"column,omitempty"`
	Wants   string     `json:"wants,omitempty"`
	Got     string     `json:"got,omitempty"`
}

// Error implements error.
func (e *RowError) Error() string {
	at := fmt.Sprintf("line %d: ", e.Line)
	switch e.Problem {
	case RowSyntax:
		return at + "no JSON object: " + e.Got
	case RowColumns:
		return at + "the columns " + e.Got + " are those of no format: want prompt with completion, with completion and label, or with chosen and rejected"
	case RowType:
		return at + e.Column + " is not " + e.Wants
	case RowRange:
		return at + e.Column + " is " + e.Got + ", allowed is " + e.Wants
	case RowTurns:
		return at + e.Column + " is not " + e.Wants
	case RowLabel:
		return at + "the label is " + e.Got + ", but the score " + e.Wants
	case RowUnchanged:
		return at + "the better answer is the given one"
	case RowLong:
		return at + "longer than " + e.Wants + " bytes"
	}
	return at + "no text to learn from"
}

// DatasetError are the lines of a data set that cannot be read.
type DatasetError struct {
	Lines []*RowError // at most the first 100
	Count int
}

// Error implements error.
func (e *DatasetError) Error() string {
	lines := make([]string, len(e.Lines))
	for i, l := range e.Lines {
		lines[i] = l.Error()
	}
	return fmt.Sprintf("%d lines cannot be read:\n%s", e.Count, strings.Join(lines, "\n"))
}

// Unwrap says that it is an ErrDataset.
func (e *DatasetError) Unwrap() error { return ErrDataset }

// readRow is one line as read: a sample with the lesson's own words.
type readRow struct {
	line       int
	sample     Sample // Kind "" and a zero Created: not said
	importance int    // 0: not said; the sample has the middle one then
	keywords   [][]string
}

// readDataset reads all lines. ignored are the columns that nobody reads, in their order.
func readDataset(r io.Reader, now time.Time) (rows []readRow, ignored []string, bad *DatasetError, err error) {
	lines := bufio.NewScanner(io.LimitReader(r, mostBytes+1))
	lines.Buffer(nil, mostRowBytes)
	bad = &DatasetError{}
	unread := make(map[string]bool)
	n, size := 0, 0
	for lines.Scan() {
		n++
		line := lines.Bytes()
		size += len(line) + 1
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(rows)+bad.Count >= mostRows || size > mostBytes {
			return nil, nil, nil, fmt.Errorf("more than %d lines or %d MiB: %w", mostRows, mostBytes>>20, ErrDataset)
		}
		row, problem := rowFrom(line, now, unread)
		if problem != nil {
			problem.Line = n
			if bad.Count++; bad.Count <= rowErrorsKept {
				bad.Lines = append(bad.Lines, problem)
			}
			continue
		}
		row.line = n
		rows = append(rows, row)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		bad.Count++
		bad.Lines = append(bad.Lines, &RowError{Line: n + 1, Problem: RowLong, Wants: strconv.Itoa(mostRowBytes)})
	case err != nil:
		return nil, nil, nil, fmt.Errorf("read the data set: %w", err)
	}
	return rows, slices.Sorted(maps.Keys(unread)), bad, nil
}

// badScore is what the label false counts for where the line has no score: two stars,
// which the note's quality threshold lets in, too.
const badScore = -0.5

// columns are those of one line; a null counts as absent.
type columns map[string]json.RawMessage

// columnNames are the columns that are read.
var columnNames = []string{
	"prompt", "completion", "chosen", "rejected", "label",
	"form", "kind", "score", "importance", "source", "given", "keywords", "created",
}

func rowFrom(line []byte, now time.Time, unread map[string]bool) (readRow, *RowError) {
	var row readRow
	if !utf8.Valid(line) {
		return row, &RowError{Problem: RowSyntax, Got: "not UTF-8"}
	}
	var c columns
	if err := json.Unmarshal(line, &c); err != nil || c == nil {
		return row, &RowError{Problem: RowSyntax, Got: fmt.Sprint(err)}
	}
	maps.DeleteFunc(c, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	for name := range c {
		if !slices.Contains(columnNames, name) {
			unread[name] = true
		}
	}
	s := &row.sample
	var form, better, given string
	var label *bool
	var problem *RowError
	keep := func(p *RowError) {
		if problem == nil {
			problem = p
		}
	}
	keep(c.prompt(s))
	switch has := func(n string) bool { _, ok := c[n]; return ok }; {
	case has("prompt") && has("chosen") && has("rejected") && !has("completion"):
		form = string(FormCorrection)
		keep(c.answer("chosen", &better))
		keep(c.answer("rejected", &given))
	case has("prompt") && has("completion") && !has("chosen") && !has("rejected"):
		keep(c.answer("completion", &better))
		keep(c.text("given", &given, store.MaxText))
		if has("label") {
			keep(c.value("label", &label, "true or false"))
		}
		switch {
		case s.Prompt == "" && len(s.Context) == 0:
			form = string(FormText)
		case label != nil:
			form = string(FormRating)
		default:
			form = string(FormCorrection)
		}
	default:
		return row, &RowError{Problem: RowColumns, Got: strings.Join(slices.Sorted(maps.Keys(c)), ", ")}
	}
	keep(c.choice("form", &form, string(FormRating), string(FormCorrection), string(FormText)))
	s.Form = Form(form)
	if _, pair := c["chosen"]; pair && s.Form != FormCorrection {
		keep(&RowError{Problem: RowRange, Column: "form", Got: form, Wants: string(FormCorrection)})
	}
	s.Score = 1
	if label != nil && !*label {
		s.Score = badScore
	}
	keep(c.rest(&row, now))
	if s.Form == FormCorrection {
		s.Score, s.Better, s.Answer = 1, better, given
	} else {
		s.Answer = better
	}
	*s = withLineEnds(*s)
	if label != nil && *label != (s.Score > 0) && s.Score != 0 {
		keep(&RowError{Problem: RowLabel, Got: strconv.FormatBool(*label), Wants: fmt.Sprint(s.Score)})
	}
	if problem != nil {
		return row, problem
	}
	switch judge(*s, DefaultSettings()).Code {
	case CodeEmpty:
		return row, &RowError{Problem: RowEmpty}
	case CodeUnchanged:
		return row, &RowError{Problem: RowUnchanged}
	}
	return row, nil
}

// rest reads what is ours.
func (c columns) rest(row *readRow, now time.Time) *RowError {
	s := &row.sample
	kind, source, importance, words, created := "", "import", 3.0, "", ""
	for _, p := range []*RowError{
		c.choice("kind", &kind, string(Knowledge), string(Manner)),
		c.number("score", &s.Score, -1, 1),
		c.number("importance", &importance, 1, 5),
		c.text("source", &source, 200),
		c.text("keywords", &words, store.MaxText),
		c.text("created", &created, 64),
	} {
		if p != nil {
			return p
		}
	}
	if _, said := c["importance"]; said {
		row.importance = int(importance)
	}
	if importance != math.Trunc(importance) {
		return &RowError{Problem: RowRange, Column: "importance", Got: fmt.Sprint(importance), Wants: "1, 2, 3, 4 or 5"}
	}
	s.Kind, s.Source, s.Importance = Kind(kind), source, int(importance)
	if kind == string(Knowledge) && s.Form != FormCorrection {
		return &RowError{Problem: RowRange, Column: "kind", Got: kind, Wants: string(Manner)}
	}
	if words != "" {
		if err := json.Unmarshal([]byte(words), &row.keywords); err != nil {
			return &RowError{Problem: RowType, Column: "keywords", Wants: `a text like [["word", "or this one"]]`}
		}
	}
	if created == "" {
		return nil
	}
	var err error
	// A clock may be wrong by hours; a sample of next year would be the newest for ever.
	if s.Created, err = createdOf(created); err != nil || s.Created.Year() < 2000 || s.Created.After(now.Add(24*time.Hour)) {
		return &RowError{Problem: RowRange, Column: "created", Got: created, Wants: "2000-01-01T00:00:00Z to " + now.UTC().Format(time.RFC3339)}
	}
	return nil
}

// value reads a column, where it is there, into what v points at.
func (c columns) value(name string, v any, wants string) *RowError {
	if raw, ok := c[name]; ok {
		if err := json.Unmarshal(raw, v); err != nil {
			return &RowError{Problem: RowType, Column: name, Wants: wants}
		}
	}
	return nil
}

func (c columns) text(name string, v *string, most int) *RowError {
	if p := c.value(name, v, "a text"); p != nil {
		return p
	}
	if len(*v) > most {
		return &RowError{Problem: RowLong, Column: name, Wants: strconv.Itoa(most)}
	}
	return nil
}

func (c columns) choice(name string, v *string, of ...string) *RowError {
	before := *v
	if p := c.text(name, v, 64); p != nil {
		return p
	}
	if _, said := c[name]; !said {
		*v = before
		return nil
	}
	if !slices.Contains(of, *v) {
		return &RowError{Problem: RowRange, Column: name, Got: strconv.Quote(*v), Wants: strings.Join(of, ", ")}
	}
	return nil
}

func (c columns) number(name string, v *float64, low, high float64) *RowError {
	if p := c.value(name, v, "a number"); p != nil {
		return p
	}
	if !(*v >= low && *v <= high) {
		return &RowError{Problem: RowRange, Column: name, Got: fmt.Sprint(*v), Wants: fmt.Sprintf("%g to %g", low, high)}
	}
	return nil
}

// turns reads messages. A plain text is one message of the role.
func (c columns) turns(name string, role Role) ([]datasetTurn, *RowError) {
	wrong := &RowError{Problem: RowType, Column: name, Wants: "a text or a list of messages with role and content"}
	raw := c[name]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []datasetTurn{{role, text}}, nil
	}
	var messages []struct {
		Role    *Role   `json:"role"`
		Content *string `json:"content"`
	}
	if json.Unmarshal(raw, &messages) != nil {
		return nil, wrong
	}
	out := make([]datasetTurn, len(messages))
	for i, m := range messages {
		if m.Role == nil || m.Content == nil {
			return nil, wrong
		}
		out[i] = datasetTurn{*m.Role, *m.Content}
		if len(*m.Content) > store.MaxText {
			return nil, &RowError{Problem: RowLong, Column: name, Wants: strconv.Itoa(store.MaxText)}
		}
	}
	return out, nil
}

// prompt reads the question and the turns before it.
func (c columns) prompt(s *Sample) *RowError {
	turns, problem := c.turns("prompt", RoleUser)
	if _, there := c["prompt"]; !there || problem != nil {
		return problem
	}
	wrong := &RowError{Problem: RowTurns, Column: "prompt", Wants: "a conversation of system, user and assistant that ends with the user"}
	if len(turns) == 0 || turns[len(turns)-1].Role != RoleUser {
		return wrong
	}
	for _, t := range turns {
		if t.Role != RoleSystem && t.Role != RoleUser && t.Role != RoleAssistant {
			return wrong
		}
	}
	last := len(turns) - 1
	for _, t := range turns[:last] {
		s.Context = append(s.Context, Turn{Role: t.Role, Text: t.Content})
	}
	s.Prompt = turns[last].Content
	return nil
}

// answer reads one answer.
func (c columns) answer(name string, v *string) *RowError {
	turns, problem := c.turns(name, RoleAssistant)
	if problem != nil {
		return problem
	}
	if len(turns) != 1 || turns[0].Role != RoleAssistant {
		return &RowError{Problem: RowTurns, Column: name, Wants: "one message of the assistant"}
	}
	*v = turns[0].Content
	return nil
}
