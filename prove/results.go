package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"clara/store"
)

// result is one finished measurement: one line of the results file.
type result struct {
	Measurement string `json:"measurement"`
	Set         string `json:"set"`
	Variant     string `json:"variant,omitempty"` // as the number of lessons in memory
	Seed        uint64 `json:"seed"`
	Tuned       bool   `json:"tuned"` // the set is one that something was chosen by

	Commit  string    `json:"commit"`
	Model   string    `json:"model"`
	Base    string    `json:"base"`   // SHA-256 of the model file
	Reader  string    `json:"reader"` // hash of its reader adapter
	Machine string    `json:"machine"`
	Ended   time.Time `json:"ended"`
	Seconds float64   `json:"seconds"`

	Counts  map[string]count     `json:"counts,omitempty"`
	Values  map[string]float64   `json:"values,omitempty"`
	Series  map[string][]float64 `json:"series,omitempty"`
	Gate    string               `json:"gate,omitempty"`    // what the gate said of the cycle
	Skipped string               `json:"skipped,omitempty"` // why nothing was measured
	Wrong   []wrong              `json:"wrong,omitempty"`   // answers that did not come as wanted, at most mostWrong

	line int // in the file, from 1
}

// count is how many of how many.
type count struct {
	N  int `json:"n"`
	Of int `json:"of"`
}

// wrong is an answer that did not come as wanted, for people.
type wrong struct {
	Part   string `json:"part"`
	Prompt string `json:"prompt"`
	Answer string `json:"answer"`
}

const mostWrong = 24

// tally adds to a count.
func (r *result) tally(name string, good bool) {
	c := r.Counts[name]
	c.Of++
	if good {
		c.N++
	}
	if r.Counts == nil {
		r.Counts = make(map[string]count)
	}
	r.Counts[name] = c
}

func (r *result) value(name string, v float64) {
	if r.Values == nil {
		r.Values = make(map[string]float64)
	}
	r.Values[name] = v
}

func (r *result) add(name string, v float64) {
	if r.Series == nil {
		r.Series = make(map[string][]float64)
	}
	r.Series[name] = append(r.Series[name], v)
}

// complain keeps an answer that did not come as wanted.
func (r *result) complain(part, prompt, answer string) {
	if len(r.Wrong) < mostWrong {
		r.Wrong = append(r.Wrong, wrong{part, prompt, answer})
	}
}

// key names a measurement whatever the commit: one that has a line is not done again.
func (r *result) key() string {
	return fmt.Sprintf("%s/%s/%s/%s/%d", r.Model, r.Measurement, r.Set, r.Variant, r.Seed)
}

// results is the file that the lines go to.
type results struct {
	path    string
	done    map[string]string // by key: the commit that the line is of
	readers map[string]string // by model: the reader that the lines were measured with
	subject string            // the model that the lines but those of German are of; "": there are none
}

// errReader says that lines were measured with another reader: beside new ones they
// would be compared as if they were not.
var errReader = errors.New("the results were measured with another reader adapter; move the file away and measure anew")

// of reports errReader where the lines of a model are of another reader.
func (r *results) of(model, reader string) error {
	if before, ok := r.readers[model]; ok && before != reader {
		return fmt.Errorf("go on with %s: %w", r.path, errReader)
	}
	return nil
}

// errSubject says that a folder has lines of another model: on one page they would be added up.
var errSubject = errors.New("the results are of another model; give this one a folder of its own with -out")

// about reports errSubject where the lines are of another model than a measurement to be made.
func (r *results) about(line result) error {
	if line.Measurement != "german" && r.subject != "" && r.subject != line.Model {
		return fmt.Errorf("measure %s into %s, which has %s: %w", line.Model, r.path, r.subject, errSubject)
	}
	return nil
}

// has says whether a measurement has a line; commit, if it is not "", has to be that of
// the line.
func (r *results) has(key, commit string) bool {
	of, ok := r.done[key]
	return ok && (commit == "" || commit == of)
}

// openResults reads the keys of what is done. A last line that was cut off is
// dropped from the file.
func openResults(path string) (*results, error) {
	r := &results{path: path, done: make(map[string]string), readers: make(map[string]string)}
	lines, whole, err := readResults(path)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		r.done[lines[i].key()] = lines[i].Commit
		r.readers[lines[i].Model] = lines[i].Reader
		if lines[i].Measurement != "german" {
			r.subject = lines[i].Model
		}
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > whole {
		err = os.Truncate(path, whole)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the results: %w", err)
	}
	return r, nil
}

// errTwice says that a measurement has two lines, which would be added up.
var errTwice = errors.New("the same measurement has two lines")

// readResults reads the lines of a file and the bytes that they take; a missing file
// has none. A last line without its end is left out. The error wraps errTwice where a
// measurement has two lines.
func readResults(path string) (lines []result, whole int64, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the results: %w", err)
	}
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 16<<20)
	found := make(map[string]int) // lines by key
	for n := 1; s.Scan(); n++ {
		next := whole + int64(len(s.Bytes())) + 1
		if next > int64(len(data)) {
			break
		}
		r := result{line: n}
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return nil, 0, fmt.Errorf("read line %d of %s: %w", n, path, err)
		}
		if before := found[r.key()]; before > 0 {
			return nil, 0, fmt.Errorf("read lines %d and %d of %s: %w: %s", before, n, path, errTwice, r.key())
		}
		found[r.key()] = n
		lines, whole = append(lines, r), next
	}
	if err := s.Err(); err != nil {
		return nil, 0, fmt.Errorf("read the results %s: %w", path, err)
	}
	return lines, whole, nil
}

// append writes a line, in the place of one that the same measurement has; it is on disk
// when append returns.
func (r *results) append(line result) (err error) {
	data, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode a result: %w", err)
	}
	data = append(data, '\n')
	if key := line.key(); r.has(key, "") {
		err = r.replace(key, data)
	} else {
		err = r.add(data)
	}
	if err != nil {
		return fmt.Errorf("keep a result: %w", err)
	}
	r.done[line.key()] = line.Commit
	return nil
}

func (r *results) add(data []byte) (err error) {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// replace puts data in the place of the line of a measurement; the others stay as they are,
// byte for byte.
func (r *results) replace(key string, data []byte) error {
	lines, _, err := readResults(r.path)
	if err != nil {
		return err
	}
	whole, err := os.ReadFile(r.path)
	if err != nil {
		return err
	}
	parts := bytes.SplitAfter(whole, []byte("\n"))
	for i := range lines {
		if lines[i].key() == key {
			parts[lines[i].line-1] = data
		}
	}
	return store.WriteFile(r.path, bytes.Join(parts, nil))
}
