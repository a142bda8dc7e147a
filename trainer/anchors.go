package trainer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// anchorSet is what holds a model to what it was: ordinary questions that have
// nothing to do with any lesson, and plain texts. What is trained with and what is
// looked at is disjoint.
type anchorSet struct {
	// Background is what contradictions count words against: with many more questions,
	// words such as "many" would look rare beside those of a lesson. The router has its
	// own, in both languages.
	Background []string `json:"background"`
	// Questions are trained with: the base's own answers to them are kept, by
	// their divergence (package objective, Anchor).
	Questions []string `json:"questions"`
	// Texts are trained with likewise where a manner is to spread over all answers.
	Texts []string `json:"texts"`
	// Canary texts are only looked at, by the gate.
	Canary []string `json:"canary"`
	// Unrelated questions with a word that a right answer has are only looked
	// at: those count that the base gets right.
	Unrelated []unrelated `json:"unrelated"`
	// Open questions, only looked at too, show a manner.
	Open []string `json:"open"`
}

// unrelated is a question with the words that a right answer has, one of each group.
type unrelated struct {
	Question string     `json:"question"`
	Expect   [][]string `json:"expect"`
}

//go:embed anchors/english.json
var anchorsJSON []byte

//go:embed anchors/german.json
var germanJSON []byte

// anchors are the English ones: every model of ours speaks English.
var anchors = sync.OnceValues(func() (*anchorSet, error) { return readAnchors(anchorsJSON) })

var germanAnchors = sync.OnceValues(func() (*anchorSet, error) { return readAnchors(germanJSON) })

func readAnchors(data []byte) (*anchorSet, error) {
	set := new(anchorSet)
	if err := json.Unmarshal(data, set); err != nil {
		return nil, fmt.Errorf("read the built-in anchors: %w", err)
	}
	return set, nil
}

// bilingual are those of a base that speaks German too. The open questions are answered
// at length, so it gets half of them in each language.
var bilingual = sync.OnceValues(func() (*anchorSet, error) {
	english, err := anchors()
	if err != nil {
		return nil, err
	}
	german, err := germanAnchors()
	if err != nil {
		return nil, err
	}
	half := len(english.Open) / 2
	return &anchorSet{
		Background: english.Background,
		Questions:  slices.Concat(english.Questions, german.Questions),
		Texts:      slices.Concat(english.Texts, german.Texts),
		Canary:     slices.Concat(english.Canary, german.Canary),
		Unrelated:  slices.Concat(english.Unrelated, german.Unrelated),
		Open:       slices.Concat(english.Open[:half], german.Open[:half]),
	}, nil
})
