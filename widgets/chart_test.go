package widgets

import (
	"image"
	"math"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

func sampleChart(n int) Chart {
	loss, held := make([]float64, n), make([]float64, n/3)
	for i := range loss {
		x := 28 * float64(i) / float64(n)
		loss[i] = .42 + 1.75*math.Exp(-x/8) + .07*math.Sin(x*1.9) + .04*math.Sin(x*5.1)
	}
	for i := range held {
		held[i] = loss[3*i] + .2
	}
	return Chart{
		Series: []Series{
			{Name: "Training", Color: ColorPrimary, Ys: loss, Area: true},
			{Name: "Held-out samples", Color: ColorStar, Ys: held, DX: 3, Dashed: true},
		},
		Marks:  []Mark{{X: float64(n) * .7, Text: "V 12", Color: ColorSuccess}},
		X:      Axis{Max: float64(n) * 1.5, Ticks: []float64{0, float64(n) * .5, float64(n), float64(n) * 1.5}},
		Y:      Fit(5, loss, held),
		XTitle: "step",
	}
}

func chartOf(c Chart) *LineChart {
	l := NewLineChart()
	l.SetChart(c)
	return l
}

func TestPictures(t *testing.T) {
	checkPicture(t, "chart-few", fyne.NewSize(420, 200), func() fyne.CanvasObject { return chartOf(sampleChart(28)) })
	checkPicture(t, "chart-many", fyne.NewSize(420, 200), func() fyne.CanvasObject { return chartOf(sampleChart(10_000)) })
	checkPicture(t, "chart-gap", fyne.NewSize(300, 160), func() fyne.CanvasObject {
		return chartOf(Chart{Series: []Series{{Color: ColorPrimary, Ys: []float64{1, 2, math.NaN(), 2, math.Inf(1), 3}, Dots: true}}, X: Axis{Max: 5}, Y: Axis{Max: 4, Ticks: []float64{0, 2, 4}}})
	})
	checkPicture(t, "chart-empty", fyne.NewSize(300, 160), func() fyne.CanvasObject { return chartOf(Chart{X: Axis{Max: 1}, Y: Fit(4)}) })
	checkPicture(t, "ring", fyne.NewSize(180, 60), func() fyne.CanvasObject {
		return HStack(4, NewRing(IconBolt, .56, ColorPrimary, ColorPrimarySoft, 56), NewRing(IconShield, -1, ColorMuted, ColorSurface, 56), Logo(56))
	})
	flow := func() fyne.CanvasObject {
		f := NewFlow("better answers, new feedback", sampleStations(Active)...)
		f.phase = .3
		return f
	}
	checkPicture(t, "flow", fyne.NewSize(760, 160), flow)
	checkPicture(t, "flow-narrow", fyne.NewSize(380, 140), flow)
	checkPicture(t, "flow-refused", fyne.NewSize(760, 120), func() fyne.CanvasObject { return NewFlow("", sampleStations(Failed)...) })
}

func sampleStations(third StationState) []Station {
	return []Station{
		{IconInbox, "Buffer", "20 samples", -1, Done},
		{IconFunnel, "Filter", "14 kept, 6 not", -1, Done},
		{IconBolt, "Training", "step 27 of 48", .56, third},
		{IconShield, "Gate", "waiting", -1, Waiting},
	}
}

func TestTicksAreRoundAndCover(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		n         int
		want      []float64
	}{
		{0, 2.5, 5, []float64{0, .5, 1, 1.5, 2, 2.5}},
		{.42, 2.17, 4, []float64{0, .5, 1, 1.5, 2, 2.5}},
		{0, 48, 4, []float64{0, 20, 40, 60}},
		{-3, 3, 3, []float64{-4, -2, 0, 2, 4}},
		{5, 5, 2, []float64{5, 5.5, 6}},
	} {
		got := Ticks(c.low, c.high, c.n)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%v to %v by %d: %v, want %v", c.low, c.high, c.n, got, c.want)
		}
	}
	for _, n := range []int{1, 3, 7} {
		for low := 1e-7; low < 1e9; low *= 13 {
			high := low * 1.7
			got := Ticks(low, high, n)
			if !(got[0] <= low && got[len(got)-1] >= high*(1-1e-9)) || len(got) > 2*n+3 {
				t.Errorf("%v to %v by %d: %v", low, high, n, got)
			}
		}
	}
	if got := Ticks(math.NaN(), 1, 4); got != nil {
		t.Errorf("of no number: %v", got)
	}
}

func TestChartLosesNoPeak(t *testing.T) {
	inLook(t, &Theme{})
	ys := make([]float64, 20_000)
	ys[13_337] = 1
	c := chartOf(Chart{Series: []Series{{Color: ColorPrimary, Ys: ys}}, X: Axis{Max: 20_000}, Y: Axis{Max: 1}})
	c.Resize(fyne.NewSize(300, 100))
	lines := c.lines(c.chart.Series[0], 300, 100)
	if len(lines) != 1 || len(lines[0]) > 4*301 {
		t.Fatalf("%d lines, the first of %d points", len(lines), len(lines[0]))
	}
	top := slices.MinFunc(lines[0], func(a, b point) int { return int(a.y - b.y) })
	if !(top.y < 1 && top.x > 198 && top.x < 202) {
		t.Errorf("the highest point is %v, want x 200 and y 0", top)
	}
	for i := 1; i < len(lines[0]); i++ {
		if int(lines[0][i].x) < int(lines[0][i-1].x) {
			t.Fatalf("point %d goes back", i)
		}
	}
}

