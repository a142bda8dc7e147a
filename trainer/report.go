package trainer

import (
	"encoding/json"
	"fmt"
)

// Figures are what the gate measured. Every share has its count beside it, so
// that a face can say "17 of 17".
type Figures struct {
	Canary      float64 `json:"canary"`       // NLL on fixed texts, candidate - base, nats per token
	CanaryLimit float64 `json:"canary_limit"` //
	ChatKL      float64 `json:"chat_kl"`      // KL(base || candidate) on chat answers, nats per token
	ChatLimit   float64 `json:"chat_limit"`   // 0: not limited (manner moves every answer)
	Kept        int     `json:"kept"`         // unrelated questions that the base gets right and the candidate too
	KeptOf      int     `json:"kept_of"`      //
	KeptLimit   float64 `json:"kept_limit"`   // least share
	Leaks       int     `json:"leaks"`        // unrelated answers that show a lesson
	LeaksOf     int     `json:"leaks_of"`     //
	LeaksLimit  float64 `json:"leaks_limit"`  // most share
	Known       int     `json:"known"`        // lessons asked as written
	KnownOf     int     `json:"known_of"`     //
	KnownBefore int     `json:"known_before"` // by the version before
	Variants    int     `json:"variants"`     // lessons asked in automatic variants
	VariantsOf  int     `json:"variants_of"`  //
	Swapped     int     `json:"swapped"`      // name-swapped questions that show the lesson all the same
	SwappedOf   int     `json:"swapped_of"`   //
	Better      int     `json:"better"`       // of the sign test
	Worse       int     `json:"worse"`        //
	P           float64 `json:"p"`            // one-sided; 1 with nothing to compare
	Loops       int     `json:"loops"`        // answers that repeat a 4-gram more than 4 times
	Endless     int     `json:"endless"`      // answers that do not end
	Answers     int     `json:"answers"`      // looked at for loops, ends, length
	Words       float64 `json:"words"`        // mean length of those
	WordsBefore float64 `json:"words_before"` // of the base's
}

// The verdicts of the gate.
const (
	VerdictProven    = "proven"     // better, by a sign test
	VerdictNotProven = "not_proven" // nothing harmed, not enough to prove it better
	VerdictRefused   = "refused"    // it would harm
)

// Report is what a cycle found. It is stored with the cycle and, beside the
// adapters, in its folder.
type Report struct {
	Verdict string      `json:"verdict"`
	Reason  Reason      `json:"reason"`
	Figures Figures     `json:"figures"`
	Losses  []LossPoint `json:"losses,omitempty"`
	Lessons []Asked     `json:"lessons,omitempty"`
	Open    []OpenPair  `json:"open,omitempty"`
	Style   Style       `json:"style"`
	Styled  []Restyled  `json:"styled,omitempty"` // lessons whose turn is phrased anew
	Bases   []BaseSaid  `json:"bases,omitempty"`  // base answers that were missing
	Trained []Step      `json:"trained,omitempty"`
	Seconds Seconds     `json:"seconds"`
	Engine  string      `json:"engine"`

	MannerKey    string  `json:"manner_key,omitempty"`    // of the manner adapter of this version
	KnowledgeKey string  `json:"knowledge_key,omitempty"` // of its knowledge adapter
	KnowledgeOn  []int64 `json:"knowledge_on,omitempty"`  // the samples that it was trained on
	// KnowledgeTried is the key of a knowledge adapter that taught nothing and was
	// dropped.
	KnowledgeTried string `json:"knowledge_tried,omitempty"`
	Reader         bool   `json:"reader"` // the model has a reader adapter
}

// Restyled is a lesson's answer in the user's manner, passing its check.
type Restyled struct {
	Lesson int64  `json:"lesson"`
	Text   string `json:"text"`
}

// BaseSaid is the untrained base's answer to a lesson's question.
type BaseSaid struct {
	Lesson int64  `json:"lesson"`
	Text   string `json:"text"`
}

// OpenPair is an open question, which no sample is about, answered by the version
// before and by the candidate: what the manner is judged by.
type OpenPair struct {
	Question string `json:"question"`
	Before   string `json:"before"`
	After    string `json:"after"`
	Better   int    `json:"better"` // 1: the candidate is nearer to the manner, -1: the version before, 0: neither
}

// Seconds is the time that the parts of a cycle took.
type Seconds struct {
	Base      float64 `json:"base"`
	Manner    float64 `json:"manner"`
	Knowledge float64 `json:"knowledge"`
	Asking    float64 `json:"asking"`
	Gate      float64 `json:"gate"`
	Total     float64 `json:"total"`
}

// Asked is how a lesson was answered by one voice, with the routing as a user
// gets it.
type Asked struct {
	Lesson  int64       `json:"lesson"`
	Sample  int64       `json:"sample"`
	Answer  string      `json:"answer"` // to the question as written
	Known   bool        `json:"known"`
	Outcome LessonState `json:"outcome"`
	Before  bool        `json:"before"`             // the version before knew it
	Asked   []Answered  `json:"asked,omitempty"`    // the automatic variants
	Swapped []Answered  `json:"contrast,omitempty"` // name-swapped: must not show it
}

// Answered is one question with its answer and whether it shows the lesson.
type Answered struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Shows    bool   `json:"shows"`
}

// reportOf reads the report of a cycle; the zero Report where it has none.
func reportOf(c Cycle) (Report, error) {
	var r Report
	if len(c.Report) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(c.Report, &r); err != nil {
		return r, fmt.Errorf("read the report of cycle %d: %w", c.ID, err)
	}
	return r, nil
}
