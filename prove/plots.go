package main

import (
	"bytes"
	"fmt"
	"image/color"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours that differ also in lightness.
var (
	blue   = color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	orange = color.RGBA{R: 0xe0, G: 0x80, B: 0x1a, A: 0xff}
	green  = color.RGBA{R: 0x2c, G: 0x85, B: 0x4c, A: 0xff}
	grey   = color.RGBA{R: 0x9a, G: 0x9a, B: 0x9a, A: 0xff}
)

const (
	pictureWidth  = 16 * vg.Centimeter
	pictureHeight = 9 * vg.Centimeter
)

func png(p *plot.Plot) ([]byte, error) {
	w, err := p.WriterTo(pictureWidth, pictureHeight, "png")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Add(plotter.NewGrid())
	p.Legend.Top, p.Legend.Left = false, true
	return p
}

// curve adds a line with a mark at each point.
func curve(p *plot.Plot, name string, at plotter.XYs, c color.Color, dashed bool) error {
	line, marks, err := plotter.NewLinePoints(at)
	if err != nil {
		return err
	}
	line.Color, marks.Color, line.Width = c, c, vg.Points(1.5)
	marks.Shape = draw.CircleGlyph{}
	if dashed {
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	}
	p.Add(line, marks)
	p.Legend.Add(name, line, marks)
	return nil
}

// drawMemory is what becomes of lessons as more of them lie in memory.
func drawMemory(lines []result) ([]byte, error) {
	var sizes []int
	by := make(map[int][]result)
	for _, r := range lines {
		n, err := strconv.Atoi(r.Variant)
		if err != nil || r.Measurement != "facts" {
			continue
		}
		if by[n] == nil {
			sizes = append(sizes, n)
		}
		by[n] = append(by[n], r)
	}
	if len(sizes) == 0 {
		return nil, nil
	}
	slices.Sort(sizes)
	p := newPlot("lessons in memory", "share")
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, sizesAsTicks(sizes)
	p.X.Min, p.X.Max = float64(sizes[0])*0.8, float64(sizes[len(sizes)-1])*1.25
	p.Y.Min, p.Y.Max = 0, 1.02
	for _, c := range []struct {
		name, count string
		colour      color.Color
		dashed      bool
	}{
		{"in other words", "reworded", blue, false},
		{"in other words, no reader", "reworded_without_reader", blue, true},
		{"unrelated kept", "kept", green, false},
		{"leak to neighbours", "leaks", orange, false},
		{"leak, no reader", "leaks_without_reader", orange, true},
	} {
		var at plotter.XYs
		for _, n := range sizes {
			if x := pool(by[n], c.count); x.Of > 0 {
				at = append(at, plotter.XY{X: float64(n), Y: x.share()})
			}
		}
		if len(at) == 0 {
			continue
		}
		if err := curve(p, c.name, at, c.colour, c.dashed); err != nil {
			return nil, err
		}
	}
	p.Legend.YOffs = pictureHeight / 6 // between what is high and what is low
	return png(p)
}

func sizesAsTicks(sizes []int) plot.ConstantTicks {
	var out plot.ConstantTicks
	for _, n := range sizes {
		out = append(out, plot.Tick{Value: float64(n), Label: strconv.Itoa(n)})
	}
	return out
}

// drawRatings sets the stars beside their control.
func drawRatings(lines []result) ([]byte, error) {
	kinds := []struct {
		name, kind, count string
		colour            color.Color
	}{
		{"before", starsHonest, "before", grey},
		{"shuffled stars", starsShuffled, "complies", orange},
		{"noisy stars", starsNoisy, "complies", green},
		{"honest stars", starsHonest, "complies", blue},
	}
	p := newPlot("", "answers that comply")
	p.Y.Min, p.Y.Max = 0, 1
	var names []string
	for i, k := range kinds {
		var some []result
		for _, r := range lines {
			if r.Measurement == "ratings" && stars(k.kind, "kto")(r.Variant) {
				some = append(some, r)
			}
		}
		x := pool(some, k.count)
		names = append(names, k.name)
		if x.Of == 0 {
			continue
		}
		bar, err := plotter.NewBarChart(plotter.Values{x.share()}, vg.Points(46))
		if err != nil {
			return nil, err
		}
		bar.XMin, bar.Color, bar.LineStyle.Width = float64(i), k.colour, 0
		error95 := struct {
			plotter.XYs
			plotter.YErrors
		}{plotter.XYs{{X: float64(i), Y: x.share()}}, plotter.YErrors{{Low: x.share() - x.low, High: x.high - x.share()}}}
		whisker, err := plotter.NewYErrorBars(error95)
		if err != nil {
			return nil, err
		}
		p.Add(bar, whisker)
		names[i] = fmt.Sprintf("%s %s", k.name, decimals(x.share()))
	}
	if !slices.ContainsFunc(lines, func(r result) bool { return r.Measurement == "ratings" }) {
		return nil, nil
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.6, float64(len(kinds))-0.4
	return png(p)
}

// drawDrift is what many cycles do, a curve for each seed.
func drawDrift(lines []result) ([]byte, error) {
	p := newPlot("cycle", "share, or nats a token")
	p.Y.Min, p.Y.Max = -0.02, 1.02
	named := make(map[string]bool)
	for _, r := range lines {
		if r.Measurement != "drift" {
			continue
		}
		for _, c := range []struct {
			name, series string
			colour       color.Color
		}{
			{"lessons known", "known", blue},
			{"unrelated kept", "kept", green},
			{"canary, nats a token over the base", "canary", grey},
		} {
			var at plotter.XYs
			for i, y := range r.Series[c.series] {
				x := float64(i + 1)
				if n := r.Series[c.series+"_at"]; len(n) > i {
					x = n[i]
				}
				at = append(at, plotter.XY{X: x, Y: y})
			}
			if len(at) == 0 {
				continue
			}
			line, err := plotter.NewLine(at)
			if err != nil {
				return nil, err
			}
			line.Color, line.Width = c.colour, vg.Points(1.5)
			p.Add(line)
			if !named[c.name] {
				p.Legend.Add(c.name, line)
			}
			named[c.name] = true
		}
	}
	if len(named) == 0 {
		return nil, nil
	}
	p.Legend.YOffs = pictureHeight / 4
	return png(p)
}

// drawGate shows the adapters as the gate saw them.
func drawGate(lines []result) ([]byte, error) {
	p := newPlot("canary, nats a token over the base (cut at 1)", "unrelated kept")
	p.Y.Min, p.Y.Max = -0.02, 1.02
	drawn := false
	for _, k := range []struct {
		name, series string
		colour       color.Color
		shape        draw.GlyphDrawer
	}{
		{"good, let through", "good_passed", blue, draw.CircleGlyph{}},
		{"good, refused", "good_refused", blue, draw.CrossGlyph{}},
		{"damaged, refused", "damaged_refused", orange, draw.CrossGlyph{}},
		{"damaged, let through", "damaged_passed", orange, draw.CircleGlyph{}},
	} {
		var at plotter.XYs
		for _, r := range lines {
			if r.Measurement != "gate" {
				continue
			}
			for i, x := range r.Series[k.series+"_canary"] {
				at = append(at, plotter.XY{X: min(x, 1), Y: r.Series[k.series+"_kept"][i]})
			}
		}
		if len(at) == 0 {
			continue
		}
		drawn = true
		marks, err := plotter.NewScatter(at)
		if err != nil {
			return nil, err
		}
		marks.Color, marks.Shape, marks.Radius = k.colour, k.shape, vg.Points(3)
		p.Add(marks)
		p.Legend.Add(fmt.Sprintf("%s (%d)", k.name, len(at)), marks)
	}
	if !drawn {
		return nil, nil
	}
	p.Legend.Left, p.Legend.YOffs = false, pictureHeight/6 // few adapters keep next to nothing and still read well
	return png(p)
}
