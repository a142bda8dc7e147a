package trainer

import (
	"encoding/json"
	"fmt"

	"clara/model"
)

// The verdicts of the gate.
const (
	VerdictProven    = "proven"     // better, by a sign test
	VerdictNotProven = "not_proven" // nothing harmed, not enough to prove it better
	VerdictRefused   = "refused"    // it would harm
)

// Report is what a cycle found. It is stored with the cycle and, beside the
// adapters, in its folder. Verdict, Reason, Figures and Losses are those of the last try.
type Report struct {
	Verdict string       `json:"verdict"`
	Reason  Reason       `json:"reason"`
	Figures Figures      `json:"figures"`
	Losses  []LossPoint  `json:"losses,omitempty"`
	Tries   []Try        `json:"tries,omitempty"` // where it was trained once more; else nil
	Lessons []Asked      `json:"lessons,omitempty"`
	Held    []HeldRating `json:"held,omitempty"` // ratings that were not trained on
	Open    []OpenPair   `json:"open,omitempty"`
	Style   Style        `json:"style"`
	Styled  []Restyled   `json:"styled,omitempty"` // lessons whose turn is phrased anew: by a new manner all
	// Phrasing is set where there was no time to phrase all lessons.
	Phrasing Phrasing   `json:"phrasing,omitzero"`
	Bases    []BaseSaid `json:"bases,omitempty"` // base answers that were missing
	Trained  []Step     `json:"trained,omitempty"`
	Seconds  Seconds    `json:"seconds"`
	Memory   StepMemory `json:"memory,omitzero"` // zero where nothing was trained
	Engine   string     `json:"engine"`

	HeldOut      []int64 `json:"held_out,omitempty"`      // the samples that were kept apart from training
	MannerKey    string  `json:"manner_key,omitempty"`    // of the manner adapter of this version
	KnowledgeKey string  `json:"knowledge_key,omitempty"` // of its knowledge adapter
	KnowledgeOn  []int64 `json:"knowledge_on,omitempty"`  // the samples that it was trained on
	// KnowledgeTried is the key of a knowledge adapter that taught nothing, or was refused,
	// and was left out.
	KnowledgeTried string `json:"knowledge_tried,omitempty"`
	Vain           *Vain  `json:"vain,omitempty"` // what it was trained on, or was not trained on again; nil: nothing
	Reader         bool   `json:"reader"`         // the model has a reader adapter
	// RateDivisor is what the recipe's rates were divided by for the size of the model; 0: by nothing,
	// as by earlier programs for each model.
	RateDivisor int `json:"rate_divisor,omitempty"`
}

// Vain is a training of knowledge that is no part of the candidate: no more lessons were
// known after it than with the reader alone, or the gate refused what it was part of.
type Vain struct {
	Lessons []string `json:"lessons"`           // the questions of those that it was trained on
	Known   int      `json:"known"`             // of all that were asked, with it
	Earlier bool     `json:"earlier"`           // it was in an earlier cycle, and was not done again; Known is 0
	Refused *Reason  `json:"refused,omitempty"` // why the gate refused it; nil: it did not. Known is 0
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

// StepMemory is how the steps of a training fitted into the memory that was free: of
// parts, blocks and bytes the most that a step had.
type StepMemory struct {
	Parts      int   `json:"parts"`      // micro-batches; 1: no step was divided
	Recomputed int   `json:"recomputed"` // blocks whose activations were computed twice; 0: all were kept
	Bytes      int64 `json:"bytes"`      // of activations and the engine's working memory
}

// note counts a step in.
func (m *StepMemory) note(p model.Plan) {
	m.Parts, m.Recomputed, m.Bytes = max(m.Parts, p.Parts), max(m.Recomputed, p.Recomputed), max(m.Bytes, p.Bytes)
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
