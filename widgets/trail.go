package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Trail shows what became of one check over the last rounds: full bars known, half bars missing, low bars lost, lines not asked.
type Trail struct {
	widget.BaseWidget
	spoken
	States []State
}

var _ fyne.Accessible = (*Trail)(nil)

// TrailLength is how many rounds a trail shows.
const TrailLength = 8

// NewTrail makes a trail of the last rounds, the latest last; what is missing to TrailLength counts as not asked.
func NewTrail(s ...State) *Trail {
	t := &Trail{States: lastRounds(s)}
	t.ExtendBaseWidget(t)
	return t
}

func lastRounds(s []State) []State {
	s = s[max(0, len(s)-TrailLength):]
	return append(make([]State, TrailLength-len(s)), s...)
}

// Set shows other rounds.
func (t *Trail) Set(s ...State) {
	if s = lastRounds(s); !slices.Equal(t.States, s) {
		t.States = s
		t.Refresh()
	}
}

const trailBar, trailGap, trailHeight float32 = 7, 3, 18

// CreateRenderer implements fyne.Widget.
func (t *Trail) CreateRenderer() fyne.WidgetRenderer {
	r := &trailRenderer{t: t}
	for range TrailLength {
		c := canvas.NewRectangle(nil)
		c.CornerRadius = 2
		r.objs = append(r.objs, c)
	}
	r.Refresh()
	return r
}

type trailRenderer struct {
	t    *Trail
	objs []fyne.CanvasObject
}

func (r *trailRenderer) Destroy()                     {}
func (r *trailRenderer) Objects() []fyne.CanvasObject { return r.objs }
func (r *trailRenderer) MinSize() fyne.Size {
	return fyne.NewSize(TrailLength*trailBar+(TrailLength-1)*trailGap, trailHeight)
}

func (r *trailRenderer) Layout(s fyne.Size) {
	y := (s.Height - trailHeight) / 2
	for i, o := range r.objs {
		h := [...]float32{3, trailHeight, 10, 5}[r.t.States[i]]
		place(o, float32(i)*(trailBar+trailGap), y+trailHeight-h, trailBar, h)
	}
}

func (r *trailRenderer) Refresh() {
	for i, o := range r.objs {
		o.(*canvas.Rectangle).FillColor = col(r.t.States[i].Tone().Fill())
	}
	r.Layout(r.t.Size())
	canvas.Refresh(r.t)
}
