package widgets

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// The mouse reads values, also beside the plot, and dragging picks a part; a hand that only trembled picks none.
func TestChartTellsValuesAndPicksAPart(t *testing.T) {
	inLook(t, &Theme{})
	c := NewLineChart()
	var from, to float64
	picked := 0
	c.OnRange = func(a, b float64) { from, to = a, b; picked++ }
	c.SetChart(Chart{
		Series: []Series{{Name: "mean", Color: ColorPrimary, Ys: []float64{1, 2, 3}}}, X: Axis{Max: 2, Ticks: []float64{0, 1, 2}}, Y: Axis{Max: 3, Ticks: []float64{0, 3}},
		Tell: func(x float64) string { return fmt.Sprintf("at %.1f", x) },
	})
	window(t, c, 400, 200)
	place := func(share float32) fyne.Position {
		return c.plotAt.AddXY(share*c.plot.Width, c.plot.Height/2)
	}
	for share, want := range map[float32]string{.5: "at 1.0", 1: "at 2.0", -1: "at 0.0", 3: "at 2.0"} {
		c.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: place(share)}})
		p := c.pointer
		if p.words.Text != want || !p.words.Visible() || p.ground.Position().X+p.ground.Size().Width > c.Size().Width {
			t.Errorf("at %g stands %q at %v", share, p.words.Text, p.ground.Position())
		}
	}
	c.MouseOut()
	if c.pointer.words.Visible() {
		t.Error("the value stays when the mouse is gone")
	}
	drag := func(a, b float32) {
		step := (b - a) * c.plot.Width
		c.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: place(b)}, Dragged: fyne.Delta{DX: step}})
		c.DragEnd()
	}
	drag(.75, .25)
	if picked != 1 || from < .49 || from > .51 || to < 1.49 || to > 1.51 {
		t.Errorf("picked %d times, from %g to %g", picked, from, to)
	}
	drag(.5, .505)
	if picked != 1 {
		t.Error("a trembling hand picks a part")
	}
}
