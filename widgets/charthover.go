package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

// pointer is what a chart shows under the mouse: a line with the value there, and the part that is being dragged over.
type pointer struct {
	line, picked *canvas.Rectangle
	ground       *Box
	words        *Text
	from, to     float32 // of what is dragged over, in the plot
	dragging     bool
}

func newPointer() *pointer {
	p := &pointer{line: canvas.NewRectangle(nil), picked: canvas.NewRectangle(nil), ground: NewBox(ColorRaised, ColorBorder, 6), words: Caption("").In(ColorText)}
	p.hide()
	return p
}

func (p *pointer) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{p.picked, p.line, p.ground, p.words}
}

func (p *pointer) hide() {
	for _, o := range p.objects() {
		o.Hide()
	}
}

var (
	_ desktop.Hoverable = (*LineChart)(nil)
	_ fyne.Draggable    = (*LineChart)(nil)
)

// MouseIn implements desktop.Hoverable: it shows the value under the mouse.
func (c *LineChart) MouseIn(e *desktop.MouseEvent) { c.point(e.Position) }

// MouseMoved implements desktop.Hoverable.
func (c *LineChart) MouseMoved(e *desktop.MouseEvent) { c.point(e.Position) }

// MouseOut implements desktop.Hoverable.
func (c *LineChart) MouseOut() {
	if !c.pointer.dragging {
		c.pointer.hide()
		canvas.Refresh(c)
	}
}

// inPlot is how far to the right in the plot a place of the chart lies, kept to the plot.
func (c *LineChart) inPlot(x float32) float32 {
	return fyne.Max(0, fyne.Min(x-c.plotAt.X, c.plot.Width))
}

// valueAt is the x value there.
func (c *LineChart) valueAt(x float32) float64 {
	a := c.chart.X
	return a.Min + float64(x/fyne.Max(c.plot.Width, 1))*(a.Max-a.Min)
}

func (c *LineChart) point(at fyne.Position) {
	if c.chart.Tell == nil || c.plot.Width <= 0 {
		return
	}
	p, x := c.pointer, c.inPlot(at.X)
	p.words.Text = c.chart.Tell(c.valueAt(x))
	p.line.FillColor = col(ColorMuted)
	place(p.line, c.plotAt.X+x, c.plotAt.Y, 1, c.plot.Height)
	w, h := p.words.natural()+2*Gap8, whole(scaled(TextCaption)*1.9)
	left := c.plotAt.X + x + Gap8
	if left+w > c.Size().Width {
		left = fyne.Max(0, c.plotAt.X+x-Gap8-w)
	}
	place(p.ground, left, c.plotAt.Y+Gap4, w, h)
	place(p.words, left+Gap8, c.plotAt.Y+Gap4, w-2*Gap8, h)
	for _, o := range p.objects()[1:] {
		o.Show()
	}
	p.words.Refresh()
	canvas.Refresh(c)
}

// leastDrag is less than a hand means as a part of the chart.
const leastDrag float32 = 8

// Dragged implements fyne.Draggable: it marks the part that is meant.
func (c *LineChart) Dragged(e *fyne.DragEvent) {
	if c.OnRange == nil {
		return
	}
	p := c.pointer
	if !p.dragging {
		p.dragging, p.from = true, c.inPlot(e.Position.X-e.Dragged.DX)
		p.picked.FillColor = fade(col(ColorPrimary), .15)
		p.picked.Show()
	}
	p.to = c.inPlot(e.Position.X)
	place(p.picked, c.plotAt.X+fyne.Min(p.from, p.to), c.plotAt.Y, fyne.Max(p.from, p.to)-fyne.Min(p.from, p.to), c.plot.Height)
	c.point(e.Position)
	canvas.Refresh(c)
}

// DragEnd implements fyne.Draggable.
func (c *LineChart) DragEnd() {
	p := c.pointer
	if !p.dragging {
		return
	}
	p.dragging = false
	p.hide()
	canvas.Refresh(c)
	if from, to := fyne.Min(p.from, p.to), fyne.Max(p.from, p.to); to-from >= leastDrag {
		c.OnRange(c.valueAt(from), c.valueAt(to))
	}
}
