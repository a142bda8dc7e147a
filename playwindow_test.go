package main

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"net/url"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"clara/widgets"
)

// playedApp is Fyne's app without a display, with a goroutine of its own that all of the window runs on, as the desktop's
// drivers have one: what other goroutines hand to fyne.Do waits in a queue.
type playedApp struct {
	fyne.App
	frame *playedWindow
	owner atomic.Int64 // the goroutine of the window; 0: it has not begun

	mu     sync.Mutex
	queue  []func()
	wake   chan struct{}
	ended  bool
	opened []string // addresses that the desktop was asked to show
	strays []string // who touched the window from another goroutine
}

func newPlayedApp() *playedApp {
	a := &playedApp{App: test.NewApp(), wake: make(chan struct{}, 1)}
	fyne.SetCurrentApp(a)
	return a
}

// run runs the program on the goroutine that calls it, which is the window's from then on.
func (a *playedApp) run(program func() error) error {
	a.owner.Store(goroutine())
	return program()
}

// goroutine is the number of the goroutine that asks.
func goroutine() int64 {
	var stack [64]byte
	n := runtime.Stack(stack[:], false)
	id, _ := strconv.ParseInt(strings.Fields(string(stack[:n]))[1], 10, 64)
	return id
}

// touched notes who asks for an object's canvas in order to draw it anew, if it is not the window's goroutine: Fyne's driver for
// the desktop complains of that, and its driver for tests does not.
func (a *playedApp) touched() {
	owner := a.owner.Load()
	if owner == 0 || goroutine() == owner {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.strays = append(a.strays, string(debug.Stack()))
}

// takeStrays returns who has touched the window from another goroutine since the last call.
func (a *playedApp) takeStrays() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	strays := a.strays
	a.strays = nil
	return strays
}

func (a *playedApp) Driver() fyne.Driver { return playedDriver{a.App.Driver(), a} }

func (a *playedApp) NewWindow(title string) fyne.Window {
	a.frame = &playedWindow{Window: a.App.NewWindow(title)}
	return a.frame
}

func (a *playedApp) OpenURL(u *url.URL) error {
	a.opened = append(a.opened, u.String())
	return nil
}

// Run runs what is handed to the window's goroutine until Quit.
func (a *playedApp) Run() {
	for range a.wake {
		for {
			a.mu.Lock()
			queue, ended := a.queue, a.ended
			a.queue = nil
			a.mu.Unlock()
			for _, f := range queue {
				f()
			}
			if len(queue) == 0 {
				if ended {
					return
				}
				break
			}
		}
	}
}

// Quit ends Run once the queue is empty.
func (a *playedApp) Quit() {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	a.nudge()
}

func (a *playedApp) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// busy says whether something waits for the window's goroutine.
func (a *playedApp) busy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.queue) > 0
}

// do runs f on the window's goroutine and waits for it.
func (a *playedApp) do(f func()) { a.Driver().DoFromGoroutine(f, true) }

type playedDriver struct {
	fyne.Driver
	app *playedApp
}

// CanvasForObject implements fyne.Driver.
func (d playedDriver) CanvasForObject(o fyne.CanvasObject) fyne.Canvas {
	d.app.touched()
	return d.Driver.CanvasForObject(o)
}

func (d playedDriver) DoFromGoroutine(f func(), wait bool) {
	done := make(chan struct{})
	d.app.mu.Lock()
	d.app.queue = append(d.app.queue, func() { f(); close(done) })
	d.app.mu.Unlock()
	d.app.nudge()
	if wait {
		<-done
	}
}

// playedWindow remembers what Fyne's window for tests does not.
type playedWindow struct {
	fyne.Window
	dropped   func(fyne.Position, []fyne.URI)
	intercept func() // what closing it does
}

func (w *playedWindow) SetCloseIntercept(f func()) { w.intercept = f }

func (w *playedWindow) SetOnDropped(f func(fyne.Position, []fyne.URI)) { w.dropped = f }

func (w *playedWindow) drop(path string) {
	w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(path)})
}

// shown is something on the screen that says something.
type shown struct {
	object fyne.CanvasObject
	words  string
	at     fyne.Position    // on the canvas
	seen   [2]fyne.Position // corners of the part of it that is in sight
	window [2]fyne.Position // corners of what it is seen through
	button fyne.Tappable    // what a tap on it taps; nil: nothing
	scroll fyne.Scrollable  // the innermost that it lies in; nil: none
}

// inSight says whether a part of it can be seen.
func (s shown) inSight() bool { return s.seen[0].X < s.seen[1].X-1 && s.seen[0].Y < s.seen[1].Y-1 }

// middle is where a person would tap it.
func (s shown) middle() fyne.Position {
	return fyne.NewPos((s.seen[0].X+s.seen[1].X)/2, (s.seen[0].Y+s.seen[1].Y)/2)
}

// off says whether it belongs to a control that is switched off.
func (s shown) off() bool {
	d, ok := s.button.(fyne.Disableable)
	return ok && d.Disabled()
}

// onScreen lists what says something, in the order in which it is painted. A layer above the window, such as a menu, hides
// what is below from taps: with top, only the uppermost is listed.
func onScreen(c fyne.Canvas, top bool) []shown {
	var all []shown
	size := c.Size()
	whole := [2]fyne.Position{{}, fyne.NewPos(size.Width, size.Height)}
	layers := append([]fyne.CanvasObject{c.Content()}, c.Overlays().List()...)
	if top {
		layers = layers[len(layers)-1:]
	}
	for _, layer := range layers {
		collect(&all, shown{object: layer, at: layer.Position(), window: whole})
	}
	return all
}

