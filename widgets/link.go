package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// Link is a small text in the primary colour that can be tapped.
type Link struct {
	press
	Text string
}

var _ fyne.Accessible = (*Link)(nil)

// NewLink makes a link.
func NewLink(text string, tapped func()) *Link {
	l := &Link{Text: text}
	l.OnTapped = tapped
	l.ExtendBaseWidget(l)
	return l
}

// SetText shows other words.
func (l *Link) SetText(s string) {
	if l.Text != s {
		l.Text = s
		l.Refresh()
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (l *Link) AccessibilityLabel() string { return l.Text }

// AccessibilityRole implements fyne.Accessible.
func (l *Link) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleLink }

// CreateRenderer implements fyne.Widget.
func (l *Link) CreateRenderer() fyne.WidgetRenderer {
	r := &linkRenderer{l: l, text: canvas.NewText("", color.Transparent), ground: newGround(), line: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type linkRenderer struct {
	l *Link
	ground
	text *canvas.Text
	line *canvas.Rectangle
}

func (r *linkRenderer) Destroy() {}
func (r *linkRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.text, r.line, r.ring}
}

func (r *linkRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.text.MinSize().Width, target())
}

func (r *linkRenderer) Layout(s fyne.Size) {
	m := r.text.MinSize()
	y := (s.Height - m.Height) / 2
	place(r.text, 0, y, m.Width, m.Height)
	thick := float32(1)
	if r.l.pressed {
		thick = 2
	}
	place(r.line, 0, y+whole(m.Height*.86), m.Width, thick)
	r.layout(0, y, m.Width, m.Height, 3)
}

func (r *linkRenderer) Refresh() {
	ink := ColorPrimary
	if r.l.Disabled() {
		ink = theme.ColorNameDisabled
	}
	r.text.Text, r.text.TextSize, r.text.Color = r.l.Text, scaled(TextCaption), col(ink)
	r.line.FillColor = color.Transparent
	if r.l.hovered && !r.l.Disabled() {
		r.line.FillColor = col(ink)
	}
	r.paint(&r.l.press, "", "", 4, 3)
	r.Layout(r.l.Size())
	canvas.Refresh(r.l)
}
