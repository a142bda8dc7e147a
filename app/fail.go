package app

import (
	"fyne.io/fyne/v2"

	"clara/configs"
	"clara/widgets"
)

// Fail shows why the program cannot start, in the language of code, else of the settings, and returns when the window is
// closed: a person who double-clicked has no terminal to read it from.
func Fail(a fyne.App, code string, look configs.Window, err error) {
	w := &window{Params: Params{App: a, Language: code}}
	if e := w.choose(look); e != nil {
		err = e
	}
	frame := a.NewWindow("CLARA")
	frame.SetPadded(false)
	frame.Resize(fyne.NewSize(560, 300))
	frame.SetContent(widgets.Layers(widgets.NewBox(widgets.ColorPage, "", 0), widgets.NewScroll(widgets.Pad(widgets.NewNotice(widgets.Notice{
		Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("fail.title"), Text: fault(err),
		Actions: []widgets.Action{{Label: say("close"), Kind: widgets.Secondary, OnTapped: frame.Close}},
	}), 24))))
	frame.SetMaster()
	if shown(frame) != nil {
		showMessage(say("fail.title") + ": " + fault(err))
		return
	}
	a.Run()
}
