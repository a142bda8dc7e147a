package app

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"clara/catalogue"
	"clara/configs"
	"clara/widgets"
)

// offerName is the name as a person reads it.
func offerName(o catalogue.Offer) string { return strings.ReplaceAll(o.Name, "-", " ") }

// Models are how the window gets at model files. A nil function means that it cannot.
type Models struct {
	// List has the models that are there, in the order of preference, and those that can be
	// fetched. It reads the heads of files.
	List func() ([]catalogue.Offer, error)
	// Unread says which places of models cannot be read: what lies there is in no list.
	Unread func() []error
	// Look describes one file.
	Look func(path string) (catalogue.Offer, error)
	// Fetch brings a model into the data folder and returns its path. It goes on with what a
	// call before left, and keeps what there is when ctx ends.
	Fetch func(ctx context.Context, o catalogue.Offer, report func(catalogue.Progress)) (string, error)
	// Add makes a model file of a folder of Hugging Face, in the data folder, and returns its
	// path. When ctx ends it leaves nothing.
	Add func(ctx context.Context, folder string, report func(catalogue.Progress)) (string, error)
	// Discard deletes what an interrupted Fetch left.
	Discard func(o catalogue.Offer) error
	// Remove deletes the file of a model that Fetch or Add brought, with its reader.
	Remove func(ctx context.Context, o catalogue.Offer) error
	// Move trains all that was taught on the model at path; see moving.go.
	Move Mover
}

// lookForModels lists the models anew, beside the window.
func (w *window) lookForModels() {
	if w.Models.List == nil {
		return
	}
	w.work.beside(func(context.Context) {
		all, err := w.Models.List()
		var unread []error
		if w.Models.Unread != nil {
			unread = w.Models.Unread()
		}
		fyne.Do(func() {
			if err != nil {
				w.failed(err)
				return
			}
			w.offers, w.hidden = all, unread
			w.machine.fill()
		})
	})
}

// offerCards are the models beside the one in use and the one that is being loaded, each with what can be done with it.
func (v *modelView) offerCards() []fyne.CanvasObject {
	var cards []fyne.CanvasObject
	for _, o := range v.w.offers {
		m, f := &v.w.model, v.w.fetching
		if f != nil && f.offer.File == o.File || o.Path != "" && (o.Path == m.path() || m.other() && o.Path == m.found.Path) {
			continue // it has a card of its own
		}
		cards = append(cards, v.offerCard(o))
	}
	return cards
}

func (v *modelView) offerCard(o catalogue.Offer) fyne.CanvasObject {
	head := widgets.HStack(8, widgets.Strong(offerName(o)))
	switch {
	case o.Fault != "":
		head.Add(widgets.NewChip(say("offer.fault"), nil, widgets.ToneError))
	case o.Path != "":
		head.Add(widgets.NewChip(say("offer.here"), nil, widgets.ToneQuiet))
	}
	words := widgets.VStack(2, head, widgets.Caption(offerAbout(o)).Wrapped())
	buttons := v.offerButtons(o)
	if v.w.tight {
		body := widgets.VStack(8, words, offerFit(o))
		if len(buttons) > 0 {
			body.Add(widgets.WrapRow(8, buttons...))
		}
		return widgets.Card(body, 12, 16)
	}
	line := widgets.HStack(16, widgets.Grow(words), widgets.Sized(190, 0, offerFit(o)))
	if len(buttons) > 0 {
		line.Add(widgets.HStack(8, buttons...))
	}
	return widgets.Card(line, 12, 16)
}

// languagesOf are the languages that a model file was made for, as far as the catalogue knows it.
func (w *window) languagesOf(path string) []string {
	if i := slices.IndexFunc(w.offers, func(o catalogue.Offer) bool { return o.Path != "" && o.Path == path }); i >= 0 {
		return w.offers[i].Languages
	}
	return nil
}

// offerFault says why the file cannot be loaded: by its kind, else as it is.
func offerFault(o catalogue.Offer) string {
	if o.Why.Code != "" {
		return because(o.Why)
	}
	return o.Fault
}

