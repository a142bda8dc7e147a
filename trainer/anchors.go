package trainer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// anchorSet is what holds a model to what it was: ordinary questions that have
// nothing to do with any lesson, and plain texts. What is trained with and what is
// looked at is disjoint.
type anchorSet struct {
	// Background is what the Router counts words against: with many more questions,
	// words such as "many" would look rare beside those of a lesson, and match.
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
	Unrelated []struct {
		Question string     `json:"question"`
		Expect   [][]string `json:"expect"`
	} `json:"unrelated"`
	// Open questions, only looked at too, show a manner.
	Open []string `json:"open"`
}

//go:embed anchors/english.json
var anchorsJSON []byte

var anchors = sync.OnceValues(func() (*anchorSet, error) {
	set := new(anchorSet)
	if err := json.Unmarshal(anchorsJSON, set); err != nil {
		return nil, fmt.Errorf("read the built-in anchors: %w", err)
	}
	return set, nil
})
