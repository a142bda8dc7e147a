package app

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2/test"

	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// operate sets the control of a field on screen to something else, as a person would, and returns what it says then.
func operate(t *testing.T, w *window, f field) any {
	t.Helper()
	key, _ := configs.KeyOf(f.key)
	typed := func(v float64) {
		find(t, w, func(l *widgets.Line) bool { return l.Name == say(f.name) }).SetText(exact(v))
	}
	other := func(v float64) float64 {
		if v == key.Range.Min {
			return key.Range.Max
		}
		return key.Range.Min
	}
	switch at := f.at(&w.Settings).(type) {
	case *bool:
		test.Tap(find(t, w, func(x *widgets.Toggle) bool { return x.Label == say(f.name) }))
		return !*at
	case *int:
		v := other(float64(*at))
		typed(v)
		return int(v)
	case *float64:
		v := other(*at)
		typed(v)
		return v
	case *string:
		if len(f.choices) == 0 {
			find(t, w, func(e *widgets.Editor) bool { return e.Name == say(f.name) }).SetText("Something else.")
			return "Something else."
		}
		i := slices.IndexFunc(f.choices, func(c choice) bool { return c.value != *at && c.value != "system" })
		name := say(f.choices[i].name)
		var row *widgets.Segmented
		onScreen(w, func(s seen) {
			if x, ok := s.o.(*widgets.Segmented); ok && len(x.Names) == len(f.choices) && x.Names[i] == name {
				row = x
			}
		})
		if row != nil {
			row.SetOn(i)
			row.OnChosen(i)
			return f.choices[i].value
		}
		tap(t, w, say(f.name)+" "+say(f.choices[slices.IndexFunc(f.choices, func(c choice) bool { return c.value == *at })].name))
		tap(t, w, name)
		if !reads(w, name) {
			t.Errorf("%s: %s was chosen, and does not stand there", f.key, name)
		}
		return f.choices[i].value
	}
	t.Fatalf("%s is of no kind that the dialog knows", f.key)
	return nil
}

// windowSettings says of each setting of the window how it shows that it holds.
var windowSettings = map[string]func(w *window, look *widgets.Theme) bool{
	"window.language":   func(w *window, _ *widgets.Theme) bool { return reads(w, "Unterhaltung") && !reads(w, "Conversation") },
	"window.appearance": func(_ *window, look *widgets.Theme) bool { return look.Force != nil },
	"window.text_size": func(w *window, look *widgets.Theme) bool {
		return look.Scale == float32(w.Settings.Window.TextSize)/100 && look.Scale != 1
	},
	"window.high_contrast":  func(_ *window, look *widgets.Theme) bool { return look.HighContrast },
	"window.reduced_motion": func(_ *window, look *widgets.Theme) bool { return look.Still },
}

// Every field of the dialog, set and saved in one window that goes on: what is saved stands in the file, and the trainer, the model or
// the window go by it at once. That the trainer heeds each of its settings is shown by TestEverySettingHoldsAtOnce there.
func TestEverySettingOfTheDialogHoldsOnceSaved(t *testing.T) {
	var loaded configs.Settings
	var mu sync.Mutex                     // the dialog asks for the effect of a draft while another one is being saved
	learnt := make([]configs.Settings, 1) // by the seed of what was made of them; 0 is the trainer's of before
	file := configs.NewFile(t.TempDir() + "/continuous.toml")
	if err := file.Create(); err != nil {
		t.Fatal(err)
	}
	start := spoken(english)
	start.Window.Appearance = "system"
	if _, err := file.Modify(func(s *configs.Settings) { *s = start }); err != nil {
		t.Fatal(err)
	}
	w := newTestWindow(t, Params{
		File: file, Settings: start, Language: english,
		Learning: func(s configs.Settings) trainer.Settings {
			mu.Lock()
			defer mu.Unlock()
			l := trainer.DefaultSettings()
			l.Seed = uint64(len(learnt))
			learnt = append(learnt, s)
			return l
		},
		Load: func(context.Context, func(Model)) (err error) {
			loaded, err = file.Load()
			return err
		},
	}, wide)
	for _, f := range fields {
		w.openSettingsAt(f.section)
		w.settle(t)
		want := operate(t, w, f)
		loaded = configs.Settings{}
		tap(t, w, say("save"))
		w.waitFor(t, func() bool { return !w.model.busy })
		value := func(s configs.Settings) any { return reflect.ValueOf(f.at(&s)).Elem().Interface() }
		saved, err := file.Load()
		if err != nil || value(saved) != want || value(w.Settings) != want || w.settings != nil {
			t.Errorf("%s: %v was set, the file holds %v, the window %v, %v", f.key, want, value(saved), value(w.Settings), err)
		}
		key, _ := configs.KeyOf(f.key)
		switch shows, ofWindow := windowSettings[f.key]; {
		case ofWindow:
			if !shows(w, w.App.Settings().Theme().(*widgets.Theme)) {
				t.Errorf("%s: the window does not show it", f.key)
			}
		case strings.HasPrefix(key.Name, "model."):
			if value(loaded) != want {
				t.Errorf("%s: no model was loaded by it", f.key)
			}
		default:
			mu.Lock()
			seed := w.Trainer.Settings().Seed
			told := learnt[seed]
			mu.Unlock()
			if seed == 0 || value(told) != want {
				t.Errorf("%s: the trainer was not told", f.key)
			}
		}
	}
}

