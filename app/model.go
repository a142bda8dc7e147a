package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"clara/catalogue"
	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// loading is how far the model is.
type loading struct {
	found Model             // what is being loaded, or what the last try was to load; zero until that is known
	info  trainer.ModelInfo // of the one that answers, once there is one
	size  int64             // of its file in bytes; 0: not known
	ready bool              // one answers, which need not be the one that is being loaded
	busy  bool
	again bool  // what is to be loaded changed while it was being loaded
	err   error // why the last try failed
}

// short is the model's name, "" until it is known.
func (l *loading) short() string {
	if path := l.path(); path != "" {
		return modelName(path)
	}
	if l.ready {
		return l.info.Name
	}
	return l.found.Name
}

// path is the file of the model that answers, or without one of that which is to.
func (l *loading) path() string {
	if l.ready {
		return l.info.Path
	}
	return l.found.Path
}

// other says whether the model that is being loaded is another one than the one that answers.
func (l *loading) other() bool {
	return l.busy && l.ready && l.found.Path != "" && l.found.Path != l.info.Path
}

// begin starts a try: what it is to load is not known yet.
func (l *loading) begin() {
	l.busy, l.again, l.err, l.found = true, false, nil, Model{}
}

// end takes the end of a try: info is of the model that answers now, which after one that failed is the one of before.
func (l *loading) end(info trainer.ModelInfo, ready bool, err error) {
	if err == nil || info.Path != l.info.Path {
		l.size = 0
	}
	if l.found.Path == info.Path {
		l.size = l.found.Bytes
	}
	l.info, l.ready, l.err, l.busy = info, ready, err, false
}

// quantisation is the end of a file's name that says how its weights are kept.
var quantisation = regexp.MustCompile(`(?i)[.-](i?q\d+(_[0-9a-z]+)*|b?f(16|32))$`)

// modelName makes a name of a model's file: that is what a person knows it by, while the name inside of the file is whatever
// its maker's tools called a run.
func modelName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".gguf")
	name = quantisation.ReplaceAllString(name, "")
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == ' ' }), " ")
}

// sidebarName is how long a name may be beside the word for the place.
const sidebarName = 14

// shortest is the name as far as the sidebar has room: its first words.
func (l *loading) shortest() string {
	name := ""
	for _, word := range strings.Fields(l.short()) {
		if name != "" && len(name)+1+len(word) > sidebarName {
			break
		}
		name = join(name, word)
	}
	return name
}

// engine is what computes, "" until it is known.
func (l *loading) engine() string {
	name, device := l.found.Engine, l.found.Device
	if l.ready {
		name, device = l.info.Engine, l.info.Device
	}
	if device == "" {
		return engineName(name)
	}
	return engineName(name) + ", " + device
}

// engineShort is the first word of that, for the status line.
func (l *loading) engineShort() string {
	name, _, _ := strings.Cut(l.engine(), ",")
	return name
}

// blocks says why nothing can be asked, "" if it can.
func (l *loading) blocks() string {
	switch {
	case l.ready:
		return ""
	case l.err != nil:
		return say("model.none")
	}
	return say("model.wait")
}

// status is the status line while there is no model.
func (l *loading) status() (widgets.Tone, string) {
	switch {
	case l.err != nil:
		return widgets.ToneError, say("model.failed_status")
	case l.short() != "":
		return widgets.ToneInfo, say("model.loading_status", "Model", l.short())
	}
	return widgets.ToneInfo, say("model.wait")
}

// loadModel opens the model beside the window. The one that answers so far goes on until the new one takes over; while its lessons
// move it stays, since the move would end with it.
func (w *window) loadModel() {
	if w.model.busy {
		w.model.again = true
		return
	}
	if w.moving.running() {
		w.model.again = true
		w.snackbar.Say(say("model.waits_move", "File", w.toLoad()), "", nil)
		w.machine.fill()
		return
	}
	w.model.begin()
	w.untellOf(matterModel)
	w.work.beside(func(ctx context.Context) {
		err := w.Load(ctx, func(m Model) {
			fyne.Do(func() {
				w.model.found = m
				w.modelChanged()
			})
		})
		fyne.Do(func() {
			info, ready := w.Trainer.ModelInfo()
			w.loaded(info, ready, err)
			if w.model.again {
				w.loadModel()
				return
			}
			w.lookForModels()
			w.takeHanded()
		})
	})
	w.modelChanged()
}

