package app

import (
	"context"
	"errors"
	"slices"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// presets are the system prompts with their sampling that the window knows of, and the page on which they are edited, in the place
// of the conversation.
type presets struct {
	w      *window
	all    []trainer.Preset // by name
	open   bool
	editor *presetEditor // nil: the list is shown
}

// refresh reads the presets anew.
func (p *presets) refresh() {
	queued(p.w.work, p.w.Trainer.Presets, func(all []trainer.Preset, err error) {
		if err != nil {
			p.w.failed(err)
			return
		}
		p.all = all
		p.w.chat.showHead()
		if p.open && p.editor == nil {
			p.show()
		}
	})
}

// find is the preset of a number; of one that is not there, or deleted, the zero one.
func (p *presets) find(id int64) trainer.Preset {
	if i := slices.IndexFunc(p.all, func(x trainer.Preset) bool { return x.ID == id }); i >= 0 {
		return p.all[i]
	}
	return trainer.Preset{}
}

// presetName is how the preset of the conversation that is shown is called.
func (v *chatView) presetName() string {
	if name := v.w.presets.find(v.conversation.Preset).Name; name != "" {
		return name
	}
	return say("preset.none")
}

// mostPresets is how many a menu names; the others stand on the page.
const mostPresets = 12

// presetMenu offers the presets for the conversation that is shown.
func (v *chatView) presetMenu() []widgets.MenuItem {
	chosen := v.w.presets.find(v.conversation.Preset).ID
	item := func(id int64, name, text string) widgets.MenuItem {
		m := widgets.MenuItem{Title: name, Text: text, OnTapped: func() { v.choosePreset(id) }}
		if id == chosen {
			m.Key = say("preset.chosen")
		}
		return m
	}
	items := []widgets.MenuItem{item(0, say("preset.none"), say("preset.none_about"))}
	for _, p := range v.w.presets.all[:min(mostPresets, len(v.w.presets.all))] {
		items = append(items, item(p.ID, brief(p.Name, 40), promptWords(p)))
	}
	return append(items, widgets.MenuItem{Separator: true},
		widgets.MenuItem{Title: say("preset.edit_all"), OnTapped: v.w.openPresets})
}

// showPresets opens the menu of the presets.
func (v *chatView) showPresets() {
	if v.w.place == placeChat && v.preset != nil && !v.w.search.open && !v.w.presets.open {
		widgets.ShowMenu(v.preset, v.presetMenu()...)
	}
}

// choosePreset lets the conversation that is shown go by a preset, from the next answer on.
func (v *chatView) choosePreset(id int64) {
	conversation := v.conversation.ID
	v.conversation.Preset = id
	v.showHead()
	v.composer.Focus(v.w.frame.Canvas())
	if conversation == 0 {
		return // it is kept with the first question
	}
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.ChoosePreset(ctx, conversation, id)
	}, func(_ none, err error) {
		v.w.failed(err)
		v.refresh()
		v.w.presets.refresh() // each says how many conversations go by it
	})
}

// promptWords says in a line what a preset asks of the model.
func promptWords(p trainer.Preset) string {
	if p.System == "" {
		return say("preset.own")
	}
	return brief(p.System, 44)
}

// openPresets shows the page.
func (w *window) openPresets() {
	if w.welcoming() {
		return
	}
	if w.place != placeChat {
		w.show(placeChat)
	}
	w.search.open = false
	w.chat.closeEditor()
	w.presets.show()
}

// escape closes the editor, then the page.
func (p *presets) escape() {
	if p.editor != nil {
		p.editor.forget()
		p.editor = nil
		p.show()
		return
	}
	p.open = false
	p.w.show(placeChat)
}

