package app

import (
	"errors"
	"strings"
	"testing"

	"clara/configs"
	"clara/trainer"
)

// What is changed in the file beside the window holds; all mistakes are told with their lines.
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
	_, bad := configs.Decode([]byte("[continuous]\nmin_batchsize = 25\nrank = 500\nobjective = \"ppo\"\n"))
	w.fileChanged(configs.Settings{}, bad)
	w.settle(t)
	told := settingsFault(w.FileError)
	for _, want := range []string{"line 2: there is no continuous.min_batchsize; continuous.min_batch_size may be meant; line 3: ", "rank = 500 is outside of 1 to 128", `line 4: continuous.objective = "ppo" is none of kto, `} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told: %s", want, told)
		}
	}
	if !reads(w, told) || w.Settings.Continuous.MinBatchSize == 25 {
		t.Error("the mistake is not told")
	}
	w.fileChanged(w.Settings, nil) // the mistake is taken back
	w.settle(t)
	if reads(w, told) || w.FileError != nil {
		t.Error("the mistake is still told")
	}
	w.fileChanged(configs.Settings{}, bad)
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
