package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// Toggle is a choice that is on or off, with words: drawn as a check box or as a switch.
type Toggle struct {
	press
	Label     string
	On        bool
	OnChanged func(bool)
	StateName func(on bool) string // spoken after the label

	isSwitch bool
}

var _ fyne.Accessible = (*Toggle)(nil)

// NewCheck makes a check box: part of a form that is saved later. changed is told what the user made of it.
func NewCheck(label string, on bool, changed func(bool)) *Toggle {
	return newToggle(&Toggle{Label: label, On: on, OnChanged: changed})
}

// NewSwitch makes a switch: what it says holds at once. changed is told what the user made of it.
func NewSwitch(label string, on bool, changed func(bool)) *Toggle {
	return newToggle(&Toggle{Label: label, On: on, OnChanged: changed, isSwitch: true})
}

func newToggle(t *Toggle) *Toggle {
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
	r := &toggleRenderer{t: t, ground: newGround(), knob: canvas.NewRectangle(color.Transparent), tick: NewIcon(IconCheck, toggleTick, ColorOnPrimary), label: Body("")}
	r.Refresh()
	return r
}

const (
	toggleGap   float32 = 10
	toggleTick  float32 = 14
	checkSide   float32 = 18
	switchWidth float32 = 34
	switchHigh  float32 = 20
	switchKnob  float32 = 14
	switchInset float32 = 3
)

type toggleRenderer struct {
	t *Toggle
	ground
	knob  *canvas.Rectangle
	tick  *Icon
	label *Text
}

// sign is the size of what is switched.
func (r *toggleRenderer) sign() fyne.Size {
	if r.t.isSwitch {
		return fyne.NewSize(switchWidth, switchHigh)
	}
	return fyne.NewSquareSize(checkSide)
}

func (r *toggleRenderer) Destroy() {}
func (r *toggleRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.bg}
	if r.t.isSwitch {
		o = append(o, r.knob)
	} else if r.t.On {
		o = append(o, r.tick)
	}
	return append(o, r.label, r.ring)
}

func (r *toggleRenderer) MinSize() fyne.Size {
	w := r.sign().Width
	if r.t.Label != "" {
		w += toggleGap + r.label.MinSize().Width
	}
	return fyne.NewSize(w, target())
}

func (r *toggleRenderer) Layout(s fyne.Size) {
	sign, middle := r.sign(), s.Height/2
	r.layout(0, middle-sign.Height/2, sign.Width, sign.Height, 2)
	place(r.tick, (sign.Width-toggleTick)/2, middle-toggleTick/2, toggleTick, toggleTick)
	at := switchInset
	if r.t.On {
		at = switchWidth - switchKnob - switchInset
	}
	place(r.knob, at, middle-switchKnob/2, switchKnob, switchKnob)
	place(r.label, sign.Width+toggleGap, 0, s.Width-sign.Width-toggleGap, s.Height)
}

func (r *toggleRenderer) Refresh() {
	t := r.t
	fill, stroke, knob, ink, words := ColorSurface, ColorInputBorder, ColorInputBorder, ColorOnPrimary, ColorText
	if t.On {
		fill, stroke, knob = ColorPrimary, ColorPrimary, ColorOnPrimary
	}
	if t.Disabled() {
		fill, stroke = theme.ColorNameDisabledButton, ColorBorder
		knob, ink, words = theme.ColorNameDisabled, theme.ColorNameDisabled, theme.ColorNameDisabled
	}
	radius := float32(5)
	if t.isSwitch {
		radius = switchHigh / 2
	}
	r.paint(&t.press, fill, stroke, radius, 2)
	r.knob.FillColor, r.knob.CornerRadius = col(knob), switchKnob/2
	r.tick.Color, r.label.Color, r.label.Text = ink, words, t.Label
	r.tick.Refresh()
	r.label.Refresh()
	r.Layout(t.Size())
	canvas.Refresh(t)
}
