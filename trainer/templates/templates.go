// Package templates holds the kinds of lessons that the skill of reading one is trained with,
// English and German, with names and values left open. A drawn one is made up: nobody has taught it.
//
// Nothing here changes once it is read; all may be called from several goroutines, each with a
// source of random numbers of its own. The same source gives the same.
package templates

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"clara/store"
)

//go:embed english.json german.json
var files embed.FS

// Template is a kind of lesson with names and values left open. They are drawn afresh
// each time, so that nothing but the skill of reading a lesson can be learnt from it.
type Template struct {
	Kind  string `json:"kind"`  // one of kinds
	About string `json:"about"` // the filler of {1}, what the lesson is about; "": it has no {1}
	// Values are the fillers of {2}, {3} and so on: what the answer says. They stand in
	// the answer alone, since a question that shows them needs no lesson.
	Values     []string `json:"values"`
	Question   string   `json:"question"`
	Answer     string   `json:"answer"`
	Rewordings []string `json:"rewordings"` // the question as other people would put it
	Neighbours []string `json:"neighbours"` // questions near it that the lesson does not answer
	History    []string `json:"history"`    // exchanges before the question: the user's turn, the assistant's, ...

	German bool `json:"-"` // its language; else it is English

	fillers fillers
}

// kinds are those of templates, each with what it teaches to read.
var kinds = []string{
	"fact",   // one value
	"prior",  // one that contradicts what the base surely knows
	"long",   // several sentences
	"list",   // an enumeration
	"steps",  // an instruction
	"number", // a quantity with its unit
	"reason", // yes or no, and why
	"office", // deadlines, forms, fees and who is responsible
	"talk",   // a question within a conversation
}

const (
	fewestRewordings = 3
	fewestNeighbours = 2
)

// fillers are the words that gaps are filled with, by kind. A filler may have gaps of
// its own: {town} is a filler of that kind, {1-28} a whole number in that range.
type fillers map[string][]string

var fillerGap = regexp.MustCompile(`\{[^{}]*\}`)

// fill draws a filler of a kind, or a number where kind is a range.
func (f fillers) fill(kind string, rng *rand.Rand) string {
	if low, high, ok := numberRange(kind); ok {
		return strconv.Itoa(low + rng.IntN(high-low+1))
	}
	all := f[kind]
	return fillerGap.ReplaceAllStringFunc(all[rng.IntN(len(all))], func(gap string) string {
		return f.fill(gap[1:len(gap)-1], rng)
	})
}

// numberRange reads a kind such as 2-28.
func numberRange(kind string) (low, high int, ok bool) {
	a, b, _ := strings.Cut(kind, "-")
	low, err := strconv.Atoi(a)
	if err != nil {
		return 0, 0, false
	}
	high, err = strconv.Atoi(b)
	return low, high, err == nil && low < high
}

