package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"clara/cli"
	"clara/configs"
	"clara/trainer"
)

// settingsName is the settings file of a data folder.
const settingsName = "continuous.toml"

// settingsFile is the file that was named, which must exist, or the data
// folder's own, which is made from the shipped one.
func settingsFile(o cli.Options, home string) (*configs.File, error) {
	if o.Config != "" {
		if _, err := os.Stat(o.Config); err != nil {
			return nil, fmt.Errorf("open settings: %w", err)
		}
		return configs.NewFile(o.Config), nil
	}
	f := configs.NewFile(filepath.Join(home, settingsName))
	return f, f.Create()
}

// learning is the part of the settings that the trainer goes by.
func learning(s configs.Settings) trainer.Settings {
	c, a := s.Continuous, s.Answer
	return trainer.Settings{
		Enabled:           c.Enabled,
		BufferSize:        c.BufferSize,
		QualityThreshold:  c.QualityThreshold,
		MinWords:          c.MinWords,
		TrainOnCorrection: c.TrainOnCorrection,
		MinBatchSize:      c.MinBatchSize,
		TrainInterval:     time.Duration(c.TrainInterval) * time.Second,
		LearningRate:      c.LearningRate,
		KnowledgeRate:     c.KnowledgeRate,
		MaxEpochs:         c.MaxEpochs,
		Rank:              c.Rank,
		Objective:         c.Objective,
		Seed:              uint64(c.Seed),
		PrepareModels:     c.PrepareModels,
		KeepVersions:      c.KeepVersions,
		AutoRollback:      c.AutoRollback,
		System:            a.System,
		Temperature:       a.Temperature,
		TopP:              a.TopP,
		TopK:              a.TopK,
		MinP:              a.MinP,
		RepeatPenalty:     a.RepeatPenalty,
		MaxTokens:         a.MaxTokens,
	}
}

// readChoice reads what flags and settings choose, and makes no file.
func readChoice(o cli.Options) (home string, choice configs.Model, err error) {
	if home, err = homeFolder(o); err != nil {
		return "", choice, err
	}
	path := o.Config
	if path == "" {
		path = filepath.Join(home, settingsName)
	}
	s, err := configs.NewFile(path).Load()
	if errors.Is(err, fs.ErrNotExist) && o.Config == "" {
		s, err = configs.Default(), nil
	}
	return home, chosen(o, s, path), err
}

// modelSettings are those of now, or of the start where the file has become unreadable.
func (s *session) modelSettings() configs.Model {
	settings, err := s.file.Load()
	if err != nil {
		settings = s.settings
		s.log.Warn("settings unreadable, those of the start are in force", "error", err)
	}
	return s.chosen(settings)
}
