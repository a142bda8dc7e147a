package trainer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// anchorSet is what holds a model to what it was: ordinary questions that have
// nothing to do with any lesson, and plain texts. The lists are disjoint.
type anchorSet struct {
	// Questions are trained with: the base's own answers to them are kept, by
	// their divergence (package objective, Anchor). They are also the background
	// against which the Router counts words.
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
	// Open questions, only looked at too, show a manner; those of the rehearsal tell
	// when it is learnt.
	Open      []string `json:"open"`
	Rehearsal []string `json:"rehearsal"`
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
