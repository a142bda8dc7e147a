package widgets

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

// key types a key without a character.
func key(o fyne.Focusable, name fyne.KeyName) { o.TypedKey(&fyne.KeyEvent{Name: name}) }

func at(x float32) *fyne.PointEvent { return &fyne.PointEvent{Position: fyne.NewPos(x, 10)} }

func TestButtonIsPressedByTapAndKeys(t *testing.T) {
	inLook(t, &Theme{})
	n := 0
	b := NewButton("Save", nil, Primary, func() { n++ })
	window(t, b, 100, 40)
	test.Tap(b)
	for _, k := range []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter, fyne.KeyA} {
		key(b, k)
	}
	if n != 4 {
		t.Errorf("pressed %d times, want 4", n)
	}
	b.Disable()
	test.Tap(b)
	key(b, fyne.KeySpace)
	if n != 4 {
		t.Error("a disabled button can be pressed")
	}
	if b.Cursor() != desktop.DefaultCursor {
		t.Error("a disabled button shows a hand")
	}
}

func TestUnusedKeysReachTheWindow(t *testing.T) {
	inLook(t, &Theme{})
	stars, segmented, row, answer := NewStars(0, nil), NewSegmented(0, nil, "a", "b"), NewRow(Body("x"), 20, nil), NewAnswer("CLARA")
	line, editor := NewLine("", nil), NewEditor("", nil)
	slider, shown := NewSlider(0, 1, 0, nil)
	win := window(t, VStack(0, stars, segmented, row, answer, line, editor, shown), 300, 600)
	for _, o := range []fyne.Focusable{stars, segmented, row, answer, line, editor, slider} {
		var got []fyne.KeyName
		win.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { got = append(got, e.Name) })
		key(o, fyne.KeyEscape)
		key(o, fyne.KeyF1)
		if !slices.Equal(got, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF1}) {
			t.Errorf("%T hands on %v", o, got)
		}
	}
}

func TestEntriesKeepOnlyTheShortcutsOfEditing(t *testing.T) {
	inLook(t, &Theme{})
	custom := func(k fyne.KeyName, m fyne.KeyModifier) fyne.Shortcut {
		return &desktop.CustomShortcut{KeyName: k, Modifier: m}
	}
	mod := fyne.KeyModifierShortcutDefault
	for _, c := range []struct {
		s    fyne.Shortcut
		want bool
	}{
		{&fyne.ShortcutUndo{}, true},
		{&fyne.ShortcutPaste{}, true},
		{custom(fyne.KeyLeft, mod), true},
		{custom(fyne.KeyBackspace, mod), true},
		{custom(fyne.KeyN, mod), false},
		{custom(fyne.KeyComma, mod), false},
		{custom(fyne.KeyUp, fyne.KeyModifierAlt), false},
		{custom(fyne.KeyF, mod|fyne.KeyModifierShift), false},
	} {
		if got := isEditing(c.s); got != c.want {
			t.Errorf("%s: kept %v, want %v", c.s.ShortcutName(), got, c.want)
		}
	}
	// The window of the test driver hides its shortcuts, the canvas that real windows share shows them.
	canvas := software.NewCanvas()
	n := 0
	canvas.AddShortcut(custom(fyne.KeyN, mod), func(fyne.Shortcut) { n++ })
	runShortcut(canvas, custom(fyne.KeyN, mod))
	runShortcut(nil, custom(fyne.KeyN, mod))
	if n != 1 {
		t.Errorf("the window's shortcut ran %d times, want 1", n)
	}
	line := NewLine("", nil)
	window(t, line, 200, 40)
	line.SetText("word")
	line.TypedShortcut(&fyne.ShortcutSelectAll{})
	if line.SelectedText() != "word" {
		t.Error("the entry's own shortcuts are lost")
	}
	line.SetText("")
	if line.edits(&fyne.ShortcutUndo{}) {
		t.Error("an entry with nothing to take back keeps the undo to itself")
	}
	line.TypedRune('a')
	if !line.edits(&fyne.ShortcutUndo{}) || line.Text != "" {
		t.Errorf("an entry with %q does not take back what was typed", line.Text)
	}
}

