package widgets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

const paragraph = "Der **Staat** schützt nach § 3 Abs. 2 die *Rechte* der Bürgerinnen und Bürger; siehe `Art. 20 GG`.\n\n- erster Punkt\n- zweiter Punkt mit mehr Text dahinter\n\n```go\nfunc main() { println(\"hi\") }\n```\n\n"

// conversation is a feed of n turns, questions and answers in turn, that counts how often each row was built.
type conversation struct {
	*Feed
	built map[int64]int
	texts map[int64]string
}

func newConversation(n int) *conversation {
	c := &conversation{built: map[int64]int{}, texts: map[int64]string{}}
	c.Feed = NewFeed("To the end", func(id int64) fyne.CanvasObject {
		c.built[id]++
		if id%2 == 1 {
			return NewQuestion("Question " + c.texts[id])
		}
		a := NewAnswer("CLARA")
		a.SetText(c.texts[id])
		a.SetStars(0)
		a.SetActions(Action{Label: "Correct", Glyph: IconPencil.Ref(), Key: 'e'})
		return a
	})
	var ids []int64
	for i := range int64(n) {
		c.texts[i+1] = strings.Repeat(paragraph, int(i%3)+1)
		ids = append(ids, i+1)
	}
	c.SetIDs(ids)
	return c
}

// onScreen are the rows that can be seen, with how far below the top of the feed they begin.
func (c *conversation) onScreen() map[int64]float32 {
	seen := map[int64]float32{}
	for _, r := range c.rows {
		if r.o == nil {
			continue
		}
		if y := r.o.Position().Y - c.scroll.Offset.Y; y+r.height > 0 && y < c.Size().Height {
			seen[r.id] = y
		}
	}
	return seen
}

// scrollBy does what a wheel does, without the timer that hides the bar: in the test driver it would run beside the test.
func (c *conversation) scrollBy(dy float32) {
	most := fyne.Max(0, c.total()-c.Size().Height)
	c.scroll.ScrollToOffset(fyne.NewPos(0, fyne.Max(0, fyne.Min(c.scroll.Offset.Y+dy, most))))
	c.scrolled()
}

func TestFeedBuildsOnlyWhatIsInSight(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(500)
	window(t, c.Feed, 800, 600)
	if n := len(c.built); n == 0 || n > 30 {
		t.Errorf("built %d of 500 rows", n)
	}
	if c.built[500] != 1 || c.built[1] != 0 {
		t.Errorf("the feed does not begin at its end: last built %d times, first %d", c.built[500], c.built[1])
	}
	for range 40 {
		c.scrollBy(-900)
	}
	if n := len(c.page.Objects); n > 30 {
		t.Errorf("%d rows are kept after scrolling", n)
	}
	var tops []float32
	for _, o := range c.page.Objects {
		tops = append(tops, o.Position().Y)
	}
	if !slices.IsSorted(tops) {
		t.Error("rows are not in reading order, so Tab would jump")
	}
}

func TestFeedFollowsItsEndUntilScrolledUp(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(20)
	window(t, c.Feed, 800, 600)
	atEnd := func() bool { return c.atEnd() }

	c.texts[21] = paragraph
	c.SetIDs(append(c.IDs(), 21))
	if !atEnd() {
		t.Error("a new row is not scrolled to")
	}
	c.scrollBy(-300)
	if c.following || !c.endGround.Visible() {
		t.Errorf("scrolled up: following %v, button %v", c.following, c.endGround.Visible())
	}
	before := c.scroll.Offset.Y
	c.texts[22] = paragraph
	c.SetIDs(append(c.IDs(), 22))
	if c.scroll.Offset.Y != before {
		t.Errorf("a new row moved the view from %v to %v", before, c.scroll.Offset.Y)
	}
	c.HoldEnd(true)
	if c.endGround.Visible() {
		t.Error("the button is shown although a row needs its place")
	}
	c.HoldEnd(false)
	test.Tap(c.end)
	if !atEnd() || !c.following || c.endGround.Visible() {
		t.Error("the button does not lead to the end")
	}
}

func TestFeedScrollingUpDoesNotJump(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(200)
	window(t, c.Feed, 700, 500)
	for range 60 {
		before := c.onScreen()
		c.scrollBy(-70)
		for id, y := range c.onScreen() {
			if old, ok := before[id]; ok && !(y-old > 69 && y-old < 71) {
				t.Fatalf("row %d moved by %v, want 70", id, y-old)
			}
		}
	}
}

