package app

import (
	"context"
	"image"
	"image/color"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"clara/catalogue"
	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// look is one way in which the window is shown.
type look struct {
	name     string
	language string
	dark     bool
	size     fyne.Size
	high     bool // contrast
}

var (
	wide     = fyne.NewSize(1280, 800)
	middle   = fyne.NewSize(760, 700)
	slim     = fyne.NewSize(420, 800)
	allLooks = []look{
		{name: "light-de", language: german, size: wide},
		{name: "dark-en", language: english, dark: true, size: wide},
		{name: "light-en", language: english, size: wide},
		{name: "dark-de", language: german, dark: true, size: wide},
		{name: "middle-light-de", language: german, size: middle},
		{name: "narrow-light-de", language: german, size: slim},
		{name: "narrow-dark-en", language: english, dark: true, size: slim},
		{name: "high-light-de", language: german, size: middle, high: true},
		{name: "high-dark-en", language: english, dark: true, size: middle, high: true},
	}
)

func (l look) settings() configs.Settings {
	s := configs.Default()
	s.Window.Language, s.Window.Appearance = l.language, "light"
	if l.dark {
		s.Window.Appearance = "dark"
	}
	s.Window.HighContrast = l.high
	return s
}

// scene is one state of a view.
type scene struct {
	name string
	show func(t testing.TB, w *window)
}

// errUnread is why something could not be read.
var errUnread = &fs.PathError{Op: "open", Path: "/home/anna/.local/share/clara/clara.db", Err: fs.ErrPermission}

// telling are the scenes with a notice above the view.
var telling = []string{"closing", "closing-tray", "disk-full", "welcome-asking", "troubled"}

var scenes = []scene{
	{"chat", func(t testing.TB, w *window) { w.fillSamples(t, placeChat, trainer.PhaseRunning) }},
	{"lessons", func(t testing.TB, w *window) { w.fillSamples(t, placeLessons, trainer.PhaseWaiting) }},
	{"learning", func(t testing.TB, w *window) { w.fillSamples(t, placeLearning, trainer.PhaseRunning) }},
	{"model", func(t testing.TB, w *window) {
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.engines = sampleEngines()
		w.machine.fill()
	}},
	{"fetching", func(t testing.TB, w *window) {
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.fetching = &fetching{offer: w.offers[3], at: catalogue.Progress{Done: 1_170_000_000, Total: 1_830_000_000, Rate: 8_400_000}}
		w.machine.fill()
	}},
	{"offline", func(t testing.TB, w *window) {
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.fetching = &fetching{offer: w.offers[3], at: catalogue.Progress{Done: 1_170_000_000, Total: 1_830_000_000}}
		w.fetching.err = &trainer.UserError{Reason: trainer.Reason{Code: catalogue.CodeOffline}}
		w.machine.fill()
	}},
	{"adding", func(t testing.TB, w *window) {
		w.Models.Add = func(context.Context, string, func(catalogue.Progress)) (string, error) { return "", nil }
		w.rebuild()
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.adding = &adding{path: "/home/anna/Verwaltung-1B", at: catalogue.Progress{Done: 410_000_000, Total: 1_320_000_000, Rate: 96_000_000}}
		w.machine.fill()
	}},
	{"not added", func(t testing.TB, w *window) {
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.adding = &adding{path: "/home/anna/Verwaltung-1B", err: &trainer.UserError{Reason: trainer.Reason{
			Code: catalogue.CodeMissing, Args: map[string]string{"path": "/home/anna/Verwaltung-1B", "file": "tokenizer.json"},
		}}}
		w.machine.fill()
	}},
	{"moving", func(t testing.TB, w *window) {
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.moving = &moving{offer: w.offers[1], at: trainer.Progress{Step: trainer.StepReader, Done: 120, Of: 400}}
		w.machine.fill()
	}},
	{"moved", func(t testing.TB, w *window) {
		w.fillSamples(t, placeModel, trainer.PhaseDue)
		w.moving = &moving{offer: w.offers[1], card: sampleScoreCard()}
		w.machine.fill()
	}},
	{"correction", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.chat.correct(w.chat.entries[3].ID)
		w.chat.editor.better.SetText("Ein Bescheid, der mit der Post kommt, gilt seit 2025 **am vierten Tag nach der Aufgabe zur Post** als bekannt gegeben.")
	}},
	{"teaching", func(t testing.TB, w *window) { w.fillSamples(t, placeLessons, trainer.PhasePaused); w.lessons.teach() }},
	{"editing", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseOff)
		w.lessons.chosen = 1
		w.lessons.showDetail(detailEdit)
	}},
	{"unlearning", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseChecking)
		w.lessons.chosen = 1
		w.lessons.trained = []int64{w.lessons.lessons[slices.IndexFunc(w.lessons.lessons, func(l trainer.LessonView) bool { return l.ID == 1 })].Sample}
		w.lessons.showDetail(detailUnlearn)
	}},
	{"manner", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseChecking)
		w.lessons.filter = filterManner
		w.lessons.choose(w.lessons.first())
	}},
	{"statistics", func(t testing.TB, w *window) {
		w.fillSamples(t, placeStatistics, trainer.PhaseWaiting)
		w.statistics.course = sampleCourse()
		w.statistics.read = true
		w.statistics.fill()
	}},
	{"statistics-little", func(t testing.TB, w *window) {
		w.fillSamples(t, placeStatistics, trainer.PhaseWaiting)
		w.statistics.course = trainer.Course{Ratings: sampleCourse().Ratings[:1]}
		w.statistics.fill()
	}},
	{"why", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.learning.askWhy()
	}},
	{"figures", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.learning.opened = keyOf(w.learning.versions[0])
		w.learning.fill()
	}},
	{"tries", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		first, second := sampleFigures(), sampleFigures()
		first.Kept, second.Kept = 19, 21
		reason := trainer.Reason{Code: trainer.CodeForgets, Args: map[string]string{"kept": "21", "of": "29", "limit": "0.75"}}
		i := slices.IndexFunc(w.learning.versions, func(r trainer.VersionRow) bool { return r.State == trainer.CycleRefused })
		w.learning.versions[i].Tries = []trainer.Try{
			{Rate: 1, Anchors: 1, Verdict: trainer.VerdictRefused, Reason: forgetsReason, Figures: first},
			{Rate: .5, Anchors: 2, Verdict: trainer.VerdictRefused, Reason: reason, Figures: second},
		}
		w.learning.opened = keyOf(w.learning.versions[i])
		w.learning.fill()
	}},
	{"contradiction", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseWaiting)
		w.lessons.against = sampleContradictions(w.lessons.lessons)
		w.lessons.choose(w.lessons.against[0].Newer.ID)
		if w.tight {
			w.lessons.decide(w.lessons.against[0])
		}
	}},
	{"warned", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseWaiting)
		w.lessons.against = sampleContradictions(w.lessons.lessons)
		w.lessons.fill()
	}},
	{"refused", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.state.Last = &trainer.CycleEnd{Cycle: 10, State: trainer.CycleRefused, Verdict: trainer.VerdictRefused, Reason: forgetsReason}
		w.learning.fill()
	}},
	{"search", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.openSearch()
		w.search.line.SetText("widerspruch")
		w.settle(t)
		w.search.look() // what the pace would do
	}},
	{"find", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.chat.all[0], w.chat.all[2] = w.chat.all[2], w.chat.all[0]
		w.chat.all[0].Pinned = true
		w.shell.list.fill()
		w.chat.find("bekannt")
	}},
	{"branches", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		for i, beside := range map[int][]int64{1: {2, 9}, 2: {7, 3, 8}} {
			w.chat.entries[i].Beside = beside
			w.chat.feed.Changed(w.chat.entries[i].ID)
		}
		w.chat.revise(w.chat.entries[0].ID)
		w.chat.revision.field.SetText("Wie lange kann ich widersprechen?")
	}},
	{"presets", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.presets.all = samplePresets()
		w.openPresets()
	}},
	{"preset", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.presets.all = samplePresets()
		w.openPresets()
		w.presets.edit(w.presets.all[1])
		w.presets.editor.name.SetText("kurz")
	}},
	{"choosing", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.presets.all = samplePresets()
		w.chat.conversation.Preset = 1
		w.chat.entries[3].Preset = "Kurz"
		w.chat.show()
		w.chat.update(w.chat.entries[3].ID)
		w.settle(t)
		w.chat.showPresets()
	}},
	{"settings", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseRunning)
		w.openLearningSettings()
	}},
	{"device", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseRunning)
		w.openSettingsAt(sectionDevice)
	}},
	{"data", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseRunning)
		w.openSettingsAt(sectionData)
	}},
	{"keys", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseRunning)
		w.openSettingsAt(sectionKeys)
	}},
	{"appearance", func(t testing.TB, w *window) { w.fillSamples(t, placeChat, trainer.PhaseRunning); w.openSettings() }},
	{"empty", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseNoModel)
		w.model = loading{busy: true}
		w.chat.entries = nil
		w.chat.conversation = trainer.Conversation{}
		w.rebuild()
	}},
	{"reading", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.learning.read, w.learning.versions, w.learning.samples, w.learning.former = false, nil, nil, nil
		w.learning.fill()
	}},
	{"unread", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.chat.entries, w.chat.unread = nil, errUnread
		w.chat.show()
	}},
	{"lessons-unread", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseWaiting)
		w.lessons.lessons, w.lessons.manner, w.lessons.read, w.lessons.unread = nil, nil, false, errUnread
		w.lessons.fill()
	}},
	{"learning-unread", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.learning.versions, w.learning.samples, w.learning.read, w.learning.unread = nil, nil, false, errUnread
		w.learning.fill()
	}},
	{"statistics-unread", func(t testing.TB, w *window) {
		w.fillSamples(t, placeStatistics, trainer.PhaseWaiting)
		w.statistics.course, w.statistics.read, w.statistics.unread = trainer.Course{}, false, errUnread
		w.statistics.fill()
	}},
	{"lessons-empty", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLessons, trainer.PhaseWaiting)
		w.lessons.lessons, w.lessons.manner = nil, nil
		w.lessons.fill()
	}},
	{"unsaved", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseRunning)
		w.openLearningSettings()
		w.settle(t)
		w.settings.failed(say("settings.not_saved"), fault(errUnread))
	}},
	{"failed", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.state.Last = &trainer.CycleEnd{Cycle: 14, State: trainer.CycleFailed, Reason: trainer.Reason{
			Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "x", "fault": trainer.CodeFaultMemory},
		}}
		w.learning.fill()
	}},
	{"went-back", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseWaiting)
		w.learning.back = &trainer.News{Number: 11, From: 12, Reason: trainer.Reason{Code: trainer.CodeRolledBack, Args: map[string]string{"low": "3", "of": "5", "version": "12"}}}
		w.learning.fill()
	}},
	{"disk-full", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.tellFull(shortage{missing: 120_000_000, room: trainer.Room{Old: 11, OldBytes: 640_000_000}})
	}},
	{"troubled", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseWaiting)
		w.state.Trouble = &trainer.Finding{
			Subject: trainer.SubjectTraining, Hint: trainer.HintTrainNow,
			Reason: trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "the engine stopped in the middle of a step, and no other engine is there to go on"}},
		}
		w.heard(trainer.Event{State: w.state})
	}},
	{"moving", func(t testing.TB, w *window) {
		w.fillSamples(t, placeLearning, trainer.PhaseMoving)
		w.state.Why = trainer.Reason{Code: trainer.CodeMoves}
		w.heard(trainer.Event{State: w.state})
		w.settle(t)
	}},
	{"welcome-asking", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseNoModel)
		w.App.Preferences().SetBool(preferSeen, false)
		w.model.ready = false
		w.rebuild()
		w.failed(errUnread)
	}},
	{"closing", func(t testing.TB, w *window) { w.fillSamples(t, placeChat, trainer.PhaseRunning); w.askToClose() }},
	{"closing-tray", func(t testing.TB, w *window) {
		w.Tray = true
		w.fillSamples(t, placeChat, trainer.PhaseRunning)
		w.askToClose()
	}},
	{"welcome", func(t testing.TB, w *window) {
		w.fillSamples(t, placeChat, trainer.PhaseNoModel)
		w.App.Preferences().SetBool(preferSeen, false)
		w.model.ready = false
		w.rebuild()
	}},
}

