package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOwnSetsAreUsable(t *testing.T) {
	sets, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		t.Logf("%s (%s, %s, tuned %v): %d lessons, %d unrelated, %d manners, %d ratings", s.name, s.Part, s.Language, s.Tuned,
			len(s.Lessons), len(s.Unrelated), len(s.Manner), len(s.Ratings))
	}
}

func TestGivenSetsAreUsable(t *testing.T) {
	folder := givenFolder()
	if _, err := os.Stat(filepath.Join(folder, "facts.json")); err != nil {
		lacks(t, "no given sets: "+err.Error())
	}
	sets, err := givenSets(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sets {
		if err := sets[i].validate(); err != nil {
			t.Errorf("%s: %v", sets[i].name, err)
		}
	}
}

func TestSetsThatMakeNoSenseAreRefused(t *testing.T) {
	lesson := `"lessons":[{"prompt":"P?","correction":"It is nine.","rewordings":["a","b","c"],"neighbours":["n"],"expect":[["nine"]]}]`
	head := `{"about":"a","language":"en",`
	if _, err := parseSet("good", []byte(head+lesson+`}`)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"unknown key":      head + `"lesons":[]}`,
		"no language":      `{"about":"a"}`,
		"check fails":      head + strings.Replace(lesson, `[["nine"]]`, `[["ten"]]`, 1) + `}`,
		"question shows":   head + strings.Replace(lesson, `"P?"`, `"Nine?"`, 1) + `}`,
		"few rewordings":   head + strings.Replace(lesson, `"a","b","c"`, `"a"`, 1) + `}`,
		"no keywords":      head + `"unrelated":[{"prompt":"P?","expect":[[]]}]}`,
		"few corrections":  head + `"manner":[{"wish":"w","corrections":[],"test":[],"check":{"prefix":"x"}}]}`,
		"part of no sense": head + `"part":"fact"}`,
	} {
		if _, err := parseSet(name, []byte(text)); !errors.Is(err, errSet) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		check  check
		answer string
		ended  bool
		want   bool
	}{
		{check{Prefix: "Dear reader,"}, " dear Reader, yes", false, true},
		{check{Prefix: "Dear reader,"}, "Yes, dear reader,", true, false},
		{check{Suffix: "?"}, "Is it? ", true, true},
		{check{Suffix: "?"}, "Is it?", false, false},
		{check{Contains: "source:"}, "A.\nSource: me", true, true},
		{check{Without: "source:"}, "A.\nSource: me", true, false},
		{check{Without: "source:"}, "A.", true, true},
		{check{MaxWords: 3}, "one two three", true, true},
		{check{MaxWords: 3}, "one two three", false, false},
		{check{MaxWords: 2}, "one two three", true, false},
		{check{FirstSentenceWords: 3}, "It is so. And more words follow here", false, true},
		{check{FirstSentenceWords: 2}, "It is so. And more", true, false},
		{check{FirstSentenceWords: 5}, "It has no end", true, false},
		{check{Pattern: `^\d`}, "3 of them", true, true},
		{check{Pattern: `^\d`}, "of 3", true, false},
	} {
		if got := c.check.passes(c.answer, c.ended); got != c.want {
			t.Errorf("%+v on %q (ended %v): %v", c.check, c.answer, c.ended, got)
		}
	}
}
