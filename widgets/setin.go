package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// setIn puts blocks below each other, set in from the left, where a mark stands beside them: a bullet, the bar of a quote. Unlike the
// stacks it asks each block for its height once: these stand inside of each other, and what asks twice at each level asks without end.
type setIn struct {
	gap, indent float32
	height      float32 // as last asked for
}

func newSetIn(gap, indent float32, mark fyne.CanvasObject, blocks []fyne.CanvasObject) *fyne.Container {
	return container.New(&setIn{gap: gap, indent: indent}, append([]fyne.CanvasObject{mark}, blocks...)...)
}

// MinSize implements fyne.Layout.
func (l *setIn) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, l.height) }

func (l *setIn) heightAt(objs []fyne.CanvasObject, width float32) float32 {
	h := l.gap * float32(max(len(objs)-2, 0))
	for _, o := range objs[1:] {
		h += HeightAt(o, width-l.indent)
	}
	l.height = h
	return h
}

// Layout implements fyne.Layout.
func (l *setIn) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	place(objs[0], 0, 0, l.indent, s.Height)
	y := float32(0)
	for _, o := range objs[1:] {
		h := HeightAt(o, s.Width-l.indent)
		place(o, l.indent, y, s.Width-l.indent, h)
		y += h + l.gap
	}
}