type viewCheck struct {
	name  string
	looks []look
	paint bool // left out with -short: paints the view
	check func(t *testing.T, w *window, view string)
}

// viewChecks are what has to hold of every scene. A scene is laid out once in a look, for all checks that
// name the look, in their order: the last one moves the keyboard and closes what is open.
var viewChecks = []viewCheck{
	{"looks as agreed", []look{allLooks[0], allLooks[1]}, false, looksAsAgreed},
	{"nothing clipped", []look{allLooks[0], allLooks[2], allLooks[4], allLooks[5], allLooks[6]}, false, nothingClipped},
	{"contrast", []look{allLooks[0], allLooks[1], allLooks[7], allLooks[8]}, true, contrastSuffices},
	{"what is tapped can have the keyboard", []look{allLooks[2], allLooks[6]}, false, tappableCanHaveTheKeyboard},
	{"the keyboard reaches everything", []look{allLooks[2], allLooks[4], allLooks[6]}, false, keyboardReachesEverything},
}

func TestViews(t *testing.T) {
	tr := sampleTrainer(t)
	for _, l := range allLooks {
		checks := slices.DeleteFunc(slices.Clone(viewChecks), func(c viewCheck) bool {
			if testing.Short() { // another look is drawn by the same code
				return c.paint || c.looks[0] != l
			}
			return !slices.Contains(c.looks, l)
		})
		if len(checks) == 0 {
			continue
		}
		for _, s := range scenes {
			view := s.name + "-" + l.name
			t.Run(view, func(t *testing.T) {
				w := newTestWindow(t, Params{Trainer: tr, Settings: l.settings()}, l.size)
				s.show(t, w)
				w.settle(t)
				if len(w.shell.banner.Objects) > 0 && !slices.Contains(telling, s.name) {
					t.Error("an error is shown")
				}
				shoot(t, w, view)
				for _, c := range checks {
					t.Run(c.name, func(t *testing.T) { c.check(t, w, view) })
				}
			})
		}
	}
}

