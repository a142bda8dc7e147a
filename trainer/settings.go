package trainer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Settings steer the loop. The zero value is not valid: start from
// DefaultSettings. A change holds from the next decision on; a cycle that runs
// ends with the settings that it began with.
type Settings struct {
	Enabled bool // false: feedback is kept, nothing trains

	BufferSize       int     // samples kept for training beside the lessons, 1 to 10,000
	QualityThreshold float64 // a sample with a lower score does not enter the buffer, -1 to 1
	MinWords         int     // a rated answer or text of fewer words does not train, 1 to 50

	TrainOnCorrection bool          // a correction of manner starts a cycle at once
	MinBatchSize      int           // new ratings that start a cycle, 1 to 1,000
	TrainInterval     time.Duration // after it a cycle starts if anything is new, 10 s to 24 h

	// The rates are those of a model of up to half a billion weights; larger ones are trained
	// more slowly (rateFor).
	LearningRate  float64 // of manner, 1e-8 to 1e-2. Below 1e-5 nothing measurable changes with LoRA
	KnowledgeRate float64 // of lessons, 1e-8 to 1e-2
	MaxEpochs     int     // passes over the manner samples, 1 to 100 (a training takes 16 to 32 steps, fewer where samples are long)
	Rank          int     // of the adapters, 1 to 128; alpha is twice the rank
	// Objective of ratings: "kto", "sft", "dpo" or "bounded". What holds to the base
	// ("anchor") is part of each, and no choice. "dpo" prefers a correction to the answer
	// that it replaces, beside imitating it, and a good rating to a bad one of the same
	// question. Once there is such a pair of ratings, those that make none train nothing;
	// until then the good ones are imitated, and the bad ones train nothing. It is overruled
	// where what the well rated answers have in common can be told from chance (Trait) and
	// nothing was corrected, if at least ten pairs of answers to one question differ in it,
	// rated ones and the base's own: then "dpo" trains those pairs, the better one is imitated
	// as well, and ratings that make none train nothing.
	Objective string
	Seed      uint64 // of every random choice in training

	PrepareModels bool // make a reader for a model that has none

	KeepVersions int  // versions whose files are kept, 1 to 100
	AutoRollback bool // go back when ratings fall

	System        string  // system prompt; "": the model's own
	Temperature   float64 // 0 (greedy) to 2
	TopP          float64 // 0 to 1; 0 and 1 do not cut
	TopK          int     // 0 to 1,000; 0 does not cut
	MinP          float64 // 0 to 1; 0 does not cut
	RepeatPenalty float64 // 1 (none) to 2
	MaxTokens     int     // of one answer, 1 to 8,192
}

// DefaultSettings is the shipped profile.
func DefaultSettings() Settings {
	return Settings{
		Enabled:           true,
		BufferSize:        1000,
		QualityThreshold:  -1,
		MinWords:          3,
		TrainOnCorrection: true,
		MinBatchSize:      8,
		TrainInterval:     180 * time.Second,
		LearningRate:      3e-4,
		KnowledgeRate:     1e-3,
		MaxEpochs:         8,
		Rank:              16,
		Objective:         "kto",
		Seed:              0,
		PrepareModels:     true,
		KeepVersions:      5,
		AutoRollback:      true,
		Temperature:       0.2,
		TopP:              0.95,
		TopK:              40,
		MinP:              0.05,
		RepeatPenalty:     1.1,
		MaxTokens:         512,
	}
}

// RangeError is one setting outside of its range. Field is the Go name of the
// field in Settings; Min and Max are formatted as the setting is written.
type RangeError struct {
	Field, Value, Min, Max string
	OneOf                  []string // for a choice, instead of Min and Max
}

// Error implements error.
func (e *RangeError) Error() string {
	if e.OneOf != nil {
		return fmt.Sprintf("%s = %q: want one of %q", e.Field, e.Value, e.OneOf)
	}
	return fmt.Sprintf("%s = %s: want %s to %s", e.Field, e.Value, e.Min, e.Max)
}

// objectives are the losses of ratings that there are.
var objectives = []string{"kto", "sft", "dpo", "bounded"}

// Validate returns every *RangeError, joined, or nil.
func (s Settings) Validate() error {
	var errs rangeErrors
	errs.whole("BufferSize", s.BufferSize, 1, 10000)
	errs.real("QualityThreshold", s.QualityThreshold, -1, 1)
	errs.whole("MinWords", s.MinWords, 1, 50)
	errs.whole("MinBatchSize", s.MinBatchSize, 1, 1000)
	if s.TrainInterval < 10*time.Second || s.TrainInterval > 24*time.Hour {
		errs = append(errs, &RangeError{Field: "TrainInterval", Value: s.TrainInterval.String(), Min: "10s", Max: "24h"})
	}
	errs.real("LearningRate", s.LearningRate, 1e-8, 1e-2)
	errs.real("KnowledgeRate", s.KnowledgeRate, 1e-8, 1e-2)
	errs.whole("MaxEpochs", s.MaxEpochs, 1, 100)
	errs.whole("Rank", s.Rank, 1, 128)
	if !slices.Contains(objectives, s.Objective) {
		errs = append(errs, &RangeError{Field: "Objective", Value: s.Objective, OneOf: objectives})
	}
	errs.whole("KeepVersions", s.KeepVersions, 1, 100)
	errs.sampling(s.Temperature, s.TopP, s.TopK, s.MinP, s.RepeatPenalty, s.MaxTokens)
	return errs.join()
}

type rangeErrors []error

// sampling is how an answer is drawn, in the settings and in a preset.
func (es *rangeErrors) sampling(temperature, topP float64, topK int, minP, repeatPenalty float64, maxTokens int) {
	es.real("Temperature", temperature, 0, 2)
	es.real("TopP", topP, 0, 1)
	es.whole("TopK", topK, 0, 1000)
	es.real("MinP", minP, 0, 1)
	es.real("RepeatPenalty", repeatPenalty, 1, 2)
	es.whole("MaxTokens", maxTokens, 1, 8192)
}

func (es *rangeErrors) whole(field string, v, low, high int) {
	if v < low || v > high {
		*es = append(*es, &RangeError{Field: field, Value: strconv.Itoa(v), Min: strconv.Itoa(low), Max: strconv.Itoa(high)})
	}
}

func (es *rangeErrors) real(field string, v, low, high float64) {
	if !(v >= low && v <= high) || math.IsInf(v, 0) { // NaN fails
		format := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		*es = append(*es, &RangeError{Field: field, Value: format(v), Min: format(low), Max: format(high)})
	}
}

func (es rangeErrors) join() error { return errors.Join(es...) }
