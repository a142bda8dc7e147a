// Package configs holds the settings file: its typed form, the range of every
// key, and saving that leaves a person's comments and order alone.
//
// continuous.toml is what the program ships: it decodes to exactly [Default].
// seed.toml is the profile of the note that the program grew from. A key that a
// file leaves out has its default, so that old files still open after an update.
package configs

import "errors"

// Settings is a whole settings file.
type Settings struct {
	Continuous Continuous `toml:"continuous"`
	Model      Model      `toml:"model"`
	Answer     Answer     `toml:"answer"`
	Window     Window     `toml:"window"`
}

// Continuous says when and from what the program learns.
type Continuous struct {
	Enabled           bool    `toml:"enabled"`
	BufferSize        int     `toml:"buffer_size"` // samples
	QualityThreshold  float64 `toml:"quality_threshold"`
	MinWords          int     `toml:"min_words"`
	TrainOnCorrection bool    `toml:"train_on_correction"`
	MinBatchSize      int     `toml:"min_batch_size"` // ratings
	TrainInterval     int     `toml:"train_interval"` // seconds
	LearningRate      float64 `toml:"learning_rate"`
	KnowledgeRate     float64 `toml:"knowledge_rate"`
	MaxEpochs         int     `toml:"max_epochs"`
	Rank              int     `toml:"rank"`
	Objective         string  `toml:"objective"`
	Seed              int     `toml:"seed"`
	PrepareModels     bool    `toml:"prepare_models"`
	KeepVersions      int     `toml:"keep_versions"`
	AutoRollback      bool    `toml:"auto_rollback"`
}

// Model says which language model answers, and on what.
type Model struct {
	Path           string `toml:"path"`
	Context        int    `toml:"context"` // tokens
	Engine         string `toml:"engine"`
	TrainingMemory int    `toml:"training_memory"` // MiB; 0: three quarters of what is free
	Threads        int    `toml:"threads"`         // 0: one a core
}

// Answer says how the next token is drawn.
type Answer struct {
	System        string  `toml:"system"`
	Temperature   float64 `toml:"temperature"`
	TopK          int     `toml:"top_k"`
	TopP          float64 `toml:"top_p"`
	MinP          float64 `toml:"min_p"`
	RepeatPenalty float64 `toml:"repeat_penalty"`
	MaxTokens     int     `toml:"max_tokens"`
}

// Window says how the window looks and speaks.
type Window struct {
	Language   string `toml:"language"`
	Appearance string `toml:"appearance"`
	TextSize   int    `toml:"text_size"` // percent

	HighContrast  bool `toml:"high_contrast"`  // 7 to 1 for every word
	ReducedMotion bool `toml:"reduced_motion"` // nothing moves by itself
}

// Default returns the settings as shipped.
func Default() Settings {
	return Settings{
		Continuous: Continuous{
			Enabled:           true,
			BufferSize:        1000,
			QualityThreshold:  -1,
			MinWords:          3,
			TrainOnCorrection: true,
			MinBatchSize:      8,
			TrainInterval:     180,
			LearningRate:      3e-4,
			KnowledgeRate:     1e-3,
			MaxEpochs:         8,
			Rank:              16,
			Objective:         "kto",
			Seed:              0,
			PrepareModels:     true,
			KeepVersions:      5,
			AutoRollback:      true,
		},
		Model: Model{
			Context: 4096,
			Engine:  "auto",
		},
		Answer: Answer{
			Temperature:   0.2,
			TopK:          40,
			TopP:          0.95,
			MinP:          0.05,
			RepeatPenalty: 1.1,
			MaxTokens:     512,
		},
		Window: Window{
			Language:   "system",
			Appearance: "system",
			TextSize:   100,
		},
	}
}

// Validate reports every value that is out of its range, joined; each is an
// [*Error] with [ErrRange].
func (s Settings) Validate() error {
	var all []error
	for _, k := range keys {
		if !k.allows(&s) {
			all = append(all, &Error{Err: ErrRange, Key: k.Name, Value: k.value(&s), Range: k.Range})
		}
	}
	return errors.Join(all...)
}
