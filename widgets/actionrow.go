package widgets

import (
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Action is something that can be done with what stands beside it.
type Action struct {
	Label    string
	Glyph    *Glyph
	Key      rune // the key that does it while the answer has the focus, 0 for none
	Kind     Kind // in notices
	IconOnly bool // the label is only spoken
	End      bool // at the end of the row
	OnTapped func()
	Items    func() []MenuItem // in place of OnTapped: what a menu below the button offers
}

// button makes the button of an action.
func (a Action) button(k Kind) *Button {
	if a.Items != nil {
		return NewMenuButton(a.Label, a.Glyph, k, a.Items)
	}
	return NewSmallButton(a.Label, a.Glyph, k, a.OnTapped)
}

// actionRow is the line below an answer: its rating and what can be done with it. Labels that do not fit become icons.
type actionRow struct {
	widget.BaseWidget
	stars   *Stars
	actions []Action
	buttons []*Button
	objs    []fyne.CanvasObject
}

var _ Flowing = (*actionRow)(nil)

func newActionRow(rated func(int)) *actionRow {
	r := &actionRow{stars: NewStars(0, rated)}
	r.set(nil)
	r.ExtendBaseWidget(r)
	return r
}

func (r *actionRow) set(actions []Action) {
	r.actions, r.buttons, r.objs = actions, nil, []fyne.CanvasObject{r.stars}
	for _, a := range actions {
		b := a.button(Ghost)
		b.Hint = a.Label
		r.buttons = append(r.buttons, b)
		r.objs = append(r.objs, b)
	}
}

// key does the action of a key.
func (r *actionRow) key(k rune) bool {
	for i, a := range r.actions {
		if a.Key != 0 && unicode.ToLower(a.Key) == unicode.ToLower(k) {
			r.buttons[i].Tapped(nil)
			return true
		}
	}
	return false
}

const actionGap, actionStarsGap float32 = 2, 12

// label shows or drops the labels and returns the width that the row then needs.
func (r *actionRow) label(on bool) float32 {
	w := r.stars.MinSize().Width + actionStarsGap
	for i, b := range r.buttons {
		text := ""
		if on && !r.actions[i].IconOnly || b.Glyph == nil {
			text = r.actions[i].Label
		}
		if b.Text != text {
			b.Text = text
			b.Refresh()
		}
		w += b.MinSize().Width + actionGap
	}
	return w
}

// HeightAt implements Flowing.
func (r *actionRow) HeightAt(float32) float32 { return r.MinSize().Height }

func (r *actionRow) inside() []fyne.CanvasObject { return r.objs }

// CreateRenderer implements fyne.Widget.
func (r *actionRow) CreateRenderer() fyne.WidgetRenderer { return &actionRowRenderer{r} }

type actionRowRenderer struct{ r *actionRow }

func (n *actionRowRenderer) Destroy()                     {}
func (n *actionRowRenderer) Objects() []fyne.CanvasObject { return n.r.objs }
func (n *actionRowRenderer) MinSize() fyne.Size {
	m := n.r.stars.MinSize()
	for _, b := range n.r.buttons {
		m.Height = fyne.Max(m.Height, b.MinSize().Height)
	}
	return m
}

func (n *actionRowRenderer) Layout(s fyne.Size) {
	if n.r.label(true) > s.Width {
		n.r.label(false)
	}
	m := n.r.stars.MinSize()
	place(n.r.stars, 0, (s.Height-m.Height)/2, m.Width, m.Height)
	x, end := m.Width+actionStarsGap, s.Width
	for i := len(n.r.buttons) - 1; i >= 0; i-- {
		if n.r.actions[i].End {
			m := n.r.buttons[i].MinSize()
			end -= m.Width
			place(n.r.buttons[i], end, (s.Height-m.Height)/2, m.Width, m.Height)
			end -= actionGap
		}
	}
	for i, b := range n.r.buttons {
		if !n.r.actions[i].End {
			m := b.MinSize()
			place(b, x, (s.Height-m.Height)/2, m.Width, m.Height)
			x += m.Width + actionGap
		}
	}
}

func (n *actionRowRenderer) Refresh() {
	for _, o := range n.r.objs {
		o.Refresh()
	}
	n.Layout(n.r.Size())
}
