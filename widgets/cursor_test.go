package widgets

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// animating is Fyne's test app that keeps what is animated, so that a test can move it on.
type animating struct {
	fyne.App
	driver *animator
}

func (a *animating) Driver() fyne.Driver { return a.driver }

type animator struct {
	fyne.Driver
	running map[*fyne.Animation]bool
}

func (d *animator) StartAnimation(a *fyne.Animation) { d.running[a] = true }
func (d *animator) StopAnimation(a *fyne.Animation)  { delete(d.running, a) }

func (d *animator) DoFromGoroutine(func(), bool) {} // the test holds the cursor itself

// redraws counts how often a second of all animations changes what is drawn of a cursor.
func (d *animator) redraws(cursor *canvas.Rectangle) (n int) {
	before := cursor.FillColor
	for a := range d.running {
		for step := range 30 {
			if a.Tick(float32(step) / 30); cursor.FillColor != before {
				before = cursor.FillColor
				n++
			}
		}
	}
	return n
}

// shown visits what an object draws.
func shown(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if !o.Visible() {
		return
	}
	visit(o)
	var inside []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		inside = o.Objects
	case fyne.Widget:
		inside = test.WidgetRenderer(o).Objects()
	}
	for _, o := range inside {
		shown(o, visit)
	}
}

// cursorOf is the cursor of a composer.
func cursorOf(t *testing.T, c *Composer) (cursor *canvas.Rectangle) {
	t.Helper()
	shown(c, func(o fyne.CanvasObject) {
		if r, ok := o.(*canvas.Rectangle); ok && r.Size().Width == composerTheme.sizes[theme.SizeNameInputBorder] {
			cursor = r
		}
	})
	if cursor == nil {
		t.Fatal("no cursor is shown")
	}
	return cursor
}

// TestCursorStandsWhenNobodyWrites: a cursor that blinks has the whole window drawn anew, so it ends by itself; the first key is not
// lost by it, and the keyboard stays where it is.
func TestCursorStandsWhenNobodyWrites(t *testing.T) {
	for name, l := range map[string]*Theme{"after a while": {}, "at once where nothing is to move": {Still: true}} {
		t.Run(name, func(t *testing.T) {
			inLook(t, l)
			inner := fyne.CurrentApp()
			d := &animator{Driver: inner.Driver(), running: map[*fyne.Animation]bool{}}
			fyne.SetCurrentApp(&animating{App: inner, driver: d})
			c := newTestComposer()
			win := window(t, c, 400, 100)
			c.Focus(win.Canvas())
			cursor := cursorOf(t, c)
			if !l.Still {
				time.Sleep(350 * time.Millisecond) // Fyne holds the cursor after the last key
				if d.redraws(cursor) == 0 {
					t.Fatal("the cursor of someone who writes does not blink: the test sees no animation")
				}
				c.entry.hold()
				if time.Sleep(350 * time.Millisecond); d.redraws(cursor) == 0 {
					t.Error("the cursor stands although the last key was just now")
				}
				c.entry.cursor.until = time.Time{} // a while later
			}
			c.entry.hold()
			d.redraws(cursor)
			c.entry.hold()
			if n := d.redraws(cursor); n != 0 {
				t.Errorf("a second of a cursor that stands is drawn %d times", n)
			}
			if win.Canvas().Focused() != fyne.Focusable(c.entry) {
				t.Error("the keyboard has gone")
			}
			test.Type(c.entry, "a")
			if c.Text() != "a" {
				t.Errorf("after the first key there is %q", c.Text())
			}
			if !l.Still && !time.Now().Before(c.entry.cursor.until) {
				t.Error("a key does not let the cursor blink again")
			}
			win.Canvas().Unfocus()
			c.entry.hold()
			if c.entry.cursor.timer.Stop() {
				t.Error("a cursor without the keyboard goes on")
			}
		})
	}
}
