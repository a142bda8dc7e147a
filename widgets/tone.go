package widgets

import "fyne.io/fyne/v2"

// Tone is what a sign means; each has an ink for words, a fill for shapes and a soft ground.
type Tone int

// Tones.
const (
	ToneQuiet Tone = iota
	ToneInfo
	ToneSuccess
	ToneWarning
	ToneError
)

// Ink is the colour of words in a tone.
func (t Tone) Ink() fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{ColorMuted, ColorPrimary, ColorSuccess, ColorWarning, ColorError}[t]
}

// Fill is the colour of shapes in a tone.
func (t Tone) Fill() fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{ColorTrack, ColorPrimary, ColorKnown, ColorMissing, ColorLost}[t]
}

// Soft is the ground of a tone.
func (t Tone) Soft() fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{ColorTrack, ColorPrimarySoft, ColorSuccessSoft, ColorWarningSoft, ColorErrorSoft}[t]
}

// State is what became of one check.
type State int

// States of a check; each has a tone and a shape.
const (
	Unasked State = iota
	Known
	Missing
	Lost
)

// Tone is the tone of a state.
func (s State) Tone() Tone { return [...]Tone{ToneQuiet, ToneSuccess, ToneWarning, ToneError}[s] }

// Glyph is the shape of a state, so that colour is never the only sign.
func (s State) Glyph() Glyph { return [...]Glyph{IconDash, IconCheck, IconTilde, IconBang}[s] }

// Badge is a round sign of a state.
func Badge(s State, d float32) fyne.CanvasObject {
	i := whole(d * .62)
	return Sized(d, d, On(s.Tone().Soft(), d/2, NewIcon(s.Glyph(), i, s.Tone().Ink()), (d-i)/2))
}
