package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Slider is Fyne's slider with the keys home, end, page up and page down, and a spoken name.
type Slider struct {
	widget.Slider
	Name string // spoken
}

var _ fyne.Accessible = (*Slider)(nil)

// sliderTheme shows the empty part of a slider, which Fyne paints in the ground of entries: white on white here.
var sliderTheme = variation{colors: map[fyne.ThemeColorName]fyne.ThemeColorName{
	theme.ColorNameInputBackground: ColorTrack, theme.ColorNameForeground: ColorPrimary,
}}

// NewSlider makes a slider of a hundred steps and the object that shows it in the right colours.
func NewSlider(low, high, v float64, changed func(float64)) (*Slider, fyne.CanvasObject) {
	s := &Slider{}
	s.Min, s.Max, s.Step = low, high, (high-low)/100
	s.Value = v
	s.OnChanged = changed
	s.ExtendBaseWidget(s)
	return s, container.NewThemeOverride(s, sliderTheme)
}

// FocusGained implements fyne.Focusable.
func (s *Slider) FocusGained() {
	s.Slider.FocusGained()
	reveal(s)
}

// TypedKey implements fyne.Focusable.
func (s *Slider) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyRight:
		s.Slider.TypedKey(e)
	case fyne.KeyHome:
		s.SetValue(s.Min)
	case fyne.KeyEnd:
		s.SetValue(s.Max)
	case fyne.KeyPageUp:
		s.SetValue(s.Value + 10*s.Step)
	case fyne.KeyPageDown:
		s.SetValue(s.Value - 10*s.Step)
	default:
		unusedKey(s, e)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (s *Slider) AccessibilityLabel() string { return s.Name }

// AccessibilityRole implements fyne.Accessible.
func (s *Slider) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }
