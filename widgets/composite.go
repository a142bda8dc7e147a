package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// composite is a widget that is made of others.
type composite struct {
	widget.BaseWidget
	content fyne.CanvasObject
}

var _ Flowing = (*composite)(nil)

// HeightAt implements Flowing.
func (c *composite) HeightAt(width float32) float32 { return HeightAt(c.content, width) }

func (c *composite) inside() []fyne.CanvasObject { return []fyne.CanvasObject{c.content} }

// CreateRenderer implements fyne.Widget.
func (c *composite) CreateRenderer() fyne.WidgetRenderer { return &compositeRenderer{c} }

type compositeRenderer struct{ c *composite }

func (r *compositeRenderer) Destroy()                     {}
func (r *compositeRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.c.content} }
func (r *compositeRenderer) MinSize() fyne.Size           { return r.c.content.MinSize() }
func (r *compositeRenderer) Layout(s fyne.Size)           { r.c.content.Resize(s) }
func (r *compositeRenderer) Refresh() {
	r.c.content.Refresh()
	canvas.Refresh(r.c.content)
}
