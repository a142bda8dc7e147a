package widgets

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// codeWord is a piece of a line of code in one colour.
type codeWord struct {
	text string
	ink  fyne.ThemeColorName
}

// codeText shows lines of code in a monospaced face. When lines are added, those before keep what they are drawn with.
type codeText struct {
	widget.BaseWidget
	lines [][]codeWord
}

func newCodeText() *codeText {
	t := &codeText{}
	t.ExtendBaseWidget(t)
	return t
}

var codeStyle = fyne.TextStyle{Monospace: true}

func (t *codeText) setLines(lines [][]codeWord) {
	t.lines = lines
	t.Refresh()
}

func codeLine() float32 { return whole(scaled(TextSmall) * 1.5) }

// AccessibilityLabel implements fyne.Accessible.
func (t *codeText) AccessibilityLabel() string {
	var words string
	for _, line := range t.lines {
		for _, piece := range line {
			words += piece.text
		}
		words += "\n"
	}
	return words
}

// AccessibilityRole implements fyne.Accessible.
func (t *codeText) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (t *codeText) CreateRenderer() fyne.WidgetRenderer {
	r := &codeRenderer{t: t}
	r.Refresh()
	return r
}

// drawnLine is a line as it was drawn.
type drawnLine struct {
	tokens []codeWord
	texts  []*canvas.Text
	width  float32
}

type codeRenderer struct {
	t     *codeText
	lines []drawnLine
	size  float32 // of the letters as they were drawn
	objs  []fyne.CanvasObject
}

func (r *codeRenderer) Destroy()                     {}
func (r *codeRenderer) Objects() []fyne.CanvasObject { return r.objs }
func (r *codeRenderer) Layout(fyne.Size)             {}

func (r *codeRenderer) MinSize() fyne.Size {
	m := fyne.NewSize(0, float32(len(r.lines))*codeLine())
	for _, line := range r.lines {
		m.Width = fyne.Max(m.Width, line.width)
	}
	return m
}

func (r *codeRenderer) Refresh() {
	if size := scaled(TextSmall); size != r.size {
		r.size, r.lines = size, nil
	}
	r.objs = r.objs[:0]
	for i, tokens := range r.t.lines {
		if i == len(r.lines) {
			r.lines = append(r.lines, drawnLine{})
		}
		if d := &r.lines[i]; d.texts == nil || !slices.Equal(d.tokens, tokens) {
			*d = r.draw(i, tokens)
		}
		for k, text := range r.lines[i].texts {
			text.Color = col(r.lines[i].tokens[k].ink)
			r.objs = append(r.objs, text)
		}
	}
	r.lines = r.lines[:len(r.t.lines)]
	canvas.Refresh(r.t)
}

// draw places the pieces of a line beside each other.
func (r *codeRenderer) draw(i int, tokens []codeWord) drawnLine {
	d := drawnLine{tokens: tokens, texts: make([]*canvas.Text, 0, len(tokens))}
	y := float32(i) * codeLine()
	for _, piece := range tokens {
		c := canvas.NewText(piece.text, color.Transparent)
		c.TextStyle, c.TextSize = codeStyle, r.size
		m := c.MinSize()
		place(c, d.width, y+(codeLine()-m.Height)/2, m.Width, m.Height)
		d.texts = append(d.texts, c)
		d.width += m.Width
	}
	return d
}
