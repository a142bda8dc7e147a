package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
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
	dot   *Box
	text  *Text
	meter *Meter
	right *fyne.Container
	items []StatusItem
}

// NewStatusLine makes an empty line.
func NewStatusLine(tapped func()) *StatusLine {
	s := &StatusLine{dot: NewBox(ColorMuted, "", 4), text: Caption("").In(ColorText).Cutting(), meter: NewMeter(0, 0, ColorPrimary)}
	s.meter.H = 4
	s.meter.Hide()
	s.right = HStack(14)
	s.Radius = 1
	line := container.New(&statusLayout{s.text}, s.dot, s.text, s.meter, s.right)
	s.fill(Pad(line, 0, Gap16), 32, tapped)
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
	s.text.Text = text
	s.meter.Set(progress, ColorPrimary)
	s.meter.Hidden = progress < 0
	s.Refresh()
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

// statusLayout puts the progress right behind the words and the facts at the end. Where there is little room the words are cut.
type statusLayout struct{ words *Text }

const statusDot, statusMeter float32 = 8, 96

func (l *statusLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for _, x := range o {
		h = fyne.Max(h, x.MinSize().Height)
	}
	return fyne.NewSize(statusDot+Gap8+o[1].MinSize().Width+Gap12+o[3].MinSize().Width, h)
}

func (l *statusLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	facts := o[3].MinSize()
	place(o[0], 0, (s.Height-statusDot)/2, statusDot, statusDot)
	x := statusDot + Gap8
	room := s.Width - x - facts.Width - Gap12
	meter := float32(0)
	if o[2].Visible() {
		meter = fyne.Min(statusMeter, room/3)
		room -= meter + Gap12
	}
	w := fyne.Max(0, fyne.Min(l.words.natural()+1, room))
	place(o[1], x, 0, w, s.Height)
	place(o[2], x+w+Gap12, 0, meter, s.Height)
	place(o[3], s.Width-facts.Width, (s.Height-facts.Height)/2, facts.Width, facts.Height)
}