// show puts the list, or the editor, in the place of the conversation.
func (p *presets) show() {
	w := p.w
	p.open = true
	title, content := say("preset.title"), p.list
	if p.editor != nil {
		title, content = p.editor.title(), p.editor.build
	}
	add := widgets.NewButton(say("preset.new"), &widgets.IconPlus, widgets.Secondary, func() { p.edit(p.w.Trainer.DefaultPreset()) })
	if p.editor != nil || len(p.all) == 0 {
		add.Hide()
	}
	head := widgets.HStack(8, widgets.Grow(widgets.Strong(title).Cutting()), add, widgets.NewIconButton(widgets.IconCross, say("close"), p.escape))
	margin := float32(24)
	if w.narrow {
		margin = 12
	}
	page := widgets.VStack(0, widgets.Sized(0, 52, widgets.Pad(head, 0, 12, 0, 20)), widgets.Rule(),
		widgets.Grow(widgets.NewScroll(widgets.Pad(widgets.Column(widgets.FeedWidth, content()), 16, margin))))
	if p.editor != nil {
		page.Add(widgets.Rule())
		page.Add(widgets.Pad(widgets.Column(widgets.FeedWidth, p.editor.foot), 10, margin))
	}
	w.shell.put(page)
	if p.editor != nil {
		p.editor.focus()
	}
}

// list is the presets below each other, before them what goes without one.
func (p *presets) list() fyne.CanvasObject {
	if len(p.all) == 0 {
		return widgets.NewNotice(widgets.Notice{
			Glyph: widgets.IconSliders, Tone: widgets.ToneInfo, Title: say("preset.empty_title"), Text: say("preset.empty_text"),
			Actions: []widgets.Action{{Label: say("preset.new"), OnTapped: func() { p.edit(p.w.Trainer.DefaultPreset()) }}},
		})
	}
	list := widgets.VStack(8, widgets.Muted(say("preset.about")).Wrapped())
	usual := p.w.Trainer.DefaultPreset()
	list.Add(p.card(say("preset.none"), say("preset.none_about"), usual,
		widgets.NewIconButton(widgets.IconSliders, say("place.settings"), func() { p.w.openSettingsAt(sectionAnswers) })))
	for _, x := range p.all {
		copied := x
		copied.ID, copied.Name = 0, say("preset.copy_of", "Name", x.Name)
		list.Add(p.card(x.Name, sayN("preset.used", x.Conversations), x,
			widgets.NewIconButton(widgets.IconPencil, say("preset.edit", "Name", x.Name), func() { p.edit(x) }),
			widgets.NewIconButton(widgets.IconCopy, say("preset.duplicate", "Name", x.Name), func() { p.edit(copied) }),
			widgets.NewIconButton(widgets.IconTrash, say("preset.delete", "Name", x.Name), func() { p.delete(x) })))
	}
	return list
}

// card shows one preset and what can be done with it.
func (p *presets) card(name, about string, x trainer.Preset, actions ...fyne.CanvasObject) fyne.CanvasObject {
	figures := say("preset.figures", "Temperature", exact(x.Temperature), "Tokens", whole(x.MaxTokens), "About", about)
	prompt := say("preset.own")
	if x.System != "" {
		prompt = brief(x.System, 160)
	}
	words := widgets.VStack(2, widgets.Strong(name).Wrapped(), widgets.Body(prompt).Wrapped(), widgets.Caption(figures).Wrapped())
	return widgets.Card(widgets.HStackTop(8, widgets.Grow(words), widgets.HStack(2, actions...)), 10, 10, 10, 16)
}

// edit opens the editor.
func (p *presets) edit(x trainer.Preset) {
	p.editor = newPresetEditor(p, x)
	p.show()
}

// delete hides a preset and offers it back for a while.
func (p *presets) delete(x trainer.Preset) {
	w := p.w
	queued(w.work, func(ctx context.Context) (none, error) {
		return none{}, w.Trainer.DeletePreset(ctx, x.ID)
	}, func(_ none, err error) {
		if err != nil {
			w.failed(err)
			return
		}
		p.refresh()
		words := say("preset.deleted", "Name", x.Name)
		if x.Conversations > 0 {
			words = join(words, sayN("preset.go_without", x.Conversations))
		}
		undo := w.undoable(func() { p.putBack(x) })
		w.snackbar.Say(words, say("undo"), undo.run)
	})
}

// putBack undoes delete.
func (p *presets) putBack(x trainer.Preset) {
	queued(p.w.work, func(ctx context.Context) (none, error) {
		return none{}, p.w.Trainer.RestorePreset(ctx, x.ID)
	}, func(_ none, err error) {
		if errors.Is(err, trainer.ErrPresetTaken) {
			p.w.snackbar.Say(say("preset.taken"), "", nil)
			return
		}
		p.w.failed(err)
		p.refresh()
	})
}
