package app

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// Engine is what a try of an engine found.
type Engine struct {
	Name     string // as the settings have it
	Device   string // "" where it did not start
	Computes bool   // the model lies on it
	Started  bool
	Passed   bool           // its self-test: each operation computes what the CPU's does
	Fault    string         // why it did not start, or what the self-test found; "": nothing
	Why      trainer.Reason // the same in words; none: it is of no kind that has them
	GFLOPS   float64        // of a layer's product as training has it; 0: not measured
	Used     int64          // bytes that the model has on it
	Free     int64          // bytes besides; -1 where the machine does not tell
}

// engineNames are the engines as a person knows them.
var engineNames = map[string]string{"cpu": "CPU", "opengl": "OpenGL", "cuda": "CUDA", "cuda-f16": "CUDA float16"}

// engineName is the name of an engine, as it is where it is a new one.
func engineName(name string) string {
	if known, ok := engineNames[name]; ok {
		return known
	}
	return name
}

// tryEngines measures every engine beside the window, once for each model that is loaded.
func (w *window) tryEngines() {
	if w.Engines == nil || w.trying || w.engines != nil || !w.model.ready || w.model.busy {
		return
	}
	w.trying = true
	tried := w.model.info
	w.work.beside(func(ctx context.Context) {
		found := w.Engines(ctx)
		fyne.Do(func() {
			if w.trying = false; tried == w.model.info {
				w.engines = found
			} else {
				w.tryEngines()
			}
			w.machine.fill()
		})
	})
}

// engines is the card of what computes, and of what else could.
func (v *modelView) engines() fyne.CanvasObject {
	w := v.w
	body := widgets.VStack(0, widgets.CardHead(say("model.engine")))
	if w.engines == nil {
		body.Add(engineLine(widgets.IconCheck, widgets.ColorSuccess, w.model.engine(), true))
	}
	if w.trying {
		body.Add(widgets.Caption(say("model.engine_trying")).Wrapped())
	}
	processor := 0.0
	for _, e := range w.engines {
		if e.Name == "cpu" {
			processor = e.GFLOPS
		}
	}
	for i, e := range w.engines {
		if i > 0 {
			body.Add(gap(6))
		}
		glyph, ink := widgets.IconCheck, widgets.ColorSuccess
		switch {
		case !e.Started:
			glyph, ink = widgets.IconDash, widgets.ColorMuted
		case !e.Passed:
			glyph, ink = widgets.IconCross, widgets.ColorError
		}
		name := engineName(e.Name)
		if e.Device != "" {
			name += ", " + e.Device
		}
		body.Add(engineLine(glyph, ink, name, e.Computes))
		body.Add(widgets.HStackTop(10, widgets.Sized(17, 0, widgets.Space()), widgets.Grow(widgets.Caption(e.words(processor)).Wrapped())))
	}
	return widgets.Card(body, 6, 16, 10, 16)
}

// engineLine names an engine.
func engineLine(g widgets.Glyph, ink fyne.ThemeColorName, name string, computes bool) fyne.CanvasObject {
	line := widgets.HStack(10, widgets.NewIcon(g, 17, ink), widgets.Grow(widgets.Strong(name).Cutting()))
	if computes {
		line.Add(widgets.NewChip(say("model.chosen"), nil, widgets.ToneInfo))
	}
	return widgets.Sized(0, 30, line)
}

// words say what was measured of an engine, or why it does not compute. processor is the
// CPU's speed.
func (e Engine) words(processor float64) string {
	var parts []string
	switch {
	case !e.Started:
		return say("model.engine_missing", "Cause", e.cause())
	case !e.Passed:
		parts = append(parts, say("model.engine_failed", "Cause", e.cause()))
	default:
		parts = append(parts, say("model.engine_passed"))
		if e.Fault != "" { // found after it
			parts = append(parts, e.cause())
		}
	}
	if e.GFLOPS > 0 {
		parts = append(parts, say("model.engine_speed", "N", roughly(e.GFLOPS)))
		if processor > 0 && e.Name != "cpu" {
			parts = append(parts, say("model.engine_beside", "N", roughly(e.GFLOPS/processor)))
		}
	}
	if e.Computes {
		parts = append(parts, say("model.engine_used", "N", bytes(e.Used)))
	}
	if e.Free >= 0 {
		parts = append(parts, say("model.engine_free", "N", bytes(e.Free)))
	}
	return strings.Join(parts, " · ")
}

// cause says the fault in words; one of no kind as the engine put it.
func (e Engine) cause() string {
	if e.Why.Code != "" {
		return because(e.Why)
	}
	return e.Fault
}

// roughly writes a measured value without digits that say nothing.
func roughly(v float64) string {
	switch {
	case v < 1:
		return decimal(v, 2)
	case v < 10:
		return decimal(v, 1)
	}
	return whole(int(v + 0.5))
}
