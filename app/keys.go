package app

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"clara/configs"
	"clara/widgets"
)

// shortcut is a key with the platform's own modifier (Cmd on macOS, Ctrl elsewhere) that works anywhere in the window.
type shortcut struct {
	key   fyne.KeyName
	do    func(*window)
	shift bool // with Shift too
	over  bool // also while a layer, such as the settings, is over the window
}

var shortcuts = []shortcut{
	{key: fyne.KeyN, do: func(w *window) { w.newConversation() }},
	{key: fyne.Key1, do: func(w *window) { w.show(placeChat) }},
	{key: fyne.Key2, do: func(w *window) { w.show(placeLessons) }},
	{key: fyne.Key3, do: func(w *window) { w.show(placeLearning) }},
	{key: fyne.Key4, do: func(w *window) { w.show(placeStatistics) }},
	{key: fyne.Key5, do: func(w *window) { w.show(placeModel) }},
	{key: fyne.KeyF, do: func(w *window) { w.show(placeChat); w.chat.find("") }},
	{key: fyne.KeyF, shift: true, do: func(w *window) { w.openSearch() }},
	{key: fyne.KeyE, do: func(w *window) { w.chat.showExports() }},
	{key: fyne.KeyP, do: func(w *window) { w.chat.showPresets() }},
	{key: fyne.KeyComma, do: func(w *window) { w.openSettings() }},
	{key: fyne.KeyPlus, do: func(w *window) { w.resizeText(+textStep) }, over: true},
	{key: fyne.KeyEqual, do: func(w *window) { w.resizeText(+textStep) }, over: true}, // plus without Shift, as on English keyboards
	{key: fyne.KeyMinus, do: func(w *window) { w.resizeText(-textStep) }, over: true},
	{key: fyne.KeyReturn, do: func(w *window) { w.submit() }, over: true},
	{key: fyne.KeyEnter, do: func(w *window) { w.submit() }, over: true}, // of the keypad
	{key: fyne.KeyZ, do: func(w *window) { w.takeBackLast() }},
}

// textStep is how much a key changes the size of text, in percent.
const textStep = 10

// resizeText makes all words larger or smaller and keeps that in the settings.
func (w *window) resizeText(by int) {
	key, _ := configs.KeyOf("window.text_size")
	size := min(max(w.Settings.Window.TextSize+by, int(key.Range.Min)), int(key.Range.Max))
	if size != w.Settings.Window.TextSize {
		w.change(func(s *configs.Settings) { s.Window.TextSize = size }, func() {})
	}
}

// keysInWords are the keys as they stand on a keyboard, with what they do; mod has the platform's own modifier in front.
var keysInWords = []struct {
	mod        bool
	keys, does string // keys of the words
}{
	{true, "keys.new", "shell.new"},
	{true, "keys.places", "keys.places_does"},
	{true, "keys.settings", "place.settings"},
	{true, "keys.preset", "preset.hint"},
	{true, "keys.find", "chat.find"},
	{true, "keys.search", "search.title"},
	{true, "keys.export", "chat.export"},
	{true, "keys.return", "keys.return_does"},
	{true, "keys.undo", "keys.undo_does"},
	{true, "keys.size", "keys.size_does"},
	{false, "keys.tab", "keys.tab_does"},
	{false, "keys.escape", "keys.escape_does"},
	{false, "keys.up", "keys.up_does"},
	{false, "keys.walk", "keys.walk_does"},
	{false, "keys.rate", "keys.rate_does"},
	{false, "keys.versions", "keys.versions_does"},
	{false, "keys.answer", "keys.answer_does"},
	{false, "keys.help", "keys.help_does"},
}

// addKeys lists the keys.
func addKeys(list *fyne.Container) {
	for _, k := range keysInWords {
		keys := say(k.keys)
		if k.mod {
			keys = modifierName() + "+" + keys
		}
		list.Add(widgets.HStackTop(16, widgets.Sized(150, 0, widgets.Strong(keys)), widgets.Grow(widgets.Body(say(k.does)).Wrapped())))
	}
}

// submit saves what is open for editing, wherever in it the keyboard is, but not behind a menu or a dialog of files.
func (w *window) submit() {
	switch {
	case w.settings != nil:
		w.settings.submit()
	case len(w.frame.Canvas().Overlays().List()) > 0:
	case w.presets.open && w.presets.editor != nil:
		w.presets.editor.submit()
	case w.place == placeChat && w.chat.editor != nil:
		w.chat.editor.submit()
	case w.place == placeLessons && w.lessons.editor != nil:
		w.lessons.editor.submit()
	case w.place == placeLessons && w.lessons.edit != nil:
		w.lessons.edit.save()
	}
}

// strike does what a shortcut stands for, unless it would happen behind a layer.
func (w *window) strike(s shortcut) {
	if s.over || len(w.frame.Canvas().Overlays().List()) == 0 {
		s.do(w)
	}
}

// listen binds the shortcuts, Escape, and Ctrl+Q where the system does not bring a key of its own to quit.
func (w *window) listen() {
	c := w.frame.Canvas()
	for _, s := range shortcuts {
		modifier := fyne.KeyModifierShortcutDefault
		if s.shift {
			modifier |= fyne.KeyModifierShift
		}
		var keys fyne.Shortcut = &desktop.CustomShortcut{KeyName: s.key, Modifier: modifier}
		if s.key == fyne.KeyZ {
			keys = &fyne.ShortcutUndo{} // Fyne's own; a text field keeps it for its text
		}
		c.AddShortcut(keys, func(fyne.Shortcut) { w.strike(s) })
	}
	for key, step := range map[fyne.KeyName]int{fyne.KeyUp: -1, fyne.KeyDown: 1} {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierAlt}, func(fyne.Shortcut) {
			w.strike(shortcut{do: func(w *window) { w.chat.walk(step) }})
		})
	}
	if runtime.GOOS == "linux" {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyQ, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { w.askToQuit() })
	}
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyEscape:
			w.escape()
		case fyne.KeyF1:
			w.openSettingsAt(sectionKeys)
		}
	})
}
