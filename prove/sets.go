package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"clara/trainer"
)

// set is one file of sets, whose README describes it.
type set struct {
	name string

	About     string                   `json:"about"`
	Part      string                   `json:"part,omitempty"`
	Language  string                   `json:"language"`
	Tuned     bool                     `json:"tuned"` // something in the program was chosen by looking at it
	Lessons   []lesson                 `json:"lessons,omitempty"`
	Unrelated []trainer.ScriptQuestion `json:"unrelated,omitempty"`
	Manner    []wish                   `json:"manner,omitempty"`
	Ratings   []hiddenWish             `json:"ratings,omitempty"`
	Comment   map[string]string        `json:"comment,omitempty"` // where parts of it come from
}

// The parts: what the lessons of a set are for.
const (
	partFacts   = "facts"   // what nobody can know
	partPriors  = "priors"  // against what the base surely knows
	partLong    = "long"    // answers of several sentences
	partFillers = "fillers" // never asked, only in memory
)

type lesson struct {
	trainer.ScriptLesson
	Known [][]string `json:"known,omitempty"` // of priors: what the base says of itself
}

// wish is a manner that a person teaches by corrections.
type wish struct {
	Wish        string                   `json:"wish"`
	Corrections []trainer.ScriptExchange `json:"corrections"`
	Test        []string                 `json:"test"`
	Check       check                    `json:"check"`
}

// hiddenWish is a manner that a person only shows by stars.
type hiddenWish struct {
	Wish  string   `json:"wish"`
	Check check    `json:"check"`
	Rate  []string `json:"rate"`
	Test  []string `json:"test"`
}

// check says how an answer in a manner is known. All that it names must hold; case
// counts in none.
type check struct {
	Prefix             string `json:"prefix,omitempty"`
	Suffix             string `json:"suffix,omitempty"`
	Contains           string `json:"contains,omitempty"`
	Without            string `json:"without,omitempty"`
	MaxWords           int    `json:"max_words,omitempty"`
	FirstSentenceWords int    `json:"first_sentence_words,omitempty"`
	Pattern            string `json:"pattern,omitempty"`
}

var sentenceEnd = regexp.MustCompile(`[.!?:](\s|$)`)

func (c check) passes(answer string, ended bool) bool {
	a := strings.ToLower(strings.TrimSpace(answer))
	has := func(part string, test func(s, part string) bool) bool {
		return part == "" || test(a, strings.ToLower(part))
	}
	switch {
	case !has(c.Prefix, strings.HasPrefix), !has(c.Contains, strings.Contains),
		c.Suffix != "" && !(ended && has(c.Suffix, strings.HasSuffix)),
		c.Without != "" && has(c.Without, strings.Contains),
		c.MaxWords > 0 && !(ended && len(strings.Fields(a)) <= c.MaxWords):
		return false
	}
	if c.FirstSentenceWords > 0 {
		end := sentenceEnd.FindStringIndex(a)
		if end == nil || len(strings.Fields(a[:end[1]])) > c.FirstSentenceWords {
			return false
		}
	}
	// The pattern was compiled when the set was read.
	return c.Pattern == "" || regexp.MustCompile(c.Pattern).MatchString(a)
}

// shows says whether every group has a word that occurs in text, as the program checks a
// lesson's keywords: case ignored. There is one group at least.
func shows(text string, groups [][]string) bool {
	return trainer.NewCheck("", "", "", groups).Passes(text)
}

// The least sizes of a set's lists.
const (
	leastRewordings = 3
	leastNeighbours = 1
	leastTests      = 30
	leastRated      = ratedAnswers / 2
	mannerTaught    = 8 // corrections of a manner
	sampledEach     = 4 // answers to a test question of ratings
)

var errSet = errors.New("not a usable set")

//go:embed sets
var setFiles embed.FS

