package app

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// columns of the table of cycles, as wide as their words; 0: what is left.
var cycleColumns = []struct {
	name  string
	width float32
}{
	{"statistics.cycle", 64},
	{"statistics.when", 130},
	{"statistics.samples", 96},
	{"statistics.took", 96},
	{"statistics.lessons_column", 110},
	{"statistics.verdict", 0},
	{"statistics.version", 70},
}

// showCycles lists the cycles, the newest first.
func (v *statisticsView) showCycles() {
	list := widgets.VStack(0)
	if !v.w.tight && len(v.course.Cycles) > 0 {
		head := widgets.HStack(0)
		for _, c := range cycleColumns {
			head.Add(cell(c.width, widgets.Caption(say(c.name)).Bold()))
		}
		list.Add(widgets.Pad(head, 4, 0, 8, 0))
		list.Add(widgets.Rule())
	}
	for i := range v.course.Cycles {
		if i == shownCycles && !v.all {
			list.Add(widgets.HStack(0, widgets.NewLink(sayN("samples.more", len(v.course.Cycles)-shownCycles), func() { v.all = true; v.fill() }), widgets.Space()))
			break
		}
		list.Add(v.cycleLine(v.course.Cycles[len(v.course.Cycles)-1-i]))
	}
	if len(v.course.Cycles) == 0 {
		list.Add(widgets.Muted(say("statistics.no_cycles")).Wrapped())
	}
	if v.table.Hidden = !v.read; v.table.Hidden {
		return
	}
	v.table.Objects = []fyne.CanvasObject{widgets.Card(list, 10, 16)}
}

func cell(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	if width == 0 {
		return widgets.Grow(o)
	}
	return widgets.Sized(width, 0, o)
}

func (v *statisticsView) cycleLine(c trainer.CourseCycle) fyne.CanvasObject {
	dash := say("statistics.none")
	lessons, version, samples, took := dash, dash, dash, dash
	if c.Asked > 0 {
		lessons = say("statistics.share", "N", whole(c.Known), "Of", whole(c.Asked))
	}
	if c.Version > 0 {
		version = whole(c.Version)
	}
	if c.Samples > 0 {
		samples = whole(c.Samples)
	}
	if c.Seconds > 0 {
		took = span(time.Duration(c.Seconds * float64(time.Second)))
	}
	words, ink := cycleWords(c)
	when := moment(c.Started, v.w.now())
	if v.w.tight {
		title := say("version.cycle", "N", whole(int(c.Cycle)))
		note := strings.Join([]string{when, took, say("statistics.lessons_in", "Share", lessons)}, " · ")
		return widgets.Pad(widgets.VStack(0, widgets.HStack(8, widgets.Strong(title), widgets.Grow(widgets.Body(words).In(ink).Cutting())), widgets.Caption(note).Cutting()), 6, 0)
	}
	line := widgets.HStack(0)
	for i, o := range []*widgets.Text{
		widgets.Body(whole(int(c.Cycle))), widgets.Body(when), widgets.Body(samples), widgets.Body(took), widgets.Body(lessons),
		widgets.Body(words).In(ink), widgets.Body(version),
	} {
		line.Add(cell(cycleColumns[i].width, o.Cutting()))
	}
	return widgets.Sized(0, 30, line)
}

// cycleWords says how a cycle ended.
func cycleWords(c trainer.CourseCycle) (string, fyne.ThemeColorName) {
	switch c.State {
	case trainer.CyclePromoted:
		if c.Verdict == trainer.VerdictProven {
			return verdictWords(c.Verdict), widgets.ColorSuccess
		}
		if words := verdictWords(c.Verdict); words != "" {
			return words, widgets.ColorText
		}
	case trainer.CycleRefused:
		return say("verdict.refused_because", "Why", because(c.Reason)), widgets.ColorError
	case trainer.CycleFailed:
		return because(c.Reason), widgets.ColorError
	case trainer.CycleCut:
		return say("statistics.cut"), widgets.ColorMuted
	}
	return because(c.Reason), widgets.ColorMuted
}
