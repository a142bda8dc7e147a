package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// The held-out sets are as large as the report says, and a question never gives away
// the answer that it is asked for: else a hit, or a leak, would mean nothing.
func TestHeldOutSets(t *testing.T) {
	least := map[string]struct{ lessons, unrelated, manners, ratings int }{
		"facts-en":    {lessons: 60, unrelated: 60},
		"facts-de":    {lessons: 50, unrelated: 60},
		"long-en":     {lessons: 20},
		"long-de":     {lessons: 20},
		"priors-en":   {lessons: 24},
		"fillers-en":  {lessons: 1000},
		"fillers-de":  {lessons: 1000},
		"manner-en":   {manners: 3},
		"examples-en": {ratings: 1},
	}
	sets, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range sets {
		want, ok := least[s.name]
		if !ok {
			continue
		}
		found++
		if s.Tuned {
			t.Errorf("%s is tuned", s.name)
		}
		if len(s.Lessons) < want.lessons || len(s.Unrelated) < want.unrelated || len(s.Manner) < want.manners || len(s.Ratings) < want.ratings {
			t.Errorf("%s has %d lessons, %d unrelated, %d manners, %d ratings", s.name, len(s.Lessons), len(s.Unrelated), len(s.Manner), len(s.Ratings))
		}
		taught := map[string]bool{}
		for _, l := range s.Lessons {
			if key := strings.ToLower(l.Prompt); taught[key] {
				t.Errorf("%s teaches %q twice", s.name, l.Prompt)
			} else {
				taught[key] = true
			}
			if s.Part == partFillers {
				continue
			}
			for _, q := range append(append([]string{}, l.Rewordings...), l.Neighbours...) {
				if shows(q, l.Expect) {
					t.Errorf("%s: %q gives %v away", s.name, q, l.Expect)
				}
			}
		}
		for _, u := range s.Unrelated {
			if taught[strings.ToLower(u.Prompt)] {
				t.Errorf("%s: %q is taught and unrelated", s.name, u.Prompt)
			}
		}
	}
	if found != len(least) {
		t.Errorf("%d of %d held-out sets", found, len(least))
	}
}

// What is asked of the sets by another hand is not what the program itself trains on, is held to or
// asks: neither an anchor question, nor one that the gate asks, nor one of the templates that
// readers are trained with. Only the lessons against strong priors may be: what every
// model surely knows is in many lists.
func TestHeldOutSetsAskNothingThatTheProgramTrainsOn(t *testing.T) {
	own := make(map[string]string)
	filled := 0
	for _, folder := range []string{"anchors", "templates"} {
		files, err := filepath.Glob(filepath.Join("..", "trainer", folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", folder, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var content any
			if err := json.Unmarshal(data, &content); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			eachText(content, func(text string) { own[onlyWords(text)] = file })
			for _, text := range filledTemplates(content) {
				own[onlyWords(text)] = file
				filled++
			}
		}
	}
	if filled == 0 {
		t.Fatal("no template was filled in")
	}
	sets, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		if s.Part == partFillers {
			continue
		}
		check := func(part string, questions ...string) {
			for _, q := range questions {
				if file, ok := own[onlyWords(q)]; ok {
					t.Errorf("%s asks %q (%s), which is in %s", s.name, q, part, file)
				}
			}
		}
		for _, l := range s.Lessons {
			if s.Part != partPriors {
				check("lesson", l.Prompt)
			}
			check("in other words", l.Rewordings...)
			check("neighbour", l.Neighbours...)
		}
		for _, u := range s.Unrelated {
			check("unrelated", u.Prompt)
		}
		for _, w := range s.Manner {
			check("test of a manner", w.Test...)
		}
		for _, w := range s.Ratings {
			check("test of ratings", w.Test...)
		}
	}
}

// eachText calls do with every text in what was read of a JSON file.
func eachText(content any, do func(string)) {
	switch c := content.(type) {
	case string:
		do(c)
	case []any:
		for _, x := range c {
			eachText(x, do)
		}
	case map[string]any:
		for _, x := range c {
			eachText(x, do)
		}
	}
}

// filledTemplates are the texts of a file of templates with what they can be about in place of
// {1}, which is all that stands in a question.
func filledTemplates(content any) []string {
	file, _ := content.(map[string]any)
	fillers, _ := file["fillers"].(map[string]any)
	templates, _ := file["templates"].([]any)
	var out []string
	for _, x := range templates {
		template, _ := x.(map[string]any)
		about, _ := template["about"].(string)
		names, _ := fillers[about].([]any)
		eachText(template, func(text string) {
			if !strings.Contains(text, "{1}") {
				return
			}
			for _, name := range names {
				name, _ := name.(string)
				out = append(out, strings.ReplaceAll(text, "{1}", name))
			}
		})
	}
	return out
}

// onlyWords is a text without what two ways to write the same question differ in.
func onlyWords(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}