// loaded takes the end of a try: info is of the model that answers now. That another one failed to take over is told wherever the
// person is, since what was chosen in the settings would seem to hold. Without any model the status line and the composer say so.
func (w *window) loaded(info trainer.ModelInfo, ready bool, err error) {
	w.model.end(info, ready, err)
	w.modelChanged()
	w.readAnew()
	if err == nil || errors.Is(err, context.Canceled) || !ready || w.model.again || w.place == placeModel || w.welcoming() {
		return
	}
	w.tellOf(matterModel, func() widgets.Notice {
		title, text := w.machine.fault()
		return widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: title, Text: text,
			Actions: []widgets.Action{
				{Label: say("model.look"), OnTapped: func() { w.show(placeModel) }}, // which takes the notice away
				{Label: say("close"), OnTapped: w.untell},
			},
		}
	})
}

// readAnew reads what is kept apart for each model, as far as it is shown, or named elsewhere as the versions are.
func (w *window) readAnew() {
	w.learning.readAnew()
	w.learning.readBack()
	switch w.place {
	case placeLessons:
		w.lessons.refresh()
	case placeStatistics:
		w.statistics.refresh()
	}
}

// modelChanged shows the model's state wherever it stands.
func (w *window) modelChanged() {
	w.engines = nil
	if w.place == placeModel || w.welcoming() {
		w.tryEngines()
	}
	w.shell.showStatus()
	w.machine.fill()
	w.chat.show()
	w.learning.fill()
}

// modelView names the model and what computes. Before the first conversation it is the welcome.
type modelView struct {
	w     *window
	cards *fyne.Container // model and engine
	start *widgets.Button // of the welcome
	foot  *fyne.Container // holds start
	shown string          // what cards say of the reader
	says  *widgets.Text   // where they say it; nil: nowhere
	stops bool            // they offer to stop the preparation

	begun trainer.Progress // the last of a preparation that was stopped since, which goes on from there; zero: none is known of
	of    string           // the hash of the model that it is of
}

func newModelView(w *window) *modelView { return &modelView{w: w} }

func (v *modelView) build() fyne.CanvasObject {
	v.cards, v.start = widgets.VStack(16), nil
	v.fill()
	margin := float32(24)
	if v.w.narrow {
		margin = 12
	}
	body := widgets.VStack(12, v.w.heading(say("place.model"), widgets.Muted(say("model.about")).Wrapped(), v.openers()...), v.cards)
	return widgets.NewScroll(widgets.Pad(body, 16, margin, 12, margin))
}

func (v *modelView) open() {
	v.w.tryEngines()
	v.w.lookForModels()
	v.fill()
}

// heard shows how far the preparation is.
func (v *modelView) heard([]trainer.News) {
	if v.preparing() && v.w.state.Progress.Step == trainer.StepReader {
		v.begun, v.of = v.w.state.Progress, v.w.model.info.Hash
	}
	words := v.readerWords()
	switch {
	case words == v.shown || !v.w.model.ready:
	case v.says != nil && v.stops && v.preparing(): // step by step: the button beside it stays
		v.shown = words
		v.says.SetText(words)
		v.cards.Refresh()
	default:
		v.fill()
	}
}

func (v *modelView) escape() bool { return false }

// fill shows the model, what is known of it, and what computes.
func (v *modelView) fill() {
	if v.cards != nil {
		v.w.renew(v.cards, v.fillCards)
	}
}

func (v *modelView) fillCards() {
	m := &v.w.model
	v.shown, v.says, v.stops = v.readerWords(), nil, v.preparing()
	v.cards.RemoveAll()
	defer v.cards.Refresh()
	if m.err != nil && !m.busy {
		v.cards.Add(v.failure())
	}
	if m.short() != "" {
		v.cards.Add(v.card())
	}
	if m.other() {
		v.cards.Add(v.comingCard())
	}
	if v.w.moving != nil {
		v.cards.Add(v.moveCard())
	}
	if v.w.fetching != nil {
		v.cards.Add(v.fetchCard())
	}
	if v.w.adding != nil {
		v.cards.Add(v.addCard())
	}
	if v.w.looked != "" {
		v.cards.Add(widgets.Card(widgets.Muted(say("offer.looked_at", "File", filepath.Base(v.w.looked))).Wrapped(), 12, 16))
	}
	if m.engine() != "" {
		v.cards.Add(v.engines())
	}
	if offers := v.offerCards(); len(offers) > 0 {
		v.cards.Add(widgets.VStack(10, append([]fyne.CanvasObject{widgets.Section(say("offer.title"))}, offers...)...))
	}
	for _, err := range v.w.hidden {
		v.cards.Add(widgets.Muted(say("offer.hidden", "Cause", fault(err))).Wrapped())
	}
	if v.start != nil {
		words := say("welcome.start_meanwhile")
		if m.ready || m.err != nil {
			words = say("welcome.start")
		}
		v.start.Set(words, nil)
		v.foot.Refresh() // other words need other room
	}
}

