package app

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// shortcut is a key with the platform's own modifier (Cmd on macOS, Ctrl elsewhere) that works anywhere in the window.
type shortcut struct {
	key   fyne.KeyName
	words string // key of what it does, for the list in the settings
	do    func(*window)
}

var shortcuts = []shortcut{
	{fyne.KeyN, "shell.new", func(w *window) { w.newConversation() }},
	{fyne.Key1, "place.chat", func(w *window) { w.show(placeChat) }},
	{fyne.Key2, "place.lessons", func(w *window) { w.show(placeLessons) }},
	{fyne.Key3, "place.learning", func(w *window) { w.show(placeLearning) }},
	{fyne.Key4, "place.model", func(w *window) { w.show(placeModel) }},
	{fyne.KeyComma, "place.settings", func(w *window) { w.openSettings() }},
	{fyne.KeyZ, "keys.take_back", func(w *window) { w.takeBackLast() }},
}

// listen binds the shortcuts, Escape, and Ctrl+Q where the system does not bring a key of its own to quit.
func (w *window) listen() {
	c := w.frame.Canvas()
	for _, s := range shortcuts {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: s.key, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { s.do(w) })
	}
	if runtime.GOOS == "linux" {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyQ, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { w.askToClose() })
	}
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			w.escape()
		}
	})
}
