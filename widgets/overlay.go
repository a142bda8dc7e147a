package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// overlay is a layer over the whole window with something on it. While it is shown the keyboard stays inside, Escape closes it, and
// then Fyne gives the keyboard back to what had it.
type overlay struct {
	widget.BaseWidget
	content         fyne.CanvasObject
	scrim           *Box
	place           func(window fyne.Size) (fyne.Position, fyne.Size)
	tapBesideCloses bool
	closed          func()

	canvas fyne.Canvas
	before func(*fyne.KeyEvent)
}

var _ fyne.Tappable = (*overlay)(nil)

func newOverlay(content fyne.CanvasObject, scrim fyne.ThemeColorName) *overlay {
	o := &overlay{content: content, scrim: NewBox(scrim, "", 0)}
	o.ExtendBaseWidget(o)
	return o
}

func (o *overlay) show(c fyne.Canvas) {
	if o.canvas != nil {
		return
	}
	o.canvas, o.before = c, c.OnTypedKey()
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			o.close()
		}
	})
	c.Overlays().Add(o)
	o.Resize(c.Size())
}

func (o *overlay) close() {
	c := o.canvas
	if c == nil {
		return
	}
	o.canvas = nil
	c.SetOnTypedKey(o.before)
	c.Overlays().Remove(o)
	if o.closed != nil {
		o.closed()
	}
}

// Tapped implements fyne.Tappable: it gets the taps beside the content.
func (o *overlay) Tapped(*fyne.PointEvent) {
	if o.tapBesideCloses {
		o.close()
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (o *overlay) TappedSecondary(e *fyne.PointEvent) { o.Tapped(e) }

func (o *overlay) inside() []fyne.CanvasObject { return []fyne.CanvasObject{o.content} }

// CreateRenderer implements fyne.Widget.
func (o *overlay) CreateRenderer() fyne.WidgetRenderer {
	return &overlayRenderer{o: o, catch: newCatch(o.content)}
}

type overlayRenderer struct {
	o     *overlay
	catch *catch
}

func (r *overlayRenderer) Destroy()           {}
func (r *overlayRenderer) MinSize() fyne.Size { return fyne.Size{} }
func (r *overlayRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.o.scrim, r.catch}
}

func (r *overlayRenderer) Layout(s fyne.Size) {
	r.o.scrim.Resize(s)
	at, size := r.o.place(s)
	place(r.catch, at.X, at.Y, size.Width, size.Height)
}

func (r *overlayRenderer) Refresh() {
	r.o.scrim.Refresh()
	r.o.content.Refresh()
	r.Layout(r.o.Size())
}

// catch keeps taps on the ground of the content from reaching the layer below it.
type catch struct{ composite }

func newCatch(content fyne.CanvasObject) *catch {
	c := &catch{}
	c.content = content
	c.ExtendBaseWidget(c)
	return c
}

// Tapped implements fyne.Tappable.
func (c *catch) Tapped(*fyne.PointEvent) {}

// Dialog is a box over the window. The program has one, for settings; all else asks in place.
type Dialog struct {
	OnClosed func()
	window   fyne.Canvas
	layer    *overlay
}

// NewDialog makes a dialog over a window, as large as its content; the window's edges make it smaller.
func NewDialog(c fyne.Canvas, content fyne.CanvasObject) *Dialog {
	ground := NewBox(ColorRaised, ColorBorder, RadiusDialog)
	ground.Shadow = 40
	d := &Dialog{window: c, layer: newOverlay(Layers(ground, Pad(content, 1)), ColorScrim)}
	d.layer.place = func(window fyne.Size) (fyne.Position, fyne.Size) {
		size := d.layer.content.MinSize()
		s := fyne.NewSize(fyne.Min(size.Width, window.Width-2*Gap8), fyne.Min(size.Height, window.Height-2*Gap8))
		return fyne.NewPos(whole((window.Width-s.Width)/2), whole((window.Height-s.Height)/2)), s
	}
	d.layer.closed = func() {
		if d.OnClosed != nil {
			d.OnClosed()
		}
	}
	return d
}

// Show opens the dialog.
func (d *Dialog) Show() { d.layer.show(d.window) }

// Close takes the dialog away.
func (d *Dialog) Close() { d.layer.close() }
