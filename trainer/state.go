package trainer

import "time"

// Phase is what the loop does at the moment.
type Phase string

// The phases of the loop.
const (
	PhaseNoModel  Phase = "no_model" // no model is attached
	PhaseOff      Phase = "off"      // switched off in the settings
	PhasePaused   Phase = "paused"   // by the user
	PhaseWaiting  Phase = "waiting"  // Why says for what
	PhaseDue      Phase = "due"      // a cycle starts at State.StartsAt
	PhaseRunning  Phase = "running"  // a cycle trains: see State.Progress
	PhaseChecking Phase = "checking" // a cycle's candidate is being checked
	PhaseAsking   Phase = "asking"   // the lessons are asked, nothing trains
	PhaseMoving   Phase = "moving"   // the loop stands still for a Move, until the next Start

	// PhasePreparing: the untrained model is measured, so that later training can be
	// compared with it, or its reader is made; once for each model. Chatting goes on.
	PhasePreparing Phase = "preparing"
)

// State is everything a face shows of the loop, as of one moment.
type State struct {
	Phase     Phase
	Why       Reason    // of Phase
	Since     time.Time // of Phase
	StartsAt  time.Time // PhaseDue: when; zero otherwise
	Answering bool      // an answer is being generated: training gives way

	NewRatings  int // since the last cycle
	NewManner   int // corrections of manner since the last cycle
	NewLessons  int // lessons that wait for a cycle: none has asked them, and they are not known
	LeastRating int // ratings that start a cycle (Settings.MinBatchSize)

	Buffer   BufferState
	Lessons  LessonCounts
	Active   ActiveVersion
	Reader   ReaderState // of the model; "" while there is no model
	Progress Progress    // of the running cycle or preparation, or of the last cycle
	Trouble  *Finding    // a lasting trouble; nil: none

	Contradictions int // that wait for the user: see Trainer.Contradictions
	Last           *CycleEnd
}

// BufferState counts the samples as the filter judges them now.
type BufferState struct {
	Total   int            // samples that are not deleted
	Kept    int            // that train
	Dropped map[string]int // the others by the code of their reason
}

// LessonCounts counts the lessons by their state.
type LessonCounts struct{ New, Known, Missed, Lost int }

// Total is the number of lessons.
func (c LessonCounts) Total() int { return c.New + c.Known + c.Missed + c.Lost }

// ActiveVersion names the version that answers.
type ActiveVersion struct {
	ID      int64 // 0: the untrained base
	Number  int
	Verdict string
	Manner  bool // it has a manner adapter
	Reader  bool // a reader or knowledge adapter is at hand for lessons
}

// Step names a part of a cycle.
type Step string

// The parts of a cycle, in their order. One that is not due is left out.
const (
	StepBase      Step = "base"      // measuring the untrained model
	StepManner    Step = "manner"    // training manner
	StepStyle     Step = "style"     // phrasing the lessons in the manner
	StepAsk       Step = "ask"       // asking the lessons
	StepKnowledge Step = "knowledge" // training the lessons still missed
	StepGate      Step = "gate"      // checking the candidate

	// StepReader: training the reader of a model, which is no part of a cycle.
	StepReader Step = "reader"
)

// Progress is how far a cycle is.
type Progress struct {
	Cycle   int64
	Step    Step
	Done    int // of the present part, in its own unit
	Of      int
	Started time.Time
	Left    time.Duration // of the whole cycle; 0 until it is measured
	Try     int           // 1: it trains once more, gentler, after a refusal; else 0
	Losses  []LossPoint   // of this try so far
}

// LossPoint is one optimiser step.
type LossPoint struct {
	Step   Step    `json:"step"`
	N      int     `json:"n"`                // counts from 1 within Step
	Loss   float64 `json:"loss"`             // of the feedback, nats per token (or the objective's own unit)
	Anchor float64 `json:"anchor,omitempty"` // KL to the base, nats per token
}

// CycleEnd is how the last cycle ended.
type CycleEnd struct {
	Cycle   int64
	State   CycleState
	Verdict string
	Reason  Reason
	Version int64 // made by it; 0: none
	Number  int   // of that version
	Seconds float64
}

// NewsKind says what happened.
type NewsKind string

// The kinds of news.
const (
	NewsCycleStarted  NewsKind = "cycle_started" // Cycle
	NewsCycleEnded    NewsKind = "cycle_ended"   // End
	NewsActivated     NewsKind = "activated"     // Version, Number, Known: newly known questions
	NewsRolledBack    NewsKind = "rolled_back"   // Version, Number, From, Reason
	NewsLessons       NewsKind = "lessons"       // lessons changed or were asked
	NewsSamples       NewsKind = "samples"       // samples changed
	NewsTrouble       NewsKind = "trouble"       // Reason
	NewsContradiction NewsKind = "contradiction" // Reason: the newest of the contradictions

	NewsEngine NewsKind = "engine" // what computed failed, and another engine goes on; Reason

	NewsReader        NewsKind = "reader"         // the model's reader is ready and used from now on; Reason
	NewsReaderRefused NewsKind = "reader_refused" // the gate refused it; Reason
)

// News is one thing that happened.
type News struct {
	Kind    NewsKind
	Cycle   int64
	Version int64
	Number  int
	From    int      // the number of the version before
	Known   []string // questions of lessons that became known
	Reason  Reason
	End     *CycleEnd

	prevents bool // NewsTrouble: no cycle begins until it passes
}

// Event is what Watch delivers: the whole state, and what happened since the
// event before. A watcher that is slow gets one event with the latest state and
// all the news (at most the last 64) instead of many.
type Event struct {
	State State
	News  []News
}
