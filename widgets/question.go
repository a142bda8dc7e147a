package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Question is what the user said: plain text in a bubble at the right.
type Question struct {
	widget.BaseWidget
	text *Text
}

var (
	_ Flowing         = (*Question)(nil)
	_ fyne.Accessible = (*Question)(nil)
)

// NewQuestion makes a bubble.
func NewQuestion(text string) *Question {
	q := &Question{text: NewText(text, TextReading, ColorText).Wrapped()}
	q.ExtendBaseWidget(q)
	return q
}

// SetText shows other words.
func (q *Question) SetText(text string) {
	q.text.Text = text
	q.Refresh()
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

// HeightAt implements Flowing.
func (q *Question) HeightAt(width float32) float32 {
	return q.text.HeightAt(q.inner(width)) + 2*bubbleY
}

// AccessibilityLabel implements fyne.Accessible.
func (q *Question) AccessibilityLabel() string { return q.text.Text }

// AccessibilityRole implements fyne.Accessible.
func (q *Question) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

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
	return []fyne.CanvasObject{r.box, r.q.text}
}

func (r *questionRenderer) MinSize() fyne.Size {
	return fyne.NewSize(80, heightNow(r.q.text, r.q.text.Size().Width)+2*bubbleY)
}

func (r *questionRenderer) Layout(s fyne.Size) {
	w := r.q.inner(s.Width)
	x := s.Width - w - 2*bubbleX
	place(r.box, x, 0, w+2*bubbleX, s.Height)
	place(r.q.text, x+bubbleX, bubbleY, w, s.Height-2*bubbleY)
}

func (r *questionRenderer) Refresh() {
	r.box.Refresh()
	r.q.text.Refresh()
	r.Layout(r.q.Size())
	canvas.Refresh(r.q)
}
