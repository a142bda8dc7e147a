package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
)

// Wherever lines are broken, what is typed, deleted and pasted stands in its order, at the end of a text and before more of it.
func TestSpacesStayWhereLinesBreak(t *testing.T) {
	inLook(t, &Theme{})
	const text = "The ferry leaves the red pier at 9:40 every morning, in summer again at 17:05."
	e := NewEditor("", nil)
	win := window(t, e, 100, 200)
	win.Canvas().Focus(e)
	for width := float32(90); width < 400; width += 17 {
		win.Resize(fyne.NewSize(width, 200))
		for _, tail := range []string{"", "\nbelow", " 1  2"} {
			check := func(did, want string) {
				t.Helper()
				if e.Text != want {
					t.Errorf("%v wide, %s: %q, want %q", width, did, e.Text, want)
				}
			}
			e.SetText(tail)
			e.CursorRow, e.CursorColumn = 0, 0
			for _, r := range text {
				e.TypedRune(r)
			}
			check("typed", text+tail)
			for range text {
				e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
			}
			check("deleted", tail)
			for _, piece := range []string{text[:4], text[4:17], text[17:18], text[18:]} {
				e.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip(piece)})
			}
			check("pasted", text+tail)
		}
	}
}
