package trainer

import (
	"fmt"
	"image/color"
	"io"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// CourseWords are the words of the picture, in the language of who looks at it.
type CourseWords struct {
	Title   string
	Mean    string                   // of the curve: "mean rating, over 20"
	Lessons string                   // of the lower picture: "lessons"
	Known   string                   // "known"
	Asked   string                   // "asked"
	Version func(number int) string  // a mark, short: "V 3"
	Day     func(t time.Time) string // a moment on the axis
	Number  func(v float64) string   // stars on the axis
}

// Colours that differ also in lightness.
var (
	courseBlue  = color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	courseGreen = color.RGBA{R: 0x2c, G: 0x85, B: 0x4c, A: 0xff}
	courseGrey  = color.RGBA{R: 0x9a, G: 0x9a, B: 0x9a, A: 0xff}
)

const (
	courseWidth  = 24 * vg.Centimeter
	courseHeight = 14 * vg.Centimeter
	courseMarks  = 24 // more words than this would lie over each other
)

// WritePNG draws the course: the mean rating with a mark for each version, and below it
// how many lessons were known after each cycle. With fewer than two ratings there is
// nothing to draw: a *UserError with CodeTooLittle.
func (c Course) WritePNG(w io.Writer, words CourseWords) error {
	if len(c.Ratings) < 2 {
		return &UserError{Reason: reason(CodeTooLittle, fmt.Sprintf("too few ratings for a curve yet: %d of 2", len(c.Ratings)), "ratings", len(c.Ratings)), Hint: HintRate}
	}
	ratings, err := c.drawRatings(words)
	if err != nil {
		return fmt.Errorf("draw the ratings: %w", err)
	}
	rows := [][]*plot.Plot{{ratings}}
	lessons, err := c.drawLessons(words)
	if err != nil {
		return fmt.Errorf("draw the lessons: %w", err)
	}
	if lessons != nil {
		lessons.X.Min, lessons.X.Max = ratings.X.Min, ratings.X.Max
		rows = append(rows, []*plot.Plot{lessons})
	}
	img := vgimg.NewWith(vgimg.UseWH(courseWidth, courseHeight), vgimg.UseDPI(120))
	canvas := draw.New(img)
	tiles := draw.Tiles{Rows: len(rows), Cols: 1, PadX: vg.Millimeter, PadY: 6 * vg.Millimeter, PadTop: 4 * vg.Millimeter, PadBottom: 3 * vg.Millimeter, PadLeft: 3 * vg.Millimeter, PadRight: 8 * vg.Millimeter}
	for i, row := range plot.Align(rows, tiles, canvas) {
		rows[i][0].Draw(row[0])
	}
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(w); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

// coursePlot is an empty plot over time.
func coursePlot(words CourseWords) *plot.Plot {
	p := plot.New()
	for _, style := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle} {
		style.Font.Variant = "Sans"
	}
	p.X.Tick.Label.Font.Variant, p.Y.Tick.Label.Font.Variant, p.Legend.TextStyle.Font.Variant = "Sans", "Sans", "Sans"
	p.Title.TextStyle.Font.Size = vg.Points(14)
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	p.Add(grid)
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return timeTicks(low, high, words.Day) })
	p.Legend.Top, p.Legend.Left = false, true
	return p
}

// clockSteps are how far apart the ticks are where the picture shows so little time that days would not tell them apart.
var clockSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// mostTicks are the words that there is room for below a plot.
const mostTicks = 6

// timeTicks are the words below a plot from second low to high: days, and for less than two of them
// round times of the day, with the day before the first of each.
func timeTicks(low, high float64, day func(time.Time) string) (ticks []plot.Tick) {
	const days = 48 * 3600
	last := ""
	if high-low >= days {
		for i := range mostTicks {
			v := low + (high-low)*float64(i)/(mostTicks-1)
			if name := day(atSecond(v)); name != last {
				ticks = append(ticks, plot.Tick{Value: v, Label: name})
				last = name
			}
		}
		return ticks
	}
	i := slices.IndexFunc(clockSteps, func(d time.Duration) bool { return (high-low)/d.Seconds() <= mostTicks-1 })
	step := clockSteps[max(i, 0)]
	form := "15:04"
	if step < time.Minute {
		form = "15:04:05"
	}
	begin := atSecond(low).Local()
	year, month, dayOf := begin.Date()
	midnight := time.Date(year, month, dayOf, 0, 0, 0, 0, begin.Location())
	for at := midnight.Add(begin.Sub(midnight).Truncate(step)); second(at) <= high; at = at.Add(step) {
		if second(at) < low {
			continue
		}
		label := at.Format(form)
		if name := day(at); name != last {
			label, last = name+", "+label, name
		}
		ticks = append(ticks, plot.Tick{Value: second(at), Label: label})
	}
	return ticks
}

