package app

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

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

// What someone changed in the file just before the window saved a change of its own holds, too: Follow tells of neither then.
func TestAChangeByHandHoldsThoughTheWindowSavesFirst(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english), Learning: learningOf}, wide)
	byHand := func(ratings int) {
		t.Helper()
		_, err := w.File.Modify(func(s *configs.Settings) {
			*s = w.Settings
			s.Continuous.MinBatchSize = ratings
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	size := w.Settings.Window.TextSize
	for ratings, own := range map[int]func(){
		25: func() { w.press(t, fyne.KeyPlus) },
		30: func() { w.useModel("/models/other.gguf") },
	} {
		byHand(ratings)
		own()
		w.settle(t)
		s, err := w.File.Load()
		if err != nil {
			t.Fatal(err)
		}
		w.fileChanged(s, nil)
		w.waitFor(t, func() bool { return !w.model.busy })
		if got := w.Trainer.Settings().MinBatchSize; got != ratings || w.Settings != s {
			t.Errorf("the trainer goes by %d instead of %d", got, ratings)
		}
	}
	if w.Settings.Window.TextSize != size+textStep || w.Settings.Model.Path != "/models/other.gguf" {
		t.Errorf("the window's own changes do not hold: %+v", w.Settings)
	}
}
