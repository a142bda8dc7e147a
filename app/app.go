// Package app is the window: the only room where widgets meet the trainer.
//
// Everything on screen belongs to the UI goroutine. What the trainer does reaches it through Trainer.Watch
// (watch.go); what a person does reaches the trainer through work (work.go), so that nothing slow ever runs on the
// UI goroutine and nothing that a person did is lost when the window closes. The words stand in translations.
package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/theme"

	"clara/catalogue"
	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// Model names a model that is being loaded, before the trainer knows it.
type Model struct {
	Name   string
	Path   string
	Bytes  int64  // of the file
	Engine string // what computes, as the settings name it: "cpu"
	Device string // what the machine calls that: "Intel Xeon, AVX2"
}

// Params is what the window is made of. All of it stays with the caller, who starts the trainer before Run and stops
// it afterwards.
type Params struct {
	App     fyne.App
	Trainer *trainer.Trainer

	// File holds the settings, Settings is what was read from it. FileError says why it could not be read; the
	// defaults are then in force and in Settings.
	File      *configs.File
	Settings  configs.Settings
	FileError error

	// Learning is the part of the settings that the trainer goes by.
	Learning func(configs.Settings) trainer.Settings

	// Load opens the engine and the model and attaches it to the trainer. It calls found as soon as it knows what
	// it loads. It runs beside the window, and again when a person asks for another try.
	Load func(ctx context.Context, found func(Model)) error

	// Engines tries every engine, which takes up to some seconds; nil: the page of the model
	// names the one in use alone.
	Engines func(ctx context.Context) []Engine

	Models Models

	// Raise gets a value when the program was started once more: this window comes to the front and takes the model
	// file that it was started with, "" for none. It may be nil, and closed.
	Raise <-chan string

	Open string // a model file that the program was started with, "" for none

	// Crash is where the report of the run before lies that ended by an error of the program; "": it did not.
	Crash string

	// Tray says that the desktop has a place for the program's icon, from where a hidden window can be opened again.
	Tray bool

	// Drawn is told once that the window is on the screen and takes keys. It may be nil.
	Drawn func()

	// Ended closes when the program is to end, as by a signal; nil: it never is.
	Ended <-chan struct{}

	Language string // "de" or "en" in place of the one in the settings; "": by the settings
	Home     string // the data folder, to show where everything lies
}

// Why there can be no window.
var (
	ErrNoWindow  = errors.New("there is no OpenGL 2.1 to draw the window with")
	ErrNoDisplay = errors.New("the display cannot be reached")
)

// shown shows a window. The error is one of those above.
func shown(f fyne.Window) (err error) {
	defer func() {
		// Where nobody answers at the display, Fyne goes on after it has said so in the terminal, and GLFW panics: its error has this
		// code, and its type is nothing that Fyne passes on.
		if r := recover(); r != nil {
			if e, ok := r.(error); !ok || !strings.HasPrefix(e.Error(), "NotInitialized:") {
				panic(r)
			}
			err = ErrNoDisplay
		}
	}()
	f.Show()
	if !isThere(f) {
		return ErrNoWindow
	}
	return nil
}

// isThere says whether a window that was shown exists. Where it could not be made Fyne says so in a terminal alone, and would wait
// for ever for one to be closed.
func isThere(f fyne.Window) bool {
	native, ok := f.(driver.NativeWindow)
	if !ok { // as in tests
		return true
	}
	there := true
	native.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.WindowsWindowContext:
			there = c.HWND != 0
		case driver.MacWindowContext:
			there = c.NSWindow != 0
		case driver.X11WindowContext:
			there = c.WindowHandle != 0
		case driver.WaylandWindowContext:
			there = c.WaylandSurface != 0
		}
	})
	return there
}

// Run shows the window and returns when it is closed and everything begun in it has ended. Where there can be no window, the
// error is ErrNoWindow or ErrNoDisplay.
func Run(p Params) error {
	w, err := newWindow(p)
	if err != nil {
		return err
	}
	w.start()
	if err := shown(w.frame); err != nil {
		w.work.stop()
		words := say("fail.no_window")
		if errors.Is(err, ErrNoDisplay) {
			words = say("fail.no_display")
		}
		showMessage(words)
		return err
	}
	p.App.Run()
	w.work.stop() // the driver may also end without asking the window
	return nil
}