func TestEntrySubmitsAndLeaves(t *testing.T) {
	inLook(t, &Theme{})
	var did []string
	line, editor := NewLine("", nil), NewEditor("", nil)
	line.OnSubmit, line.OnEscape = func() { did = append(did, "line") }, func() { did = append(did, "leave line") }
	editor.OnSubmit, editor.OnEscape = func() { did = append(did, "editor") }, func() { did = append(did, "leave editor") }
	window(t, VStack(0, line, editor), 300, 300)
	key(line, fyne.KeyReturn)
	key(line, fyne.KeyEscape)
	key(editor, fyne.KeyReturn)
	editor.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyReturn, Modifier: fyne.KeyModifierShortcutDefault})
	key(editor, fyne.KeyEscape)
	if !slices.Equal(did, []string{"line", "leave line", "editor", "leave editor"}) {
		t.Errorf("did %v", did)
	}
	for _, o := range []fyne.Tabbable{line, editor, newTestComposer().entry} {
		if o.AcceptsTab() {
			t.Errorf("%T keeps the Tab key to itself", o)
		}
	}
	if editor.Text != "\n" {
		t.Errorf("return in an editor wrote %q", editor.Text)
	}
}

func TestEditorGrowsWithItsText(t *testing.T) {
	inLook(t, &Theme{})
	e := NewEditor("", nil)
	two := e.HeightAt(300)
	e.SetText("1\n2\n3\n4")
	four := e.HeightAt(300)
	e.SetText(longText + longText)
	wrapped := e.HeightAt(300)
	e.SetText(longText + "\n" + longText + longText + longText + longText + longText + longText + longText)
	most := e.HeightAt(300)
	e.MaxRows = 3
	if !(four > two && wrapped > two && most > four && e.HeightAt(300) < four) {
		t.Errorf("heights %v %v %v %v, of three rows %v", two, four, wrapped, most, e.HeightAt(300))
	}
}

func TestSetTextLeavesTheCursorAtTheEnd(t *testing.T) {
	inLook(t, &Theme{})
	line, editor := NewLine("", nil), NewEditor("", nil)
	early := NewEditor("", nil) // gets its text before it has a size
	early.SetText(longText)
	window(t, VStack(4, line, editor, early), 200, 600)
	line.SetText("word")
	editor.SetText(longText + "\nlast")
	for _, e := range []*entry{&line.entry, &editor.entry, &early.entry} {
		e.TypedRune('!')
		if !strings.HasSuffix(e.Text, "!") {
			t.Errorf("typed into the middle: %q", e.Text)
		}
	}
}

func TestSegmentedChooses(t *testing.T) {
	inLook(t, &Theme{})
	var chosen []int
	s := NewSegmented(0, func(i int) { chosen = append(chosen, i) }, "7 days", "30 days", "All")
	window(t, s, 300, 40)
	s.Tapped(at(segmentInset + s.width(0) + segmentGap + 5))
	s.Tapped(at(segmentInset + s.width(0) + segmentGap + 5)) // again: no news
	key(s, fyne.KeyRight)
	key(s, fyne.KeyRight) // nothing beyond the end
	key(s, fyne.KeyHome)
	key(s, fyne.KeyLeft)
	key(s, fyne.KeyEnd)
	if !slices.Equal(chosen, []int{1, 2, 0, 2}) {
		t.Errorf("chosen %v", chosen)
	}
	s.SetOn(0)
	if len(chosen) != 4 || s.On != 0 {
		t.Error("SetOn tells the callback, or does nothing")
	}
	before := s.MinSize()
	s.SetOn(1)
	if s.MinSize() != before {
		t.Error("choosing changes the width, so neighbours move")
	}
	s.Disable()
	key(s, fyne.KeyRight)
	if s.On != 1 {
		t.Error("a disabled choice changes")
	}
}

