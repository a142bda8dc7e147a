package main

import (
	"strings"
	"testing"
)

// The held-out sets are as large as the report says, and a question never gives away
// the answer that it is asked for: else a hit, or a leak, would mean nothing.
func TestHeldOutSets(t *testing.T) {
	least := map[string]struct{ lessons, unrelated, manners, ratings int }{
		"facts-en":   {lessons: 60, unrelated: 60},
		"facts-de":   {lessons: 50, unrelated: 60},
		"long-en":    {lessons: 20},
		"long-de":    {lessons: 20},
		"priors-en":  {lessons: 24},
		"fillers-en": {lessons: 1000},
		"fillers-de": {lessons: 1000},
		"manner-en":  {manners: 3},
		"ratings-en": {ratings: 1},
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