// window is the program's only window.
type window struct {
	Params
	frame fyne.Window
	work  *work
	now   func() time.Time
	free  func(folder string) (int64, error) // bytes on its disk

	language string // spoken now
	narrow   bool   // tabs in place of the sidebar
	tight    bool   // one column: no room for two beside the sidebar, or narrow
	low      bool   // no room for a card above a list
	place    place
	state    trainer.State // as last heard
	model    loading
	engines  []Engine // as tried; nil: not since the model was loaded
	trying   bool

	offers   []catalogue.Offer // beside it, as last looked for
	hidden   []error           // why there may be more
	fetching *fetching         // nil: none was begun
	adding   *adding           // nil: none was begun
	moving   *moving           // nil: none was begun
	removing map[string]bool   // files of models that are being deleted, by path

	shell      shell
	chat       *chatView
	lessons    *lessonsView
	learning   *learningView
	machine    *modelView
	statistics *statisticsView
	snackbar   *widgets.Snackbar
	search     *searchPage
	presets    *presets
	settings   *settingsDialog    // nil while closed
	files      *dialog.FileDialog // likewise

	unsaved map[string]unsaved // by editor: what was written and left there

	handed string                // a model file that waits to be taken, "" for none
	looked string                // that was chosen last and is being looked at, "" for none
	behind bool                  // another program has the keyboard
	told   func() widgets.Notice // makes the notice above the view; nil: nothing waits for an answer
	about  matter                // of the notice
	upset  string                // the trouble that was told of (sameTrouble); "": none since the last one ended
	calmed bool                  // that was answered
	warns  bool                  // of a contradiction, until that is answered or decided
	undo   *undoing              // takes back the last feedback, or brings back what was deleted last; nil: there is neither

	inTray bool      // closing the window while a training runs leaves it in the tray: that was chosen
	menus  menuState // that the menus of the desktop were made for
}

// view is one place of the window. It keeps what it knows when its widgets are made anew.
type view interface {
	build() fyne.CanvasObject // makes the widgets, in the language and layout of now
	open()                    // the place is shown: bring what it knows up to date
	heard(news []trainer.News)
	escape() bool // closes what is open in it; false: nothing was
}

func newWindow(p Params) (*window, error) {
	w := &window{Params: p, now: time.Now, free: catalogue.FreeDisk, unsaved: map[string]unsaved{}, removing: map[string]bool{}}
	w.work = newWork()
	w.chat = newChatView(w)
	w.lessons = newLessonsView(w)
	w.learning = newLearningView(w)
	w.machine = newModelView(w)
	w.statistics = newStatisticsView(w)
	w.search = newSearchPage(w)
	w.presets = &presets{w: w}
	w.state = p.Trainer.State()
	if err := w.choose(p.Settings.Window); err != nil {
		return nil, err
	}
	w.frame = p.App.NewWindow("CLARA")
	w.frame.SetMaster()
	w.frame.SetPadded(false)
	w.frame.SetCloseIntercept(w.askToClose)
	w.frame.SetOnDropped(w.dropped)
	w.restoreSize()
	w.rebuild()
	w.listen()
	return w, nil
}

// start begins to load the model and to follow the trainer.
func (w *window) start() {
	w.work.beside(w.watch)
	w.work.beside(func(ctx context.Context) {
		w.File.Follow(ctx, func(s configs.Settings, err error) { fyne.Do(func() { w.fileChanged(s, err) }) })
	})
	w.work.beside(func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-w.Ended:
			fyne.Do(w.close)
		}
	})
	w.work.beside(w.comeForward)
	w.behind = true // until it gets the keyboard
	w.App.Lifecycle().SetOnEnteredForeground(func() { w.behind = false })
	w.App.Lifecycle().SetOnExitedForeground(func() { w.behind = true })
	if w.Drawn != nil {
		w.work.beside(w.awaitDrawn)
	}
	w.showMenus()
	w.openTray()
	w.loadModel()
	if w.Open != "" {
		w.hand(w.Open) // after the model in use
	}
	w.presets.refresh()
	w.chat.reading = true
	w.chat.show() // nothing, rather than an empty conversation
	w.chat.openLast()
	if w.state.Contradictions > 0 {
		w.warn()
	}
	w.tellOfCrash()
	w.learning.refreshNames()
	if w.FileError != nil {
		w.tellFault("settings.unreadable", "settings.go_on")
	}
	w.tellTrouble()
}

