package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// press is what everything that can be tapped has in common: the states hovered, pressed, focused and disabled, the hand as cursor,
// and that space and return press it.
type press struct {
	widget.DisableableWidget
	OnTapped func()
	Hint     string // spoken name where the words on it are not enough

	self fyne.CanvasObject // the widget that this is part of
	lost func()            // told when the keyboard leaves, may be nil

	hovered, pressed, focused bool
}

var (
	_ fyne.Tappable      = (*press)(nil)
	_ fyne.Focusable     = (*press)(nil)
	_ fyne.Disableable   = (*press)(nil)
	_ desktop.Hoverable  = (*press)(nil)
	_ desktop.Mouseable  = (*press)(nil)
	_ desktop.Cursorable = (*press)(nil)
)

// ExtendBaseWidget remembers the widget that this is part of: the window knows only that one.
func (p *press) ExtendBaseWidget(w fyne.Widget) {
	p.self = w
	p.DisableableWidget.ExtendBaseWidget(w)
}

// Tapped implements fyne.Tappable.
func (p *press) Tapped(*fyne.PointEvent) {
	if !p.Disabled() && p.OnTapped != nil {
		p.OnTapped()
	}
}

// FocusGained implements fyne.Focusable.
func (p *press) FocusGained() {
	p.focused = true
	p.Refresh()
	reveal(p.self) // a click on it gives it no focus: this was the keyboard
}

// FocusLost implements fyne.Focusable.
func (p *press) FocusLost() {
	p.focused = false
	p.Refresh()
	if p.lost != nil {
		p.lost()
	}
}

// TypedRune implements fyne.Focusable.
func (p *press) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *press) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Tapped(nil)
	default:
		unusedKey(p.self, e)
	}
}

// MouseIn implements desktop.Hoverable.
func (p *press) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (p *press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *press) MouseOut() { p.hovered, p.pressed = false, false; p.Refresh() }

// MouseDown implements desktop.Mouseable.
func (p *press) MouseDown(*desktop.MouseEvent) { p.pressed = true; p.Refresh() }

// MouseUp implements desktop.Mouseable.
func (p *press) MouseUp(*desktop.MouseEvent) { p.pressed = false; p.Refresh() }

// Cursor implements desktop.Cursorable.
func (p *press) Cursor() desktop.Cursor {
	if p.Disabled() {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// AccessibilityRole implements fyne.Accessible.
func (p *press) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// tint lays the state of the moment over a ground.
func (p *press) tint(ground color.Color) color.Color {
	switch {
	case p.Disabled():
		return ground
	case p.pressed:
		return over(col(theme.ColorNamePressed), ground)
	case p.hovered:
		return over(col(theme.ColorNameHover), ground)
	}
	return ground
}

// unusedKey hands a key that a focused widget has no use for to the window's own handler, which Fyne calls only when nothing has the
// focus: so Escape and the function keys work everywhere.
func unusedKey(o fyne.CanvasObject, e *fyne.KeyEvent) {
	if c := canvasOf(o); c != nil {
		if f := c.OnTypedKey(); f != nil {
			f(e)
		}
	}
}

// canvasOf is the canvas that shows o, nil for none and before o was painted for the first time.
func canvasOf(o fyne.CanvasObject) fyne.Canvas { return fyne.CurrentApp().Driver().CanvasForObject(o) }

// focus gives o the keyboard, if it is on the screen.
func focus(o interface {
	fyne.CanvasObject
	fyne.Focusable
},
) {
	if c := canvasOf(o); c != nil {
		c.Focus(o)
	}
}

// hasFocus tells whether o is what the keyboard goes to.
func hasFocus(o fyne.CanvasObject) bool {
	c := canvasOf(o)
	if c == nil {
		return false
	}
	f, ok := c.Focused().(fyne.CanvasObject)
	return ok && f == o
}

// over lays a over b.
func over(a, b color.Color) color.Color {
	ar, ag, ab, aa := a.RGBA()
	br, bg, bb, ba := b.RGBA()
	f := func(x, y uint32) uint16 { return uint16(x + y*(0xffff-aa)/0xffff) }
	return color.RGBA64{R: f(ar, br), G: f(ag, bg), B: f(ab, bb), A: f(aa, ba)}
}

// ground is what a tappable widget stands on, with the ring of the keyboard focus around it.
type ground struct{ bg, ring *canvas.Rectangle }

func newGround() ground {
	return ground{canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)}
}

// layout places the ground; the ring lies out outside of it (negative: inside, where neighbours or a scroller would cut it).
func (g ground) layout(x, y, w, h, out float32) {
	place(g.bg, x, y, w, h)
	place(g.ring, x-out, y-out, w+2*out, h+2*out)
}

// paint draws the state of p.
func (g ground) paint(p *press, fill, stroke fyne.ThemeColorName, radius, out float32) {
	g.bg.FillColor = p.tint(inked(fill))
	g.bg.StrokeColor, g.bg.StrokeWidth = inked(stroke), 0
	if stroke != "" {
		g.bg.StrokeWidth = 1
	}
	g.bg.CornerRadius = radius
	paintRing(g.ring, p.focused, radius+out)
}

// paintRing draws or hides the ring of the keyboard focus: two units in the primary colour.
func paintRing(ring *canvas.Rectangle, on bool, radius float32) {
	ring.FillColor, ring.StrokeColor, ring.StrokeWidth, ring.CornerRadius = color.Transparent, color.Transparent, 0, radius
	if on {
		ring.StrokeColor, ring.StrokeWidth = col(ColorPrimary), 2
	}
}
