package app

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
)

// showFiles asks for a file: with names in full, as large as there is room for, and in the language of the window where Fyne
// lets it choose the words.
func (w *window) showFiles(d *dialog.FileDialog, title, confirm string) {
	d.SetTitleText(title)
	d.SetConfirmText(confirm)
	d.SetView(dialog.ListView)
	d.Show()
	c := w.frame.Canvas()
	size := c.Size()
	d.Resize(fyne.NewSize(min(760, size.Width-24), min(560, size.Height-24)))
	if layer := c.Overlays().Top(); layer != nil {
		layer.Refresh() // puts it in the middle again
		w.files = d
		d.SetOnClosed(func() { w.files = nil })
	}
}
