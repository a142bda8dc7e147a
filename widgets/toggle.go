package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// Toggle is a choice that is on or off, with words: a switch.
type Toggle struct {
	press
	Label     string
	On        bool
	OnChanged func(bool)
	StateName func(on bool) string // spoken after the label
}

var _ fyne.Accessible = (*Toggle)(nil)

// NewSwitch makes a switch. changed is told what the user made of it.
func NewSwitch(label string, on bool, changed func(bool)) *Toggle {
	t := &Toggle{Label: label, On: on, OnChanged: changed}
	t.OnTapped = func() {
		t.SetOn(!t.On)
		if t.OnChanged != nil {
			t.OnChanged(t.On)
		}
	}
	t.ExtendBaseWidget(t)
	return t
}

// SetOn shows on or off without telling OnChanged.
func (t *Toggle) SetOn(on bool) {
	if t.On != on {
		t.On = on
		t.Refresh()
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (t *Toggle) AccessibilityLabel() string {
	if t.StateName != nil {
		return t.Label + ", " + t.StateName(t.On)
	}
	return t.Label
}

// CreateRenderer implements fyne.Widget.
func (t *Toggle) CreateRenderer() fyne.WidgetRenderer {
	r := &toggleRenderer{t: t, ground: newGround(), knob: canvas.NewRectangle(color.Transparent), label: Body("")}
	r.Refresh()
	return r
}

const (
	toggleGap   float32 = 10
	switchWidth float32 = 34
	switchHigh  float32 = 20
	switchKnob  float32 = 14
	switchInset float32 = 3
)

type toggleRenderer struct {
	t *Toggle
	ground
	knob  *canvas.Rectangle
	label *Text
}

func (r *toggleRenderer) Destroy() {}
func (r *toggleRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.bg, r.knob, r.label, r.ring}
}

func (r *toggleRenderer) MinSize() fyne.Size {
	w := switchWidth
	if r.t.Label != "" {
		w += toggleGap + r.label.MinSize().Width
	}
	return fyne.NewSize(w, target())
}

func (r *toggleRenderer) Layout(s fyne.Size) {
	middle := s.Height / 2
	r.layout(0, middle-switchHigh/2, switchWidth, switchHigh, 2)
	at := switchInset
	if r.t.On {
		at = switchWidth - switchKnob - switchInset
	}
	place(r.knob, at, middle-switchKnob/2, switchKnob, switchKnob)
	place(r.label, switchWidth+toggleGap, 0, s.Width-switchWidth-toggleGap, s.Height)
}

func (r *toggleRenderer) Refresh() {
	t := r.t
	fill, stroke, knob, words := ColorSurface, ColorInputBorder, ColorInputBorder, ColorText
	if t.On {
		fill, stroke, knob = ColorPrimary, ColorPrimary, ColorOnPrimary
	}
	if t.Disabled() {
		fill, stroke = theme.ColorNameDisabledButton, ColorBorder
		knob, words = theme.ColorNameDisabled, theme.ColorNameDisabled
	}
	r.paint(&t.press, fill, stroke, switchHigh/2, 2)
	r.knob.FillColor, r.knob.CornerRadius = col(knob), switchKnob/2
	r.label.Color, r.label.Text = words, t.Label
	r.label.Refresh()
	r.Layout(t.Size())
	canvas.Refresh(t)
}