// seen is something on screen with where it is and what is around it.
type seen struct {
	o       fyne.CanvasObject
	at      fyne.Position
	parents []seen
}

func (s seen) right() float32 { return s.at.X + s.o.Size().Width }

// inSight says whether all scrollers around s show its full height.
func (s seen) inSight() bool {
	for _, p := range s.parents {
		if _, ok := p.o.(*container.Scroll); ok && (s.at.Y < p.at.Y || s.at.Y+s.o.Size().Height > p.at.Y+p.o.Size().Height) {
			return false
		}
	}
	return true
}

// walk visits what is visible below o.
func walk(o fyne.CanvasObject, at fyne.Position, parents []seen, visit func(seen)) {
	if !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	s := seen{o, at, parents}
	visit(s)
	var children []fyne.CanvasObject
	switch x := o.(type) {
	case *fyne.Container:
		children = x.Objects
	case fyne.Widget:
		children = test.WidgetRenderer(x).Objects()
	}
	for _, c := range children {
		walk(c, at, append(parents[:len(parents):len(parents)], s), visit)
	}
}

// onScreen visits what the window and the layers over it show.
func onScreen(w *window, visit func(seen)) {
	c := w.frame.Canvas()
	walk(c.Content(), fyne.Position{}, nil, visit)
	for _, o := range c.Overlays().List() {
		walk(o, fyne.Position{}, nil, visit)
	}
}

