package widgets

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// What happened is told to its end, in as many lines as that takes.
func TestASnackbarCutsNothing(t *testing.T) {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(&Theme{})
	s := NewSnackbar()
	t.Cleanup(func() { s.timer.Stop() }) // it would go while other tests run
	w := test.NewTempWindow(t, s)
	w.Resize(fyne.NewSize(800, 600))
	s.Say("Saved", "Undo", nil)
	one := s.panel.Size().Height
	words := strings.TrimSpace(strings.Repeat("A new version was not taken over since it forgets what it knew. ", 4))
	s.Say(words, "Undo", nil)
	lines := s.text.split(s.text.Size().Width)
	if got := strings.Join(lines, " "); got != words || len(lines) < 3 {
		t.Errorf("it says %q", got)
	}
	p := s.panel
	if p.Size().Height <= one || s.text.Size().Height < s.text.HeightAt(s.text.Size().Width) || p.Position().Y+p.Size().Height > s.Size().Height {
		t.Errorf("the panel is %v high at %v, with one line %v", p.Size().Height, p.Position().Y, one)
	}
}
