package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
)

// StatusItem is a quiet fact at the end of the status line.
type StatusItem struct {
	Glyph *Glyph
	Tone  Tone // of the glyph
	Text  string
}

// StatusLine tells in one line under every view what the program does behind it. A tap opens the place where it is told at length.
type StatusLine struct {
	Row
	dot    *Box
	text   *Text
	meter  *Meter
	holder *fyne.Container
	right  *fyne.Container
	items  []StatusItem
}

// NewStatusLine makes an empty line.
func NewStatusLine(tapped func()) *StatusLine {
	s := &StatusLine{dot: NewBox(ColorMuted, "", 4), text: Caption("").In(ColorText).Cutting(), meter: NewMeter(0, 0, ColorPrimary)}
	s.meter.H = 4
	s.holder = Sized(96, 0, s.meter)
	s.holder.Hide()
	s.right = HStack(14)
	s.Radius = 1
	left := HStack(Gap12, Sized(8, 8, s.dot), Grow(s.text), s.holder, s.right)
	s.fill(Pad(left, 0, Gap16), 32, tapped)
	s.ExtendBaseWidget(s)
	return s
}

// Set tells what is done; progress from 0 to 1 shows a bar, below 0 none.
func (s *StatusLine) Set(tone Tone, text string, progress float64) {
	fill := tone.Fill()
	if tone == ToneQuiet {
		fill = ColorMuted
	}
	if s.dot.Fill != fill {
		s.dot.Fill = fill
		s.dot.Refresh()
	}
	s.Hint = text
	s.text.SetText(text)
	s.meter.Set(progress, ColorPrimary)
	if s.holder.Visible() != (progress >= 0) {
		s.holder.Hidden = progress < 0
		s.Refresh()
	}
}

// SetRight shows the facts at the end of the line.
func (s *StatusLine) SetRight(items ...StatusItem) {
	if slices.Equal(s.items, items) {
		return
	}
	s.items = items
	s.right.Objects = nil
	for _, item := range items {
		part := HStack(5)
		if item.Glyph != nil {
			part.Add(NewIcon(*item.Glyph, 14, item.Tone.Ink()))
		}
		if item.Text != "" {
			part.Add(Caption(item.Text))
		}
		s.right.Add(part)
	}
	s.Refresh()
}