// offerAbout says what is known of a model: why it does not fit, or what it is.
func offerAbout(o catalogue.Offer) string {
	if o.Fault != "" {
		return offerFault(o)
	}
	var parts []string
	if o.Fit == catalogue.FitsNot || o.Fit == catalogue.FitsTight {
		parts = append(parts, say("offer.needs", "Needs", bytes(o.Needs), "Free", bytes(o.Free)))
	}
	if o.Parameters > 0 {
		parts = append(parts, say("offer.parameters", "N", whole(int((o.Parameters+5e5)/1e6))))
	}
	if len(o.Languages) > 0 {
		parts = append(parts, say("offer.languages", "Languages", languageNames(o.Languages...)))
	}
	if o.Licence != "" {
		parts = append(parts, o.Licence)
	}
	if o.Path == "" && o.SHA256 == "" {
		parts = append(parts, say("offer.unchecked"))
	}
	return strings.Join(parts, " · ")
}

// offerFit shows the size, whether it fits, and how much of the free memory it takes.
func offerFit(o catalogue.Offer) fyne.CanvasObject {
	word, ink, bar := "", widgets.ColorMuted, widgets.ColorPrimary
	switch o.Fit {
	case catalogue.FitsWell:
		word, ink, bar = say("offer.well"), widgets.ColorSuccess, widgets.ColorSuccess
	case catalogue.FitsTight:
		word, ink, bar = say("offer.tight"), widgets.ColorWarning, widgets.ColorWarning
	case catalogue.FitsNot:
		word, ink, bar = say("offer.not"), widgets.ColorError, widgets.ColorError
	}
	line := widgets.HStack(8, widgets.Grow(widgets.Caption(bytes(o.Bytes)).In(widgets.ColorText)), widgets.Caption(word).In(ink))
	if o.Free <= 0 || o.Needs == 0 {
		return line
	}
	meter := widgets.NewMeter(float64(o.Needs)/float64(o.Free), 0, bar)
	meter.H = 5
	meter.Sentence = say("offer.needs", "Needs", bytes(o.Needs), "Free", bytes(o.Free))
	return widgets.VStack(6, line, meter)
}

// offerButtons are what can be done with a model now.
func (v *modelView) offerButtons(o catalogue.Offer) []fyne.CanvasObject {
	w := v.w
	busy := w.moving != nil || w.model.busy || w.removing[o.Path]
	if o.Path == "" { // one download at a time
		busy = w.fetching != nil && !w.fetching.still()
	}
	button := func(label string, g widgets.Glyph, do func()) *widgets.Button {
		b := widgets.NewSmallButton(label, &g, widgets.Secondary, do)
		if busy {
			b.Disable()
		}
		return b
	}
	switch {
	case o.Path != "" && (o.Fault != "" || o.Fit == catalogue.FitsNot) && w.canRemove(o) && !busy:
		return []fyne.CanvasObject{widgets.NewIconButton(widgets.IconTrash, say("offer.remove"), func() { w.askToRemove(o) })}
	case o.Fault != "" || o.Fit == catalogue.FitsNot:
		return nil
	case o.Path == "" && w.Models.Fetch == nil:
		return nil
	case o.Path == "" && o.Fetched > 0:
		return []fyne.CanvasObject{
			button(say("offer.resume", "Done", bytes(o.Fetched)), widgets.IconDownload, func() { w.fetch(o) }),
			widgets.NewIconButton(widgets.IconTrash, say("offer.discard"), func() { w.discard(o) }),
		}
	case o.Path == "":
		return []fyne.CanvasObject{button(say("offer.get"), widgets.IconDownload, func() { w.fetch(o) })}
	}
	buttons := []fyne.CanvasObject{button(say("offer.use"), widgets.IconCheck, func() { w.useModel(o.Path) })}
	if w.Models.Move != nil && w.model.ready && w.state.Lessons.Total() > 0 {
		buttons = append(buttons, button(say("offer.move"), widgets.IconLessons, func() { w.askToMove(o) }))
	}
	if w.canRemove(o) && !busy {
		buttons = append(buttons, widgets.NewIconButton(widgets.IconTrash, say("offer.remove"), func() { w.askToRemove(o) }))
	}
	return buttons
}

// canRemove says whether a model was fetched or added into the data folder; other files are not ours.
func (w *window) canRemove(o catalogue.Offer) bool {
	return w.Models.Remove != nil && filepath.Dir(o.Path) == catalogue.Folder(w.Home)
}

// chosen says whether the model of a file answers, is being loaded or moved to, or is to be. What the settings name may be a file that
// cannot be loaded.
func (w *window) chosen(path string) bool {
	m := &w.model
	return m.ready && path == m.info.Path || m.busy && path == m.found.Path || m.err == nil && path == w.Settings.Model.Path ||
		path == w.handed || path == w.looked ||
		w.moving != nil && path == w.moving.offer.Path
}

