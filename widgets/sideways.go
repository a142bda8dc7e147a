package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// sideways scrolls what is wider than its place. Fyne gives the turn of a wheel to the innermost scroller alone, and one that goes
// sideways takes it for its own: whoever reads a conversation would stop at each block of code. So this one hands on what goes up or
// down.
type sideways struct {
	container.Scroll
	pass func(*fyne.ScrollEvent)
}

func newSideways(content fyne.CanvasObject, pass func(*fyne.ScrollEvent)) *sideways {
	s := &sideways{pass: pass}
	s.Content, s.Direction = content, container.ScrollHorizontalOnly
	s.ExtendBaseWidget(s)
	return s
}

func (s *sideways) inside() []fyne.CanvasObject { return []fyne.CanvasObject{s.Content} }

// Scrolled implements fyne.Scrollable.
func (s *sideways) Scrolled(e *fyne.ScrollEvent) {
	if e.Scrolled.DX == 0 {
		if s.pass != nil {
			s.pass(e)
		}
		return
	}
	s.Scroll.Scrolled(e)
}
