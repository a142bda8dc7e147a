package app

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// presetEditor makes or changes a preset. It keeps what was typed when its widgets are made anew.
type presetEditor struct {
	page   *presets
	before trainer.Preset // as it was kept; ID 0: never
	draft  trainer.Preset
	wrong  mistakes
	saving bool
	long   bool // the prompt is marked as too long

	name  *widgets.Line
	fault *widgets.Text
	save  *widgets.Button
	foot  fyne.CanvasObject // below the fields, always in sight
}

func newPresetEditor(p *presets, x trainer.Preset) *presetEditor {
	return &presetEditor{page: p, before: x, draft: x, wrong: mistakes{}}
}

func (e *presetEditor) title() string {
	if e.before.ID == 0 {
		return say("preset.new")
	}
	return e.before.Name
}

func (e *presetEditor) focus() { e.page.w.frame.Canvas().Focus(e.name) }

// presetSeed is the field that presets have and the settings have not, presetPrompt the one that stands elsewhere in them.
var (
	presetSeed   = field{key: "continuous.seed", name: "preset.seed", help: "preset.seed_help"}
	presetPrompt = field{key: "answer.system", name: "set.system_prompt", help: "set.system_prompt_help"}
)

// build makes the fields: name and prompt, then the values of the settings' page of answers with the same words and ranges.
func (e *presetEditor) build() fyne.CanvasObject {
	w := e.page.w
	e.name = widgets.NewLine(say("preset.name_hint"), func(text string) { e.draft.Name = text; e.check() })
	e.name.SetText(e.draft.Name)
	e.name.OnSubmit, e.name.OnEscape = e.submit, w.escape
	e.name.Name = say("preset.name")
	e.fault = widgets.Caption("").In(widgets.ColorError)
	prompt, instruction := presetPrompt.text(e.draft.System, e.wrong, func(text string) { e.draft.System = text }, e.check)
	prompt.MinRows, prompt.MaxRows = 3, 8
	prompt.OnSubmit, prompt.OnEscape, prompt.OnTooLong = e.submit, w.escape, w.tellCut
	list := widgets.VStack(17, widgets.VStack(4, widgets.Strong(say("preset.name")), e.name, e.fault), instruction)
	usual := configs.Default()
	for _, f := range fields {
		switch at := e.at(f.key).(type) {
		case *float64:
			list.Add(f.number(*at, *f.at(&usual).(*float64), false, e.wrong, func(v float64) { *at = v }, e.check))
		case *int:
			list.Add(f.number(float64(*at), float64(*f.at(&usual).(*int)), true, e.wrong, func(v float64) { *at = int(v) }, e.check))
		}
	}
	list.Add(presetSeed.number(float64(e.draft.Seed), 0, true, e.wrong, func(v float64) { e.draft.Seed = int64(v) }, e.check))
	e.save = widgets.NewButton(say("save"), nil, widgets.Primary, e.submit)
	e.foot = widgets.HStack(8, widgets.Space(), widgets.NewButton(say("cancel"), nil, widgets.Ghost, e.page.escape), e.save)
	e.check()
	return list
}

// at is where the draft keeps what the settings have under a key; nil: it has no such value.
func (e *presetEditor) at(key string) any {
	switch key {
	case "answer.temperature":
		return &e.draft.Temperature
	case "answer.top_p":
		return &e.draft.TopP
	case "answer.top_k":
		return &e.draft.TopK
	case "answer.min_p":
		return &e.draft.MinP
	case "answer.repeat_penalty":
		return &e.draft.RepeatPenalty
	case "answer.max_tokens":
		return &e.draft.MaxTokens
	}
	return nil
}

// nameFault says what is wrong with the name; "": nothing.
func (e *presetEditor) nameFault() string {
	name := strings.TrimSpace(e.draft.Name)
	if utf8.RuneCountInString(name) > trainer.MostPresetName {
		return say("settings.longest", "Most", whole(trainer.MostPresetName))
	}
	for _, x := range e.page.all {
		if x.ID != e.draft.ID && strings.EqualFold(x.Name, name) {
			return say("preset.taken")
		}
	}
	return ""
}

// keep puts by that something is written, for the question before the end of the program. The editor itself stays as long as
// the window, wherever a person goes.
func (e *presetEditor) keep() {
	if e.draft == e.before && len(e.wrong) == 0 {
		e.forget()
		return
	}
	named := cmp.Or(strings.TrimSpace(e.draft.Name), strings.TrimSpace(e.draft.System), e.title())
	e.page.w.unsaved[ofPreset(e.before.ID)] = unsaved{better: named}
}

// forget drops what was put by.
func (e *presetEditor) forget() { delete(e.page.w.unsaved, ofPreset(e.before.ID)) }

// check lets save only what is whole, in range and new.
func (e *presetEditor) check() {
	if e.save == nil {
		return // still being made
	}
	fault := e.nameFault()
	able := fault == "" && strings.TrimSpace(e.draft.Name) != "" && (e.draft != e.before || e.before.ID == 0) && !e.saving && len(e.wrong) == 0
	if _, long := e.wrong[presetPrompt.key]; e.fault.Text != fault || e.long != long {
		e.fault.SetText(fault)
		e.long = long
		e.page.w.shell.view.Refresh()
	}
	if able {
		e.save.Enable()
	} else {
		e.save.Disable()
	}
}

// submit keeps the preset.
func (e *presetEditor) submit() {
	if e.save.Disabled() {
		return
	}
	e.saving = true
	e.check()
	w, draft := e.page.w, e.draft
	queued(w.work, func(ctx context.Context) (trainer.Preset, error) {
		return w.Trainer.SavePreset(ctx, draft)
	}, func(kept trainer.Preset, err error) {
		e.saving = false
		if err != nil {
			e.check()
			if errors.Is(err, trainer.ErrPresetTaken) { // as the store compares names
				w.snackbar.Say(say("preset.taken"), "", nil)
				return
			}
			w.failed(err)
			return
		}
		if e.page.editor == e {
			e.page.editor = nil
		}
		e.forget()
		w.snackbar.Say(say("preset.saved", "Name", kept.Name), "", nil)
		e.page.refresh()
	})
}