func (v *modelView) card() fyne.CanvasObject {
	m := &v.w.model
	glyph, word, tone := widgets.IconClock, say("model.loading"), widgets.ToneInfo
	switch {
	case m.ready:
		glyph, word, tone = widgets.IconCheck, say("model.ready"), widgets.ToneSuccess
	case m.err != nil:
		glyph, word, tone = widgets.IconAlert, say("model.failed"), widgets.ToneError
	}
	body := widgets.VStack(8, modelHead(m.short(), word, glyph, tone))
	pair := func(name, value string) *widgets.Text {
		words := widgets.Caption(value).In(widgets.ColorText).Wrapped()
		if value != "" {
			body.Add(widgets.HStackTop(12, widgets.Sized(132, 0, widgets.Caption(name)), widgets.Grow(words)))
		}
		return words
	}
	size := m.size
	if !m.ready {
		size = m.found.Bytes
	}
	if size > 0 {
		pair(say("model.size"), bytes(size))
	}
	if m.ready {
		pair(say("model.parameters"), say("model.millions", "N", whole(int((m.info.Parameters+5e5)/1e6))))
		pair(say("model.kind"), m.info.Architecture+", "+m.info.FileType)
		pair(say("model.context"), say("model.tokens", "N", whole(m.info.Context)))
		v.says = pair(say("model.lessons"), v.readerWords())
	}
	languages := v.w.languagesOf(m.path())
	pair(say("model.languages"), languageNames(languages...))
	pair(say("model.file"), m.path())
	if len(languages) > 0 && !slices.Contains(languages, v.w.language) { // what is asked in the window's language is answered badly
		body.Add(widgets.Muted(say("model.foreign", "Language", languageNames(v.w.language))).Wrapped())
	}
	if m.ready && m.info.Plain {
		body.Add(widgets.Muted(say("model.plain")).Wrapped())
	}
	if offer := v.offer(); offer != nil {
		body.Add(offer)
	}
	return widgets.Card(body, 14, 16)
}

// modelHead names a model and how it stands with it.
func modelHead(name, word string, glyph widgets.Glyph, tone widgets.Tone) fyne.CanvasObject {
	return widgets.HStack(8, widgets.NewIcon(widgets.IconChip, 20, widgets.ColorPrimary), widgets.Grow(widgets.Strong(name).Cutting()), widgets.NewChip(word, &glyph, tone))
}

// comingCard names the model that is being loaded while another one answers.
func (v *modelView) comingCard() fyne.CanvasObject {
	m := v.w.model.found
	about := m.Path
	if m.Bytes > 0 {
		about = bytes(m.Bytes) + " · " + about
	}
	head := modelHead(modelName(m.Path), say("model.loading"), widgets.IconClock, widgets.ToneInfo)
	return widgets.Card(widgets.VStack(4, head, widgets.Caption(about).Wrapped()), 14, 16)
}

func (v *modelView) preparing() bool {
	s := v.w.state
	return s.Phase == trainer.PhasePreparing && s.Why.Code == trainer.CodePreparing
}

// readerWords say how lessons reach the model.
func (v *modelView) readerWords() string {
	s := v.w.state
	p := s.Progress
	switch {
	case v.preparing() && p.Step != trainer.StepReader:
		return say("model.preparing_checked")
	case v.preparing() && p.Left > 0:
		return say("model.preparing_left", "Done", whole(p.Done), "Of", whole(p.Of), "Left", span(p.Left))
	case v.preparing():
		return say("model.preparing", "Done", whole(p.Done), "Of", whole(p.Of))
	case s.Reader.Usable():
		return say("model.reader")
	case s.Reader == trainer.ReaderRefused:
		return say("model.reader_refused")
	case v.stopped():
		return say("model.preparing_stopped", "Done", whole(v.begun.Done), "Of", whole(v.begun.Of))
	}
	return say("model.no_reader")
}

