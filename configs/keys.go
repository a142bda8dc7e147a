package configs

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Key is one setting: what it is called in the file and what it may hold.
type Key struct {
	Name  string // section and key, as in "continuous.buffer_size"
	Unit  string // in English; "" for a bare number, a switch, a choice or a text
	Range Range
	At    func(*Settings) any // where s holds it: *bool, *int, *float64 or *string
}

// Range is what a key may hold. The zero Range allows every value of its type.
type Range struct {
	Min, Max float64  // both inclusive; both 0 where the key holds no number
	Choices  []string // the words of a key that holds one of a few
	Length   int      // the most characters of a key that holds free text
}

// String says the range as the settings file does: "1 to 64", "auto or cpu".
func (r Range) String() string {
	switch {
	case len(r.Choices) > 1:
		last := len(r.Choices) - 1
		return strings.Join(r.Choices[:last], ", ") + " or " + r.Choices[last]
	case r.Length > 0:
		return fmt.Sprintf("at most %d characters", r.Length)
	case r.Min != 0 || r.Max != 0:
		return number(r.Min) + " to " + number(r.Max)
	}
	return "true or false"
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func between(lo, hi float64) Range     { return Range{Min: lo, Max: hi} }
func oneOf(choices ...string) Range    { return Range{Choices: choices} }
func text(length int) Range            { return Range{Length: length} }
func (r Range) holds(v float64) bool   { return r.Min <= v && v <= r.Max } // false for NaN
func (k Key) value(s *Settings) string { return literal(k.At(s)) }

// keys names every setting once, in the order of the file. The pictures of the
// settings dialog give the ranges of what a person usually changes.
var keys = []Key{
	{"continuous.enabled", "", Range{}, func(s *Settings) any { return &s.Continuous.Enabled }},
	{"continuous.buffer_size", "samples", between(1, 10_000), func(s *Settings) any { return &s.Continuous.BufferSize }},
	{"continuous.quality_threshold", "score", between(-1, 1), func(s *Settings) any { return &s.Continuous.QualityThreshold }},
	{"continuous.min_words", "words", between(1, 50), func(s *Settings) any { return &s.Continuous.MinWords }},
	{"continuous.train_on_correction", "", Range{}, func(s *Settings) any { return &s.Continuous.TrainOnCorrection }},
	{"continuous.min_batch_size", "ratings", between(1, 64), func(s *Settings) any { return &s.Continuous.MinBatchSize }},
	{"continuous.train_interval", "seconds", between(30, 3600), func(s *Settings) any { return &s.Continuous.TrainInterval }},
	// 1e-6 is the note's value. It is accepted although it moves nothing with LoRA.
	{"continuous.learning_rate", "", between(1e-6, 0.01), func(s *Settings) any { return &s.Continuous.LearningRate }},
	{"continuous.knowledge_rate", "", between(1e-6, 0.01), func(s *Settings) any { return &s.Continuous.KnowledgeRate }},
	{"continuous.max_epochs", "passes", between(1, 100), func(s *Settings) any { return &s.Continuous.MaxEpochs }},
	{"continuous.rank", "", between(1, 128), func(s *Settings) any { return &s.Continuous.Rank }},
	{"continuous.objective", "", oneOf("kto", "sft", "dpo", "bounded"), func(s *Settings) any { return &s.Continuous.Objective }},
	{"continuous.seed", "", between(0, math.MaxInt32), func(s *Settings) any { return &s.Continuous.Seed }},
	{"continuous.prepare_models", "", Range{}, func(s *Settings) any { return &s.Continuous.PrepareModels }},
	{"continuous.keep_versions", "versions", between(1, 100), func(s *Settings) any { return &s.Continuous.KeepVersions }},
	{"continuous.auto_rollback", "", Range{}, func(s *Settings) any { return &s.Continuous.AutoRollback }},

	{"model.path", "", text(4096), func(s *Settings) any { return &s.Model.Path }},
	{"model.context", "tokens", between(256, 131_072), func(s *Settings) any { return &s.Model.Context }},
	{"model.engine", "", oneOf("auto", "cuda", "cuda-f16", "opengl", "cpu"), func(s *Settings) any { return &s.Model.Engine }},
	{"model.training_memory", "MiB", between(0, 262_144), func(s *Settings) any { return &s.Model.TrainingMemory }},
	{"model.threads", "threads", between(0, 256), func(s *Settings) any { return &s.Model.Threads }},

	{"answer.system", "", text(20_000), func(s *Settings) any { return &s.Answer.System }},
	{"answer.temperature", "", between(0, 2), func(s *Settings) any { return &s.Answer.Temperature }},
	{"answer.top_k", "tokens", between(0, 1000), func(s *Settings) any { return &s.Answer.TopK }},
	{"answer.top_p", "probability", between(0, 1), func(s *Settings) any { return &s.Answer.TopP }},
	{"answer.min_p", "probability", between(0, 1), func(s *Settings) any { return &s.Answer.MinP }},
	{"answer.repeat_penalty", "", between(1, 2), func(s *Settings) any { return &s.Answer.RepeatPenalty }},
	{"answer.max_tokens", "tokens", between(1, 8192), func(s *Settings) any { return &s.Answer.MaxTokens }},

	{"window.language", "", oneOf("system", "de", "en"), func(s *Settings) any { return &s.Window.Language }},
	{"window.appearance", "", oneOf("system", "light", "dark"), func(s *Settings) any { return &s.Window.Appearance }},
	{"window.text_size", "percent", between(70, 200), func(s *Settings) any { return &s.Window.TextSize }},
	{"window.high_contrast", "", Range{}, func(s *Settings) any { return &s.Window.HighContrast }},
	{"window.reduced_motion", "", Range{}, func(s *Settings) any { return &s.Window.ReducedMotion }},
}

// Keys lists every setting in the order of the shipped file.
func Keys() []Key { return slices.Clone(keys) }

// KeyOf finds a setting by its name, such as "continuous.rank".
func KeyOf(name string) (Key, bool) {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// section and leaf are the two halves of the name.
func (k Key) section() string { return k.Name[:strings.IndexByte(k.Name, '.')] }
func (k Key) leaf() string    { return k.Name[strings.IndexByte(k.Name, '.')+1:] }

// sectionWants is what a section's name stands for.
const sectionWants = "a table of settings"

// wants says in a few words what kind of value the key holds, with its range.
func (k Key) wants() string {
	switch k.At(new(Settings)).(type) {
	case *bool:
		return "true or false"
	case *int:
		return "a whole number, " + k.Range.String()
	case *float64:
		return "a number, " + k.Range.String()
	}
	if len(k.Range.Choices) > 0 {
		return "a text in quotes: " + k.Range.String()
	}
	return "a text in quotes"
}

// formerChoices are what choices of a key were called before, with their names of now: a
// file that has one still opens.
var formerChoices = map[string]map[string]string{
	"model.engine": {"cuda-bf16": "cuda-f16"},
}

// renew replaces a choice's former name in s.
func (k Key) renew(s *Settings) {
	if v, ok := k.At(s).(*string); ok {
		*v = Renewed(k.Name, *v)
	}
}

// Renewed is what a choice of a key is called now: value itself, unless that is a former
// name. A flag that stands for a key takes what the file takes.
func Renewed(key, value string) string {
	if now, ok := formerChoices[key][value]; ok {
		return now
	}
	return value
}

// allows reports whether the key's value in s is in its range.
func (k Key) allows(s *Settings) bool {
	switch v := k.At(s).(type) {
	case *int:
		return k.Range.holds(float64(*v))
	case *float64:
		return k.Range.holds(*v)
	case *string:
		if len(k.Range.Choices) > 0 {
			return slices.Contains(k.Range.Choices, *v)
		}
		return utf8.ValidString(*v) && utf8.RuneCountInString(*v) <= k.Range.Length
	}
	return true
}

// editDistance is Levenshtein's, row by row.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
