package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// textRun is a paragraph, a heading or a cell: words in one or several styles that are broken into lines. Fyne's text has a padding;
// here it lies outside of the run. A ThemeOverride would take it away, but each one of them has fonts of its own, which Fyne reads anew
// and never lets go of: megabytes for every paragraph.
type textRun struct {
	widget.BaseWidget
	rich *widget.RichText

	width, height float32 // the height at a width; 0: not measured
}

var _ Flowing = (*textRun)(nil)

func newTextRun(segments []widget.RichTextSegment) *textRun {
	r := &textRun{rich: widget.NewRichText(segments...)}
	r.rich.Wrapping = fyne.TextWrapWord
	r.ExtendBaseWidget(r)
	return r
}

// HeightAt implements Flowing. A RichText knows its height only once it has its width.
func (r *textRun) HeightAt(width float32) float32 {
	if width != r.width || r.height == 0 {
		r.width = width
		r.fill(fyne.NewSize(width, r.height))
		r.height = r.rich.MinSize().Height - 2*theme.InnerPadding()
	}
	return r.height
}

// fill lets the words fill a size, with the padding around it.
func (r *textRun) fill(s fyne.Size) {
	p := theme.InnerPadding()
	place(r.rich, -p, -p, s.Width+2*p, s.Height+2*p)
}

// CreateRenderer implements fyne.Widget.
func (r *textRun) CreateRenderer() fyne.WidgetRenderer { return &textRunRenderer{r} }

type textRunRenderer struct{ r *textRun }

func (x *textRunRenderer) Destroy()                     {}
func (x *textRunRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{x.r.rich} }
func (x *textRunRenderer) Layout(s fyne.Size)           { x.r.fill(s) }
func (x *textRunRenderer) MinSize() fyne.Size {
	if w := x.r.Size().Width; w > 0 {
		return fyne.NewSize(40, x.r.HeightAt(w))
	}
	return fyne.NewSize(40, scaled(TextReading)) // never laid out: at no width its words would make a tower
}

// Refresh is called when the theme has changed.
func (x *textRunRenderer) Refresh() {
	x.r.height = 0
	x.r.rich.Refresh()
	canvas.Refresh(x.r)
}

// longestRun is how many bytes one run takes: the time for breaking it into lines grows faster than its length.
const longestRun = 3000

// cutSegments cuts what is too long for one run, at a line's end or between words if there are any.
func cutSegments(segments []widget.RichTextSegment) [][]widget.RichTextSegment {
	var runs [][]widget.RichTextSegment
	var now []widget.RichTextSegment
	used := 0
	for _, s := range segments {
		t, ok := s.(*widget.TextSegment)
		if !ok {
			now, used = append(now, s), used+len(s.Textual())
			continue
		}
		for used+len(t.Text) > longestRun {
			piece := &widget.TextSegment{Style: t.Style, Text: cutText(t.Text, max(longestRun-used, 0))}
			rest := &widget.TextSegment{Style: t.Style, Text: t.Text[len(piece.Text):]}
			if piece.Text == "" && len(now) == 0 {
				break
			}
			piece.Text = strings.TrimSuffix(piece.Text, "\n")
			runs, now, used, t = append(runs, append(now, piece)), nil, 0, rest
		}
		now, used = append(now, t), used+len(t.Text)
	}
	return append(runs, now)
}

// cutText is the beginning of a text of at most n bytes, up to the end of a line, a sentence or a word where there is one in its
// second half.
func cutText(text string, n int) string {
	if n >= len(text) {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n-- // not inside of a character
	}
	for _, end := range []string{"\n", ". ", " "} {
		if i := strings.LastIndex(text[:n], end); i >= n/2 {
			return text[:i+len(end)]
		}
	}
	return text[:n]
}