// stopped says whether a preparation of this model was stopped in the middle, and would go on from there.
func (v *modelView) stopped() bool {
	return v.begun.Done > 0 && v.of == v.w.model.info.Hash && v.w.state.Reader == trainer.ReaderNone && !v.preparing()
}

// offer is what can be done about the reader; nil: nothing.
func (v *modelView) offer() fyne.CanvasObject {
	switch {
	case !v.w.model.ready || v.w.state.Reader.Usable():
		return nil
	case v.preparing():
		return widgets.NewButton(say("model.stop_preparing"), &widgets.IconStop, widgets.Secondary, v.w.Trainer.CancelPreparing)
	case v.stopped():
		return widgets.NewButton(say("model.prepare_on"), &widgets.IconBolt, widgets.Secondary, v.prepare)
	default:
		return widgets.NewButton(say("model.prepare"), &widgets.IconBolt, widgets.Secondary, v.prepare)
	}
}

// prepare lets the model be prepared, and says for what that waits.
func (v *modelView) prepare() {
	v.w.Trainer.Prepare()
	if why, rests := v.w.rests(); rests {
		v.w.snackbar.Say(say("model.prepared_later", "Why", why), "", nil)
		return
	}
	switch v.w.state.Phase {
	case trainer.PhaseRunning, trainer.PhaseChecking, trainer.PhaseAsking, trainer.PhasePreparing: // of which the last is the measuring
		v.w.snackbar.Say(say("model.prepared_next"), "", nil)
	}
}

// failure says why there is no model and what to do.
func (v *modelView) failure() fyne.CanvasObject {
	title, text := v.fault()
	return widgets.NewNotice(widgets.Notice{
		Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: title, Text: text,
		Actions: []widgets.Action{
			{Label: say("model.retry"), OnTapped: v.w.loadModel},
			{Label: say("model.choose"), OnTapped: v.chooseFile},
		},
	})
}

// fault says why the last try to load a model failed, and which one answers all the same.
func (v *modelView) fault() (title, text string) {
	err := v.w.model.err
	title, text = say("model.failed_title"), fault(err)
	var u *trainer.UserError
	if errors.As(err, &u) && u.Reason.Code == catalogue.CodeNoFile {
		title, text = say("model.missing_title"), say("model.missing_text", "Cause", because(u.Reason))
	} else if errors.Is(err, fs.ErrNotExist) {
		title, text = say("model.missing_title"), say("model.missing_text", "Cause", fault(err))
	} else if v.w.model.found.Path != "" {
		text = say("model.failed_text", "File", filepath.Base(v.w.model.found.Path), "Cause", fault(err))
	}
	if v.w.model.ready {
		text = join(strings.TrimSuffix(text, ".")+".", say("model.goes_on", "Model", v.w.model.short()))
	}
	return title, text
}

// chooseFile lets a person pick a model file.
func (v *modelView) chooseFile() {
	w := v.w
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			w.failed(err)
			return
		}
		path := filepath.FromSlash(r.URI().Path()) // as the list of models has it
		if err := r.Close(); err != nil {
			w.failed(err)
			return
		}
		w.openModel(path)
	}, w.frame)
	d.SetFilter(storage.NewExtensionFileFilter([]string{".gguf", ".safetensors"}))
	w.showFiles(d, say("files.open"), say("settings.open"))
}

// change saves a change of the settings, takes over all that the file has then, and goes on. What someone changed in it just before
// comes with it, and is news to the trainer, too: once the window has it, Follow's word of it is none.
func (w *window) change(what func(*configs.Settings), then func()) {
	queued(w.work, func(ctx context.Context) (configs.Settings, error) {
		saved, err := w.File.Modify(what)
		if err != nil {
			return saved, err
		}
		if learning := w.Learning(saved); learning != w.Trainer.Settings() { // else all lessons would be routed anew for a larger text
			err = w.Trainer.SetSettings(ctx, learning)
		}
		return saved, err
	}, func(saved configs.Settings, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		w.adopt(saved)
		then()
	})
}