// What was changed in the file while the dialog was open is not taken back by saving something else.
func TestSavingLeavesWhatTheDialogDidNotChange(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(english)}, wide)
	if err := w.File.Create(); err != nil {
		t.Fatal(err)
	}
	w.openLearningSettings()
	w.settle(t)
	if _, err := w.File.Modify(func(s *configs.Settings) { s.Continuous.MaxEpochs = 3 }); err != nil {
		t.Fatal(err)
	}
	find(t, w, func(l *widgets.Line) bool { return l.Name == say("set.ratings") }).SetText("12")
	tap(t, w, say("save"))
	if s, err := w.File.Load(); err != nil || s.Continuous.MaxEpochs != 3 || s.Continuous.MinBatchSize != 12 {
		t.Errorf("the file has %d epochs and %d ratings, %v", s.Continuous.MaxEpochs, s.Continuous.MinBatchSize, err)
	}
}

// A setting of the model that is saved while a model is being loaded is loaded by after that.
func TestModelIsLoadedAgainWhenItsSettingsChangedMeanwhile(t *testing.T) {
	further, threads := make(chan struct{}), make(chan int, 4)
	var w *window
	w = newTestWindow(t, Params{Settings: spoken(english), Load: func(ctx context.Context, _ func(Model)) error {
		s, err := w.File.Load()
		threads <- s.Model.Threads
		select {
		case <-further:
		case <-ctx.Done():
		}
		return err
	}}, wide)
	if err := w.File.Create(); err != nil {
		t.Fatal(err)
	}
	w.loadModel()
	first := <-threads
	w.openSettingsAt(sectionDevice)
	find(t, w, func(l *widgets.Line) bool { return l.Name == say("set.threads") }).SetText("1")
	tap(t, w, say("save"))
	close(further)
	w.waitFor(t, func() bool { return !w.model.busy })
	if first == 1 || len(threads) != 1 || <-threads != 1 {
		t.Error("the model computes by the settings of before")
	}
}

// What cannot be kept stays where it was typed, and marked, while another page is looked at.
func TestAMistakeStandsWhereItWasTyped(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(german)}, wide)
	w.openLearningSettings()
	w.settle(t)
	epochs := func() *widgets.Line {
		return find(t, w, func(l *widgets.Line) bool { return l.Name == say("set.epochs") })
	}
	for _, c := range []struct{ text, why, count string }{
		{"999", "Höchstens 100", "1 Angabe liegt außerhalb des Bereichs"},
		{"2,5", "Nur ganze Zahlen", "1 Angabe ist ungültig"},
		{"viele", "Das ist keine Zahl", "1 Angabe ist ungültig"},
	} {
		epochs().SetText(c.text)
		w.settings.section = sectionGate
		w.settings.showSection()
		w.settings.section = sectionLearning
		w.settings.showSection()
		w.settle(t)
		if epochs().Text != c.text || !reads(w, c.why) || !reads(w, c.count) || !w.settings.save.Disabled() {
			t.Errorf("%q is not marked with %q and %q; the field holds %q", c.text, c.why, c.count, epochs().Text)
		}
	}
	epochs().SetText("3")
	if len(w.settings.wrong) > 0 || w.settings.save.Disabled() {
		t.Error("what was mended cannot be saved")
	}
}

// The samples that the link leads to are judged by the saved thresholds: it is there while those are what the effect is of.
func TestTheSamplesAreShownByTheThresholdsThatHold(t *testing.T) {
	w := openSample(t, spoken(english))
	w.openLearningSettings()
	w.settle(t)
	if !reads(w, "Show samples") {
		t.Fatal("the samples are not offered")
	}
	find(t, w, func(l *widgets.Line) bool { return l.Name == say("set.quality") }).SetText("0.9")
	w.settings.computeEffect() // without the wait for the next key
	w.settle(t)
	if reads(w, "Show samples") {
		t.Error("the way to the samples leaves what was changed behind")
	}
}