// tellFault says what is wrong in the settings file, in the words of the keys text and leave: what holds until it is mended.
func (w *window) tellFault(text, leave string) {
	err := w.FileError // which may be mended before the notice is answered
	w.tellOf(matterSettings, func() widgets.Notice {
		return widgets.Notice{
			Glyph: widgets.IconSliders, Tone: widgets.ToneError, Title: say("settings.fault_title"), Text: say(text, "Cause", settingsFault(err)),
			Actions: []widgets.Action{
				{Label: say("settings.open_file"), Kind: widgets.Secondary, OnTapped: func() { w.openFile(w.File.Path()) }},
				{Label: say(leave), OnTapped: w.untell},
			},
		}
	})
}

// choose takes over how the window looks and speaks.
func (w *window) choose(s configs.Window) error {
	code := s.Language
	if w.Language != "" {
		code = w.Language
	}
	if code != german && code != english {
		code = systemLanguage()
	}
	if code != w.language {
		if err := speak(code); err != nil {
			return err
		}
		w.language = code
	}
	look := &widgets.Theme{Scale: float32(s.TextSize) / 100, Touch: w.narrow, HighContrast: s.HighContrast, Still: s.ReducedMotion}
	switch light, dark := theme.VariantLight, theme.VariantDark; s.Appearance {
	case "light":
		look.Force = &light
	case "dark":
		look.Force = &dark
	}
	w.App.Settings().SetTheme(look)
	return nil
}

// Keys of the preferences, which hold the window's own state and nothing else.
const (
	preferSize   = "window.size" // width and height: one value, since of several at once Fyne writes only the first before the end
	preferSeen   = "window.welcomed"
	preferOpened = "window.conversation"
)

func (w *window) restoreSize() {
	size := fyne.NewSize(1280, 800)
	if kept := w.App.Preferences().FloatList(preferSize); len(kept) == 2 {
		size = fyne.NewSize(float32(kept[0]), float32(kept[1]))
	}
	w.frame.Resize(size)
}

func (w *window) rememberSize() {
	if size := w.frame.Canvas().Size(); size.Width > 0 && size.Height > 0 {
		w.App.Preferences().SetFloatList(preferSize, []float64{float64(size.Width), float64(size.Height)})
	}
}

// close hides the window at once, lets what was begun come to its end, and quits.
func (w *window) close() {
	w.rememberSize()
	w.chat.keepDraft()
	w.frame.Hide()
	go func() { // joined by Quit: Run returns only after it
		w.work.stop()
		fyne.Do(w.App.Quit)
	}()
}

// escape closes what is open, the innermost first.
func (w *window) escape() {
	if w.files != nil {
		w.files.Dismiss()
		return
	}
	if w.settings != nil {
		w.settings.close()
		return
	}
	if w.about == matterQuestion || w.about == matterQuit {
		w.untell()
		return
	}
	if w.presets.open {
		w.presets.escape()
		return
	}
	if w.search.open {
		w.search.close()
		return
	}
	if !w.view().escape() && w.told != nil {
		w.dismiss()
	}
}

// failed shows an error that stopped what a person wanted: what happened, and what to do next.
func (w *window) failed(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if why, _, _ := trainer.FaultOf(err); why.Code == trainer.CodeFaultDisk {
		w.diskFull()
		return
	}
	w.tell(func() widgets.Notice {
		return widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("fault.title"), Text: fault(err),
			Actions: []widgets.Action{{Label: say("close"), Kind: widgets.Secondary, OnTapped: w.untell}},
		}
	})
}

func (w *window) openFile(path string) {
	if err := openPath(w.App, path); err != nil {
		w.failed(fmt.Errorf("open %s: %w", path, err))
	}
}
