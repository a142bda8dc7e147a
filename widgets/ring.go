package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Ring is a round progress with a glyph inside.
type Ring struct {
	widget.BaseWidget
	spoken
	Value float64             // 0 to 1; below 0 draws no progress
	Color fyne.ThemeColorName // of the glyph and the progress
	Fill  fyne.ThemeColorName
	Glyph Glyph
	D     float32
}

var _ fyne.Accessible = (*Ring)(nil)

// NewRing makes a ring.
func NewRing(g Glyph, v float64, c, fill fyne.ThemeColorName, d float32) *Ring {
	r := &Ring{Value: v, Color: c, Fill: fill, Glyph: g, D: d}
	r.ExtendBaseWidget(r)
	return r
}

// Set shows another glyph, progress and colours.
func (g *Ring) Set(glyph Glyph, v float64, c, fill fyne.ThemeColorName) {
	if g.Glyph != glyph || g.Value != v || g.Color != c || g.Fill != fill {
		g.Glyph, g.Value, g.Color, g.Fill = glyph, v, c, fill
		g.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (g *Ring) CreateRenderer() fyne.WidgetRenderer {
	r := &ringRenderer{g: g, icon: NewIcon(g.Glyph, whole(g.D*.44), g.Color)}
	r.raster = canvas.NewRaster(r.draw)
	return r
}

type ringRenderer struct {
	g      *Ring
	raster *canvas.Raster
	icon   *Icon
}

func (r *ringRenderer) Destroy()                     {}
func (r *ringRenderer) MinSize() fyne.Size           { return fyne.NewSquareSize(r.g.D) }
func (r *ringRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.raster, r.icon} }

func (r *ringRenderer) Refresh() {
	r.icon.Glyph, r.icon.Color = r.g.Glyph, r.g.Color
	r.icon.Refresh()
	r.raster.Refresh()
}

func (r *ringRenderer) Layout(s fyne.Size) {
	d, i := r.g.D, whole(r.g.D*.44)
	place(r.raster, (s.Width-d)/2, (s.Height-d)/2, d, d)
	place(r.icon, (s.Width-i)/2, (s.Height-i)/2, i, i)
}

func (r *ringRenderer) draw(w, h int) image.Image {
	p := newPen(w, h)
	k := float32(w) / r.g.D
	at := point{float32(w) / 2, float32(h) / 2}
	radius := float32(w)/2 - 2*k
	p.dot(at, radius, col(r.g.Fill))
	if r.g.Fill == ColorSurface {
		p.stroke(arc(at, radius, 0, 2*math.Pi), 1.5*k, col(ColorBorder))
	}
	if r.g.Value >= 0 {
		p.stroke(arc(at, radius, 0, 2*math.Pi), 3*k, col(ColorTrack))
		p.stroke(arc(at, radius, -math.Pi/2, -math.Pi/2+2*math.Pi*math.Min(r.g.Value, 1)), 3*k, col(r.g.Color))
	}
	return p.img
}
