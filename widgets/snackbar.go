package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// SnackbarTime is how long a snackbar stays.
const SnackbarTime = 8 * time.Second

// Snackbar is a layer over a view that shows a sentence for a while, with a word that takes back what it tells of. It confirms and
// never tells of an error: those stay, as notices. While the mouse is on it or the keyboard in it, it does not go.
type Snackbar struct {
	widget.BaseWidget
	text   *Text
	action *Link
	panel  *panel
	timer  *time.Timer
	until  time.Time // when it goes; the timer of an earlier sentence may still be on its way
}

// NewSnackbar makes an empty layer; put it on top of the view.
func NewSnackbar() *Snackbar {
	s := &Snackbar{text: Body("").Wrapped()}
	s.action = NewLink("", nil)
	ground := NewBox(ColorRaised, ColorBorder, RadiusCard)
	ground.Shadow = 16
	s.panel = newPanel(Layers(ground, Pad(HStack(Gap16, Grow(s.text), s.action), 10, 16)), s.rest)
	s.action.lost = s.rest
	s.panel.Hide()
	s.timer = time.AfterFunc(SnackbarTime, func() { fyne.Do(s.elapsed) })
	s.timer.Stop()
	s.ExtendBaseWidget(s)
	return s
}

// Say shows a sentence in place of the one before. action may be empty; tapping it does f and takes the snackbar away.
func (s *Snackbar) Say(text, action string, f func()) {
	s.text.SetText(text)
	s.action.SetText(action)
	if s.action.Hidden = action == ""; !s.action.Hidden {
		s.action.OnTapped = func() {
			s.Dismiss()
			if f != nil {
				f()
			}
		}
	}
	s.panel.Show()
	s.Refresh()
	s.rest()
}

// Dismiss takes the snackbar away.
func (s *Snackbar) Dismiss() {
	s.timer.Stop()
	s.panel.Hide()
	s.Refresh()
}

// rest starts the time again.
func (s *Snackbar) rest() {
	s.until = time.Now().Add(SnackbarTime)
	s.timer.Reset(SnackbarTime)
}

func (s *Snackbar) elapsed() {
	if time.Now().Before(s.until) || s.panel.hovered || s.action.focused { // whoever leaves it starts the time again
		return
	}
	s.Dismiss()
}

// CreateRenderer implements fyne.Widget.
func (s *Snackbar) CreateRenderer() fyne.WidgetRenderer { return &snackbarRenderer{s} }

type snackbarRenderer struct{ s *Snackbar }

const snackbarWidth, snackbarHeight float32 = 520, 48

func (r *snackbarRenderer) Destroy()                     { r.s.timer.Stop() }
func (r *snackbarRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.s.panel} }
func (r *snackbarRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *snackbarRenderer) Layout(s fyne.Size) {
	need := r.s.text.natural() + 2*Gap16
	if !r.s.action.Hidden {
		need += r.s.action.MinSize().Width + Gap16
	}
	w := fyne.Min(fyne.Min(need+1, snackbarWidth), s.Width-2*Gap16)
	h := fyne.Max(snackbarHeight, r.s.panel.HeightAt(w))
	place(r.s.panel, whole((s.Width-w)/2), s.Height-h-Gap16, w, h)
}

func (r *snackbarRenderer) Refresh() {
	r.Layout(r.s.Size())
	r.s.panel.Refresh()
}

// panel is content that knows whether the mouse is on it.
type panel struct {
	composite
	left    func()
	hovered bool
}

var _ desktop.Hoverable = (*panel)(nil)

func newPanel(content fyne.CanvasObject, left func()) *panel {
	p := &panel{left: left}
	p.content = content
	p.ExtendBaseWidget(p)
	return p
}

// MouseIn implements desktop.Hoverable.
func (p *panel) MouseIn(*desktop.MouseEvent) { p.hovered = true }

// MouseMoved implements desktop.Hoverable.
func (p *panel) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *panel) MouseOut() { p.hovered = false; p.left() }
