package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// Chip is a word on a round ground. It is a control, or only says something.
type Chip struct {
	press
	Text  string
	Glyph *Glyph
	Tone  Tone
	says  bool   // nothing to tap: the keyboard passes it by
	after *Glyph // what a tap does, drawn after the words
}

var _ fyne.Accessible = (*Chip)(nil)

// NewChip makes a chip that only says something; its icon may be nil.
func NewChip(text string, g *Glyph, tone Tone) *Chip {
	c := &Chip{Text: text, Glyph: g, Tone: tone, says: true}
	c.ExtendBaseWidget(c)
	c.Disable()
	return c
}

// NewTapChip makes a chip that can be tapped.
func NewTapChip(text string, g *Glyph, tone Tone, tapped func()) *Chip {
	c := &Chip{Text: text, Glyph: g, Tone: tone}
	c.OnTapped = tapped
	c.ExtendBaseWidget(c)
	return c
}

// AccessibilityLabel implements fyne.Accessible.
func (c *Chip) AccessibilityLabel() string {
	if c.Hint != "" {
		return c.Hint
	}
	return c.Text
}

// AccessibilityRole implements fyne.Accessible.
func (c *Chip) AccessibilityRole() fyne.AccessibleRole {
	if c.says {
		return fyne.AccessibleRoleText
	}
	return fyne.AccessibleRoleButton
}

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	r := &chipRenderer{c: c, ground: newGround(), text: Caption("").Cutting(), before: NewIcon(Glyph{}, chipIcon, ColorMuted), after: NewIcon(Glyph{}, chipIcon, ColorMuted)}
	r.Refresh()
	return r
}

const (
	chipHeight float32 = 22
	chipSide   float32 = 9
	chipIcon   float32 = 14
	chipGap    float32 = 5
)

type chipRenderer struct {
	c *Chip
	ground
	text          *Text
	before, after *Icon
}

func (r *chipRenderer) height() float32 { return fyne.Max(chipHeight, whole(scaled(TextCaption)*1.8)) }

func (r *chipRenderer) Destroy() {}
func (r *chipRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.bg}
	if r.c.Glyph != nil {
		o = append(o, r.before)
	}
	o = append(o, r.text)
	if r.c.after != nil {
		o = append(o, r.after)
	}
	return append(o, r.ring)
}

func (r *chipRenderer) MinSize() fyne.Size {
	w := r.text.natural() + 2*chipSide
	for _, g := range []*Glyph{r.c.Glyph, r.c.after} {
		if g != nil {
			w += chipIcon + chipGap
		}
	}
	h := r.height()
	if !r.c.says {
		h = fyne.Max(h, target())
	}
	return fyne.NewSize(w, h)
}

func (r *chipRenderer) Layout(s fyne.Size) {
	h := r.height()
	r.layout(0, (s.Height-h)/2, s.Width, h, 2)
	x, end := chipSide, s.Width-chipSide
	y := (s.Height - chipIcon) / 2
	if r.c.Glyph != nil {
		place(r.before, x-2, y, chipIcon, chipIcon)
		x += chipIcon + chipGap - 2
	}
	if r.c.after != nil {
		end -= chipIcon - 2
		place(r.after, end, y, chipIcon, chipIcon)
		end -= chipGap
	}
	place(r.text, x, 0, end-x, s.Height)
}

func (r *chipRenderer) Refresh() {
	c := r.c
	ink := c.Tone.Ink()
	if c.Disabled() && !c.says {
		ink = theme.ColorNameDisabled
	}
	r.paint(&c.press, c.Tone.Soft(), "", r.height()/2, 2)
	r.text.Text, r.text.Color = c.Text, ink
	r.text.Refresh()
	for icon, g := range map[*Icon]*Glyph{r.before: c.Glyph, r.after: c.after} {
		if g != nil {
			icon.Glyph, icon.Color = *g, ink
			icon.Refresh()
		}
	}
	r.Layout(c.Size())
	canvas.Refresh(c)
}