// nothingClipped looks for words that are wider than their place.
func nothingClipped(t *testing.T, w *window, _ string) {
	size := w.frame.Canvas().Size()
	if m := w.frame.Canvas().Content().MinSize(); m.Width > size.Width {
		t.Errorf("the window needs a width of %.0f", m.Width)
	}
	n := 0
	onScreen(w, func(s seen) {
		text, ok := s.o.(*canvas.Text)
		if !ok || strings.TrimSpace(text.Text) == "" {
			return
		}
		n++
		if !s.inSight() {
			return
		}
		left, right := s.at.X, s.at.X+text.MinSize().Width
		if left < -1 || right > size.Width+1 {
			t.Errorf("%q reaches from %.0f to %.0f in a window of %.0f", text.Text, left, right, size.Width)
		}
		for i := len(s.parents) - 1; i >= 0; i-- {
			p := s.parents[i]
			if _, ok := p.o.(*widget.Entry); ok {
				return // scrolls its text
			}
			if _, ok := p.o.(fyne.Widget); ok && (left < p.at.X-1 || right > p.right()+1) {
				t.Errorf("%q reaches from %.0f to %.0f, the %T around it from %.0f to %.0f", text.Text, left, right, p.o, p.at.X, p.right())
				return
			}
		}
	})
	if n < 5 {
		t.Errorf("only %d texts were found", n)
	}
}

