package widgets

import (
	"math"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// entry is Fyne's text entry with what every text field of the program has besides: a key that submits, one that leaves, and the
// window's shortcuts while it has the focus.
type entry struct {
	widget.Entry
	OnSubmit func() // the shortcut key with return; in a single line return alone
	OnEscape func()
	Name     string // spoken name; the placeholder if empty

	// OnTooLong is told when a paste was cut at EntryLimit.
	OnTooLong func()

	self   fyne.CanvasObject // the widget that this is part of
	cursor blinking
}

// EntryLimit is how many characters fit into a text field. Fyne's entry lays its whole text out on every key: beyond this it takes
// longer than a twentieth of a second, and a pasted book would stop the window.
const EntryLimit = 50_000

var (
	_ fyne.Accessible   = (*entry)(nil)
	_ fyne.Shortcutable = (*entry)(nil)
)

// ExtendBaseWidget remembers the widget that this is part of: the window knows only that one.
func (e *entry) ExtendBaseWidget(w fyne.Widget) {
	e.self = w
	e.Entry.ExtendBaseWidget(w)
}

// SetText shows another text with the cursor at its end, where the user goes on.
func (e *entry) SetText(text string) {
	e.Entry.SetText(text)
	e.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
}

// AcceptsTab implements fyne.Tabbable: Tab leads on, also out of a text of several lines.
func (e *entry) AcceptsTab() bool { return false }

// TypedKey implements fyne.Focusable.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	e.blink()
	switch {
	case k.Name == fyne.KeyEscape && e.OnEscape != nil:
		e.OnEscape()
	case k.Name == fyne.KeyEscape, len(k.Name) > 1 && k.Name[0] == 'F': // F1 to F12
		unusedKey(e.self, k)
	case !e.MultiLine && e.OnSubmit != nil && (k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter):
		e.OnSubmit()
	case k.Name == fyne.KeyBackspace:
		e.edit(func() { e.Entry.TypedKey(k) })
	default:
		e.Entry.TypedKey(k)
	}
}

// TypedShortcut implements fyne.Shortcutable. Fyne's entry swallows every shortcut, even those it does not know, so the window's own
// would be dead while the user writes.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	e.blink()
	paste, isPaste := s.(*fyne.ShortcutPaste)
	switch {
	case isPaste:
		e.paste(paste)
	case e.MultiLine && e.OnSubmit != nil && isSubmit(s):
		e.OnSubmit()
	case !e.edits(s):
		runShortcut(canvasOf(e.self), s)
	}
}

// edits does what a shortcut does in an entry, and says whether it is one of an entry: an undo with nothing of the text to take back
// is the window's.
func (e *entry) edits(s fyne.Shortcut) bool {
	if !isEditing(s) {
		return false
	}
	before := e.Text
	e.Entry.TypedShortcut(s)
	_, undo := s.(*fyne.ShortcutUndo)
	return !undo || e.Text != before
}

// lineEnds makes the ends of lines of Windows' clipboard those of what is typed.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// paste inserts what the clipboard holds as far as it fits.
func (e *entry) paste(s *fyne.ShortcutPaste) {
	room := EntryLimit - utf8.RuneCountInString(e.Text) + utf8.RuneCountInString(e.SelectedText())
	text := lineEnds.Replace(s.Clipboard.Content())
	cut := len(text)
	for i := range text { // ends after room characters, however much more there is
		if room--; room < 0 {
			cut = i
			break
		}
	}
	e.edit(func() {
		e.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip(text[:cut]), Secondary: s.Secondary})
	})
	if cut < len(text) && e.OnTooLong != nil {
		e.OnTooLong()
	}
}

// clip is a clipboard that holds a text.
type clip string

// Content implements fyne.Clipboard.
func (c clip) Content() string { return string(c) }

// SetContent implements fyne.Clipboard.
func (clip) SetContent(string) {}

// isSubmit tells whether a shortcut is the shortcut key with return.
func isSubmit(s fyne.Shortcut) bool {
	c, ok := s.(*desktop.CustomShortcut)
	return ok && c.Modifier == fyne.KeyModifierShortcutDefault && (c.KeyName == fyne.KeyReturn || c.KeyName == fyne.KeyEnter)
}

// isEditing tells whether a shortcut is one that Fyne's entry knows: those with a name of their own, and moving and cutting by words.
func isEditing(s fyne.Shortcut) bool {
	c, ok := s.(*desktop.CustomShortcut)
	if !ok {
		return true
	}
	switch c.KeyName {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyBackspace, fyne.KeyDelete, fyne.KeyHome, fyne.KeyEnd:
		return true
	}
	return false
}

// runShortcut does what a window has a shortcut for.
func runShortcut(c fyne.Canvas, s fyne.Shortcut) {
	if x, ok := c.(fyne.Shortcutable); ok {
		x.TypedShortcut(s)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (e *entry) AccessibilityLabel() string {
	if e.Name != "" {
		return e.Name
	}
	return e.PlaceHolder
}

// AccessibilityRole implements fyne.Accessible.
func (e *entry) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// Line is a text field of one line. Return submits.
type Line struct{ entry }

// NewLine makes a line.
func NewLine(placeholder string, changed func(string)) *Line {
	l := &Line{}
	l.Wrapping = fyne.TextWrapOff
	l.PlaceHolder, l.OnChanged = placeholder, changed
	l.ExtendBaseWidget(l)
	return l
}

// Editor is a text field of several lines that grows with its text. The shortcut key with return submits.
type Editor struct {
	entry
	MinRows, MaxRows int
}

var _ Flowing = (*Editor)(nil)

// NewEditor makes an editor of two to twelve rows.
func NewEditor(placeholder string, changed func(string)) *Editor {
	e := &Editor{MinRows: 2, MaxRows: 12}
	e.multiline(placeholder)
	e.OnChanged = changed
	e.ExtendBaseWidget(e)
	return e
}

func (e *entry) multiline(placeholder string) {
	e.MultiLine, e.Wrapping, e.PlaceHolder = true, fyne.TextWrapWord, placeholder
}

// heightOf is the height at a width of an entry that shows all of its text between two numbers of rows.
func (e *entry) heightOf(width float32, least, most int) float32 {
	th := e.Theme()
	size, inner := th.Size(theme.SizeNameText), th.Size(theme.SizeNameInnerPadding)
	rows := least
	if width > 2*inner {
		rows = min(max(len(wrap(e.Text, width-2*inner, size, e.TextStyle)), least), most)
	}
	// A height cut by a fraction would show a scroll bar.
	return float32(math.Ceil(float64(float32(rows)*fyne.MeasureText("M", size, e.TextStyle).Height + 2*inner)))
}

// HeightAt implements Flowing.
func (e *Editor) HeightAt(width float32) float32 { return e.heightOf(width, e.MinRows, e.MaxRows) }

// MinSize implements fyne.CanvasObject.
func (e *Editor) MinSize() fyne.Size {
	return fyne.NewSize(e.Entry.MinSize().Width, e.HeightAt(e.Size().Width))
}
