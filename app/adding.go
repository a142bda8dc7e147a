package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"clara/catalogue"
	"clara/trainer"
	"clara/widgets"
)

// adding is a folder of Hugging Face on its way to a model file; there is one at a time. It
// belongs to the UI goroutine.
type adding struct {
	path   string
	at     catalogue.Progress
	err    error
	cancel context.CancelFunc

	words *widgets.Text // while they are shown
	bar   *widgets.Meter
}

// short is the folder's name.
func (a *adding) short() string { return filepath.Base(a.path) }

// isModelFile says whether a path is that of a file which is loaded as it is.
func isModelFile(path string) bool { return strings.EqualFold(filepath.Ext(path), ".gguf") }

// canOpen says whether a path may be that of a model: a file, a folder, or the weights in one.
func (w *window) canOpen(path string) bool {
	if isModelFile(path) {
		return true
	}
	if w.Models.Add == nil {
		return false
	}
	info, err := os.Stat(path)
	return strings.EqualFold(filepath.Ext(path), ".safetensors") || err == nil && info.IsDir()
}

// add makes a model file of a folder, and then opens it.
func (w *window) add(path string) {
	if w.adding != nil && w.adding.err == nil {
		return
	}
	if strings.EqualFold(filepath.Ext(path), ".safetensors") {
		path = filepath.Dir(path)
	}
	a := &adding{path: path}
	w.adding = a
	a.cancel = w.work.beside(func(ctx context.Context) {
		file, err := w.Models.Add(ctx, path, func(at catalogue.Progress) {
			fyne.Do(func() {
				if a.at = at; a.words != nil {
					a.show()
				}
			})
		})
		fyne.Do(func() { w.added(a, file, err) })
	})
	w.machine.fill()
}

// added takes the end of it.
func (w *window) added(a *adding, file string, err error) {
	switch {
	case err == nil:
		w.adding = nil
		w.lookForModels()
		w.openModel(file)
	case errors.Is(err, context.Canceled):
		w.adding = nil
	default:
		a.err = err
	}
	w.machine.fill()
}

// addCard shows how far it is, or why it failed and what to do.
func (v *modelView) addCard() fyne.CanvasObject {
	w, a := v.w, v.w.adding
	a.words, a.bar = nil, nil
	if a.err != nil {
		away := func() { w.adding = nil; w.machine.fill() }
		actions := []widgets.Action{
			{Label: say("model.retry"), OnTapped: func() { w.add(a.path) }},
			{Label: say("close"), OnTapped: away},
		}
		var u *trainer.UserError
		if errors.As(a.err, &u) && u.Reason.Code == catalogue.CodeExists {
			actions[0] = widgets.Action{Label: say("offer.use"), OnTapped: func() { away(); w.openModel(u.Reason.Args["file"]) }}
		}
		return widgets.NewNotice(widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("add.failed_title", "Model", a.short()), Text: fault(a.err), Actions: actions,
		})
	}
	a.words, a.bar = widgets.Caption("").Wrapped(), widgets.NewMeter(0, 0, widgets.ColorPrimary)
	a.show()
	foot := widgets.HStack(12, widgets.Grow(a.words))
	if !w.tight {
		foot.Add(widgets.Caption(say("add.stays")))
	}
	return widgets.Card(widgets.VStack(8, widgets.HStack(8, widgets.NewIcon(widgets.IconLayers, 18, widgets.ColorPrimary),
		widgets.Grow(widgets.Strong(say("add.running", "Model", a.short())).Cutting()), widgets.NewIconButton(widgets.IconCross, say("cancel"), a.cancel)),
		a.bar, foot), 10, 16, 12, 16)
}

// show brings bar and words up to date.
func (a *adding) show() {
	words, share := say("add.begun"), 0.0
	if a.at.Total > 0 {
		words, share = comingWords(a.at), float64(a.at.Done)/float64(a.at.Total)
	}
	a.bar.Sentence = words
	a.bar.Set(share, widgets.ColorPrimary)
	a.words.SetText(words)
}

// openers are the buttons for models that lie on this machine.
func (v *modelView) openers() []fyne.CanvasObject {
	type opener struct {
		label string
		glyph widgets.Glyph
		do    func()
	}
	all := []opener{{say("model.open"), widgets.IconFolder, v.chooseFile}}
	if v.w.Models.Add != nil {
		all = append(all, opener{say("model.open_folder"), widgets.IconLayers, v.chooseFolder})
	}
	var buttons []fyne.CanvasObject
	for _, o := range all {
		if v.w.tight && len(all) > 1 {
			buttons = append(buttons, widgets.NewIconButton(o.glyph, o.label, o.do))
			continue
		}
		buttons = append(buttons, widgets.NewButton(o.label, &o.glyph, widgets.Secondary, o.do))
	}
	return buttons
}

// chooseFolder lets a person pick a folder of Hugging Face.
func (v *modelView) chooseFolder() {
	d := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err != nil || folder == nil {
			v.w.failed(err)
			return
		}
		v.w.openModel(filepath.FromSlash(folder.Path()))
	}, v.w.frame)
	v.w.showFiles(d, say("files.folder"), say("settings.open"))
}