// ownSets reads the sets of this folder, by name.
func ownSets() ([]set, error) {
	names, err := fs.Glob(setFiles, "sets/*.json")
	if err != nil {
		return nil, fmt.Errorf("list the sets: %w", err)
	}
	var out []set
	for _, name := range names {
		data, err := setFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the set %s: %w", name, err)
		}
		s, err := parseSet(strings.TrimSuffix(path.Base(name), ".json"), data)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSet(name string, data []byte) (set, error) {
	s := set{name: name}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("read the set %s: %w: %w", name, errSet, err)
	}
	if s.Part == "" {
		s.Part = partFacts
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("read the set %s: %w: %w", name, errSet, err)
	}
	return s, nil
}

func (s *set) validate() error {
	if s.About == "" || (s.Language != "en" && s.Language != "de") {
		return errors.New(`about and language ("en" or "de") are wanted`)
	}
	if !slices.Contains([]string{partFacts, partPriors, partLong, partFillers}, s.Part) {
		return fmt.Errorf("part %q", s.Part)
	}
	for i, l := range s.Lessons {
		switch {
		case l.Prompt == "" || l.Correction == "":
			return fmt.Errorf("lesson %d wants prompt and correction", i+1)
		case s.Part == partFillers:
		case len(l.Rewordings) < leastRewordings || len(l.Neighbours) < leastNeighbours:
			return fmt.Errorf("lesson %d (%s) has %d rewordings and %d neighbours", i+1, l.Prompt, len(l.Rewordings), len(l.Neighbours))
		case !l.Usable() || !shows(l.Correction, l.Expect):
			return fmt.Errorf("lesson %d (%s): its own correction does not show %v", i+1, l.Prompt, l.Expect)
		case shows(l.Prompt, l.Expect):
			return fmt.Errorf("lesson %d (%s): the question alone shows %v", i+1, l.Prompt, l.Expect)
		}
	}
	for i, u := range s.Unrelated {
		if !u.Usable() {
			return fmt.Errorf("unrelated question %d wants prompt and expect", i+1)
		}
	}
	for _, w := range s.Manner {
		if len(w.Corrections) < mannerTaught || len(w.Test) < leastTests {
			return fmt.Errorf("the manner %q has %d corrections and %d tests", w.Wish, len(w.Corrections), len(w.Test))
		}
		if err := w.Check.validate(); err != nil {
			return fmt.Errorf("the manner %q: %w", w.Wish, err)
		}
		for _, c := range w.Corrections {
			if !w.Check.passes(c.Answer, true) {
				return fmt.Errorf("the manner %q: its own correction fails the check: %q", w.Wish, c.Answer)
			}
			if slices.Contains(w.Test, c.Prompt) {
				return fmt.Errorf("the manner %q: %q is taught and tested", w.Wish, c.Prompt)
			}
		}
	}
	for _, w := range s.Ratings {
		if len(w.Rate) < leastRated || len(w.Test) < leastTests {
			return fmt.Errorf("the ratings %q have %d questions to rate and %d tests", w.Wish, len(w.Rate), len(w.Test))
		}
		if err := w.Check.validate(); err != nil {
			return fmt.Errorf("the ratings %q: %w", w.Wish, err)
		}
		for _, q := range w.Rate {
			if slices.Contains(w.Test, q) {
				return fmt.Errorf("the ratings %q: %q is rated and tested", w.Wish, q)
			}
		}
	}
	return nil
}

func (c check) validate() error {
	if c == (check{}) {
		return errors.New("a check is wanted")
	}
	_, err := regexp.Compile(c.Pattern)
	return err
}

// lendUnrelated gives sets without unrelated questions those of the largest list of
// their language that is as much tuned.
func lendUnrelated(sets []set) {
	for i := range sets {
		if len(sets[i].Unrelated) > 0 {
			continue
		}
		var most []trainer.ScriptQuestion
		for _, s := range sets {
			if s.Language == sets[i].Language && s.Tuned == sets[i].Tuned && len(s.Unrelated) > len(most) {
				most = s.Unrelated
			}
		}
		sets[i].Unrelated = most
	}
}