func TestToggleTogglesAndTells(t *testing.T) {
	inLook(t, &Theme{})
	var told []bool
	c := NewSwitch("Keep", false, func(on bool) { told = append(told, on) })
	window(t, c, 100, 30)
	test.Tap(c)
	key(c, fyne.KeySpace)
	c.SetOn(true)
	if !slices.Equal(told, []bool{true, false}) || !c.On {
		t.Errorf("told %v, on %v", told, c.On)
	}
	c.StateName = func(on bool) string { return strconv.FormatBool(on) }
	if c.AccessibilityLabel() != "Keep, true" {
		t.Errorf("spoken %q", c.AccessibilityLabel())
	}
}

func TestStarsRate(t *testing.T) {
	inLook(t, &Theme{})
	var rated []int
	s := NewStars(0, func(v int) { rated = append(rated, v) })
	window(t, s, 120, 30)
	s.Tapped(at(3*(starSide+starGap) + 2)) // the fourth
	s.Tapped(at(3*(starSide+starGap) + 2)) // takes it back
	for _, r := range "3769-0" {
		s.TypedRune(r)
	}
	key(s, fyne.KeyRight)
	key(s, fyne.KeyRight)
	key(s, fyne.KeyLeft)
	if !slices.Equal(rated, []int{4, 0, 3, 0, 1, 2, 1}) {
		t.Errorf("rated %v", rated)
	}
	s.SetValue(5)
	key(s, fyne.KeyRight)
	if s.Value != 5 || len(rated) != 7 {
		t.Error("a sixth star")
	}
	s.Name = func(v int) string { return strconv.Itoa(v) + " of 5 stars" }
	if s.AccessibilityLabel() != "5 of 5 stars" {
		t.Errorf("spoken %q", s.AccessibilityLabel())
	}
}

func TestStarsPreviewIsNotARating(t *testing.T) {
	inLook(t, &Theme{})
	s := NewStars(1, func(int) { t.Error("rated") })
	window(t, s, 120, 30)
	e := &desktop.MouseEvent{}
	e.Position = fyne.NewPos(80, 10)
	s.MouseIn(e)
	if s.preview != 4 || s.Value != 1 {
		t.Errorf("preview %d, value %d", s.preview, s.Value)
	}
	s.MouseOut()
	if s.preview != 0 {
		t.Error("the preview stays")
	}
}

func TestAnswerKeys(t *testing.T) {
	inLook(t, &Theme{})
	var did []string
	a := NewAnswer("CLARA")
	a.OnRated = func(v int) { did = append(did, strconv.Itoa(v)) }
	a.SetText("text")
	a.SetStars(0)
	a.SetActions(Action{Label: "Correct", Key: 'e', OnTapped: func() { did = append(did, "correct") }}, Action{Label: "Copy", Key: 'c', OnTapped: func() { did = append(did, "copy") }})
	window(t, a, 500, 200)
	for _, r := range "4e0Cx" {
		a.TypedRune(r)
	}
	if !slices.Equal(did, []string{"4", "correct", "0", "copy"}) {
		t.Errorf("did %v", did)
	}
	a.SetActions(Action{Label: "More", Glyph: IconMore.Ref(), Key: 'm', Items: func() []MenuItem {
		return []MenuItem{{Title: "Compare", OnTapped: func() { did = append(did, "compare") }}}
	}})
	a.TypedRune('m')
	c := canvasOf(a)
	key(c.Focused(), fyne.KeyReturn)
	if did[len(did)-1] != "compare" || c.Overlays().Top() != nil {
		t.Errorf("the menu of an action did %v", did)
	}
	did = nil
	a.SetWriting(true)
	a.TypedRune('4')
	a.SetWriting(false)
	a.SetInstead(Body("editor"))
	a.TypedRune('e')
	if did != nil {
		t.Errorf("while it is written or edited: %v", did)
	}
}