// contrastSuffices compares every word on screen with the ground that it is painted on: WCAG AA asks for 4.5, AAA for the 7 of high
// contrast. Words of controls that are switched off are exempt there too.
func contrastSuffices(t *testing.T, w *window, _ string) {
	least := 4.5
	if w.Settings.Window.HighContrast {
		least = 7
	}
	onScreen(w, func(s seen) { // words lie on a ground, a shadow is beside it: to blur it takes longest
		if r, ok := s.o.(*canvas.Rectangle); ok {
			r.Shadow = canvas.Shadow{}
		}
	})
	picture := w.frame.Canvas().Capture()
	scale := float32(picture.Bounds().Dx()) / w.frame.Canvas().Size().Width
	covered := len(w.frame.Canvas().Overlays().List()) > 0
	onScreen(w, func(s seen) {
		text, ok := s.o.(*canvas.Text)
		if !ok || strings.TrimSpace(text.Text) == "" {
			return
		}
		for _, p := range s.parents {
			if d, ok := p.o.(fyne.Disableable); ok && d.Disabled() {
				return
			}
			if _, ok := p.o.(*widget.Entry); ok {
				return // its placeholder has a colour of its own, held by the test of the theme
			}
		}
		if covered && !inOverlay(w, s) {
			return // behind a scrim
		}
		if !s.inSight() {
			return
		}
		m := text.MinSize()
		box := image.Rect(int(s.at.X*scale), int(s.at.Y*scale), int((s.at.X+m.Width)*scale), int((s.at.Y+m.Height)*scale))
		ground, ok := commonest(picture, box)
		if !ok {
			return // all of one colour: the words are painted over
		}
		ink := color.NRGBAModel.Convert(text.Color).(color.NRGBA)
		if c := widgets.Contrast(ink, ground); !(c >= least) {
			t.Errorf("%q in %v on %v has a contrast of %.2f, want %.1f", text.Text, ink, ground, c, least)
		}
	})
}

func inOverlay(w *window, s seen) bool {
	if len(s.parents) == 0 {
		return false
	}
	return slices.Contains(w.frame.Canvas().Overlays().List(), s.parents[0].o)
}

// commonest is the colour that most of a part of a picture has: of a line of text that is the ground.
func commonest(p image.Image, box image.Rectangle) (color.NRGBA, bool) {
	box = box.Intersect(p.Bounds())
	count := map[color.NRGBA]int{}
	var best color.NRGBA
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA)
			if count[c]++; count[c] > count[best] {
				best = c
			}
		}
	}
	return best, len(count) > 1
}
