package widgets

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// marking marks each place where a word stands.
func marking(word string) Marker {
	return func(text string) [][2]int {
		var spans [][2]int
		for from := 0; ; {
			i := strings.Index(text[from:], word)
			if i < 0 {
				return spans
			}
			spans = append(spans, [2]int{from + i, from + i + len(word)})
			from += i + len(word)
		}
	}
}

func TestMarkedWordsStandOutAndNoneIsLost(t *testing.T) {
	inLook(t, &Theme{})
	for in, want := range map[string][2]string{
		"a notice by post":             {"a notice by post|", "notice"},
		"**a notice** and\n\n- notice": {"a notice and|•|notice|", "notice notice"},
		"nothing":                      {"nothing|", ""},
		"noticenotice":                 {"noticenotice|", "notice notice"},
	} {
		m := NewMarkdown()
		m.Marker = marking("notice")
		m.SetText(in)
		if got := wordsOf(m); got != want[0] {
			t.Errorf("%q shows %q, want %q", in, got, want[0])
		}
		var marked []string
		for _, s := range segments(m) {
			if x, ok := s.(*widget.TextSegment); ok && x.Style.ColorName == ColorWarning {
				marked = append(marked, x.Text)
			}
		}
		if got := strings.Join(marked, " "); got != want[1] {
			t.Errorf("in %q %q stands out, want %q", in, got, want[1])
		}
	}
}

func TestMarkedLineHasAGroundBehindItsWords(t *testing.T) {
	inLook(t, &Theme{})
	q := NewQuestion("When does a notice count as made known?")
	q.SetMarker(marking("notice"))
	window(t, q, 400, 60)
	marks := allOf[*canvas.Rectangle](q.text)
	if len(marks) != 1 {
		t.Fatalf("%d words stand out, want 1", len(marks))
	}
	want := fyne.MeasureText("notice", TextReading, fyne.TextStyle{}).Width
	if got := marks[0].Size().Width; !(got > want-1 && got < want+1) {
		t.Errorf("the mark is %v wide, the word %v", got, want)
	}
}

func TestFeedRevealsAPartOfARow(t *testing.T) {
	inLook(t, &Theme{})
	c := newConversation(200)
	for i := range c.texts {
		c.texts[i] = strings.Repeat(paragraph, 8) // higher than the window
	}
	window(t, c.Feed, 700, 500)
	for _, share := range []float32{0, .5, 1} {
		c.RevealPart(60, share)
		y := c.onScreen()[60] + share*c.Row(60).Size().Height
		if y < 100 || y > 400 {
			t.Errorf("the part %v of the row stands at %v of 500", share, y)
		}
	}
	c.RevealPart(1, 0)
	if c.scroll.Offset.Y != 0 {
		t.Errorf("the beginning is at %v", c.scroll.Offset.Y)
	}
}