// check reports a kind that cannot be filled: an unknown one, an empty one, or one
// that is made of itself. within are the kinds that it is a part of.
func (f fillers) check(kind string, within ...string) error {
	if _, _, ok := numberRange(kind); ok {
		return nil
	}
	if slices.Contains(within, kind) {
		return fmt.Errorf("the filler %q is made of itself", kind)
	}
	if len(f[kind]) == 0 {
		return fmt.Errorf("no filler of the kind %q", kind)
	}
	for _, text := range f[kind] {
		for _, gap := range fillerGap.FindAllString(text, -1) {
			if err := f.check(gap[1:len(gap)-1], append(slices.Clone(within), kind)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// All are all shipped templates, the English ones before the German ones, in the order of their
// files. They are read and checked once; nobody may change them. The error says what is wrong
// with a file, which is a mistake of ours.
var All = sync.OnceValues(func() ([]Template, error) {
	var all []Template
	for _, language := range []string{"english", "german"} {
		data, err := files.ReadFile(language + ".json")
		if err != nil {
			return nil, fmt.Errorf("read the %s templates: %w", language, err)
		}
		some, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("read the %s templates: %w", language, err)
		}
		for i := range some {
			some[i].German = language == "german"
		}
		all = append(all, some...)
	}
	return all, nil
})

// parse reads a file of templates and their fillers.
func parse(data []byte) ([]Template, error) {
	var file struct {
		Fillers   fillers    `json:"fillers"`
		Templates []Template `json:"templates"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	asked := make(map[string]bool)
	for i := range file.Templates {
		t := &file.Templates[i]
		t.fillers = file.Fillers
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("template %d, %q: %w", i+1, t.Question, err)
		}
		if asked[t.Question] {
			return nil, fmt.Errorf("template %d, %q: there are two of it", i+1, t.Question)
		}
		asked[t.Question] = true
	}
	return file.Templates, nil
}

// check reports what keeps the template from being drawn or from teaching to read.
func (t *Template) check() error {
	switch {
	case !slices.Contains(kinds, t.Kind):
		return fmt.Errorf("unknown kind %q", t.Kind)
	case len(t.Values) == 0:
		return fmt.Errorf("the answer has no value to be read")
	case len(t.Rewordings) < fewestRewordings:
		return fmt.Errorf("%d rewordings, at least %d are needed", len(t.Rewordings), fewestRewordings)
	case len(t.Neighbours) < fewestNeighbours:
		return fmt.Errorf("%d neighbours, at least %d are needed", len(t.Neighbours), fewestNeighbours)
	case len(t.History)%2 != 0:
		return fmt.Errorf("the history ends with the user's turn")
	}
	kinds := t.Values
	if t.About != "" {
		kinds = append([]string{t.About}, kinds...)
	}
	for _, kind := range kinds {
		if err := t.fillers.check(kind); err != nil {
			return err
		}
	}
	known := map[string]bool{"{1}": t.About != ""}
	for i := range t.Values {
		gap := valueGap(i)
		known[gap] = true
		if !strings.Contains(t.Answer, gap) {
			return fmt.Errorf("the answer has no %s", gap)
		}
	}
	for i, text := range append(t.asked(), t.Answer) {
		answer := i == len(t.asked())
		if strings.TrimSpace(text) == "" {
			return fmt.Errorf("an empty text")
		}
		for _, gap := range fillerGap.FindAllString(text, -1) {
			if !known[gap] || !answer && gap != "{1}" {
				return fmt.Errorf("nothing fills %s in %q", gap, text)
			}
		}
	}
	for _, text := range append([]string{t.Question}, t.Rewordings...) {
		if t.About != "" && !strings.Contains(text, "{1}") {
			return fmt.Errorf("%q does not say what it is about", text)
		}
	}
	return nil
}

// asked are all texts of the template but the answer.
func (t *Template) asked() []string {
	return slices.Concat([]string{t.Question}, t.Rewordings, t.Neighbours, t.History)
}

// valueGap is the gap of the value i, counted from 0.
func valueGap(i int) string { return "{" + strconv.Itoa(i+2) + "}" }

// Drawn is a template with its gaps filled.
type Drawn struct {
	Question, Answer string
	Rewordings       []string     // the question in other words
	Neighbours       []string     // other questions about the same, or near it
	History          []store.Turn // before the question
	About            string       // "": nobody in particular
}

// Draw fills a template with what it takes from rng; not is a name that it must not be
// about, "" for none. No value occurs in what is asked, nor is it part of an earlier value.
func (t *Template) Draw(rng *rand.Rand, not string) Drawn {
	var d Drawn
	for t.About != "" && (d.About == "" || d.About == not) {
		d.About = t.fillers.fill(t.About, rng)
	}
	asked := strings.ToLower(strings.ReplaceAll(strings.Join(t.asked(), "\n"), "{1}", d.About))
	pairs := []string{"{1}", d.About}
	for i, kind := range t.Values {
		value := t.fillers.fill(kind, rng)
		for strings.Contains(asked, strings.ToLower(value)) {
			value = t.fillers.fill(kind, rng)
		}
		asked += "\n" + strings.ToLower(value)
		pairs = append(pairs, valueGap(i), value)
	}
	gaps := strings.NewReplacer(pairs...)
	filled := func(text string) string { return upperFirst(gaps.Replace(text)) }
	d.Question, d.Answer = filled(t.Question), filled(t.Answer)
	for _, text := range t.Rewordings {
		d.Rewordings = append(d.Rewordings, filled(text))
	}
	for _, text := range t.Neighbours {
		d.Neighbours = append(d.Neighbours, filled(text))
	}
	for i, text := range t.History {
		role := store.RoleUser
		if i%2 == 1 {
			role = store.RoleAssistant
		}
		d.History = append(d.History, store.Turn{Role: role, Text: filled(text)})
	}
	return d
}

// upperFirst writes the first letter large: a text may begin with a gap.
func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