func TestChartSurvivesOddValues(t *testing.T) {
	inLook(t, &Theme{})
	for name, c := range map[string]Chart{
		"nothing":   {},
		"no axis":   {Series: []Series{{Ys: []float64{1, 2}, Color: ColorPrimary}}},
		"no number": {Series: []Series{{Ys: []float64{math.NaN(), math.Inf(-1)}, Color: ColorPrimary}}, X: Axis{Max: 1}, Y: Axis{Max: 1}},
		"one":       {Series: []Series{{Ys: []float64{.5}, Color: ColorPrimary}}, X: Axis{Max: 1}, Y: Axis{Max: 1}},
		"outside":   {Series: []Series{{Ys: []float64{-1e30, 1e30}, Color: ColorPrimary, Area: true}}, X: Axis{Max: 1}, Y: Axis{Max: 1}},
		"upside":    {Series: []Series{{Ys: []float64{1}, Color: ColorPrimary}}, X: Axis{Min: 1}, Y: Axis{Min: 1}},
	} {
		t.Run(name, func(*testing.T) {
			l := chartOf(c)
			l.Resize(fyne.NewSize(200, 100))
			l.draw(180, 70)
			l.draw(1, 1)
			l.Resize(fyne.NewSize(1, 1))
		})
	}
}

func TestLinesTouchingThePlotAreDrawn(t *testing.T) {
	inLook(t, &Theme{})
	c := chartOf(Chart{Series: []Series{{Color: ColorPrimary, Ys: []float64{0, 1}}}, X: Axis{Max: 1}, Y: Axis{Max: 1}})
	c.Resize(fyne.NewSize(200, 100))
	if n := drawnPixels(c.draw(100, 50)); n < 100 {
		t.Errorf("%d pixels drawn", n)
	}
}

func TestFlowPhaseMovesOnlyTheLines(t *testing.T) {
	inLook(t, &Theme{})
	f := NewFlow("", sampleStations(Active)...)
	window(t, f, 700, 120)
	r := test.WidgetRenderer(f).(*flowRenderer)
	before := slices.Clone(r.objs)
	a := f.draw(700, 120)
	f.SetPhase(.1)
	if !slices.Equal(before, r.objs) {
		t.Error("words and rings were made anew")
	}
	if samePixels(a, f.draw(700, 120)) {
		t.Error("the dots do not move")
	}
	f.SetStations(sampleStations(Waiting)...)
	a = f.draw(700, 120)
	f.SetPhase(.5)
	if !samePixels(a, f.draw(700, 120)) {
		t.Error("dots move although nothing runs")
	}
}

func samePixels(a, b image.Image) bool {
	return slices.Equal(a.(*image.RGBA).Pix, b.(*image.RGBA).Pix)
}

func TestMeterShowsValueAndLimit(t *testing.T) {
	inLook(t, &Theme{})
	m := NewMeter(.5, .8, ColorKnown)
	m.Resize(fyne.NewSize(200, 20))
	r := test.WidgetRenderer(m).(*meterRenderer)
	if r.bar.Size().Width != 100 || r.mark.Position().X != 159 {
		t.Errorf("bar %v, mark at %v", r.bar.Size().Width, r.mark.Position().X)
	}
	m.Set(math.Inf(1), ColorLost)
	if r.bar.Size().Width != 200 {
		t.Errorf("beyond all: bar %v", r.bar.Size().Width)
	}
	m.Set(-3, ColorLost)
	if r.bar.Size().Width != 0 {
		t.Errorf("below none: bar %v", r.bar.Size().Width)
	}
}

func TestTrailShowsTheLastRounds(t *testing.T) {
	inLook(t, &Theme{})
	trail := NewTrail(Known, Known, Missing, Missing, Missing, Missing, Missing, Missing, Missing, Lost)
	if want := []State{Missing, Missing, Missing, Missing, Missing, Missing, Missing, Lost}; !slices.Equal(trail.States, want) {
		t.Errorf("of ten: %v", trail.States)
	}
	trail.Set(Known)
	if trail.States[TrailLength-1] != Known || trail.States[0] != Unasked || len(trail.States) != TrailLength {
		t.Errorf("of one: %v", trail.States)
	}
	heights := map[float32]bool{}
	full := NewTrail(Unasked, Known, Missing, Lost)
	full.Resize(full.MinSize())
	for _, o := range test.WidgetRenderer(full).Objects()[4:] {
		heights[o.(*canvas.Rectangle).Size().Height] = true
	}
	if len(heights) != 4 {
		t.Errorf("%d shapes for four states: colour is the only sign", len(heights))
	}
}

// BenchmarkChart measures a picture of a line of 10,000 values.
func BenchmarkChart(b *testing.B) {
	inLook(b, &Theme{})
	c := chartOf(sampleChart(10_000))
	c.Resize(fyne.NewSize(1200, 760))
	for b.Loop() {
		c.draw(1150, 700)
	}
}
