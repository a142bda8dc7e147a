package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// holder is a widget of ours with others in it.
type holder interface{ inside() []fyne.CanvasObject }

// pathTo leads from in to an object in it, both included; nil: it is not there, or hidden.
func pathTo(in, o fyne.CanvasObject) []fyne.CanvasObject {
	if in == o {
		return []fyne.CanvasObject{o}
	}
	if in == nil || !in.Visible() {
		return nil
	}
	for _, child := range childrenOf(in) {
		if path := pathTo(child, o); path != nil {
			return append([]fyne.CanvasObject{in}, path...)
		}
	}
	return nil
}

// childrenOf are the objects in one, as far as they are ours or Fyne's containers.
func childrenOf(in fyne.CanvasObject) []fyne.CanvasObject {
	switch x := in.(type) {
	case *fyne.Container:
		return x.Objects
	case *container.Scroll:
		return []fyne.CanvasObject{x.Content}
	case *container.ThemeOverride:
		return []fyne.CanvasObject{x.Content}
	case holder:
		return x.inside()
	}
	return nil
}

// reveal scrolls what o lies in as little as shows it, the innermost scroller first: Tab also leads to what is out of sight, and Fyne
// leaves it there.
func reveal(o fyne.CanvasObject) {
	c := canvasOf(o)
	if c == nil {
		return
	}
	in := c.Content()
	if top := c.Overlays().Top(); top != nil {
		in = top
	}
	path := pathTo(in, o)
	y := float32(0) // of o in what is looked at
	for i := len(path) - 2; i >= 0; i-- {
		if s, ok := path[i].(*container.Scroll); ok && s.Direction != container.ScrollHorizontalOnly {
			if to := offsetFor(s, y, o.Size().Height); to != s.Offset.Y {
				s.ScrollToOffset(fyne.NewPos(s.Offset.X, to))
				if s.OnScrolled != nil {
					s.OnScrolled(s.Offset)
				}
			}
		}
		y += path[i+1].Position().Y
	}
}

// offsetFor is the offset nearest to the one in use at which a scroller shows all of a part of its content, or the beginning of one
// that is higher than itself.
func offsetFor(s *container.Scroll, top, height float32) float32 {
	low, high := top+height+Gap8-s.Size().Height, top-Gap8
	to := fyne.Min(fyne.Max(fyne.Min(s.Offset.Y, high), low), high)
	return fyne.Max(0, fyne.Min(to, s.Content.Size().Height-s.Size().Height))
}

// Leave takes the keyboard from what lies in an object that is going out of sight: Fyne would leave it there, and what is typed would
// go where nobody sees it.
func Leave(c fyne.Canvas, o fyne.CanvasObject) {
	if f, ok := c.Focused().(fyne.CanvasObject); ok && pathTo(o, f) != nil {
		c.Unfocus()
	}
}
