package widgets

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// ComposerWords are the words on a composer.
type ComposerWords struct {
	Placeholder string
	Send, Stop  string // spoken names of the button
}

// Composer is where the user writes: an entry that grows, and a button that sends, or stops while an answer is being written.
// Return sends, shift with return breaks the line, up in the empty composer asks for the last question.
type Composer struct {
	widget.BaseWidget
	// OnSend gets the text without blanks around it. The composer keeps it until SetText("") says that it is in good hands.
	OnSend    func(text string)
	OnStop    func()
	OnUp      func()
	OnEscape  func()
	OnChanged func(text string)
	OnTooLong func() // a paste was cut at EntryLimit

	words    ComposerWords
	entry    *composerEntry
	override *container.ThemeOverride
	button   *Button
	writing  bool
	reason   string
}

var _ Flowing = (*Composer)(nil)

// NewComposer makes a composer.
func NewComposer(words ComposerWords) *Composer {
	c := &Composer{words: words}
	c.entry = &composerEntry{c: c}
	c.entry.multiline(words.Placeholder)
	c.entry.OnChanged = func(string) { c.changed() }
	c.entry.OnTooLong = func() {
		if c.OnTooLong != nil {
			c.OnTooLong()
		}
	}
	c.entry.ExtendBaseWidget(c.entry)
	c.override = container.NewThemeOverride(c.entry, composerTheme)
	c.button = NewButton("", nil, Primary, c.act)
	c.ExtendBaseWidget(c)
	c.sync()
	return c
}

// Text is what the user has written.
func (c *Composer) Text() string { return c.entry.Text }

// SetText replaces what is written and puts the cursor at its end.
func (c *Composer) SetText(text string) { c.entry.SetText(text) }

// SetWriting turns the button into one that stops.
func (c *Composer) SetWriting(on bool) {
	if c.writing != on {
		c.writing = on
		c.sync()
	}
}

// SetBlocked closes the composer and says why in its place; an empty reason opens it. What was written stays.
func (c *Composer) SetBlocked(reason string) {
	if c.reason != reason {
		c.reason = reason
		c.sync()
	}
}

// Focus gives the composer the keyboard of a canvas, if it is on it. Fyne itself knows the canvas of an object only once it was painted.
func (c *Composer) Focus(on fyne.Canvas) {
	if pathTo(on.Content(), c.entry) != nil {
		on.Focus(c.entry)
	}
}

// Blocked says whether the composer is closed.
func (c *Composer) Blocked() bool { return c.reason != "" }

// HasFocus tells whether the composer has the keyboard.
func (c *Composer) HasFocus() bool { return hasFocus(c.entry) }

func (c *Composer) changed() {
	c.sync()
	if c.OnChanged != nil {
		c.OnChanged(c.entry.Text)
	}
}

// sync brings entry and button in line with the state.
func (c *Composer) sync() {
	glyph, hint, able := IconSend, c.words.Send, strings.TrimSpace(c.entry.Text) != "" && c.reason == ""
	if c.writing {
		glyph, hint, able = IconStop, c.words.Stop, true
	}
	c.button.Glyph, c.button.Hint = &glyph, hint
	if able {
		c.button.Enable()
	} else {
		c.button.Disable()
	}
	c.button.Refresh()
	placeholder := c.words.Placeholder
	if c.reason != "" {
		placeholder = c.reason
	}
	if c.entry.PlaceHolder != placeholder {
		c.entry.SetPlaceHolder(placeholder)
	}
	if (c.reason != "") != c.entry.Disabled() {
		if c.reason != "" {
			c.entry.Disable()
		} else {
			c.entry.Enable()
		}
	}
	c.Refresh()
}

func (c *Composer) act() {
	if c.writing {
		if c.OnStop != nil {
			c.OnStop()
		}
		return
	}
	c.send()
}

func (c *Composer) send() {
	text := strings.TrimSpace(c.entry.Text)
	if text != "" && !c.writing && c.reason == "" && c.OnSend != nil {
		c.OnSend(text)
	}
}

// composerTheme is that of an entry on a ground of its own: text in the size of conversations. Fyne's cursor is as wide as the border
// of its entries.
var composerTheme = variation{sizes: map[fyne.ThemeSizeName]float32{theme.SizeNameText: TextReading, theme.SizeNameInputBorder: 2}}

const (
	composerRows           = 8
	composerPad    float32 = 6
	composerRadius float32 = 14
)