// collect adds s.object, and what it is made of, where it can be seen; s has what surrounds it.
func collect(all *[]shown, s shown) {
	o := s.object
	if !o.Visible() {
		return
	}
	from, to := s.at, s.at.AddXY(o.Size().Width, o.Size().Height)
	s.seen = [2]fyne.Position{
		{X: max(s.window[0].X, from.X), Y: max(s.window[0].Y, from.Y)},
		{X: min(s.window[1].X, to.X), Y: min(s.window[1].Y, to.Y)},
	}
	if b, ok := o.(fyne.Tappable); ok {
		s.button = b
	}
	switch o := o.(type) {
	case *canvas.Text:
		s.words = o.Text
	case *widgets.Text:
		s.words = o.Text
	case *fyne.Container: // accessible too, as "Container"
	case fyne.Accessible:
		s.words = o.AccessibilityLabel()
	}
	if strings.TrimSpace(s.words) != "" {
		*all = append(*all, s)
	}
	inner := s
	inner.words = ""
	if _, clips := o.(*container.Scroll); clips {
		inner.window = s.seen
	}
	if x, ok := o.(fyne.Scrollable); ok {
		inner.scroll = x
	}
	var parts []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		parts = o.Objects
	case fyne.Widget:
		parts = test.WidgetRenderer(o).Objects()
	}
	for _, p := range parts {
		inner.object, inner.at = p, s.at.Add(p.Position())
		collect(all, inner)
	}
}

// find is what says the words, the whole of them before a part; nothing: nil.
func find(all []shown, words *regexp.Regexp, ok func(shown) bool) *shown {
	var part *shown
	for i, s := range all {
		at := words.FindStringIndex(s.words)
		if at == nil || !ok(s) {
			continue
		}
		if at[0] == 0 && at[1] == len(s.words) {
			return &all[i]
		}
		if part == nil {
			part = &all[i]
		}
	}
	return part
}

// tapAt taps b at a place, or what lies upon it there. What can have the keyboard gets it first, as on a desktop.
func tapAt(c fyne.Canvas, b fyne.Tappable, at fyne.Position) {
	if f, ok := b.(fyne.Focusable); ok {
		c.Focus(f)
	}
	test.TapCanvas(c, at)
}

// pasted is the length from which on a person would paste a text.
const pasted = 400

// typeInto types into what has the keyboard, in the place of what stands there.
func typeInto(c fyne.Canvas, text string) error {
	f := c.Focused()
	if f == nil {
		return fmt.Errorf("nothing has the keyboard to type %q into", text)
	}
	if s, ok := f.(fyne.Shortcutable); ok {
		s.TypedShortcut(&fyne.ShortcutSelectAll{})
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
		if len(text) > pasted {
			clipboard := fyne.CurrentApp().Clipboard()
			clipboard.SetContent(text)
			s.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipboard})
			return nil
		}
	}
	for _, r := range text {
		f.TypedRune(r)
	}
	return nil
}

// painted is a picture of the window in at most 256 colours, so that the files stay small: letters and lines have few, and the
// rarest take the nearest of the others. Fyne's painter for tests, other than the one of the desktop, shows a field that was
// scrolled out of sight, since the field scrolls too.
func painted(c fyne.Canvas) *image.Paletted {
	for _, s := range onScreen(c, false) {
		if t, ok := s.object.(*canvas.Text); ok && !s.inSight() {
			t.Hidden = true
			defer func() { t.Hidden = false }()
		}
	}
	return fewColours(c.Capture())
}

// colours are how many a picture may have.
const colours = 256

// fewColours takes the colours that leave out least: from the commonest on, always the one with most pixels times squared
// distance from those that were taken. The others become the nearest of them.
func fewColours(p image.Image) *image.Paletted {
	size := p.Bounds()
	count := map[color.NRGBA]int{}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA)]++
		}
	}
	type taken struct {
		color.NRGBA
		index, off int // of the nearest in the palette, and its squared distance
	}
	var all []taken
	for c := range count {
		all = append(all, taken{c, 0, math.MaxInt32})
	}
	slices.SortFunc(all, func(a, b taken) int { // a map has no order, two plays are to give the same
		return cmp.Or(count[b.NRGBA]-count[a.NRGBA], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for next := 0; len(palette) < colours && all[next].off > 0; {
		c := all[next]
		palette = append(palette, c.NRGBA)
		next = 0
		for i := range all {
			x := &all[i]
			r, g, b := int(x.R)-int(c.R), int(x.G)-int(c.G), int(x.B)-int(c.B)
			if off := r*r + g*g + b*b; off < x.off {
				x.index, x.off = len(palette)-1, off
			}
			if x.off*count[x.NRGBA] > all[next].off*count[all[next].NRGBA] {
				next = i
			}
		}
	}
	index := make(map[color.NRGBA]uint8, len(all))
	for _, x := range all {
		index[x.NRGBA] = uint8(x.index)
	}
	out := image.NewPaletted(size, palette)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			out.SetColorIndex(x, y, index[color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA)])
		}
	}
	return out
}
