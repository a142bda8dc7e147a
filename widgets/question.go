package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Question is what the user said: plain text in a bubble at the right. It may be asked differently: a button beside the bubble, shown
// under the mouse, and below it which of several wordings it is.
type Question struct {
	widget.BaseWidget
	text  *Text
	edit  *Button // nil: it cannot be asked differently
	pager *Pager  // nil: it is the only one
}

var (
	_ Flowing           = (*Question)(nil)
	_ fyne.Accessible   = (*Question)(nil)
	_ desktop.Hoverable = (*Question)(nil)
)

// NewQuestion makes a bubble.
func NewQuestion(text string) *Question {
	q := &Question{text: NewText(Beginning(text), TextReading, ColorText).Wrapped()}
	q.ExtendBaseWidget(q)
	return q
}

// SetOnEdit offers to ask differently, by a button with a spoken name. Call it before the question is shown.
func (q *Question) SetOnEdit(hint string, f func()) {
	q.edit = NewIconButton(IconPencil, hint, f)
	q.edit.Quiet = true
}

// SetPager tells which of several wordings it is. Call it before the question is shown.
func (q *Question) SetPager(p *Pager) { q.pager = p }

// MouseIn implements desktop.Hoverable.
func (q *Question) MouseIn(*desktop.MouseEvent) { q.setNear(true) }

// MouseMoved implements desktop.Hoverable.
func (q *Question) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (q *Question) MouseOut() { q.setNear(false) }

func (q *Question) setNear(on bool) {
	if q.edit != nil {
		q.edit.near = on
		q.edit.Refresh()
	}
}

// SetMarker makes something stand out in the text.
func (q *Question) SetMarker(m Marker) { q.text.Marker = m }

const (
	bubbleShare  float32 = .8 // of the column
	bubbleX      float32 = 16
	bubbleY      float32 = 9
	bubbleRadius float32 = 14
)

// inner is the width of the words in a column of a width.
func (q *Question) inner(width float32) float32 {
	most := fyne.Max(width*bubbleShare, fyne.Min(width, 240)) - 2*bubbleX
	return fyne.Min(q.text.natural()+1, most)
}

// bubble is the height of the bubble in a column of a width.
func (q *Question) bubble(width float32) float32 {
	return q.text.HeightAt(q.inner(width)) + 2*bubbleY
}

// HeightAt implements Flowing.
func (q *Question) HeightAt(width float32) float32 {
	h := q.bubble(width)
	if q.pager != nil {
		h += q.pager.before.MinSize().Height
	}
	return h
}

// AccessibilityLabel implements fyne.Accessible.
func (q *Question) AccessibilityLabel() string { return q.text.Text }

// AccessibilityRole implements fyne.Accessible.
func (q *Question) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (q *Question) inside() (objs []fyne.CanvasObject) {
	if q.edit != nil {
		objs = append(objs, q.edit)
	}
	if q.pager != nil {
		objs = append(objs, q.pager)
	}
	return objs
}

// CreateRenderer implements fyne.Widget.
func (q *Question) CreateRenderer() fyne.WidgetRenderer {
	return &questionRenderer{q: q, box: NewBox(ColorBubble, "", bubbleRadius)}
}

type questionRenderer struct {
	q   *Question
	box *Box
}

func (r *questionRenderer) Destroy() {}
func (r *questionRenderer) Objects() []fyne.CanvasObject {
	var o []fyne.CanvasObject
	if r.q.edit != nil {
		o = append(o, r.q.edit)
	}
	o = append(o, r.box, r.q.text)
	if r.q.pager != nil {
		o = append(o, r.q.pager)
	}
	return o
}

func (r *questionRenderer) MinSize() fyne.Size {
	if w := r.q.Size().Width; w > 0 {
		return fyne.NewSize(80, r.q.HeightAt(w))
	}
	return fyne.NewSize(80, heightNow(r.q.text, 0)+2*bubbleY)
}

func (r *questionRenderer) Layout(s fyne.Size) {
	w, h := r.q.inner(s.Width), r.q.bubble(s.Width)
	x := s.Width - w - 2*bubbleX
	place(r.box, x, 0, w+2*bubbleX, h)
	place(r.q.text, x+bubbleX, bubbleY, w, h-2*bubbleY)
	if r.q.edit != nil {
		m := r.q.edit.MinSize()
		place(r.q.edit, x-m.Width-Gap4, fyne.Max(0, (r.q.text.lineHeight()+2*bubbleY-m.Height)/2), m.Width, m.Height)
	}
	if r.q.pager != nil {
		w := r.q.pager.MinSize().Width
		place(r.q.pager, s.Width-w, h, w, r.q.pager.before.MinSize().Height)
	}
}

func (r *questionRenderer) Refresh() {
	r.box.Refresh()
	r.q.text.Refresh()
	r.Layout(r.q.Size())
	canvas.Refresh(r.q)
}
