package app

import (
	"cmp"
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// curve is one of the ways in which the ratings are drawn.
type curve int

const (
	curveTime         curve = iota // over time
	curveVersion                   // a value for each version that answered
	curveConversation              // a value for each conversation
)

// smoothings are over how many ratings the curve over time is a mean; the trainer gives the last one.
var smoothings = []int{1, 5, 20}

// period is a part of the time that is looked at more closely; the zero one is all of it.
type period struct{ from, to time.Time }

func (p period) holds(t time.Time) bool {
	return p == period{} || !t.Before(p.from) && !t.After(p.to)
}

// leastRatings make a curve.
const leastRatings = 2

// showChart draws the ratings, with what can be chosen about it.
func (v *statisticsView) showChart() {
	body := widgets.VStack(8, widgets.CardHead(say("statistics.better")))
	v.drawn = nil
	if v.unread != nil {
		body.Add(widgets.NewPlainNotice(unread(say("statistics.unread"), v.unread, v.refresh)))
	} else if len(v.course.Ratings) < leastRatings {
		words := say("reading")
		if v.read {
			words = say("statistics.too_little", "N", whole(len(v.course.Ratings)))
		}
		body.Add(widgets.Sized(0, 120, widgets.Muted(words).Wrapped()))
	} else {
		body.Add(v.curveChoices())
		v.drawn = v.drawCurve()
		body.Add(widgets.Grow(v.drawn))
	}
	v.chart.Objects = []fyne.CanvasObject{widgets.Grow(curveCard(body))}
}

// curveCard is what the curve lies on, in the window and in its picture.
func curveCard(body fyne.CanvasObject) fyne.CanvasObject { return widgets.Card(body, 12, 16) }

// curveChoices are what the curve is of, over how many ratings it is a mean, and the way back from a part of it.
func (v *statisticsView) curveChoices() fyne.CanvasObject {
	looks := widgets.NewSegmented(int(v.curve), func(i int) { v.curve = curve(i); v.fill() },
		say("statistics.by_time"), say("statistics.by_version"), say("statistics.by_conversation"))
	looks.Hint = say("statistics.by")
	choices := widgets.WrapRow(8, looks)
	if v.curve == curveTime {
		names := make([]string, len(smoothings))
		for i, n := range smoothings {
			names[i] = whole(n)
		}
		smooth := widgets.NewSegmented(v.smooth, func(i int) { v.smooth = i; v.fill() }, names...)
		smooth.Hint = say("statistics.smooth")
		choices.Add(widgets.Caption(say("statistics.smooth")))
		choices.Add(smooth)
		if v.closer != (period{}) {
			choices.Add(widgets.NewLink(say("statistics.whole"), func() { v.closer = period{}; v.fill() }))
		}
	}
	return choices
}

func (v *statisticsView) drawCurve() *widgets.LineChart {
	chart := widgets.NewLineChart()
	chart.Min = fyne.NewSize(200, 210)
	if v.curve == curveTime {
		v.overTime(chart)
	} else {
		v.overGroups(chart)
	}
	return chart
}

// curvePoints is how many values of the curve over time are drawn: the chart wants them evenly spaced.
const curvePoints = 120

// overTime draws the mean rating over time, with a mark where another version began to answer. Dragging over a part of it looks at
// that more closely.
func (v *statisticsView) overTime(chart *widgets.LineChart) {
	points := v.smoothed()
	if inside := slices.DeleteFunc(slices.Clone(points), func(p meanAt) bool { return !v.closer.holds(p.at) }); len(inside) >= leastRatings {
		points = inside
	}
	first, last := points[0], points[len(points)-1]
	hours := func(t time.Time) float64 { return t.Sub(first.at).Hours() }
	when := func(x float64) time.Time { return first.at.Add(time.Duration(x * float64(time.Hour))) }
	end := math.Max(hours(last.at), 1./60)
	at := func(x float64) meanAt { // the last rating before
		k := 0
		for k+1 < len(points) && hours(points[k+1].at) <= x+1e-9 {
			k++
		}
		return points[k]
	}
	ys := make([]float64, curvePoints)
	for i := range ys {
		ys[i] = at(end * float64(i) / (curvePoints - 1)).mean
	}
	chart.Sentence = say("statistics.curve", "First", decimal(first.mean, 1), "Last", decimal(last.mean, 1), "N", whole(len(points)))
	x := widgets.Axis{Max: end, Label: func(f float64) string { return v.clock(when(f), end) }}
	ticks := 4
	if v.w.narrow {
		ticks = 2
	}
	for i := range ticks + 1 {
		x.Ticks = append(x.Ticks, end*float64(i)/float64(ticks))
	}
	name := sayN("statistics.mean_over", smoothings[v.smooth])
	show := widgets.Chart{
		Series: []widgets.Series{{Name: name, Color: widgets.ColorPrimary, Ys: ys, DX: end / (curvePoints - 1), Area: true}}, X: x, Y: starsAxis(ys),
		Tell: func(x float64) string {
			p := at(x)
			return say("statistics.tell", "What", moment(p.at, v.w.now()), "Stars", decimal(p.mean, 2))
		},
	}
	gap := math.Inf(-1) // words that stand too close would lie over each other
	for _, m := range v.course.Marks {
		at := hours(m.At)
		if at < 0 || at > end {
			continue
		}
		mark := widgets.Mark{X: at, Color: widgets.ColorSuccess}
		if at-gap > end/14 {
			mark.Text, gap = say("statistics.mark", "N", whole(m.Version)), at
		}
		show.Marks = append(show.Marks, mark)
	}
	chart.OnRange = func(from, to float64) {
		v.closer = period{when(from), when(to)}
		v.fill()
	}
	chart.SetChart(show)
}

// clock writes a moment on an axis of so many hours.
func (v *statisticsView) clock(at time.Time, hours float64) string {
	switch {
	case hours < 1./12: // five minutes
		return at.Local().Format("15:04:05")
	case hours < 48:
		return at.Local().Format("15:04")
	}
	return date(at, v.w.now())
}

// starsAxis is the part of one to five stars that values lie in.
func starsAxis(ys []float64) widgets.Axis {
	y := widgets.Fit(5, ys)
	y.Min, y.Max = math.Max(y.Min, 1), math.Min(y.Max, 5)
	if !(y.Max > y.Min) {
		y = widgets.Axis{Min: 1, Max: 5, Ticks: []float64{1, 2, 3, 4, 5}}
	}
	y.Ticks = slices.DeleteFunc(y.Ticks, func(t float64) bool { return t < y.Min-1e-9 || t > y.Max+1e-9 })
	y.Label = func(f float64) string { return decimal(f, 2) }
	return y
}

// meanAt is the mean of a rating with those before it.
type meanAt struct {
	at   time.Time
	mean float64
}

// smoothed are the ratings as the person wants them smoothed.
func (v *statisticsView) smoothed() []meanAt {
	n, all := smoothings[v.smooth], v.course.Ratings
	out := make([]meanAt, len(all))
	sum := 0.0
	for i, r := range all {
		sum += r.Stars
		if i >= n {
			sum -= all[i-n].Stars
		}
		out[i] = meanAt{r.At, sum / float64(min(i+1, n))}
		if v.smooth == len(smoothings)-1 {
			out[i].mean = r.Mean // knows those before the time that is shown, too
		}
	}
	return out
}

// ratedGroup is the ratings that belong together.
type ratedGroup struct {
	id   int64 // a version's number, or a conversation
	n    int
	mean float64
}

// groups are the ratings by version or by conversation, in the order in which they began.
func (v *statisticsView) groups() []ratedGroup {
	var all []ratedGroup
	for _, r := range v.course.Ratings {
		id := int64(r.Version)
		if v.curve == curveConversation {
			id = r.Conversation
		}
		i := slices.IndexFunc(all, func(g ratedGroup) bool { return g.id == id })
		if i < 0 {
			all, i = append(all, ratedGroup{id: id}), len(all)
		}
		all[i].mean = (all[i].mean*float64(all[i].n) + r.Stars) / float64(all[i].n+1)
		all[i].n++
	}
	if v.curve == curveVersion {
		slices.SortFunc(all, func(a, b ratedGroup) int { return cmp.Compare(a.id, b.id) })
	}
	return all
}

// groupName is how what the ratings of a group are about is called.
func (v *statisticsView) groupName(g ratedGroup) string {
	if v.curve == curveVersion {
		return versionName(int(g.id))
	}
	if i := slices.IndexFunc(v.w.chat.all, func(c trainer.Conversation) bool { return c.ID == g.id }); i >= 0 {
		return brief(v.w.chat.all[i].Title, 40)
	}
	return say("statistics.elsewhere")
}

// overGroups draws a dot for each version or conversation.
func (v *statisticsView) overGroups(chart *widgets.LineChart) {
	all := v.groups()
	ys := make([]float64, len(all))
	for i, g := range all {
		ys[i] = g.mean
	}
	chart.Sentence = say("statistics.curve", "First", decimal(ys[0], 1), "Last", decimal(ys[len(ys)-1], 1), "N", whole(len(v.course.Ratings)))
	x := widgets.Axis{Min: -.5, Max: float64(len(all)) - .5, Label: func(f float64) string {
		if g := all[int(f)]; v.curve == curveVersion && g.id != 0 {
			return say("statistics.mark", "N", whole(int(g.id)))
		} else if v.curve == curveVersion {
			return "–"
		}
		return whole(int(f) + 1)
	}}
	every := (len(all) + 9) / 10 // labels that lie beside each other
	for i := 0; i < len(all); i += every {
		x.Ticks = append(x.Ticks, float64(i))
	}
	chart.SetChart(widgets.Chart{
		Series: []widgets.Series{{Name: say("statistics.rating"), Color: widgets.ColorPrimary, Ys: ys, Dots: true}}, X: x, Y: starsAxis(ys),
		Tell: func(x float64) string {
			g := all[min(max(int(math.Round(x)), 0), len(all)-1)]
			return say("statistics.tell", "What", v.groupName(g), "Stars", sayN("statistics.of_ratings", g.n, "Stars", decimal(g.mean, 2)))
		},
	})
}
