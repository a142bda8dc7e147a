package app

import (
	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// lossChart draws what training does to the error.
type lossChart struct {
	line  *widgets.LineChart
	none  *widgets.Text // in its place while there is nothing to draw
	place fyne.CanvasObject
}

func newLossChart() *lossChart {
	c := &lossChart{line: widgets.NewLineChart(), none: widgets.Muted(say("loss.none_yet")).Wrapped()}
	c.line.Min = fyne.NewSize(200, 158)
	c.line.Hide()
	c.place = widgets.Layers(c.line, widgets.Sized(0, c.line.Min.Height, widgets.VStack(0, c.none, widgets.Space())))
	return c
}

func (c *lossChart) object() fyne.CanvasObject { return c.place }

// showLosses draws the curve of this cycle (or of the last one), or those of the last cycles over each other.
func (v *learningView) showLosses() {
	now, planned := v.w.state.Progress.Losses, 0
	if p := v.w.state.Progress; v.w.cycling() && (p.Step == trainer.StepManner || p.Step == trainer.StepKnowledge) {
		planned = len(now) - p.Done + p.Of
	}
	if len(now) == 0 && len(v.former) > 0 && !v.w.cycling() {
		now = v.former[0]
	}
	if v.span == 0 {
		v.chart.showOne(now, planned)
		return
	}
	v.chart.showMany(v.former)
}

// curves splits a cycle into the error and the distance from the untrained model.
func curves(points []trainer.LossPoint) (loss, anchor []float64) {
	for _, p := range points {
		loss = append(loss, p.Loss)
		anchor = append(anchor, p.Anchor)
	}
	return loss, anchor
}

// showOne draws the curve of one cycle, with the room for the steps that are planned.
func (c *lossChart) showOne(points []trainer.LossPoint, planned int) {
	loss, anchor := curves(points)
	series := []widgets.Series{{Name: say("loss.training"), Color: widgets.ColorPrimary, Ys: loss, X0: 1, Area: true}}
	for _, a := range anchor {
		if a != 0 {
			series = append(series, widgets.Series{Name: say("loss.anchor"), Color: widgets.ColorStar, Ys: anchor, X0: 1, Dashed: true})
			break
		}
	}
	if len(points) > 0 {
		c.line.Sentence = say("loss.sentence", "First", decimal(loss[0], 2), "Last", decimal(loss[len(loss)-1], 2), "Steps", whole(len(loss)))
	} else {
		c.line.Sentence = say("loss.none")
	}
	c.draw(max(len(points), planned), series)
}

// showMany draws the newest curve strongest.
func (c *lossChart) showMany(cycles [][]trainer.LossPoint) {
	var series []widgets.Series
	steps := 0
	for i := len(cycles) - 1; i >= 0; i-- {
		loss, _ := curves(cycles[i])
		s := widgets.Series{Color: widgets.ColorInputBorder, Ys: loss, X0: 1}
		if i == 0 {
			s.Name, s.Color = say("loss.newest"), widgets.ColorPrimary
		} else if i == len(cycles)-1 {
			s.Name = say("loss.former")
		}
		series, steps = append(series, s), max(steps, len(loss))
	}
	c.line.Sentence = sayN("loss.many", len(cycles))
	c.draw(steps, series)
}

// leastSteps keeps the axis from jumping while a cycle begins.
const leastSteps = 8

// draw shows curves over a number of steps, between zero and round numbers.
func (c *lossChart) draw(steps int, series []widgets.Series) {
	values, drawn := [][]float64{{0}}, 0
	for _, s := range series {
		values, drawn = append(values, s.Ys), drawn+len(s.Ys)
	}
	if drawn > 0 && !c.line.Visible() {
		c.none.Hide()
		c.line.Show()
	}
	y := widgets.Fit(5, values...)
	y.Label = func(v float64) string { return decimal(v, 2) }
	ticks := widgets.Ticks(0, float64(max(steps, leastSteps)), 4)
	x := widgets.Axis{Max: ticks[len(ticks)-1], Ticks: ticks, Label: func(v float64) string { return whole(int(v)) }}
	c.line.SetChart(widgets.Chart{Series: series, X: x, Y: y, XTitle: say("loss.step")})
}
