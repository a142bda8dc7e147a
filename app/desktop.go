package app

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"clara/widgets"
)

// openPath shows a file or folder in the program that the desktop has for it.
func openPath(a fyne.App, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return a.OpenURL(fileURL(path, runtime.GOOS))
}

// fileURL names a file or folder to the desktop of a system. Windows does not make letters
// beyond ASCII of what is percent-encoded, so there only what would be taken for something else is.
func fileURL(path, system string) *url.URL {
	if system != "windows" {
		return &url.URL{Scheme: "file", Path: path}
	}
	path = strings.NewReplacer(`\`, "/", "%", "%25", " ", "%20", "#", "%23", "?", "%3F").Replace(path)
	if !strings.HasPrefix(path, "//") { // which begins a folder of another machine
		path = "///" + path
	}
	return &url.URL{Scheme: "file", Opaque: path}
}

// copyText puts a text on the clipboard.
func (w *window) copyText(text string) {
	w.App.Clipboard().SetContent(text)
	w.snackbar.Say(say("chat.copied"), "", nil)
}

// openLink opens a link of an answer, which the model made up as it made up the answer: never without asking.
func (w *window) openLink(u *url.URL) {
	w.ask(func() question {
		return question{
			title: say("link.title"), text: u.String(), yes: say("link.open"), no: say("cancel"),
			do: func() {
				if err := w.App.OpenURL(u); err != nil {
					w.failed(fmt.Errorf("open %s: %w", u, err))
				}
			},
		}
	})
}

// awaitDrawn waits for the first frame: only then Fyne knows on which canvas the content is.
func (w *window) awaitDrawn(ctx context.Context) {
	drawn := make(chan bool, 1)
	for pause(ctx, 5*time.Millisecond) {
		fyne.Do(func() { drawn <- w.App.Driver().CanvasForObject(w.frame.Content()) != nil })
		select {
		case <-ctx.Done():
			return
		case on := <-drawn:
			if on {
				w.Drawn()
				return
			}
		}
	}
}

// hand takes a model file that the desktop handed to the program, or that was dropped onto the window, and shows where models are.
func (w *window) hand(path string) {
	w.show(placeModel)
	w.await(path)
}

// await takes a model file as soon as no model is loaded and no lessons move, and says for what it waits. The person stays where
// they are: a folder that becomes a model file does so while they write.
func (w *window) await(path string) {
	w.handed, w.looked = path, ""
	w.machine.fill() // which said what was looked at
	file := filepath.Base(path)
	switch {
	case w.model.busy:
		w.snackbar.Say(say("model.waits_load", "File", file), "", nil)
	case w.moving.running():
		w.snackbar.Say(say("model.waits_move", "File", file), "", nil)
	case w.moving != nil:
		w.snackbar.Say(say("model.waits_answer", "File", file), "", nil)
	default:
		w.takeHanded()
	}
}

// takeHanded takes the model file that waits, if there is one and it has to wait no longer. A load and a move end with it.
func (w *window) takeHanded() {
	path := w.handed
	if path == "" || w.model.busy || w.moving != nil {
		return
	}
	w.handed = ""
	if path != w.model.path() || !w.model.ready {
		w.openModel(path)
	}
}

// forwardTime is how long the window may take to come to the front. Some desktops, as those with Wayland, let no program do that.
const forwardTime = 500 * time.Millisecond

// comeForward brings the window to the front whenever the program is started once more.
func (w *window) comeForward(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case file, ok := <-w.Raise:
			if !ok {
				return
			}
			fyne.Do(func() {
				w.forward()
				if file != "" {
					w.hand(file)
				}
			})
			if pause(ctx, forwardTime) {
				fyne.Do(func() { w.notify(say("desktop.open_already")) })
			}
		}
	}
}

// forward shows the window in front of the others, also when it was hidden.
func (w *window) forward() {
	w.frame.Show()
	restore(w.frame)
	w.frame.RequestFocus()
}

// notify tells the desktop what a person would miss while another program is in front.
func (w *window) notify(words string) {
	if w.behind {
		w.App.SendNotification(fyne.NewNotification(author, words))
	}
}

// tellOfCrash says that the run before ended by an error of the program, and where its report lies.
func (w *window) tellOfCrash() {
	if w.Crash == "" {
		return
	}
	w.tell(func() widgets.Notice {
		return widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneWarning, Title: say("crash.title"), Text: say("crash.text", "File", filepath.Base(w.Crash)),
			Actions: []widgets.Action{
				{Label: say("crash.open"), Kind: widgets.Secondary, OnTapped: func() { w.openFile(w.Crash) }},
				{Label: say("close"), OnTapped: w.untell},
			},
		}
	})
}
