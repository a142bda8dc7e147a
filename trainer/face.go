package trainer

import (
	"time"
)

// Ask is one question to the model.
type Ask struct {
	Conversation  int64  // 0: a new one, titled with the question
	Text          string // the question
	Instead       int64  // the question that Text is asked instead of: a branch, beside the one that goes on from it
	Again         int64  // instead of Text: the message whose answer is to be given anew, beside those there are
	Continue      int64  // instead of Text: an answer that ended before its time, to go on with; the whole stands beside it
	WithoutLesson bool   // answer without putting a lesson before the model

	Greedy    bool   // instead of the sampling in Settings
	MaxTokens int    // 0: Settings.MaxTokens
	System    string // of a new conversation; "": Settings.System
	History   []Turn // of a new conversation: the turns before the question, kept with it
	Preset    int64  // of a new conversation: what it goes by; 0: Settings
	Seed      uint64 // of the sampling; 0: the preset's, else a fresh one

	Temperature, TopP *float64 // instead of those in Settings, in the same ranges
	Stop              []string // texts before which the answer ends

	// OnAsked is called once, after the question is on disk and before the first
	// token, with the question's message. It may be nil.
	OnAsked func(question Message)
}

// Entry is one message of a conversation with the feedback that stands on it.
type Entry struct {
	Message
	Stars    int    // 1 to 5; 0: not rated
	Rating   int64  // the sample of the stars; 0: none
	Better   string // the correction
	Kind     Kind   // of the correction
	Fix      int64  // the sample of the correction; 0: none
	Question string // of the lesson that the answer used; "": none
	Number   int    // of the version that answered; 0: the untrained base

	PromptTokens int // that the model read for it, with the lesson; of an answer just given

	// Beside are the messages that stand in one place, this one among them, in the order
	// in which they were written: versions of an answer, or of a question with what came
	// of each. Nil: it is the only one.
	Beside []int64
}

// Proposal is what the diff of two answers suggests.
type Proposal struct {
	Kind     Kind
	Sure     float64    // 0.5 (a guess) to 1
	Keywords [][]string // words that the better answer has and the given one has not
}

// Correction is a better answer to a message.
type Correction struct {
	Message    int64
	Better     string
	Kind       Kind       // "": as proposed
	Importance int        // 1 to 5; 0: 3
	Keywords   [][]string // the check's own words; nil: the novel words of Better
	Source     string     // "": SourceUser
}

// Teaching is a question with its answer, out of any conversation.
type Teaching struct {
	Question, Answer string
	Given            string     // the answer that was wrong, if one is known
	Kind             Kind       // "": knowledge
	Importance       int        // 1 to 5; 0: 3
	Keywords         [][]string // nil: the novel words of Answer
	Source           string     // "": SourceUser
}

// LessonView is a lesson with what is known of it.
type LessonView struct {
	Lesson
	Form    Form           // corrected, or taught as text
	Trail   []LessonResult // the last 8, oldest first
	Before  string         // the answer of the untrained base
	Now     string         // the last answer; "": not asked yet
	Version int64          // that gave Now
	Since   int64          // the cycle since which it is known; 0: it is not
	Trained int            // knowledge adapters of versions that were trained on it; one that reader and turn know needs none
	Way     Way            // by what a matching question gets it; "": there is no model
}

// Way says by what a lesson reaches an answer.
type Way string

// The ways.
const (
	WayTurn      Way = "turn"      // put before the model as a turn
	WayReader    Way = "reader"    // the same, with an adapter that was not trained on it: the model's reader, or what came of it
	WayKnowledge Way = "knowledge" // the same, with the user's own knowledge adapter, trained on it
)

// JudgedSample is a sample with the filter's judgement of it.
type JudgedSample struct {
	Sample
	Kept   bool
	Weight float64 // in training; 0: none
	Reason Reason  // why it is not kept
}

// VersionRow is one line of the history: a version, a cycle that was refused
// or trained in vain, or the untrained base (the last row, ID and Cycle 0).
type VersionRow struct {
	ID       int64 // 0: a cycle that made no version, or the base
	Number   int
	Cycle    int64
	Parent   int64
	Created  time.Time
	State    CycleState
	Verdict  string
	Reason   Reason
	Figures  *Figures // nil: never measured
	Tries    []Try    // both trainings, where it was trained once more; else nil
	Active   bool
	Removed  bool // its files are gone: it cannot be restored
	BaseHash string
}

// Effect is what settings would do to the samples that there are.
type Effect struct {
	Samples   int
	Trains    int
	Dropped   map[string]int // by the code of the reason
	StartsNow bool
	StartsIn  time.Duration // 0 with StartsNow, or when nothing would start
	Why       Reason
	Notes     []Reason // what is worth knowing, as a rate at which nothing changes
}

// ModelInfo describes the attached model.
type ModelInfo struct {
	Name, Path, Hash, Architecture, FileType string

	Engine, Device string // what computes it now: compute's name, and what the machine calls it
	Parameters     int64
	Context        int
	Plain          bool // a base model: its file has no chat template
	Reader         ReaderState
	ReaderHash     string // of the reader adapter; "": there is none
}

// LiveStats are the figures of the loop; their JSON names are a promise.
type LiveStats struct {
	Buffer struct {
		Count      int     `json:"count"` // of Kept, those that Capacity limits: all but lessons
		Kept       int     `json:"kept"`  // that train
		AvgQuality float64 `json:"avg_quality"`
		Capacity   int     `json:"capacity"`
	} `json:"buffer"`
	Metrics struct {
		ModelUpdates     int     `json:"model_updates"`    // versions that trainings made: one that was imported is none
		Cycles           int     `json:"cycles"`           // that trained: those below and ModelUpdates
		Refused          int     `json:"refused"`          // by the gate
		InVain           int     `json:"in_vain"`          // what they trained is not used, since it taught nothing more
		Failed           int     `json:"failed"`           //
		SuccessRate      float64 `json:"success_rate"`     // ModelUpdates / Cycles; 0 with none
		SamplesTotal     int     `json:"samples_total"`    // not deleted
		Corrections      int     `json:"corrections"`      // that stand: one that was replaced does not
		Ratings          int     `json:"ratings"`          //
		AvgStars         float64 `json:"avg_stars"`        // of all ratings; 0 with none
		AvgStarsRecent   float64 `json:"avg_stars_recent"` // of the last 20
		LessonsKnown     int     `json:"lessons_known"`    //
		LessonsNew       int     `json:"lessons_new"`      // not asked yet
		LessonsTotal     int     `json:"lessons_total"`    //
		ActiveVersion    int     `json:"active_version"`   // its number; 0: the untrained base
		LastCycleSeconds float64 `json:"last_cycle_seconds"`
	} `json:"metrics"`
	Phase Phase  `json:"phase"`
	Why   Reason `json:"why"`
}

// RatingPoint is the mean of the ratings of one day, for the chart.
type RatingPoint struct {
	Day   time.Time `json:"day"`
	Stars float64   `json:"stars"`
	Count int       `json:"count"`
}

// Finding is one result of Doctor: what was found, and the one thing to do. One that is good may
// have a thing to do, too: what would be better still.
type Finding struct {
	Subject string `json:"subject"` // "buffer", "training", "improvement", "model", "disk"
	Good    bool   `json:"good"`
	Reason  Reason `json:"reason"`
	Hint    string `json:"hint,omitempty"`
}
