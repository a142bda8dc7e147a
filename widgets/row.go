package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Row is a line of a list that can be tapped: any content on a ground that shows hovered, chosen and focused.
type Row struct {
	press
	Content  fyne.CanvasObject
	Height   float32 // the least height, before the theme's target
	Selected bool
	Ground   fyne.ThemeColorName    // when selected; the soft primary colour if empty
	Radius   float32                // of the ground; the controls' if 0
	OnMenu   func(at fyne.Position) // a secondary tap, at a place on the canvas
	OnStep   func(step int)         // the keys up (-1) and down (1)
}

var (
	_ fyne.Accessible        = (*Row)(nil)
	_ fyne.SecondaryTappable = (*Row)(nil)
	_ Flowing                = (*Row)(nil)
)

// NewRow makes a row.
func NewRow(content fyne.CanvasObject, height float32, tapped func()) *Row {
	r := &Row{}
	r.fill(content, height, tapped)
	r.ExtendBaseWidget(r)
	return r
}

func (r *Row) fill(content fyne.CanvasObject, height float32, tapped func()) {
	r.Content, r.Height, r.OnTapped = content, height, tapped
}

// SetSelected shows the row as the chosen one, or not.
func (r *Row) SetSelected(on bool) {
	if r.Selected != on {
		r.Selected = on
		r.Refresh()
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (r *Row) TappedSecondary(e *fyne.PointEvent) {
	if r.OnMenu != nil && !r.Disabled() {
		r.OnMenu(e.AbsolutePosition)
	}
}

// TypedKey implements fyne.Focusable.
func (r *Row) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyUp && r.OnStep != nil:
		r.OnStep(-1)
	case e.Name == fyne.KeyDown && r.OnStep != nil:
		r.OnStep(1)
	default:
		r.press.TypedKey(e)
	}
}

// AccessibilityLabel implements fyne.Accessible: the hint, or what stands on the row.
func (r *Row) AccessibilityLabel() string {
	if r.Hint != "" {
		return r.Hint
	}
	return strings.Join(labelsOf(r.Content), ", ")
}

// labelsOf are the spoken words of what stands in a container.
func labelsOf(o fyne.CanvasObject) []string {
	var labels []string
	switch x := o.(type) {
	case *fyne.Container:
		for _, child := range x.Objects {
			if child.Visible() {
				labels = append(labels, labelsOf(child)...)
			}
		}
	case fyne.Accessible:
		if s := x.AccessibilityLabel(); s != "" {
			labels = append(labels, s)
		}
	}
	return labels
}

// HeightAt implements Flowing.
func (r *Row) HeightAt(width float32) float32 {
	return fyne.Max(fyne.Max(r.Height, target()), HeightAt(r.Content, width))
}

// CreateRenderer implements fyne.Widget.
func (r *Row) CreateRenderer() fyne.WidgetRenderer {
	n := &rowRenderer{r: r, ground: newGround()}
	n.Refresh()
	return n
}

func (r *Row) inside() []fyne.CanvasObject { return []fyne.CanvasObject{r.Content} }

type rowRenderer struct {
	r *Row
	ground
}

func (n *rowRenderer) Destroy() {}
func (n *rowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{n.bg, n.r.Content, n.ring}
}

func (n *rowRenderer) MinSize() fyne.Size {
	return fyne.NewSize(n.r.Content.MinSize().Width, fyne.Max(fyne.Max(n.r.Height, target()), heightNow(n.r.Content, n.r.Size().Width)))
}

func (n *rowRenderer) Layout(s fyne.Size) {
	n.layout(0, 0, s.Width, s.Height, 0)
	place(n.r.Content, 0, 0, s.Width, s.Height)
}

func (n *rowRenderer) Refresh() {
	fill := fyne.ThemeColorName("")
	if n.r.Selected {
		fill = ColorPrimarySoft
		if n.r.Ground != "" {
			fill = n.r.Ground
		}
	}
	radius := n.r.Radius
	if radius == 0 {
		radius = RadiusControl
	}
	n.paint(&n.r.press, fill, "", radius, 0)
	n.Layout(n.r.Size())
	n.r.Content.Refresh()
	canvas.Refresh(n.r)
}