// askToRemove asks before a file is deleted that was long in coming.
func (w *window) askToRemove(o catalogue.Offer) {
	w.ask(func() question {
		text := say("offer.remove_text", "Size", bytes(o.Bytes))
		if o.URL == "" {
			text = say("offer.remove_own", "Size", bytes(o.Bytes))
		}
		return question{
			title: say("offer.remove_title", "Model", offerName(o)), text: text,
			yes: say("offer.remove_yes"), no: say("offer.remove_no"), do: func() { w.remove(o) },
		}
	})
}

// remove deletes the file of a model. That reads it once more, which may take minutes: beside the queue, but a person who
// closes the window meanwhile wanted it deleted all the same.
func (w *window) remove(o catalogue.Offer) {
	if w.chosen(o.Path) { // since it was asked
		w.snackbar.Say(say("offer.remove_chosen", "Model", offerName(o)), "", nil)
		return
	}
	w.removing[o.Path] = true
	w.work.beside(func(ctx context.Context) {
		err := w.Models.Remove(context.WithoutCancel(ctx), o)
		fyne.Do(func() {
			delete(w.removing, o.Path)
			w.failed(err)
			w.machine.fill()
			w.lookForModels()
		})
	})
	w.machine.fill()
}

// useModel lets the model of a file answer from now on, unless that is being deleted. One that the settings name already is tried
// again.
func (w *window) useModel(path string) {
	w.looked = "" // what was chosen before is not meant any more
	if w.removing[path] {
		w.snackbar.Say(say("offer.removing", "File", filepath.Base(path)), "", nil)
		return
	}
	w.change(func(s *configs.Settings) { s.Model.Path = path }, func() {
		if !w.model.busy { // else the change has begun it
			w.loadModel()
		}
	})
}

// lookTime is how long a file may be looked at before that is said.
const lookTime = 300 * time.Millisecond

// openModel takes a file or folder that a person chose or dropped onto the window. While a model is loaded or lessons move a file
// waits. One that does not fit is asked about first, and one that cannot be loaded is not tried.
func (w *window) openModel(path string) {
	switch {
	case !isModelFile(path) && w.canOpen(path):
		w.add(path)
	case w.model.busy || w.moving != nil:
		w.await(path)
	case w.Models.Look == nil:
		w.useModel(path)
	default:
		w.looked = path
		w.work.beside(func(ctx context.Context) { // and only then it is said, or each would flash
			if pause(ctx, lookTime) {
				fyne.Do(w.machine.fill)
			}
		})
		w.work.beside(func(context.Context) { // a file on another machine may be slow
			o, err := w.Models.Look(path)
			fyne.Do(func() {
				if w.looked == path { // else another was chosen after it
					w.looked = ""
					w.lookedAt(path, o, err)
					w.machine.fill()
				}
			})
		})
	}
}

// lookedAt goes on with a file that a person chose, once it is known what it is.
func (w *window) lookedAt(path string, o catalogue.Offer, err error) {
	switch {
	case w.model.busy || w.moving != nil: // since it began
		w.await(path)
	case err != nil:
		w.failed(err)
	case o.Fault != "":
		w.tell(func() widgets.Notice {
			return widgets.Notice{
				Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("offer.fault_title"), Text: say("model.failed_text", "File", filepath.Base(path), "Cause", offerFault(o)),
				Actions: []widgets.Action{
					{Label: say("model.choose"), OnTapped: func() { w.untell(); w.machine.chooseFile() }},
					{Label: say("close"), OnTapped: w.untell},
				},
			}
		})
	case o.Fit == catalogue.FitsNot:
		w.ask(func() question {
			return question{
				title: say("offer.not_title", "Model", offerName(o)), text: say("offer.not_text", "Needs", bytes(o.Needs), "Free", bytes(o.Free)),
				yes: say("offer.try"), no: say("offer.leave"), do: func() { w.useModel(path) },
			}
		})
	default:
		w.useModel(path)
	}
}

// dropped takes files that were dropped onto the window: the first model among them.
func (w *window) dropped(_ fyne.Position, files []fyne.URI) {
	for _, f := range files {
		if path := filepath.FromSlash(f.Path()); w.canOpen(path) {
			w.hand(path)
			return
		}
	}
}
