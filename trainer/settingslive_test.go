package trainer

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// changeable is a trainer that runs, with a way to change its settings.
type changeable struct {
	*bench
	t *testing.T
}

func (c changeable) set(change func(*Settings)) {
	c.t.Helper()
	s := c.Settings()
	change(&s)
	if err := c.SetSettings(c.t.Context(), s); err != nil {
		c.t.Fatal(err)
	}
}

// job is what the next cycle would train by.
func (c changeable) job() (job Job) {
	c.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) { job = j; return promoted(j) })
	c.Train()
	c.settle()
	return job
}

func (c changeable) says(sample string) {
	c.t.Helper()
	if _, err := c.AddRating(c.t.Context(), sample, "an answer of several words", 4, "test", 3); err != nil {
		c.t.Fatal(err)
	}
}

// loopSettings proves for each setting of the loop that a change is heeded by the trainer that runs.
var loopSettings = map[string]func(c changeable) bool{
	"Enabled": func(c changeable) bool {
		c.set(func(s *Settings) { s.Enabled = false })
		off := c.settle().Phase == PhaseOff
		c.set(func(s *Settings) { s.Enabled = true })
		return off && c.settle().Phase == PhaseWaiting
	},
	"BufferSize": func(c changeable) bool {
		for _, q := range []string{"one", "two", "three"} {
			c.says(q)
		}
		before := c.settle().Buffer.Kept
		c.set(func(s *Settings) { s.BufferSize = 2 })
		now := c.settle().Buffer
		return before == 3 && now.Kept == 2 && now.Dropped[CodeBufferFull] == 1
	},
	"QualityThreshold": func(c changeable) bool {
		c.says("one")
		before := c.settle().Buffer.Kept
		c.set(func(s *Settings) { s.QualityThreshold = .9 })
		return before == 1 && c.settle().Buffer.Dropped[CodeBelowThreshold] == 1
	},
	"MinWords": func(c changeable) bool {
		c.says("one")
		before := c.settle().Buffer.Kept
		c.set(func(s *Settings) { s.MinWords = 6 })
		return before == 1 && c.settle().Buffer.Dropped[CodeTooShort] == 1
	},
	"TrainOnCorrection": func(c changeable) bool {
		c.set(func(s *Settings) { s.TrainOnCorrection = false })
		c.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		c.settle()
		before := c.runs.Load()
		c.set(func(s *Settings) { s.TrainOnCorrection = true })
		c.settle()
		return before == 0 && c.runs.Load() == 1
	},
	"MinBatchSize": func(c changeable) bool {
		c.says("one")
		before := c.settle().LeastRating
		c.set(func(s *Settings) { s.MinBatchSize = 1 })
		return before == 8 && c.settle().LeastRating == 1 && c.runs.Load() == 1
	},
	"TrainInterval": func(c changeable) bool {
		c.says("one")
		c.settle()
		c.set(func(s *Settings) { s.TrainInterval = 10 * time.Second })
		left := time.Until(c.settle().StartsAt)
		time.Sleep(11 * time.Second)
		c.settle()
		return left <= 10*time.Second && c.runs.Load() == 1
	},
	"LearningRate": func(c changeable) bool {
		c.says("one")
		c.set(func(s *Settings) { s.LearningRate = 5e-5 })
		return c.job().Recipe.MannerRate == 5e-5
	},
	"KnowledgeRate": func(c changeable) bool {
		c.says("one")
		c.set(func(s *Settings) { s.KnowledgeRate = 5e-5 })
		return c.job().Recipe.KnowledgeRate == 5e-5
	},
	"MaxEpochs": func(c changeable) bool {
		c.says("one")
		c.set(func(s *Settings) { s.MaxEpochs = 3 })
		return c.job().Recipe.Epochs == 3
	},
	"Rank": func(c changeable) bool {
		c.says("one")
		c.set(func(s *Settings) { s.Rank = 4 })
		return c.job().Recipe.Rank == 4
	},
	"Objective": func(c changeable) bool {
		c.says("one")
		c.set(func(s *Settings) { s.Objective = "sft" })
		return c.job().Recipe.Objective == "sft"
	},
	"Seed": func(c changeable) bool {
		c.says("one")
		c.set(func(s *Settings) { s.Seed = 7 })
		return c.job().Recipe.Seed == 7
	},
	"PrepareModels": func(c changeable) bool {
		c.set(func(s *Settings) { s.PrepareModels = false })
		c.unprepared(readyReader, ReaderReport{})
		before := c.settle().Phase
		c.set(func(s *Settings) { s.PrepareModels = true })
		return before == PhaseWaiting && c.settle().Phase == PhasePreparing
	},
	"KeepVersions": func(c changeable) bool {
		c.set(func(s *Settings) { s.KeepVersions = 1 })
		for range 3 {
			c.versionOver(0)
		}
		if err := c.prune(c.t.Context(), testHash); err != nil { // as at the end of each cycle
			c.t.Fatal(err)
		}
		all, err := c.Versions(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		return !all[0].Removed && all[1].Removed && all[2].Removed
	},
	"AutoRollback": func(c changeable) bool {
		c.set(func(s *Settings) { s.AutoRollback, s.MinBatchSize, s.TrainInterval = false, 1000, 24*time.Hour })
		c.rated(0, 5, 5)
		v := c.version()
		if err := c.renew(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
		c.rated(v.ID, 5, 1)
		before := c.settle().Active.ID
		c.set(func(s *Settings) { s.AutoRollback = true })
		return before == v.ID && c.settle().Active.ID == 0
	},
}

// answerSettings proves it for the settings of answers: each changes what is answered, and back.
var answerSettings = map[string]func(c changeable, ask func() Entry) bool{
	"MaxTokens": func(c changeable, ask func() Entry) bool {
		before := ask().Tokens
		c.set(func(s *Settings) { s.MaxTokens = 3 })
		return before > 3 && ask().Tokens == 3
	},
	"System": func(c changeable, ask func() Entry) bool {
		before := ask().Text
		c.set(func(s *Settings) { s.System = "Answer in one sentence." })
		return ask().Text != before
	},
	"RepeatPenalty": func(c changeable, ask func() Entry) bool {
		before := ask().Text
		c.set(func(s *Settings) { s.RepeatPenalty = 2 })
		return ask().Text != before
	},
	"Temperature": func(c changeable, ask func() Entry) bool {
		before := ask().Text
		c.set(func(s *Settings) { s.Temperature = 2 })
		hot := ask().Text
		c.set(func(s *Settings) { s.Temperature = 0 })
		return hot != before && ask().Text == before
	},
	// Each of these lets only the most probable token through, however hot it is.
	"TopK": func(c changeable, ask func() Entry) bool { return c.cools(ask, func(s *Settings) { s.TopK = 1 }) },
	"TopP": func(c changeable, ask func() Entry) bool { return c.cools(ask, func(s *Settings) { s.TopP = 1e-6 }) },
	"MinP": func(c changeable, ask func() Entry) bool { return c.cools(ask, func(s *Settings) { s.MinP = 1 }) },
}

// cools says whether a change makes hot answers those that the model holds for the most probable.
func (c changeable) cools(ask func() Entry, change func(*Settings)) bool {
	c.t.Helper()
	greedy := ask().Text
	c.set(func(s *Settings) { s.Temperature = 2 })
	hot := ask().Text
	c.set(change)
	return hot != greedy && ask().Text == greedy
}

// Each setting holds from the next decision on, without a restart.
func TestEverySettingHoldsAtOnce(t *testing.T) {
	fields := reflect.TypeFor[Settings]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		loop, ofLoop := loopSettings[name]
		answer, ofAnswer := answerSettings[name]
		if ofLoop == ofAnswer {
			t.Errorf("%s has no proof, or two", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			if ofLoop {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t)
					b.start()
					b.attach()
					b.settle()
					if !loop(changeable{b, t}) {
						t.Error("the change is not heeded")
					}
				})
				return
			}
			b := newBench(t)
			defer b.load(tinyRunner(t, 1))()
			c := changeable{b, t}
			c.set(func(s *Settings) { // the most probable token, and nothing cut
				s.Temperature, s.TopK, s.TopP, s.MinP, s.RepeatPenalty, s.MaxTokens = 0, 0, 1, 0, 1, 12
			})
			ask := func() Entry {
				t.Helper()
				e, err := b.Answer(t.Context(), Ask{Text: "Hello?"}, nil)
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			if !answer(c, ask) {
				t.Error("the change is not heeded")
			}
		})
	}
}
