package app

import (
	"slices"
	"testing"

	"clara/configs"
	"clara/widgets"
)

// The language that is chosen on the first page is spoken, also where the program was started in another one, and whatever the
// settings have named so far.
func TestTheLanguageChosenOnTheFirstPageIsSpoken(t *testing.T) {
	for _, before := range []string{"system", german, english} {
		w := newTestWindow(t, Params{Settings: spoken(before), Language: english}, wide)
		if _, err := w.File.Modify(func(s *configs.Settings) { *s = w.Settings }); err != nil {
			t.Fatal(err)
		}
		w.App.Preferences().SetBool(preferSeen, false)
		w.rebuild()
		languages := find(t, w, func(s *widgets.Segmented) bool { return slices.Contains(s.Names, say("set.german")) })
		languages.SetOn(0)
		languages.OnChosen(0)
		w.settle(t)
		if saved, err := w.File.Load(); w.language != german || saved.Window.Language != german || err != nil {
			t.Errorf("with %s in the settings the window speaks %s; the file has %s, %v", before, w.language, saved.Window.Language, err)
		}
	}
}
