package app

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// statisticsView answers one question, whether it gets better, and gives the figures away.
type statisticsView struct {
	w      *window
	course trainer.Course
	read   bool  // course was read
	unread error // why it could not be read so far
	span   int   // index in spans
	curve  curve
	smooth int    // index in smoothings
	closer period // of the curve over time
	all    bool   // all cycles are listed

	body  *fyne.Container
	head  *fyne.Container
	cards *fyne.Container
	chart *fyne.Container
	stars *fyne.Container
	table *fyne.Container
	drawn *widgets.LineChart // in chart; nil: there is no curve
}

// spans are how far back the view looks, in days; 0: to the beginning.
var spans = []int{7, 30, 0}

// Rows of the table until a person asks for the rest.
const shownCycles = 6

func newStatisticsView(w *window) *statisticsView {
	return &statisticsView{w: w, span: 1, smooth: len(smoothings) - 1}
}

func (v *statisticsView) build() fyne.CanvasObject {
	v.head, v.cards, v.chart, v.stars, v.table = widgets.VStack(0), widgets.VStack(0), widgets.VStack(0), widgets.VStack(0), widgets.VStack(0)
	v.body = widgets.VStack(12, v.head, v.cards)
	if v.w.tight {
		for _, o := range []fyne.CanvasObject{v.chart, v.stars, v.table} {
			v.body.Add(o)
		}
		v.fill()
		return widgets.NewScroll(widgets.Pad(v.body, 12, 12))
	}
	v.body.Add(widgets.HStackFill(12, widgets.GrowBy(2.2, v.chart), widgets.GrowBy(1, v.stars)))
	v.body.Add(v.table)
	v.fill()
	return widgets.NewScroll(widgets.Pad(v.body, 16, 24, 12, 24))
}

func (v *statisticsView) open() { v.refresh() }

func (v *statisticsView) heard(news []trainer.News) {
	if len(news) > 0 && v.w.place == placeStatistics {
		v.refresh()
	}
}

func (v *statisticsView) escape() bool { return false }

func (v *statisticsView) since() time.Time {
	if days := spans[v.span]; days > 0 {
		return v.w.now().AddDate(0, 0, -days)
	}
	return time.Time{}
}

func (v *statisticsView) refresh() {
	since := v.since()
	queued(v.w.work, func(ctx context.Context) (trainer.Course, error) {
		return v.w.Trainer.Course(ctx, since)
	}, func(c trainer.Course, err error) {
		if err != nil && v.read {
			v.w.failed(err)
			return
		}
		v.course, v.read, v.unread = c, err == nil, err
		v.fill()
	})
}

// fill shows what the view knows.
func (v *statisticsView) fill() {
	if v.head == nil {
		return
	}
	v.w.renew(v.body, func() {
		v.showHead()
		v.showCards()
		v.showChart()
		v.showStars()
		v.showCycles()
		v.body.Refresh()
	})
}

func (v *statisticsView) showHead() {
	choice := widgets.NewSegmented(v.span, func(i int) { v.span, v.closer = i, period{}; v.refresh() }, say("statistics.week"), say("statistics.month"), say("statistics.all"))
	var export *widgets.Button
	items := func() []widgets.MenuItem { return v.exports() }
	if v.w.tight {
		export = widgets.NewMenuButton(say("statistics.export"), &widgets.IconExport, widgets.Secondary, items)
	} else {
		export = widgets.NewButton(say("statistics.export"), &widgets.IconExport, widgets.Primary, nil)
		export.OnTapped = func() { widgets.ShowMenu(export, items()...) }
	}
	sentence := say([]string{"statistics.about_week", "statistics.about_month", "statistics.about_all"}[v.span])
	if name := v.w.model.short(); name != "" {
		sentence = say("statistics.of_model", "Model", name, "Span", sentence)
	}
	if a := v.course.Answers; a.Tokens > 0 && a.Seconds > 0 {
		sentence += say("statistics.answers", "Answers", sayN("statistics.answer", a.Count), "Tokens", whole(a.Tokens), "Rate", decimal(float64(a.Tokens)/a.Seconds, 1))
	}
	says := widgets.Muted(sentence).Wrapped()
	if v.w.tight {
		v.head.Objects = []fyne.CanvasObject{v.w.heading(say("place.statistics"), says, export), widgets.Pad(widgets.HStack(0, choice, widgets.Space()), 8, 0, 0, 0)}
		return
	}
	v.head.Objects = []fyne.CanvasObject{v.w.heading(say("place.statistics"), says, choice, export)}
}