func TestAnswerLabelsBecomeIconsWhereThereIsNoRoom(t *testing.T) {
	inLook(t, &Theme{})
	a := sampleAnswer()
	window(t, a, 640, 300)
	if a.actions.buttons[0].Text != "Correct" || a.actions.buttons[2].Text != "" {
		t.Errorf("wide: %q %q", a.actions.buttons[0].Text, a.actions.buttons[2].Text)
	}
	a.Resize(fyne.NewSize(280, 300))
	for _, b := range a.actions.buttons {
		if b.Text != "" || b.AccessibilityLabel() == "" {
			t.Errorf("narrow: %q is spoken %q", b.Text, b.AccessibilityLabel())
		}
		if end := b.Position().X + b.Size().Width; end > 280 {
			t.Errorf("a button reaches to %v of 280", end)
		}
	}
	a.Resize(fyne.NewSize(640, 300))
	if a.actions.buttons[0].Text != "Correct" {
		t.Error("the labels do not come back")
	}
}

func TestRangeField(t *testing.T) {
	inLook(t, &Theme{})
	type told struct {
		v  float64
		ok bool
	}
	var got []told
	f := NewRangeField(Range{
		Name: "Threshold", Limits: "1 to 64", Min: 1, Max: 64, Step: 1,
		Fault: func(_ float64, err error) string {
			if errors.Is(err, strconv.ErrSyntax) {
				return "not a number"
			}
			return "at most 64"
		},
	}, 8, func(v float64, ok bool) { got = append(got, told{v, ok}) })
	window(t, f, 700, 100)
	if f.entry.Text != "8" || len(got) != 0 {
		t.Fatalf("shows %q, told %v", f.entry.Text, got)
	}
	f.entry.SetText("16")
	if want := (16. - 1) / 63; !(f.slider.Value > want-.01 && f.slider.Value < want+.01) {
		t.Errorf("the slider stands at %v, want %v", f.slider.Value, want)
	}
	f.entry.SetText("100")
	if _, ok := f.Value(); ok || f.limits.Text != "at most 64" || !f.sign.Visible() {
		t.Errorf("out of range: ok %v, says %q", ok, f.limits.Text)
	}
	f.entry.SetText("many")
	if f.limits.Text != "not a number" {
		t.Errorf("no number: says %q", f.limits.Text)
	}
	f.slider.SetValue(0)
	if f.entry.Text != "1" || f.limits.Text != "1 to 64" || f.sign.Visible() {
		t.Errorf("the slider writes %q, below it stands %q", f.entry.Text, f.limits.Text)
	}
	if !slices.Equal(got, []told{{16, true}, {100, false}, {0, false}, {1, true}}) {
		t.Errorf("told %v", got)
	}
	f.Set(5)
	if len(got) != 4 || f.entry.Text != "5" {
		t.Errorf("Set wrote %q and told %v", f.entry.Text, got)
	}
}

func TestRangeFieldOverPowersOfTen(t *testing.T) {
	inLook(t, &Theme{})
	var last float64
	f := NewRangeField(Range{Min: 1e-6, Max: 1e-2, Log: true}, 1e-4, func(v float64, _ bool) { last = v })
	if got := f.slider.Value; !(got > .49 && got < .51) {
		t.Errorf("the middle of the powers stands at %v", got)
	}
	f.slider.SetValue(.75)
	if !(last >= 9.9e-4 && last <= 1.01e-3) {
		t.Errorf("three quarters are %v, want 0.001", last)
	}
	for _, at := range []float64{0, .25, .33, 1} {
		f.slider.SetValue(at)
		if _, ok := f.Value(); !ok {
			t.Errorf("the slider at %v leaves the range: %v", at, last)
		}
	}
}

func TestKeywords(t *testing.T) {
	inLook(t, &Theme{})
	var got [][]string
	k := NewKeywords([]string{"fourth day"}, KeywordWords{Remove: func(w string) string { return "remove " + w }}, func(l []string) { got = append(got, l) })
	window(t, k, 300, 100)
	k.field.SetText("  § 41 ")
	key(k.field, fyne.KeyReturn)
	k.field.SetText("§ 41")
	key(k.field, fyne.KeyReturn) // there already
	key(k.field, fyne.KeyReturn) // nothing
	chips := allOf[*Chip](k)
	if len(chips) != 2 || chips[0].AccessibilityLabel() != "remove fourth day" {
		t.Fatalf("%d chips", len(chips))
	}
	test.Tap(chips[0])
	if len(got) != 2 || !slices.Equal(got[0], []string{"fourth day", "§ 41"}) || !slices.Equal(got[1], []string{"§ 41"}) {
		t.Errorf("told %v", got)
	}
}