// HeightAt implements Flowing.
func (c *Composer) HeightAt(width float32) float32 {
	b := c.button.MinSize()
	return fyne.Max(c.entry.heightOf(width-b.Width-3*composerPad, 1, composerRows), b.Height) + 2*composerPad
}

func (c *Composer) inside() []fyne.CanvasObject { return []fyne.CanvasObject{c.override, c.button} }

// CreateRenderer implements fyne.Widget.
func (c *Composer) CreateRenderer() fyne.WidgetRenderer {
	r := &composerRenderer{c: c, box: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type composerRenderer struct {
	c   *Composer
	box *canvas.Rectangle
}

func (r *composerRenderer) Destroy() {}
func (r *composerRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.box, r.c.override, r.c.button}
}

func (r *composerRenderer) MinSize() fyne.Size {
	return fyne.NewSize(160, r.c.HeightAt(fyne.Max(r.c.Size().Width, 160)))
}

func (r *composerRenderer) Layout(s fyne.Size) {
	b := r.c.button.MinSize()
	place(r.box, 0, 0, s.Width, s.Height)
	w := s.Width - b.Width - 3*composerPad
	h := fyne.Min(r.c.entry.heightOf(w, 1, composerRows), s.Height-2*composerPad)
	place(r.c.override, composerPad, (s.Height-h)/2, w, h)
	place(r.c.button, s.Width-b.Width-composerPad-2, s.Height-b.Height-composerPad-2, b.Width, b.Height)
}

func (r *composerRenderer) Refresh() {
	stroke := ColorInputBorder
	r.box.StrokeWidth = 1
	switch {
	case r.c.reason != "":
		stroke = ColorBorder
	case r.c.entry.focused:
		stroke, r.box.StrokeWidth = ColorPrimary, 2
	}
	r.box.FillColor, r.box.StrokeColor, r.box.CornerRadius = col(ColorSurface), col(stroke), composerRadius
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

// composerEntry is the entry inside of a composer.
type composerEntry struct {
	entry
	c              *Composer
	shift, focused bool
}

// CreateRenderer implements fyne.Widget.
func (e *composerEntry) CreateRenderer() fyne.WidgetRenderer {
	return bareEntry{e.Entry.CreateRenderer()}
}

// bareEntry is an entry without the ground and the border that Fyne draws.
type bareEntry struct{ fyne.WidgetRenderer }

// Objects implements fyne.WidgetRenderer.
func (r bareEntry) Objects() []fyne.CanvasObject {
	return slices.DeleteFunc(slices.Clone(r.WidgetRenderer.Objects()), func(o fyne.CanvasObject) bool {
		_, is := o.(*canvas.Rectangle)
		return is
	})
}

// MinSize implements fyne.CanvasObject: the composer decides the size.
func (e *composerEntry) MinSize() fyne.Size { return fyne.NewSize(e.Entry.MinSize().Width, 0) }

// KeyDown implements desktop.Keyable: Fyne tells no modifiers with a typed key.
func (e *composerEntry) KeyDown(k *fyne.KeyEvent) { e.setShift(k, true); e.Entry.KeyDown(k) }

// KeyUp implements desktop.Keyable.
func (e *composerEntry) KeyUp(k *fyne.KeyEvent) { e.setShift(k, false); e.Entry.KeyUp(k) }

func (e *composerEntry) setShift(k *fyne.KeyEvent, down bool) {
	if k.Name == desktop.KeyShiftLeft || k.Name == desktop.KeyShiftRight {
		e.shift = down
	}
}

// FocusGained implements fyne.Focusable.
func (e *composerEntry) FocusGained() { e.focused = true; e.entry.FocusGained(); e.c.Refresh() }

// FocusLost implements fyne.Focusable.
func (e *composerEntry) FocusLost() {
	e.focused, e.shift = false, false
	e.entry.FocusLost()
	e.c.Refresh()
}

// TypedKey implements fyne.Focusable.
func (e *composerEntry) TypedKey(k *fyne.KeyEvent) {
	switch {
	case (k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter) && !e.shift:
		e.c.send()
	case k.Name == fyne.KeyUp && e.Text == "" && e.c.OnUp != nil:
		e.c.OnUp()
	case k.Name == fyne.KeyEscape && e.c.writing && e.c.OnStop != nil:
		e.c.OnStop()
	case k.Name == fyne.KeyEscape && e.c.OnEscape != nil:
		e.c.OnEscape()
	default:
		e.entry.TypedKey(k)
	}
}
