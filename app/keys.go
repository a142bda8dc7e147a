package app

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// shortcut is a key with the platform's own modifier (Cmd on macOS, Ctrl elsewhere) that works anywhere in the window.
type shortcut struct {
	key fyne.KeyName
	do  func(*window)
}

var shortcuts = []shortcut{
	{fyne.KeyN, func(w *window) { w.newConversation() }},
	{fyne.Key1, func(w *window) { w.show(placeChat) }},
	{fyne.Key2, func(w *window) { w.show(placeLessons) }},
	{fyne.Key3, func(w *window) { w.show(placeLearning) }},
	{fyne.Key4, func(w *window) { w.show(placeModel) }},
	{fyne.KeyComma, func(w *window) { w.openSettings() }},
	{fyne.KeyReturn, func(w *window) { w.submit() }},
	{fyne.KeyZ, func(w *window) { w.takeBackLast() }},
}

// submit saves what is open for editing, wherever in it the keyboard is.
func (w *window) submit() {
	switch {
	case w.settings != nil:
		w.settings.submit()
	case w.place == placeChat && w.chat.editor != nil:
		w.chat.editor.submit()
	case w.place == placeLessons && w.lessons.editor != nil:
		w.lessons.editor.submit()
	}
}

// listen binds the shortcuts, Escape, and Ctrl+Q where the system does not bring a key of its own to quit.
func (w *window) listen() {
	c := w.frame.Canvas()
	for _, s := range shortcuts {
		var keys fyne.Shortcut = &desktop.CustomShortcut{KeyName: s.key, Modifier: fyne.KeyModifierShortcutDefault}
		if s.key == fyne.KeyZ {
			keys = &fyne.ShortcutUndo{} // Fyne's own; a text field keeps it for its text
		}
		c.AddShortcut(keys, func(fyne.Shortcut) { s.do(w) })
	}
	for key, step := range map[fyne.KeyName]int{fyne.KeyUp: -1, fyne.KeyDown: 1} {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierAlt}, func(fyne.Shortcut) { w.chat.walk(step) })
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