// A word is in the list with Return, or when the list is saved. Until then it is not, and not lost either.
func TestKeywordThatIsBeingTyped(t *testing.T) {
	inLook(t, &Theme{})
	told := 0
	k := NewKeywords(nil, KeywordWords{}, nil)
	k.OnTyping = func() { told++ }
	window(t, k, 300, 100)
	k.field.SetText(" fourth day ")
	k.Set([]string{"§ 41"}) // as a proposal does
	if k.Typing() != "fourth day" || told == 0 || !slices.Equal(k.Value(), []string{"§ 41"}) {
		t.Fatalf("typing %q, told %d times, the list is %q", k.Typing(), told, k.Value())
	}
	k.Commit()
	if k.Typing() != "" || !slices.Equal(k.Value(), []string{"§ 41", "fourth day"}) {
		t.Errorf("typing %q, the list is %q", k.Typing(), k.Value())
	}
}

func TestImportanceSaysWhatItMeans(t *testing.T) {
	inLook(t, &Theme{})
	var got []int
	i := NewImportance(3, [5]string{"minor", "low", "usual", "important", "very important"}, func(v int) { got = append(got, v) })
	window(t, i, 400, 40)
	key(i.picker, fyne.KeyRight)
	if i.Value() != 4 || i.meaning.Text != "important" || !slices.Equal(got, []int{4}) {
		t.Errorf("value %d, says %q, told %v", i.Value(), i.meaning.Text, got)
	}
	i.Set(1)
	if i.meaning.Text != "minor" || len(got) != 1 {
		t.Errorf("Set says %q and told %v", i.meaning.Text, got)
	}
}

func TestTabBarAndRowsStepWithArrows(t *testing.T) {
	inLook(t, &Theme{})
	var chosen []int
	b := NewTabBar([]Tab{{IconChat, "Chat"}, {IconLessons, "Lessons"}}, 0, func(i int) { chosen = append(chosen, i) })
	win := window(t, b, 300, 60)
	win.Canvas().FocusNext()
	key(win.Canvas().Focused(), fyne.KeyRight)
	key(win.Canvas().Focused(), fyne.KeyRight)
	key(win.Canvas().Focused(), fyne.KeyReturn)
	if b.On() != 1 || !slices.Equal(chosen, []int{1}) {
		t.Errorf("on %d, chosen %v", b.On(), chosen)
	}
}

func TestRowMenuAndTap(t *testing.T) {
	inLook(t, &Theme{})
	var did []string
	r := NewRow(Body("x"), 30, func() { did = append(did, "tap") })
	r.OnMenu = func(fyne.Position) { did = append(did, "menu") }
	window(t, r, 100, 30)
	test.Tap(r)
	test.TapSecondary(r)
	key(r, fyne.KeyReturn)
	if !slices.Equal(did, []string{"tap", "menu", "tap"}) {
		t.Errorf("did %v", did)
	}
}

func TestPagerTurnsOnlyWhereThereIsSomething(t *testing.T) {
	inLook(t, &Theme{})
	var steps []int
	turned := func(step int) { steps = append(steps, step) }
	for at := 1; at <= 3; at++ {
		p := NewPager(at, 3, PagerWords{}, turned)
		p.Turn(-1)
		p.Turn(1)
	}
	if !slices.Equal(steps, []int{1, -1, 1, -1}) {
		t.Errorf("turned by %v", steps)
	}
}

func TestLeftAndRightTurnToAnotherAnswer(t *testing.T) {
	inLook(t, &Theme{})
	var steps []int
	a := sampleAnswer()
	a.SetPager(NewPager(2, 3, PagerWords{}, func(step int) { steps = append(steps, step) }))
	win := window(t, a, 640, 300)
	win.Canvas().Focus(a)
	a.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	a.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if !slices.Equal(steps, []int{-1, 1}) {
		t.Errorf("turned by %v", steps)
	}
}