// card is one figure with what it is and what it was.
func card(name, value, note string, tone widgets.Tone) fyne.CanvasObject {
	figure := widgets.NewText(value, widgets.TextFigure, widgets.ColorText).Bold().Cutting()
	return widgets.Grow(widgets.Card(widgets.VStack(2, widgets.Muted(name).Cutting(), figure, widgets.Caption(note).In(tone.Ink()).Cutting()), 14, 18))
}

func (v *statisticsView) showCards() {
	m := v.course.Now.Metrics
	dash := say("statistics.none")
	rating, before := dash, ""
	if n := len(v.course.Ratings); n > 0 {
		sum, first, of := 0., 0., 0
		for _, r := range v.course.Ratings {
			sum += r.Stars
			if r.Version == 0 {
				first, of = first+r.Stars, of+1
			}
		}
		rating = decimal(sum/float64(n), 1)
		if of > 0 && of < n {
			before = say("statistics.rating_before", "Stars", decimal(first/float64(of), 1))
		}
	}
	feedback, of := dash, ""
	if v.read {
		feedback, of = whole(m.SamplesTotal), say("statistics.feedback_of", "Corrections", sayN("statistics.correction", m.Corrections))
	}
	lessons, first := dash, ""
	if m.LessonsTotal > 0 {
		lessons = say("shell.known_of", "Known", whole(m.LessonsKnown), "All", whole(m.LessonsTotal))
		if i := slices.IndexFunc(v.course.Cycles, func(c trainer.CourseCycle) bool { return c.Asked > 0 }); i >= 0 { // of those that it asked, which may not be all
			c := v.course.Cycles[i]
			first = say("statistics.lessons_first", "Known", whole(c.Known), "Asked", whole(c.Asked), "When", moment(c.Started, v.w.now()))
		}
	}
	trainings, rate := dash, ""
	if m.Cycles > 0 {
		trainings = say("shell.known_of", "Known", whole(m.ModelUpdates), "All", whole(m.Cycles))
		rate = percent(m.SuccessRate)
		if m.LastCycleSeconds > 0 { // else it is not known
			rate = say("statistics.trainings_rate", "Share", rate, "Last", span(time.Duration(m.LastCycleSeconds*float64(time.Second))))
		}
	}
	all := []fyne.CanvasObject{
		card(say("statistics.rating"), rating, before, widgets.ToneSuccess),
		card(say("statistics.feedback"), feedback, of, widgets.ToneQuiet),
		card(say("statistics.lessons"), lessons, first, widgets.ToneQuiet),
		card(say("statistics.trainings"), trainings, rate, widgets.ToneQuiet),
	}
	if v.w.tight {
		v.cards.Objects = []fyne.CanvasObject{widgets.VStack(12, widgets.HStackFill(12, all[0], all[1]), widgets.HStackFill(12, all[2], all[3]))}
		return
	}
	v.cards.Objects = []fyne.CanvasObject{widgets.HStackFill(12, all...)}
}

// showStars counts the ratings by their stars.
func (v *statisticsView) showStars() {
	body := widgets.VStack(12, widgets.CardHead(say("statistics.ratings")))
	most := max(1, slices.Max(v.course.Stars[:]))
	for stars := 5; stars >= 1; stars-- {
		n := v.course.Stars[stars-1]
		m := widgets.NewMeter(float64(n)/float64(most), 0, widgets.ColorStar)
		count := whole(n)
		m.Sentence = sayN("statistics.stars_sentence", n, "Stars", sayN("samples.stars", stars))
		if !v.read {
			count = say("statistics.none")
			m.Sentence = say("statistics.tell", "What", sayN("samples.stars", stars), "Stars", count)
		}
		body.Add(widgets.HStack(10, widgets.Sized(10, 0, widgets.Body(whole(stars))), widgets.NewIcon(widgets.IconStarFull, 16, widgets.ColorStar), widgets.Grow(m),
			widgets.Sized(40, 0, widgets.Caption(count).Right())))
	}
	v.stars.Objects = []fyne.CanvasObject{widgets.Grow(widgets.Card(body, 12, 16))}
}
