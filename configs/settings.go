// Package configs holds the settings file: its typed form, the range of every
// key, and saving that leaves a person's comments and order alone.
//
// continuous.toml is what the program ships: it decodes to exactly [Default].
// seed.toml is the profile of the note that the program grew from. A key that a
// file leaves out has its default, so that old files still open after an update.
package configs

// Settings is a whole settings file.
type Settings struct {
	Continuous Continuous `toml:"continuous"`
	Gate       Gate       `toml:"gate"`
	Model      Model      `toml:"model"`
	Answer     Answer     `toml:"answer"`
	Window     Window     `toml:"window"`
}

// Continuous says when and from what the program learns.
type Continuous struct {
	Enabled               bool    `toml:"enabled"`
	BufferSize            int     `toml:"buffer_size"`
	QualityThreshold      float64 `toml:"quality_threshold"`
	MinBatchSize          int     `toml:"min_batch_size"`
	TrainInterval         int     `toml:"train_interval"` // seconds
	RatingsPerCycle       int     `toml:"ratings_per_cycle"`
	TrainOnCorrection     bool    `toml:"train_on_correction"`
	LearningRate          float64 `toml:"learning_rate"`
	KnowledgeLearningRate float64 `toml:"knowledge_learning_rate"`
	MaxEpochs             int     `toml:"max_epochs"`
	Rank                  int     `toml:"rank"`
	Importance            int     `toml:"importance"`
	KeepVersions          int     `toml:"keep_versions"`
	Seed                  int     `toml:"seed"`
}

// Gate holds the limits that a new version has to keep before it may answer.
type Gate struct {
	MinLessons    float64 `toml:"min_lessons"`
	MinKept       float64 `toml:"min_kept"`
	MinKeptManner float64 `toml:"min_kept_manner"`
	MaxLeak       float64 `toml:"max_leak"`
	MaxCanary     float64 `toml:"max_canary"` // nats per token
	MaxKL         float64 `toml:"max_kl"`     // nats per token
}

// Model says which language model answers, and on what.
type Model struct {
	Path    string `toml:"path"`
	Context int    `toml:"context"` // tokens
	Engine  string `toml:"engine"`
	Threads int    `toml:"threads"` // 0: one a core
}

// Answer says how the next token is drawn.
type Answer struct {
	System        string  `toml:"system"`
	Temperature   float64 `toml:"temperature"`
	TopK          int     `toml:"top_k"`
	TopP          float64 `toml:"top_p"`
	MinP          float64 `toml:"min_p"`
	RepeatPenalty float64 `toml:"repeat_penalty"`
	RepeatLast    int     `toml:"repeat_last"` // tokens
	MaxTokens     int     `toml:"max_tokens"`
	Seed          int     `toml:"seed"` // 0: another one for each answer
}

// Window says how the window looks and speaks.
type Window struct {
	Language   string `toml:"language"`
	Appearance string `toml:"appearance"`
	TextSize   int    `toml:"text_size"` // percent
}

// Default returns the settings as shipped.
func Default() Settings {
	return Settings{
		Continuous: Continuous{
			Enabled:               true,
			BufferSize:            1000,
			QualityThreshold:      -0.5,
			MinBatchSize:          1,
			TrainInterval:         180,
			RatingsPerCycle:       8,
			TrainOnCorrection:     true,
			LearningRate:          3e-4,
			KnowledgeLearningRate: 1e-3,
			MaxEpochs:             1,
			Rank:                  16,
			Importance:            3,
			KeepVersions:          5,
			Seed:                  1,
		},
		Gate: Gate{
			MinLessons:    0.8,
			MinKept:       0.75,
			MinKeptManner: 0.8,
			MaxLeak:       0.05,
			MaxCanary:     0.05,
			MaxKL:         0.10,
		},
		Model: Model{
			Context: 4096,
			Engine:  "auto",
		},
		Answer: Answer{
			Temperature:   0.2,
			TopK:          40,
			TopP:          0.9,
			MinP:          0.05,
			RepeatPenalty: 1.1,
			RepeatLast:    64,
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
func (s Settings) Validate() error { return s.validate("", nil) }
