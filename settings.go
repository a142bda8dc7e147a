package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"fyne.io/fyne/v2/lang"

	"clara/cli"
	"clara/configs"
	"clara/trainer"
)

// settingsName is the settings file of a data folder.
const settingsName = "continuous.toml"

// settingsFile is the file that was named, which must exist, or the data
// folder's own, which is made from the shipped one.
func settingsFile(o cli.Options, home string) (*configs.File, error) {
	f := configs.NewFile(settingsPath(o, home))
	if o.Config == "" {
		return f, f.Create()
	}
	if _, err := os.Stat(o.Config); err != nil {
		return nil, fmt.Errorf("open settings: %w", err)
	}
	return f, nil
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

// settingsPath is where the settings lie that flags and data folder name.
func settingsPath(o cli.Options, home string) string {
	if o.Config != "" {
		return o.Config
	}
	return filepath.Join(home, settingsName)
}

// readChoice reads what flags and settings choose, and makes no file.
func readChoice(o cli.Options) (home string, choice configs.Model, err error) {
	if home, err = homeFolder(o); err != nil {
		return "", choice, err
	}
	path := settingsPath(o, home)
	s, err := configs.NewFile(path).Load()
	if errors.Is(err, fs.ErrNotExist) && o.Config == "" {
		s, err = configs.Default(), nil
	}
	return home, chosen(o, s, path), err
}

// windowSettings are how the settings have the program look and speak, as far as they can be
// read: also what is wrong with them, or with the data folder, is said so. It makes no file.
func windowSettings(o cli.Options) configs.Window {
	home, err := homeFolder(o)
	if err != nil {
		return configs.Default().Window
	}
	path := settingsPath(o, home)
	if i, err := os.Stat(path); err == nil && !i.Mode().IsRegular() { // a pipe is read once, by whom its settings are for
		return configs.Default().Window
	}
	s, _ := configs.NewFile(path).Load() // what is wrong is said by whom it keeps from working
	return s.Window
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

// systemLanguage is what Windows and macOS speak, asked for as the window does: Windows sets no
// variables, and macOS does in Terminal alone; elsewhere there is nothing besides those. It is
// asked once, since that starts a process on macOS.
var systemLanguage = sync.OnceValue(func() string {
	if runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		return ""
	}
	return lang.SystemLocale().LanguageString()
})
