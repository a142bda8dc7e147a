package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// RadioRow is one choice of RadioRows.
type RadioRow struct {
	Title    string
	Text     string            // a sentence below, may be empty
	Tag      fyne.CanvasObject // beside the title, may be nil
	Right    fyne.CanvasObject // at the end of the row, may be nil
	Disabled bool
}

// RadioRows are choices below each other of which one is on: rows without a ground, or cards.
type RadioRows struct {
	composite
	rows     []*radio
	on       int
	onChosen func(int)
}

// NewRadioRows makes plain rows; chosen is told the index. on is -1 for none.
func NewRadioRows(on int, chosen func(int), rows ...RadioRow) *RadioRows {
	return newRadioRows(false, on, chosen, rows)
}

// NewRadioCards makes cards: for few choices that matter.
func NewRadioCards(on int, chosen func(int), rows ...RadioRow) *RadioRows {
	return newRadioRows(true, on, chosen, rows)
}

func newRadioRows(cards bool, on int, chosen func(int), rows []RadioRow) *RadioRows {
	g := &RadioRows{on: on, onChosen: chosen}
	gap := Gap2
	if cards {
		gap = 10
	}
	list := VStack(gap)
	for i, row := range rows {
		r := newRadio(row, cards, i == on, func() { g.choose(i) })
		r.step = func(step int) { g.step(i, step) }
		g.rows = append(g.rows, r)
		list.Add(r)
	}
	g.content = list
	g.ExtendBaseWidget(g)
	return g
}

// On is the index of the choice, -1 for none.
func (g *RadioRows) On() int { return g.on }

// SetOn shows a choice without telling the callback.
func (g *RadioRows) SetOn(i int) {
	g.on = i
	for k, r := range g.rows {
		r.on = k == i
		r.Refresh()
	}
}

func (g *RadioRows) choose(i int) {
	if i == g.on {
		return
	}
	g.SetOn(i)
	if g.onChosen != nil {
		g.onChosen(i)
	}
}

// step chooses the next row that can be chosen, and takes the keyboard along.
func (g *RadioRows) step(from, step int) {
	for i := from + step; i >= 0 && i < len(g.rows); i += step {
		if !g.rows[i].Disabled() {
			focus(g.rows[i])
			g.choose(i)
			return
		}
	}
}

type radio struct {
	press
	on, card bool
	step     func(int)
	title    *Text
	text     *Text
	content  fyne.CanvasObject
}

var (
	_ fyne.Accessible = (*radio)(nil)
	_ Flowing         = (*radio)(nil)
)

func newRadio(row RadioRow, card, on bool, tapped func()) *radio {
	r := &radio{on: on, card: card, title: Strong(row.Title), text: Caption(row.Text).Cutting()}
	r.OnTapped = tapped
	head := HStack(Gap8, r.title)
	if row.Tag != nil {
		head.Add(row.Tag)
	}
	words := VStack(Gap2, head)
	if row.Text != "" {
		words.Add(r.text)
	}
	if !card {
		r.title.Style.Bold = false
		if row.Text != "" {
			r.text.Cut, r.text.Wrap = false, true
		}
	}
	line := HStack(14, Grow(words))
	if row.Right != nil {
		line.Add(row.Right)
	}
	r.content = line
	r.ExtendBaseWidget(r)
	if row.Disabled {
		r.Disable()
	}
	return r
}

// TypedKey implements fyne.Focusable: up and down choose the neighbour.
func (r *radio) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyUp, fyne.KeyLeft:
		r.step(-1)
	case fyne.KeyDown, fyne.KeyRight:
		r.step(1)
	default:
		r.press.TypedKey(e)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (r *radio) AccessibilityLabel() string {
	if r.text.Text != "" {
		return r.title.Text + ", " + r.text.Text
	}
	return r.title.Text
}

// HeightAt implements Flowing.
func (r *radio) HeightAt(width float32) float32 {
	p := r.padding()
	return fyne.Max(target(), HeightAt(r.content, width-2*p.Width-radioSign-radioGap)+2*p.Height)
}

const radioSign, radioGap float32 = 18, 12

// padding is the space around a row's content.
func (r *radio) padding() fyne.Size {
	if r.card {
		return fyne.NewSize(16, 14)
	}
	return fyne.NewSize(4, 4)
}

// CreateRenderer implements fyne.Widget.
func (r *radio) CreateRenderer() fyne.WidgetRenderer {
	n := &radioRenderer{r: r, ground: newGround(), sign: canvas.NewRectangle(nil), core: canvas.NewRectangle(nil)}
	n.Refresh()
	return n
}

func (r *radio) inside() []fyne.CanvasObject { return []fyne.CanvasObject{r.content} }

type radioRenderer struct {
	r *radio
	ground
	sign, core *canvas.Rectangle
}

func (n *radioRenderer) Destroy() {}
func (n *radioRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{n.bg, n.sign, n.core, n.r.content, n.ring}
}

func (n *radioRenderer) MinSize() fyne.Size {
	p := n.r.padding()
	w := n.r.content.MinSize().Width + 2*p.Width + radioSign + radioGap
	return fyne.NewSize(w, n.r.HeightAt(fyne.Max(n.r.Size().Width, w)))
}

func (n *radioRenderer) Layout(s fyne.Size) {
	n.layout(0, 0, s.Width, s.Height, 2)
	p := n.r.padding()
	y := (s.Height - radioSign) / 2
	place(n.sign, p.Width, y, radioSign, radioSign)
	place(n.core, p.Width+5, y+5, radioSign-10, radioSign-10)
	x := p.Width + radioSign + radioGap
	place(n.r.content, x, p.Height, s.Width-x-p.Width, s.Height-2*p.Height)
}

func (n *radioRenderer) Refresh() {
	r := n.r
	fill, stroke, radius := fyne.ThemeColorName(""), fyne.ThemeColorName(""), RadiusControl
	if r.card {
		fill, stroke, radius = ColorSurface, ColorBorder, RadiusCard
		if r.on {
			stroke = ColorPrimary
		}
	}
	n.paint(&r.press, fill, stroke, radius, 2)
	if r.card && r.on {
		n.bg.StrokeWidth = 2
	}
	r.title.Color = ColorText
	n.sign.FillColor, n.sign.StrokeColor, n.sign.StrokeWidth, n.sign.CornerRadius = col(ColorSurface), col(ColorInputBorder), 1.5, radioSign/2
	n.core.FillColor, n.core.CornerRadius = inked(""), (radioSign-10)/2
	switch {
	case r.Disabled():
		r.title.Color = theme.ColorNameDisabled
		n.sign.FillColor, n.sign.StrokeWidth = col(ColorTrack), 0
	case r.on:
		n.sign.FillColor, n.sign.StrokeWidth = col(ColorPrimary), 0
		n.core.FillColor = col(ColorOnPrimary)
	}
	r.content.Refresh()
	n.Layout(r.Size())
	canvas.Refresh(r)
}
