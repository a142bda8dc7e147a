package widgets

import (
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Range is a setting that is a number: its words, its range and how it is written.
type Range struct {
	Name, Help, Unit string
	Limits           string // the range in words, below the field
	Min, Max         float64
	Log              bool    // the slider moves by factors: for values over several powers of ten, above 0
	Step             float64 // the slider rounds to its multiples; 0 for none

	Format func(float64) string
	Parse  func(string) (float64, error)
	// Fault says in words what is wrong: a value out of range, or a text that is no number (err not nil).
	Fault func(v float64, err error) string
}

// RangeField is a setting with a slider and an entry for the exact value. A value out of range is shown with what is wrong in the
// place of the range; the callback gets it with ok false, so that nothing of it is saved.
type RangeField struct {
	widget.BaseWidget
	r       Range
	value   float64
	err     error
	changed func(v float64, ok bool)

	slider  *Slider
	entry   *Line
	sign    fyne.CanvasObject
	limits  *Text
	control *fyne.Container
	content *fyne.Container
	own     bool // the field itself is writing
}

var _ Flowing = (*RangeField)(nil)

const (
	rangeControls float32 = 300 // slider, entry and unit
	rangeEntry    float32 = 84
	rangeUnit     float32 = 40
)

// NewRangeField makes a field; changed may be nil. Missing functions write plain numbers and say nothing but the range.
func NewRangeField(r Range, v float64, changed func(v float64, ok bool)) *RangeField {
	if r.Format == nil {
		r.Format = func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	}
	if r.Parse == nil {
		r.Parse = func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
	}
	if r.Fault == nil {
		r.Fault = func(float64, error) string { return r.Limits }
	}
	f := &RangeField{r: r, changed: changed}
	var track fyne.CanvasObject
	f.slider, track = NewSlider(0, 1, 0, func(at float64) {
		if !f.own {
			f.take(f.value01(at), nil, false)
		}
	})
	f.slider.Step = .005
	f.slider.Name = r.Name
	f.entry = NewLine("", func(text string) {
		if !f.own {
			v, err := r.Parse(text)
			f.take(v, err, true)
		}
	})
	f.entry.Name = r.Name
	f.sign = Sized(14, 14, NewIcon(IconAlert, 14, ColorError))
	f.limits = Caption("").Wrapped()
	line := HStack(10, Grow(Pad(track, 0, -4, 0, -12)), Sized(rangeEntry, 0, f.entry), Sized(rangeUnit, 0, Caption(r.Unit).Cutting()))
	f.control = VStack(Gap2, line, HStackTop(chipGap, f.sign, Grow(f.limits)))
	words := VStack(Gap2, Strong(r.Name).Wrapped())
	if r.Help != "" {
		words.Add(Caption(r.Help).Wrapped())
	}
	f.content = container.New(&fieldLayout{}, words, f.control)
	f.ExtendBaseWidget(f)
	f.Set(v)
	return f
}

// value01 is the value at a place of the slider, at01 the place of a value.
func (f *RangeField) value01(at float64) float64 {
	v := f.r.Min + at*(f.r.Max-f.r.Min)
	if f.r.Log {
		v = f.r.Min * math.Pow(f.r.Max/f.r.Min, at)
		digits := math.Pow(10, math.Floor(math.Log10(v))-1) // two digits are as exact as a hand on a slider
		v = math.Round(v/digits) * digits
	}
	if f.r.Step > 0 {
		v = math.Round(v/f.r.Step) * f.r.Step
	}
	return math.Min(math.Max(v, f.r.Min), f.r.Max)
}

func (f *RangeField) at01(v float64) float64 {
	v = math.Min(math.Max(v, f.r.Min), f.r.Max)
	if f.r.Log {
		return math.Log(v/f.r.Min) / math.Log(f.r.Max/f.r.Min)
	}
	return (v - f.r.Min) / (f.r.Max - f.r.Min)
}

// Set shows a value without telling the callback.
func (f *RangeField) Set(v float64) {
	f.value, f.err = v, nil
	f.write(func() {
		f.entry.SetText(f.r.Format(v))
		f.slider.SetValue(f.at01(v))
	})
	f.sync()
}

// Text is what stands in the entry.
func (f *RangeField) Text() string { return f.entry.Text }

// Type puts a text into the entry as if it had been typed there; the callback hears of it.
func (f *RangeField) Type(text string) { f.entry.SetText(text) }

// Value is what the field holds, and whether it is a number in the range.
func (f *RangeField) Value() (v float64, ok bool) {
	return f.value, f.err == nil && f.value >= f.r.Min && f.value <= f.r.Max
}

// take keeps what the user has set and brings the other control in line.
func (f *RangeField) take(v float64, err error, typed bool) {
	f.value, f.err = v, err
	f.write(func() {
		switch {
		case !typed:
			f.entry.SetText(f.r.Format(v))
		case err == nil && !math.IsNaN(v):
			f.slider.SetValue(f.at01(v))
		}
	})
	f.sync()
	if f.changed != nil {
		_, ok := f.Value()
		f.changed(v, ok)
	}
}

// write sets controls without hearing them.
func (f *RangeField) write(set func()) {
	f.own = true
	set()
	f.own = false
}

// sync shows the range, or what is wrong in its place.
func (f *RangeField) sync() {
	f.limits.Text, f.limits.Color = f.r.Limits, ColorMuted
	f.sign.Hide()
	if _, ok := f.Value(); !ok {
		f.limits.Text, f.limits.Color = f.r.Fault(f.value, f.err), ColorError
		f.sign.Show()
	}
	f.Refresh()
}

// HeightAt implements Flowing.
func (f *RangeField) HeightAt(width float32) float32 { return HeightAt(f.content, width) }

// CreateRenderer implements fyne.Widget.
func (f *RangeField) CreateRenderer() fyne.WidgetRenderer {
	r := &rangeRenderer{f: f, frame: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

// fieldLayout puts the controls beside the words, or below them where there is little room.
type fieldLayout struct{ width float32 }

func (l *fieldLayout) beside(width float32) bool { return width >= rangeControls*1.8 }

func (l *fieldLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(fyne.Max(o[0].MinSize().Width, rangeControls), l.heightAt(o, fyne.Max(l.width, rangeControls)))
}

func (l *fieldLayout) heightAt(o []fyne.CanvasObject, width float32) float32 {
	if l.beside(width) {
		return fyne.Max(HeightAt(o[0], width-rangeControls-Gap24), HeightAt(o[1], rangeControls))
	}
	return HeightAt(o[0], width) + Gap8 + HeightAt(o[1], width)
}

func (l *fieldLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	if l.beside(s.Width) {
		place(o[0], 0, 0, s.Width-rangeControls-Gap24, s.Height)
		place(o[1], s.Width-rangeControls, 0, rangeControls, s.Height)
		return
	}
	h := HeightAt(o[0], s.Width)
	place(o[0], 0, 0, s.Width, h)
	place(o[1], 0, h+Gap8, s.Width, s.Height-h-Gap8)
}

func (f *RangeField) inside() []fyne.CanvasObject { return []fyne.CanvasObject{f.content} }

type rangeRenderer struct {
	f     *RangeField
	frame *canvas.Rectangle // around the entry when its value is wrong
}

func (r *rangeRenderer) Destroy()           {}
func (r *rangeRenderer) MinSize() fyne.Size { return r.f.content.MinSize() }
func (r *rangeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.f.content, r.frame}
}

func (r *rangeRenderer) Layout(s fyne.Size) {
	place(r.f.content, 0, 0, s.Width, s.Height)
	at := r.f.control.Position()
	place(r.frame, s.Width-rangeUnit-10-rangeEntry, at.Y, rangeEntry, r.f.entry.Size().Height)
}

func (r *rangeRenderer) Refresh() {
	_, ok := r.f.Value()
	paintRing(r.frame, !ok, RadiusControl)
	if !ok {
		r.frame.StrokeColor = col(ColorError)
	}
	r.f.content.Refresh()
	r.Layout(r.f.Size())
	canvas.Refresh(r.f)
}
