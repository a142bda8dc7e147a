package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Part is a share of a Parts bar.
type Part struct {
	N     int
	Color fyne.ThemeColorName
}

// Parts is a bar cut into coloured shares.
type Parts struct {
	widget.BaseWidget
	spoken
	Parts []Part
	H     float32
}

var _ fyne.Accessible = (*Parts)(nil)

// NewParts makes a bar of shares.
func NewParts(h float32, p ...Part) *Parts {
	b := &Parts{Parts: p, H: h}
	b.ExtendBaseWidget(b)
	return b
}

// Set shows other shares.
func (b *Parts) Set(p ...Part) {
	if !slices.Equal(b.Parts, p) {
		b.Parts = p
		b.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (b *Parts) CreateRenderer() fyne.WidgetRenderer { return &partsRenderer{b: b} }

type partsRenderer struct {
	b    *Parts
	objs []fyne.CanvasObject
}

func (r *partsRenderer) Destroy()                     {}
func (r *partsRenderer) MinSize() fyne.Size           { return fyne.NewSize(40, r.b.H) }
func (r *partsRenderer) Objects() []fyne.CanvasObject { return r.objs }
func (r *partsRenderer) Refresh()                     { r.Layout(r.b.Size()); canvas.Refresh(r.b) }
func (r *partsRenderer) Layout(s fyne.Size) {
	const gap = 3
	r.objs = nil
	var shown []Part
	total := 0
	for _, p := range r.b.Parts {
		if p.N > 0 {
			shown = append(shown, p)
			total += p.N
		}
	}
	w := s.Width - gap*float32(len(shown)-1)
	x := float32(0)
	for i, p := range shown {
		c := canvas.NewRectangle(col(p.Color))
		if i == 0 {
			c.TopLeftCornerRadius, c.BottomLeftCornerRadius = r.b.H/2, r.b.H/2
		}
		if i == len(shown)-1 {
			c.TopRightCornerRadius, c.BottomRightCornerRadius = r.b.H/2, r.b.H/2
		}
		share := w * float32(p.N) / float32(total)
		place(c, x, (s.Height-r.b.H)/2, share, r.b.H)
		x += share + gap
		r.objs = append(r.objs, c)
	}
}
