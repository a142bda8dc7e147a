package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// NewDivider makes a quiet line across a conversation with a word in it: what happened there.
func NewDivider(g Glyph, tone Tone, text string) fyne.CanvasObject {
	words := HStack(6, NewIcon(g, 15, tone.Ink()), Grow(Caption(text).In(tone.Ink()).Cutting()))
	l := &dividerLayout{words: Caption(text)}
	return container.New(l, Rule(), words, Rule())
}

// dividerLayout keeps the words in the middle at their own width, between two hairlines.
type dividerLayout struct{ words *Text }

const dividerLine, dividerHeight float32 = 24, 20 // the least length of a hairline, the height of all

func (l *dividerLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(3*dividerLine, fyne.Max(dividerHeight, l.words.MinSize().Height))
}

func (l *dividerLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	words := fyne.Min(15+6+l.words.natural()+1, s.Width-2*(dividerLine+Gap12))
	side := (s.Width - words) / 2
	place(o[0], 0, s.Height/2, side-Gap12, 1)
	place(o[1], side, 0, words, s.Height)
	place(o[2], side+words+Gap12, s.Height/2, side-Gap12, 1)
}

// NewSaved makes the line that confirms what was saved, with the word that takes it back; empty for none.
func NewSaved(text, undo string, tapped func()) fyne.CanvasObject {
	line := WrapRow(6, Sized(14, target(), NewIcon(IconCheck, 14, ColorSuccess)), Sized(0, target(), Caption(text)))
	if undo != "" {
		line.Add(NewLink(undo, tapped))
	}
	return line
}