func second(t time.Time) float64   { return float64(t.UnixMicro()) / 1e6 }
func atSecond(v float64) time.Time { return time.UnixMicro(int64(v * 1e6)) }
func (c Course) bounds() (x, y float64) {
	return second(c.Ratings[0].At), second(c.Ratings[len(c.Ratings)-1].At)
}

// drawRatings draws the mean over 20 ratings and the versions.
func (c Course) drawRatings(words CourseWords) (*plot.Plot, error) {
	p := coursePlot(words)
	p.Title.Text = words.Title
	p.Y.Min, p.Y.Max = 1, 5
	p.Y.Tick.Marker = plot.TickerFunc(func(_, _ float64) (ticks []plot.Tick) {
		for v := 1.0; v <= 5; v++ {
			ticks = append(ticks, plot.Tick{Value: v, Label: words.Number(v)})
		}
		return ticks
	})
	mean := make(plotter.XYs, len(c.Ratings))
	for i, r := range c.Ratings {
		mean[i] = plotter.XY{X: second(r.At), Y: r.Mean}
	}
	line, err := plotter.NewLine(mean)
	if err != nil {
		return nil, err
	}
	line.Color, line.Width = courseBlue, vg.Points(2)
	p.Add(line)
	p.Legend.Add(words.Mean, line)
	low, high := c.bounds()
	for _, m := range c.Marks {
		low, high = min(low, second(m.At)), max(high, second(m.At))
	}
	if len(c.Cycles) > 0 {
		low = min(low, second(c.Cycles[0].Started))
		high = max(high, second(c.Cycles[len(c.Cycles)-1].Started))
	}
	if high <= low {
		high = low + 1
	}
	p.X.Min, p.X.Max = low, high
	return p, c.drawMarks(p, words)
}

// drawMarks puts a line with a word where another version began to answer.
func (c Course) drawMarks(p *plot.Plot, words CourseWords) error {
	var at plotter.XYs
	var names []string
	for i, m := range c.Marks {
		x := second(m.At)
		line, err := plotter.NewLine(plotter.XYs{{X: x, Y: p.Y.Min}, {X: x, Y: p.Y.Max}})
		if err != nil {
			return err
		}
		line.Color, line.Dashes = courseGreen, []vg.Length{vg.Points(3), vg.Points(3)}
		p.Add(line)
		if len(c.Marks)-i <= courseMarks {
			at, names = append(at, plotter.XY{X: x, Y: p.Y.Max}), append(names, words.Version(m.Version))
		}
	}
	if len(at) == 0 {
		return nil
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: at, Labels: names})
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Color, labels.TextStyle[i].Font.Variant = courseGreen, "Sans"
	}
	labels.Offset = vg.Point{X: vg.Points(3), Y: vg.Points(-10)}
	p.Add(labels)
	return nil
}

// drawLessons draws the lessons known after each cycle; nil where none was asked.
func (c Course) drawLessons(words CourseWords) (*plot.Plot, error) {
	var known, asked plotter.XYs
	most := 1
	for _, y := range c.Cycles {
		if y.Asked > 0 {
			known, asked = append(known, plotter.XY{X: second(y.Started), Y: float64(y.Known)}), append(asked, plotter.XY{X: second(y.Started), Y: float64(y.Asked)})
			most = max(most, y.Asked)
		}
	}
	if len(known) == 0 {
		return nil, nil
	}
	p := coursePlot(words)
	p.Y.Label.Text = words.Lessons
	p.Y.Min, p.Y.Max = 0, float64(most)*1.1
	p.Y.Tick.Marker = plot.TickerFunc(func(_, high float64) (ticks []plot.Tick) {
		for n, step := 0, max(1, (most+4)/5); float64(n) <= high; n += step {
			ticks = append(ticks, plot.Tick{Value: float64(n), Label: strconv.Itoa(n)})
		}
		return ticks
	})
	for _, c := range []struct {
		name   string
		at     plotter.XYs
		colour color.Color
	}{{words.Asked, asked, courseGrey}, {words.Known, known, courseGreen}} {
		line, marks, err := plotter.NewLinePoints(c.at)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width, marks.Color, marks.Shape = c.colour, vg.Points(1.5), c.colour, draw.CircleGlyph{}
		p.Add(line, marks)
		p.Legend.Add(c.name, line, marks)
	}
	return p, nil
}
