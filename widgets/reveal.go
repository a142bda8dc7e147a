package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// holder is a widget of ours with others in it.
type holder interface{ inside() []fyne.CanvasObject }

// reveal scrolls what o lies in as little as shows it: Tab also leads to what is out of sight, and Fyne leaves it there.
func reveal(o fyne.CanvasObject) {
	c := canvasOf(o)
	if c == nil {
		return
	}
	in := c.Content()
	if top := c.Overlays().Top(); top != nil {
		in = top
	}
	revealIn(in, o)
}

// revealIn reveals o in all scrollers of in around it, the innermost first, and tells where in in it lies.
func revealIn(in, o fyne.CanvasObject) (at fyne.Position, found bool) {
	if in == o {
		return fyne.Position{}, true
	}
	if in == nil || !in.Visible() {
		return at, false
	}
	var inside []fyne.CanvasObject
	switch x := in.(type) {
	case *fyne.Container:
		inside = x.Objects
	case *container.Scroll:
		inside = []fyne.CanvasObject{x.Content}
	case *container.ThemeOverride:
		inside = []fyne.CanvasObject{x.Content}
	case holder:
		inside = x.inside()
	}
	for _, child := range inside {
		if at, found = revealIn(child, o); !found {
			continue
		}
		if s, ok := in.(*container.Scroll); ok && s.Direction != container.ScrollHorizontalOnly {
			if to := offsetFor(s, at.Y, o.Size().Height); to != s.Offset.Y {
				s.ScrollToOffset(fyne.NewPos(s.Offset.X, to))
				if s.OnScrolled != nil {
					s.OnScrolled(s.Offset)
				}
			}
		}
		return at.Add(child.Position()), true
	}
	return at, false
}

// offsetFor is the offset nearest to the one in use at which a scroller shows all of a part of its content, or the beginning of one
// that is higher than itself.
func offsetFor(s *container.Scroll, top, height float32) float32 {
	low, high := top+height+Gap8-s.Size().Height, top-Gap8
	to := fyne.Min(fyne.Max(fyne.Min(s.Offset.Y, high), low), high)
	return fyne.Max(0, fyne.Min(to, s.Content.Size().Height-s.Size().Height))
}
