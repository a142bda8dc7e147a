package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"clara/widgets"
)

// stop is what the keyboard can go to, with where it is seen now.
type stop struct {
	fyne.Focusable
	seen
}

// String names a stop; a row of a feed is made anew when it comes in sight, so it is known by this.
func (s stop) String() string {
	name := ""
	if a, ok := s.Focusable.(fyne.Accessible); ok {
		name = a.AccessibilityLabel()
	}
	return fmt.Sprintf("%T %q", s.Focusable, name)
}

// stops are what the keyboard can go to, as the window is now: in the layer on top alone.
func stops(w *window) (all []stop) {
	top := w.frame.Canvas().Overlays().Top()
	onScreen(w, func(s seen) {
		f, ok := s.o.(fyne.Focusable)
		if !ok || top != nil && !inOverlay(w, s) {
			return
		}
		if d, ok := s.o.(fyne.Disableable); ok && d.Disabled() {
			return
		}
		all = append(all, stop{f, s})
	})
	return all
}

// find looks for a stop among others.
func (s stop) find(all []stop) (stop, bool) {
	i := slices.IndexFunc(all, func(x stop) bool { return x.Focusable == s.Focusable })
	if i < 0 {
		return s, false
	}
	return all[i], true
}

// follows says whether b may be read after a: below it, behind it on the same line, or in a column to the right. What a scroller
// holds counts as all of the scroller for what is beside or over it.
func follows(a, b stop) bool {
	from := a.seen
	for _, p := range a.parents {
		if _, ok := p.o.(*container.Scroll); ok && !within(p.o, b.seen) {
			from = p
			break
		}
	}
	bottom := from.at.Y + from.o.Size().Height
	switch {
	case within(a.o, b.seen), within(b.o, a.seen), b.at.X >= from.right()-1:
		return true
	case b.at.Y+b.o.Size().Height <= from.at.Y+1: // above, and not to the right
		return false
	case b.right() <= from.at.X+1: // beside it, on the left
		return b.at.Y >= bottom-1
	}
	return true
}

func within(o fyne.CanvasObject, s seen) bool {
	return slices.ContainsFunc(s.parents, func(p seen) bool { return p.o == o })
}

// strokes are the shapes with which an object is drawn: a ring around it is one of them. A composer draws that of its entry.
func strokes(s stop) string {
	of := s.seen
	for i := len(s.parents) - 1; i >= 0; i-- {
		if _, ok := s.parents[i].o.(*widgets.Composer); ok {
			of = s.parents[i]
		}
	}
	var b strings.Builder
	walk(of.o, fyne.Position{}, nil, func(s seen) {
		switch x := s.o.(type) {
		case *canvas.Rectangle:
			if x.StrokeWidth > 0 {
				fmt.Fprint(&b, x.Size(), x.StrokeWidth, x.StrokeColor, ";")
			}
		case *canvas.Circle: // of Fyne's sliders
			fmt.Fprint(&b, x.FillColor, ";")
		}
	})
	return b.String()
}

// keyboardReachesEverything walks a view with Tab alone: all that can have the keyboard gets it, in the order in which one
// reads, in sight and with a ring around it, and after the last comes the first.
func keyboardReachesEverything(t *testing.T, w *window, _ string) {
	c := w.frame.Canvas()
	c.Unfocus()
	size := c.Size() // what was filled just now is laid out before the next frame, which the test driver does not draw
	w.frame.Resize(size.AddWidthHeight(0, 1))
	w.frame.Resize(size)
	want := map[string]bool{}
	looks := map[string]string{}
	for _, s := range stops(w) {
		want[s.String()] = true
		looks[s.String()] = strokes(s)
	}
	if len(want) < 2 {
		t.Fatalf("only %d stops", len(want))
	}
	got := map[string]bool{}
	var first, last, before stop
	for n := 0; ; n++ {
		c.FocusNext()
		all := stops(w)
		s, ok := stop{Focusable: c.Focused()}.find(all)
		if !ok {
			t.Fatalf("stop %d after %v is %T, which is not on the screen", n, before, c.Focused())
		}
		if n > 0 && s.Focusable == first.Focusable {
			break
		}
		if n == 0 {
			first = s
		}
		if n > 400 {
			t.Fatal("no way back to the first")
		}
		got[s.String()] = true
		if still, ok := before.find(all); ok && !follows(still, s) {
			t.Errorf("%v at %v comes after %v at %v", s, s.at, before, still.at)
		}
		if !shownIn(s.seen) {
			t.Errorf("%v has the keyboard out of sight, at %v", s, s.at)
		}
		if was, ok := looks[s.String()]; ok && strokes(s) == was {
			t.Errorf("%v looks the same with the keyboard", s)
		}
		last, before = s, s
	}
	for name := range want {
		if !got[name] {
			t.Errorf("Tab does not lead to %s", name)
		}
	}
	if c.FocusPrevious(); c.Focused() != last.Focusable {
		t.Errorf("before the first comes %T, not the last, %v", c.Focused(), last)
	}
	for n := 0; len(c.Overlays().List()) > 0 && n < 3; n++ {
		w.typeKey(fyne.KeyEscape)
		w.settle(t)
	}
	if len(c.Overlays().List()) > 0 {
		t.Error("Escape does not close the layer on top")
	}
}

