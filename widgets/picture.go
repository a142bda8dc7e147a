package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
)

// Picture paints an object in its least size and the look in use, without a window: scale pixels to a unit, in both directions. It
// moves the object, which must not be in a window too.
func Picture(o fyne.CanvasObject, scale float32) image.Image {
	c := software.NewCanvas()
	c.SetPadded(false)
	c.SetScale(scale)
	c.SetContent(o)
	return c.Capture()
}
