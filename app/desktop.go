package app

import (
	"fmt"
	"net/url"
	"path/filepath"

	"fyne.io/fyne/v2"
)

// openPath shows a file or folder in the program that the desktop has for it.
func openPath(a fyne.App, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return a.OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(path)})
}

// copyText puts a text on the clipboard.
func (w *window) copyText(text string) {
	w.App.Clipboard().SetContent(text)
	w.snackbar.Say(say("chat.copied"), "", nil)
}

// openLink opens a link of an answer, which the model made up as it made up the answer: never without asking.
func (w *window) openLink(u *url.URL) {
	w.ask(question{
		title: say("link.title"), text: u.String(), yes: say("link.open"), no: say("cancel"),
		do: func() {
			if err := w.App.OpenURL(u); err != nil {
				w.failed(fmt.Errorf("open %s: %w", u, err))
			}
		},
	})
}
