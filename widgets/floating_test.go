package widgets

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func TestPaceBatchesAndLosesNothing(t *testing.T) {
	inLook(t, &Theme{})
	synctest.Test(t, func(t *testing.T) {
		var asked, seen, calls atomic.Int32 // the test driver has no goroutine of the UI: it calls where it is asked
		p := NewPace(40*time.Millisecond, func() { seen.Store(asked.Load()); calls.Add(1) })
		for range 200 { // two seconds of a hundred tokens a second
			asked.Add(1)
			p.Ask()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if seen.Load() != 200 {
			t.Errorf("the last that was shown is %d of 200", seen.Load())
		}
		if n := calls.Load(); n < 40 || n > 60 {
			t.Errorf("%d calls in two seconds, want some 50", n)
		}
	})
}

func TestPaceFirstCallComesAtOnceAndNoneAfterStop(t *testing.T) {
	inLook(t, &Theme{})
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		p := NewPace(time.Second, func() { calls.Add(1) })
		p.Ask()
		if calls.Load() != 1 {
			t.Fatalf("%d calls at once, want 1", calls.Load())
		}
		p.Ask()
		p.Stop()
		p.Ask()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d calls after Stop", calls.Load()-1)
		}
	})
}

func TestPaceMayBeAskedFromAnywhere(t *testing.T) {
	inLook(t, &Theme{})
	var calls atomic.Int32
	p := NewPace(time.Millisecond, func() { calls.Add(1) })
	done := make(chan struct{})
	for range 4 {
		go func() {
			for range 100 {
				p.Ask()
			}
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
	p.Stop()
	if calls.Load() == 0 {
		t.Error("never called")
	}
}

// TestSnackbarGoesAfterItsTime looks once, at the end: the test driver runs what a timer asks for beside the test, not after it.
func TestSnackbarGoesAfterItsTime(t *testing.T) {
	say := func(s *Snackbar) { s.Say("Lesson unlearned.", "Undo", nil) }
	for name, c := range map[string]struct {
		do   func(s *Snackbar)
		then time.Duration
		want bool
	}{
		"stays for its time":     {say, SnackbarTime - time.Second, true},
		"goes after its time":    {say, SnackbarTime + time.Second, false},
		"a new one has its own":  {func(s *Snackbar) { say(s); time.Sleep(SnackbarTime - time.Second); say(s) }, SnackbarTime - time.Second, true},
		"and goes after it":      {func(s *Snackbar) { say(s); time.Sleep(SnackbarTime - time.Second); say(s) }, SnackbarTime + time.Second, false},
		"stays under the mouse":  {func(s *Snackbar) { s.panel.MouseIn(&desktop.MouseEvent{}); say(s) }, 3 * SnackbarTime, true},
		"the mouse left it":      {func(s *Snackbar) { say(s); s.panel.MouseIn(nil); s.panel.MouseOut() }, SnackbarTime + time.Second, false},
		"stays for the keyboard": {func(s *Snackbar) { s.action.FocusGained(); say(s) }, 3 * SnackbarTime, true},
		"the keyboard left it":   {func(s *Snackbar) { say(s); s.action.FocusGained(); s.action.FocusLost() }, SnackbarTime + time.Second, false},
		"was dismissed":          {func(s *Snackbar) { say(s); s.Dismiss() }, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			inLook(t, &Theme{})
			synctest.Test(t, func(t *testing.T) {
				s := NewSnackbar()
				s.Resize(fyne.NewSize(600, 400))
				c.do(s)
				time.Sleep(c.then)
				synctest.Wait()
				if got := s.panel.Visible(); got != c.want {
					t.Errorf("visible %v, want %v", got, c.want)
				}
				s.timer.Stop()
			})
		})
	}
}

func TestSnackbarUndoes(t *testing.T) {
	inLook(t, &Theme{})
	n := 0
	s := NewSnackbar()
	window(t, s, 600, 400)
	s.Say("Lesson unlearned.", "Undo", func() { n++ })
	test.Tap(s.action)
	if n != 1 || s.panel.Visible() {
		t.Errorf("undone %d times, visible %v", n, s.panel.Visible())
	}
}

func TestMenuWithTheKeyboard(t *testing.T) {
	inLook(t, &Theme{})
	var did []string
	item := func(name string) MenuItem {
		return MenuItem{Title: name, OnTapped: func() { did = append(did, name) }}
	}
	off := item("off")
	off.Disabled = true
	anchor := NewMenuButton("More", nil, Ghost, func() []MenuItem {
		return []MenuItem{item("a"), {Separator: true}, off, item("b")}
	})
	win := window(t, Pad(anchor, 20), 400, 300)
	c := win.Canvas()
	c.Focus(anchor)
	key(anchor, fyne.KeyReturn)
	if c.Overlays().Top() == nil {
		t.Fatal("no menu")
	}
	key(c.Focused(), fyne.KeyDown) // over the separator and the disabled one
	key(c.Focused(), fyne.KeyDown) // round the end
	key(c.Focused(), fyne.KeyUp)
	key(c.Focused(), fyne.KeyReturn)
	if !slices.Equal(did, []string{"b"}) || c.Overlays().Top() != nil {
		t.Errorf("did %v", did)
	}
	if c.Focused() != fyne.Focusable(anchor) {
		t.Error("the button has not got the keyboard back")
	}
	key(anchor, fyne.KeyReturn)
	key(c.Focused(), fyne.KeyEscape)
	if c.Overlays().Top() != nil {
		t.Error("Escape does not close the menu")
	}
	key(anchor, fyne.KeyReturn)
	test.TapCanvas(c, fyne.NewPos(390, 290))
	if c.Overlays().Top() != nil || len(did) != 1 {
		t.Error("a tap beside does not close the menu")
	}
}

func TestMenuStaysInTheWindow(t *testing.T) {
	inLook(t, &Theme{})
	win := window(t, Body("x"), 300, 200)
	m := ShowMenuAt(win.Canvas(), fyne.NewPos(290, 190), MenuItem{Title: "a"}, MenuItem{Title: "b"}, MenuItem{Title: "c"})
	at, size := m.layer.place(win.Canvas().Size())
	if at.X < 0 || at.Y < 0 || at.X+size.Width > 300 || at.Y+size.Height > 200 {
		t.Errorf("at %v, %v", at, size)
	}
}

func TestDialogKeepsTheKeyboardAndClosesOnEscape(t *testing.T) {
	inLook(t, &Theme{})
	behind := NewButton("behind", nil, Ghost, nil)
	win := window(t, behind, 500, 400)
	c := win.Canvas()
	var outer []fyne.KeyName
	c.SetOnTypedKey(func(e *fyne.KeyEvent) { outer = append(outer, e.Name) })
	first, second := NewLine("", nil), NewButton("Save", nil, Primary, nil)
	closed := 0
	d := NewDialog(c, Sized(900, 200, VStack(4, first, second)))
	d.OnClosed = func() { closed++ }
	d.Show()
	for range 5 {
		c.FocusNext()
		if c.Focused() == fyne.Focusable(behind) {
			t.Fatal("Tab leaves the dialog")
		}
	}
	if at, size := d.layer.place(c.Size()); at.X < 0 || size.Width > 500 {
		t.Errorf("wider than the window: %v at %v", size, at)
	}
	key(c.Focused(), fyne.KeyEscape)
	if closed != 1 || c.Overlays().Top() != nil {
		t.Errorf("closed %d times", closed)
	}
	d.Close() // a second time does nothing
	c.OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF1})
	if closed != 1 || !slices.Equal(outer, []fyne.KeyName{fyne.KeyF1}) {
		t.Errorf("closed %d times; the window's keys are %v", closed, outer)
	}
}
