package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
)

// KeepFocus makes what lies in an object anew, by change, and gives the keyboard to what takes the place of what had it: the nearest
// of the same name, else what stands where that stood. Fyne would go on sending the keys to what is no longer on the screen.
func KeepFocus(c fyne.Canvas, in fyne.CanvasObject, change func()) {
	held, ok := c.Focused().(fyne.CanvasObject)
	if !ok || pathTo(in, held) == nil {
		change()
		return
	}
	at, name := slices.Index(focusables(in), held), spokenName(held)
	change()
	if now, ok := c.Focused().(fyne.CanvasObject); ok && pathTo(in, now) != nil {
		return // change saw to it
	}
	all := focusables(in)
	if len(all) == 0 {
		c.Unfocus()
		return
	}
	next, far := min(max(at, 0), len(all)-1), len(all)
	for i, o := range all {
		if d := max(i-at, at-i); d < far && name != "" && spokenName(o) == name {
			next, far = i, d
		}
	}
	c.Focus(all[next].(fyne.Focusable)) // not by focus: Fyne knows the canvas of an object only once it was painted
}

// spokenName is how an object is called, "" for one without a name.
func spokenName(o fyne.CanvasObject) string {
	if a, ok := o.(fyne.Accessible); ok {
		return a.AccessibilityLabel()
	}
	return ""
}

// focusables are what the keyboard can go to in an object, in order.
func focusables(in fyne.CanvasObject) (all []fyne.CanvasObject) {
	if in == nil || !in.Visible() {
		return nil
	}
	if d, ok := in.(fyne.Disableable); ok && d.Disabled() {
		return nil
	}
	if _, ok := in.(fyne.Focusable); ok {
		all = append(all, in)
	}
	for _, child := range childrenOf(in) {
		all = append(all, focusables(child)...)
	}
	return all
}
