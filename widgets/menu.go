package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// MenuItem is one line of a menu.
type MenuItem struct {
	Glyph     *Glyph
	Title     string
	Text      string // what it does, may be empty
	Key       string // the keys that do the same, as shown
	Danger    bool
	Disabled  bool
	Separator bool // only a line; the rest is ignored
	OnTapped  func()
}

// Menu is a list of things to do that floats over the window. Up and down walk, return does, Escape closes, and so does a tap beside.
type Menu struct {
	layer *overlay
	rows  []*Row
}

const menuWidth float32 = 220

// ShowMenu opens a menu below an object, or above it where there is no room.
func ShowMenu(anchor fyne.CanvasObject, items ...MenuItem) *Menu {
	c := canvasOf(anchor)
	if c == nil {
		return nil
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(anchor)
	m := newMenu(items)
	size := m.layer.content.MinSize()
	x := at.X
	if x+size.Width > c.Size().Width-Gap8 { // its end under the anchor's end
		x = at.X + anchor.Size().Width - size.Width
	}
	y := at.Y + anchor.Size().Height + Gap4
	if y+size.Height > c.Size().Height-Gap8 && at.Y-size.Height-Gap4 > 0 {
		y = at.Y - size.Height - Gap4
	}
	m.show(c, fyne.NewPos(x, y))
	return m
}

// ShowMenuAt opens a menu at a place of the canvas, as for a secondary tap.
func ShowMenuAt(c fyne.Canvas, at fyne.Position, items ...MenuItem) *Menu {
	m := newMenu(items)
	m.show(c, at)
	return m
}

// NewMenuButton makes a button that opens a menu below itself; items is asked each time.
func NewMenuButton(text string, g *Glyph, k Kind, items func() []MenuItem) *Button {
	b := NewSmallButton(text, g, k, nil)
	b.OnTapped = func() { ShowMenu(b, items()...) }
	return b
}

// Close takes the menu away.
func (m *Menu) Close() { m.layer.close() }

func newMenu(items []MenuItem) *Menu {
	m := &Menu{}
	list := VStack(Gap2)
	for _, item := range items {
		if item.Separator {
			list.Add(Pad(Rule(), Gap4, 10))
			continue
		}
		row := NewRow(menuLine(item), 32, func() {
			m.Close()
			if item.OnTapped != nil {
				item.OnTapped()
			}
		})
		row.Hint = item.Title
		if item.Text != "" {
			row.Hint += ", " + item.Text
		}
		at := len(m.rows)
		row.OnStep = func(step int) { m.step(at, step) }
		if item.Disabled {
			row.Disable()
		}
		m.rows = append(m.rows, row)
		list.Add(row)
	}
	ground := NewBox(ColorRaised, ColorBorder, RadiusCard)
	ground.Shadow = 24
	m.layer = newOverlay(Layers(ground, Pad(list, 6)), "")
	return m
}

// menuLine is what stands on a row.
func menuLine(item MenuItem) fyne.CanvasObject {
	ink := ColorText
	switch {
	case item.Disabled:
		ink = theme.ColorNameDisabled
	case item.Danger:
		ink = ColorError
	}
	line := HStack(Gap12)
	if item.Glyph != nil {
		line.Add(NewIcon(*item.Glyph, 18, ink))
	}
	title := Body(item.Title).In(ink)
	words := VStack(1, title)
	if item.Text != "" {
		title.Bold()
		words.Add(Caption(item.Text))
	}
	line.Add(Grow(words))
	if item.Key != "" {
		line.Add(Caption(item.Key))
	}
	return Pad(line, 5, 10)
}

// step gives the keyboard to the next row that can have it, round the ends.
func (m *Menu) step(from, step int) {
	n := len(m.rows)
	for k := 1; k <= n; k++ {
		if r := m.rows[((from+step*k)%n+n)%n]; !r.Disabled() {
			focus(r)
			return
		}
	}
}

func (m *Menu) show(c fyne.Canvas, at fyne.Position) {
	size := m.layer.content.MinSize()
	size.Width = fyne.Max(size.Width, menuWidth)
	size.Height = HeightAt(m.layer.content, size.Width)
	m.layer.place = func(window fyne.Size) (fyne.Position, fyne.Size) {
		x := fyne.Max(Gap8, fyne.Min(at.X, window.Width-size.Width-Gap8))
		y := fyne.Max(Gap8, fyne.Min(at.Y, window.Height-size.Height-Gap8))
		return fyne.NewPos(x, y), size
	}
	m.layer.tapBesideCloses = true
	m.layer.show(c)
	for _, r := range m.rows {
		if !r.Disabled() {
			c.Focus(r) // not by focus: Fyne knows the canvas of an object only once it was painted
			break
		}
	}
}
