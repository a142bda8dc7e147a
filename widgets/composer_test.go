package widgets

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

func TestComposerSendsOnReturnAndBreaksOnShiftReturn(t *testing.T) {
	inLook(t, &Theme{})
	var sent []string
	c := newTestComposer()
	c.OnSend = func(text string) { sent = append(sent, text) }
	c.Focus(window(t, c, 400, 100).Canvas())
	if !c.HasFocus() {
		t.Fatal("the composer has not got the keyboard")
	}
	test.Type(c.entry, "first")
	shift := &fyne.KeyEvent{Name: desktop.KeyShiftLeft}
	c.entry.KeyDown(shift)
	key(c.entry, fyne.KeyReturn)
	c.entry.KeyUp(shift)
	test.Type(c.entry, "second ")
	key(c.entry, fyne.KeyReturn)
	if !slices.Equal(sent, []string{"first\nsecond"}) {
		t.Errorf("sent %q", sent)
	}
	if c.Text() != "first\nsecond " {
		t.Errorf("what was sent is gone before it is in good hands: %q", c.Text())
	}
	c.SetText("  \n ")
	key(c.entry, fyne.KeyReturn)
	if len(sent) != 1 || !c.button.Disabled() {
		t.Error("blanks can be sent")
	}
}

func TestComposerWhileAnAnswerIsWritten(t *testing.T) {
	inLook(t, &Theme{})
	var did []string
	c := newTestComposer()
	c.OnSend = func(string) { did = append(did, "send") }
	c.OnStop = func() { did = append(did, "stop") }
	c.OnEscape = func() { did = append(did, "escape") }
	window(t, c, 400, 100)
	c.SetWriting(true)
	c.SetText("next question")
	key(c.entry, fyne.KeyReturn)
	test.Tap(c.button)
	key(c.entry, fyne.KeyEscape)
	c.SetWriting(false)
	key(c.entry, fyne.KeyEscape)
	test.Tap(c.button)
	if !slices.Equal(did, []string{"stop", "stop", "escape", "send"}) {
		t.Errorf("did %v", did)
	}
	if c.Text() != "next question" {
		t.Errorf("what was written meanwhile is %q", c.Text())
	}
}

func TestComposerUpAsksForTheLastQuestionOnlyWhenEmpty(t *testing.T) {
	inLook(t, &Theme{})
	n := 0
	c := newTestComposer()
	c.OnUp = func() { n++; c.SetText("the last question") }
	window(t, c, 400, 100)
	key(c.entry, fyne.KeyUp)
	if c.entry.CursorColumn != len("the last question") {
		t.Errorf("the cursor stands at %d", c.entry.CursorColumn)
	}
	key(c.entry, fyne.KeyUp)
	if n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestComposerBlockedSaysWhyAndKeepsTheText(t *testing.T) {
	inLook(t, &Theme{})
	sent := 0
	c := newTestComposer()
	c.OnSend = func(string) { sent++ }
	window(t, c, 400, 100)
	c.SetText("question")
	c.SetBlocked("The model is being loaded")
	key(c.entry, fyne.KeyReturn)
	test.Tap(c.button)
	if sent != 0 || c.entry.PlaceHolder != "The model is being loaded" || !c.entry.Disabled() {
		t.Errorf("blocked: sent %d, says %q", sent, c.entry.PlaceHolder)
	}
	c.SetBlocked("")
	key(c.entry, fyne.KeyReturn)
	if sent != 1 || c.Text() != "question" {
		t.Errorf("open again: sent %d, text %q", sent, c.Text())
	}
}

func TestPasteIsCutAtTheLimit(t *testing.T) {
	inLook(t, &Theme{})
	told := 0
	c := newTestComposer()
	c.OnTooLong = func() { told++ }
	window(t, c, 400, 100)
	paste := func(text string) { c.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip(text)}) }
	paste("short")
	if c.Text() != "short" || told != 0 {
		t.Fatalf("pasted %q, told %d times", c.Text(), told)
	}
	paste(strings.Repeat("ü", 3*EntryLimit))
	if n := utf8.RuneCountInString(c.Text()); n != EntryLimit || told != 1 {
		t.Errorf("%d characters, told %d times", n, told)
	}
	c.entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	paste("Dear Ms Huber,\r\n\r\nit is open.\rYours") // Windows' clipboard, and an old Mac's
	if want := "Dear Ms Huber,\n\nit is open.\nYours"; c.Text() != want {
		t.Errorf("pasted %q, want %q", c.Text(), want)
	}
	c.entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	paste("other")
	if c.Text() != "other" || told != 1 {
		t.Errorf("over a selection: %d characters, told %d times", len(c.Text()), told)
	}
}

func TestComposerGrowsToALimit(t *testing.T) {
	inLook(t, &Theme{})
	c := newTestComposer()
	one := c.HeightAt(400)
	c.SetText("1\n2\n3")
	three := c.HeightAt(400)
	c.SetText("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12")
	most := c.HeightAt(400)
	c.SetText(c.Text() + c.Text())
	if !(one < three && three < most && c.HeightAt(400) == most) {
		t.Errorf("heights %v %v %v, then %v", one, three, most, c.HeightAt(400))
	}
}
