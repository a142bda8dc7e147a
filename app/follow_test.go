package app

import (
	"errors"
	"testing"

	"clara/configs"
	"clara/trainer"
)

// What is changed in the file beside the window holds; a mistake is told with its line.
func TestSettingsChangedBesideTheWindowHold(t *testing.T) {
	learning := func(s configs.Settings) trainer.Settings {
		l := trainer.DefaultSettings()
		l.MinBatchSize = s.Continuous.MinBatchSize
		return l
	}
	w := newTestWindow(t, Params{Settings: spoken(english), Learning: learning}, wide)
	w.settle(t)
	changed := w.Settings
	changed.Continuous.MinBatchSize, changed.Window.Language = 25, german
	w.fileChanged(configs.Settings{}, &configs.Error{File: "continuous.toml", Line: 7, Key: "continuous.min_batch", Near: "continuous.min_batch_size", Err: configs.ErrUnknownKey})
	w.settle(t)
	if !reads(w, "7") || w.Settings.Continuous.MinBatchSize == 25 {
		t.Error("the mistake is not told")
	}
	w.fileChanged(changed, nil)
	w.settle(t)
	if w.Trainer.Settings().MinBatchSize != 25 || w.Settings != changed || w.FileError != nil || w.language != german {
		t.Errorf("the change does not hold: %+v, %v", w.Settings, w.FileError)
	}
	w.fileChanged(changed, nil) // its own change comes back
	w.settle(t)
	if errors.Is(w.FileError, configs.ErrUnknownKey) {
		t.Error("the mistake is still there")
	}
}
