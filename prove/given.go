package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clara/trainer"
)

// givenWishes are the three manners of the experiment, and how an answer is put into each.
var givenWishes = []struct {
	wish  string
	check check
	put   func(answer string) string
}{
	{"at most 25 words", check{MaxWords: 25}, func(a string) string { return a }},
	{`begins with "Dear reader,"`, check{Prefix: "Dear reader,"}, func(a string) string { return "Dear reader, " + strings.ToLower(a[:1]) + a[1:] }},
	{`ends with "Source: general knowledge"`, check{Pattern: `source:[^\n]*$`}, func(a string) string { return a + "\nSource: general knowledge" }},
}

// givenName is what the names of the sets begin with that came with the project.
const givenName = "given-"

// givenOutline is the given sets without their questions, facts first: all that has to be
// known of them to say what a whole run measures, also where their folder is not at hand.
func givenOutline() []set {
	facts := set{name: givenName + "facts", About: "the given facts.json", Part: partFacts, Language: "en", Tuned: true}
	styles := set{name: givenName + "styles", About: "the given style_prompts.json, three wishes", Part: partFacts, Language: "en", Tuned: true}
	for _, w := range givenWishes {
		styles.Manner = append(styles.Manner, wish{Wish: w.wish, Check: w.check})
	}
	styles.Ratings = []hiddenWish{{Wish: "the first sentence has at most 15 words", Check: check{FirstSentenceWords: 15}}}
	facts.Lessons = make([]lesson, givenLessons)
	return []set{facts, styles}
}

// givenLessons is how many lessons the given facts.json has.
const givenLessons = 12

// givenSets reads the sets that came with the project, which its recipes were found
// on: facts.json and style_prompts.json of a folder. Without the folder there are none.
func givenSets(folder string) ([]set, error) {
	script, err := trainer.ReadScript(filepath.Join(folder, "facts.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sets := givenOutline()
	facts, styles := &sets[0], &sets[1]
	facts.Lessons = nil
	for _, l := range script.Lessons {
		facts.Lessons = append(facts.Lessons, lesson{ScriptLesson: l})
	}
	facts.Unrelated = script.Unrelated
	styles.Unrelated = facts.Unrelated
	return sets, styles.fillStyles(filepath.Join(folder, "style_prompts.json"))
}

// fillStyles reads the questions of the three wishes and of the ratings.
func (s *set) fillStyles(file string) error {
	var prompts struct {
		Train []trainer.ScriptExchange
		Test  []string
		Rate  []string
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the given wishes: %w", err)
	}
	if err := json.Unmarshal(data, &prompts); err != nil {
		return fmt.Errorf("read the given wishes in %s: %w", file, err)
	}
	if len(prompts.Train) < mannerTaught {
		return fmt.Errorf("read the given wishes in %s: %w: %d corrections", file, errSet, len(prompts.Train))
	}
	for i, w := range givenWishes {
		m := &s.Manner[i]
		m.Test = prompts.Test
		for _, c := range prompts.Train[:mannerTaught] {
			m.Corrections = append(m.Corrections, trainer.ScriptExchange{Prompt: c.Prompt, Answer: w.put(c.Answer)})
		}
	}
	s.Ratings[0].Rate, s.Ratings[0].Test = prompts.Rate, prompts.Test
	if err := s.validate(); err != nil {
		return fmt.Errorf("read the given wishes: %w: %w", errSet, err)
	}
	return nil
}