func TestFeedGrowingRowKeepsOthersInPlace(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(40)
	window(t, c.Feed, 700, 500)
	c.scrollBy(-1500)
	before := c.onScreen()
	c.texts[40] += strings.Repeat(paragraph, 4)
	if a, ok := c.Row(40).(*Answer); ok {
		a.SetText(c.texts[40])
	}
	c.Resized(40)
	for id, y := range c.onScreen() {
		if old, ok := before[id]; ok && y != old {
			t.Errorf("row %d moved from %v to %v while the last one grew", id, old, y)
		}
	}
}

func TestFeedRebuildsChangedRow(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(6)
	window(t, c.Feed, 700, 900)
	clear(c.built)
	c.texts[6] = "other"
	c.Changed(6)
	if c.built[6] != 1 || c.Row(6).(*Answer).Text() != "other" {
		t.Errorf("built %d times, shows %q", c.built[6], c.Row(6).(*Answer).Text())
	}
	if c.built[4] != 0 {
		t.Errorf("an unchanged row was built %d times", c.built[4])
	}
}

func TestFeedWalkRevealsAndFocusesAnswers(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(60)
	win := window(t, c.Feed, 700, 500)
	c.Walk(-1)
	if win.Canvas().Focused() != c.Row(60).(fyne.Focusable) {
		t.Fatal("walking back from nowhere does not lead to the last answer")
	}
	for want := int64(58); want >= 20; want -= 2 {
		c.Walk(-1)
		if win.Canvas().Focused() != c.Row(want).(fyne.Focusable) {
			t.Fatalf("answer %d has not got the keyboard", want)
		}
		if _, ok := c.onScreen()[want]; !ok {
			t.Fatalf("answer %d is out of sight", want)
		}
	}
	c.Walk(1)
	if win.Canvas().Focused() != c.Row(22).(fyne.Focusable) {
		t.Error("walking on does not lead to the next answer")
	}
}

func TestFeedKeepsTheRowWithTheKeyboard(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(100)
	win := window(t, c.Feed, 700, 500)
	c.Walk(-1)
	row := c.Row(100)
	c.scrollBy(-8000)
	if c.Row(100) != row || win.Canvas().Focused() != row.(fyne.Focusable) {
		t.Error("the row with the keyboard was dropped")
	}
	win.Canvas().Unfocus()
	c.scrollBy(-10)
	if c.Row(100) != nil {
		t.Error("a row out of sight is kept")
	}
}

func TestFeedMayChangeWhileItBuilds(t *testing.T) {
	inLook(t, &Theme{})
	var f *Feed
	f = NewFeed("To the end", func(id int64) fyne.CanvasObject {
		if id == 2 && len(f.IDs()) == 2 {
			f.SetIDs(append(f.IDs(), 3))
		}
		return Body(fmt.Sprint("row ", id))
	})
	f.SetIDs([]int64{1, 2})
	window(t, f, 400, 300)
	if f.Row(3) == nil || len(f.page.Objects) != 3 {
		t.Errorf("%d rows are shown, want 3", len(f.page.Objects))
	}
}

func TestFeedAsList(t *testing.T) {
	inLook(t, &Theme{})
	l := NewFeed("", func(id int64) fyne.CanvasObject { return NewRow(Body(fmt.Sprint("lesson ", id)), 50, nil) })
	l.Gap, l.Margin, l.FromTop = 2, 0, true
	ids := make([]int64, 1000)
	for i := range ids {
		ids[i] = int64(i)
	}
	l.SetIDs(ids)
	window(t, l, 400, 500)
	if l.scroll.Offset.Y != 0 || l.Row(0) == nil || l.Row(0).Size().Width != 400 || l.Row(0).Position().Y != 0 {
		t.Errorf("offset %v, first row %v", l.scroll.Offset.Y, l.Row(0))
	}
	if n := len(l.page.Objects); n > 30 {
		t.Errorf("%d rows of 1,000 exist", n)
	}
	if l.endGround.Visible() {
		t.Error("a list shows the way to its end")
	}
}

// BenchmarkFirstFrame measures how long a conversation of 500 turns takes until it can be painted.
func BenchmarkFirstFrame(b *testing.B) {
	inLook(b, &Theme{})
	for b.Loop() {
		c := newConversation(500)
		win := test.NewTempWindow(b, c.Feed)
		win.Resize(fyne.NewSize(800, 780))
	}
}

// BenchmarkStream measures a token at the end of a conversation of 500 turns.
func BenchmarkStream(b *testing.B) {
	inLook(b, &Theme{})
	c := newConversation(500)
	win := test.NewTempWindow(b, c.Feed)
	win.Resize(fyne.NewSize(800, 780))
	words := strings.SplitAfter(strings.Repeat(paragraph, 5), " ")
	text := ""
	i := 0
	for b.Loop() {
		if i%len(words) == 0 {
			text = ""
		}
		text += words[i%len(words)]
		i++
		c.Row(500).(*Answer).SetText(text)
		c.Resized(500)
	}
}
