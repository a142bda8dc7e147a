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
		asked, seen, calls := 0, 0, 0
		p := NewPace(40*time.Millisecond, func() { seen = asked; calls++ })
		for range 200 { // two seconds of a hundred tokens a second
			asked++
			p.Ask()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if seen != 200 {
			t.Errorf("the last that was shown is %d of 200", seen)
		}
		if calls < 40 || calls > 60 {
			t.Errorf("%d calls in two seconds, want some 50", calls)
		}
	})
}

func TestPaceFirstCallComesAtOnceAndNoneAfterStop(t *testing.T) {
	inLook(t, &Theme{})
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p := NewPace(time.Second, func() { calls++ })
		p.Ask()
		if calls != 1 {
			t.Fatalf("%d calls at once, want 1", calls)
		}
		p.Ask()
		p.Stop()
		p.Ask()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if calls != 1 {
			t.Errorf("%d calls after Stop", calls-1)
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

func TestSnackbarGoesAfterItsTime(t *testing.T) {
	inLook(t, &Theme{})
	synctest.Test(t, func(t *testing.T) {
		s := NewSnackbar()
		s.Resize(fyne.NewSize(600, 400))
		s.Say("Lesson unlearned.", "Undo", nil)
		time.Sleep(SnackbarTime - time.Second)
		synctest.Wait()
		if !s.panel.Visible() {
			t.Fatal("gone too early")
		}
		s.Say("Another.", "", nil) // a new one has its own time
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !s.panel.Visible() || s.action.Visible() {
			t.Fatal("the time of the first one took the second away")
		}
		time.Sleep(SnackbarTime)
		synctest.Wait()
		if s.panel.Visible() {
			t.Error("stays")
		}
	})
}

func TestSnackbarStaysWhileTheMouseIsOnIt(t *testing.T) {
	inLook(t, &Theme{})
	synctest.Test(t, func(t *testing.T) {
		s := NewSnackbar()
		s.Resize(fyne.NewSize(600, 400))
		s.Say("Lesson unlearned.", "Undo", nil)
		s.panel.MouseIn(&desktop.MouseEvent{})
		time.Sleep(3 * SnackbarTime)
		synctest.Wait()
		if !s.panel.Visible() {
			t.Fatal("gone under the mouse")
		}
		s.panel.MouseOut()
		time.Sleep(SnackbarTime + time.Second)
		synctest.Wait()
		if s.panel.Visible() {
			t.Error("stays after the mouse has left")
		}
	})
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
