package trainer

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"clara/trainer/words"
)

// Script is what a demo plays: lessons to be corrected, unrelated questions that
// must stay right, and a manner to be taught.
type Script struct {
	Lessons   []ScriptLesson   `json:"lessons"`
	Unrelated []ScriptQuestion `json:"unrelated"`
	Manner    *ScriptManner    `json:"manner,omitempty"`
}

// ScriptLesson is one correction with what proves that it was learnt.
type ScriptLesson struct {
	Prompt     string     `json:"prompt"`
	Correction string     `json:"correction"`
	Rewordings []string   `json:"rewordings,omitempty"` // must show it
	Neighbours []string   `json:"neighbours,omitempty"` // must not
	Expect     [][]string `json:"expect"`               // one word of each group, case ignored
}

// Usable says whether the lesson can be taught and looked for.
func (l ScriptLesson) Usable() bool {
	return strings.TrimSpace(l.Correction) != "" && ScriptQuestion{l.Prompt, l.Expect}.Usable()
}

// ScriptQuestion is a question with what a right answer has.
type ScriptQuestion struct {
	Prompt string     `json:"prompt"`
	Expect [][]string `json:"expect"`
}

// Usable says whether the question can be asked and what it wants looked for.
func (q ScriptQuestion) Usable() bool { return strings.TrimSpace(q.Prompt) != "" && usable(q.Expect) }

// ScriptManner is a wish for how to answer.
type ScriptManner struct {
	Wish        string           `json:"wish"` // for people
	Corrections []ScriptExchange `json:"corrections"`
	Test        []string         `json:"test"` // unseen questions
	Check       ScriptCheck      `json:"check"`
}

// ScriptExchange is a question with an answer in the wanted manner.
type ScriptExchange struct {
	Prompt string `json:"prompt"`
	Answer string `json:"answer"`
}

// ScriptCheck says how an answer in the manner is known. All that are given must
// hold; case counts in none.
type ScriptCheck struct {
	Prefix   string `json:"prefix,omitempty"`
	Contains string `json:"contains,omitempty"`
	MaxWords int    `json:"max_words,omitempty"` // and the answer must have ended
}

func (c ScriptCheck) passes(answer string, ended bool) bool {
	a := strings.ToLower(strings.TrimSpace(answer))
	return strings.HasPrefix(a, strings.ToLower(c.Prefix)) && strings.Contains(a, strings.ToLower(c.Contains)) &&
		(c.MaxWords == 0 || (ended && words.Count(a) <= c.MaxWords))
}

// ErrScript says that a script cannot be read or makes no sense.
var ErrScript = errors.New("not a usable script")

//go:embed demo/script.json
var builtInScript []byte

// BuiltInScript is the demo's own: five lessons and a manner.
func BuiltInScript() (Script, error) {
	s, err := parseScript(bytes.NewReader(builtInScript))
	if err != nil {
		return s, fmt.Errorf("read the built-in script: %w", err)
	}
	return s, nil
}

// ReadScript reads a script file.
func ReadScript(path string) (Script, error) {
	f, err := os.Open(path)
	if err != nil {
		return Script{}, fmt.Errorf("read the script: %w", err)
	}
	defer f.Close()
	s, err := parseScript(f)
	if err != nil {
		return s, fmt.Errorf("read the script %s: %w", path, err)
	}
	return s, nil
}

func parseScript(r io.Reader) (Script, error) {
	var s Script
	text := bufio.NewReader(io.LimitReader(r, 16<<20))
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" { // of an editor of Windows; JSON knows none
		_, _ = text.Discard(len(mark))
	}
	d := json.NewDecoder(text)
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("%w: %w", ErrScript, err)
	}
	if len(s.Lessons) == 0 && s.Manner == nil {
		return s, fmt.Errorf("neither lessons nor a manner: %w", ErrScript)
	}
	for i, l := range s.Lessons {
		if !l.Usable() {
			return s, fmt.Errorf("lesson %d wants prompt, correction and expect: %w", i+1, ErrScript)
		}
	}
	for i, u := range s.Unrelated {
		if !u.Usable() {
			return s, fmt.Errorf("unrelated question %d wants prompt and expect: %w", i+1, ErrScript)
		}
	}
	if m := s.Manner; m != nil {
		if m.Check == (ScriptCheck{}) || len(m.Corrections) == 0 {
			return s, fmt.Errorf("the manner wants corrections and a check: %w", ErrScript)
		}
		for i, c := range m.Corrections {
			if strings.TrimSpace(c.Prompt) == "" || strings.TrimSpace(c.Answer) == "" {
				return s, fmt.Errorf("correction %d of the manner wants prompt and answer: %w", i+1, ErrScript)
			}
		}
	}
	return s, nil
}

// usable says whether groups of keywords can be looked for.
func usable(groups [][]string) bool {
	for _, g := range groups {
		if len(g) == 0 {
			return false
		}
		for _, w := range g {
			if w == "" {
				return false
			}
		}
	}
	return len(groups) > 0
}