// shownIn says whether all scrollers around s show it, or fill themselves with what is higher than they are.
func shownIn(s seen) bool {
	for _, p := range s.parents {
		scroll, ok := p.o.(*container.Scroll)
		if !ok || scroll.Direction == container.ScrollHorizontalOnly {
			continue
		}
		top, bottom := s.at.Y, s.at.Y+s.o.Size().Height
		if high := p.at.Y + p.o.Size().Height; (top < p.at.Y-1 || bottom > high+1) && bottom-top < p.o.Size().Height || bottom <= p.at.Y || top >= high {
			return false
		}
	}
	return true
}

// typeKey sends a key to what has the keyboard, or else to the window.
func (w *window) typeKey(name fyne.KeyName) {
	c, e := w.frame.Canvas(), &fyne.KeyEvent{Name: name}
	if f := c.Focused(); f != nil {
		f.TypedKey(e)
		return
	}
	c.OnTypedKey()(e)
}

// TestKeyboardLeavesThePlaceThatIsLeft: what is typed there would go where nobody sees it. In the sidebar it stays where it is.
func TestKeyboardLeavesThePlaceThatIsLeft(t *testing.T) {
	w := openSample(t, spoken(english))
	c := w.frame.Canvas()
	w.chat.composer.Focus(w.frame.Canvas())
	if !w.chat.composer.HasFocus() {
		t.Fatal("the composer has not got the keyboard")
	}
	w.press(t, fyne.Key2)
	if c.Focused() != nil {
		t.Errorf("%T has the keyboard, out of sight", c.Focused())
	}
	w.press(t, fyne.Key1)
	if !w.chat.composer.HasFocus() {
		t.Error("coming back does not bring the keyboard")
	}
	c.Focus(w.shell.nav[placeLearning])
	w.typeKey(fyne.KeyReturn)
	w.settle(t)
	if w.place != placeLearning || c.Focused() != fyne.Focusable(w.shell.nav[placeLearning]) {
		t.Errorf("in place %d the keyboard is at %T", w.place, c.Focused())
	}
}

// Escape closes the dialog of files, and nothing behind it.
func TestEscapeClosesTheDialogOfFiles(t *testing.T) {
	w := openSample(t, spoken(english))
	w.show(placeLearning)
	w.settle(t)
	w.learning.opened = keyOf(w.learning.versions[0])
	w.learning.showHistory()
	w.machine.chooseFile()
	if len(w.frame.Canvas().Overlays().List()) != 1 {
		t.Fatal("no dialog of files")
	}
	w.escape()
	if len(w.frame.Canvas().Overlays().List()) != 0 || w.learning.opened == (rowKey{}) {
		t.Error("the dialog is still there, or something behind it was closed")
	}
	w.escape()
	if w.learning.opened != (rowKey{}) {
		t.Error("the next Escape is still the dialog's")
	}
}

// TestKeyboardLeavesTheConversationForItsPages: the presets, the search and the list of conversations stand in its place.
func TestKeyboardLeavesTheConversationForItsPages(t *testing.T) {
	w := openSample(t, spoken(english))
	w.frame.Resize(slim)
	w.settle(t)
	for name, open := range map[string]func(){"presets": w.openPresets, "conversations": w.chat.list} {
		w.show(placeChat)
		w.chat.composer.Focus(w.frame.Canvas())
		open()
		w.settle(t)
		if w.chat.composer.HasFocus() {
			t.Errorf("%s: the composer has the keyboard, out of sight", name)
		}
	}
}

// Escape leads back from the list of conversations, and does nothing to what it hides.
func TestEscapeLeavesTheListOfConversations(t *testing.T) {
	w := openSample(t, spoken(english))
	w.frame.Resize(slim)
	w.settle(t)
	stopped := false
	w.chat.writing[w.chat.conversation.ID] = &answering{stop: func() { stopped = true }}
	w.chat.list()
	w.restyle() // as with another size of text
	w.settle(t)
	if !w.chat.listing || !reads(w, "Conversations") {
		t.Fatal("the list is not shown any more")
	}
	w.typeKey(fyne.KeyEscape)
	if w.chat.listing || stopped || !w.chat.composer.HasFocus() {
		t.Error("Escape does not lead back to the conversation, or stops its answer")
	}
	w.chat.list()
	w.shell.tapTab(int(placeChat))
	if w.chat.listing {
		t.Error("the tab does not lead back to the conversation")
	}
}
