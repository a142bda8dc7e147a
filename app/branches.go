package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// pager tells which of several versions a message is; nil for the only one.
func (v *chatView) pager(e trainer.Entry) *widgets.Pager {
	at := slices.Index(e.Beside, e.ID)
	if at < 0 {
		return nil
	}
	words := widgets.PagerWords{Before: say("chat.version_before"), Next: say("chat.version_next")}
	return widgets.NewPager(at+1, len(e.Beside), words, func(step int) { v.turnTo(e.Beside[at+step]) })
}

// turnTo shows another version in the place of the one that is shown, with what came of it.
func (v *chatView) turnTo(message int64) {
	id := v.conversation.ID
	if v.writing[id] != nil {
		return // what is being written belongs to the branch that is shown
	}
	v.closeEditor()
	_, walked := v.w.frame.Canvas().Focused().(*widgets.Answer)
	queued(v.w.work, func(ctx context.Context) ([]trainer.Entry, error) {
		if err := v.w.Trainer.Show(ctx, message); err != nil {
			return nil, err
		}
		return v.w.Trainer.Entries(ctx, id)
	}, func(all []trainer.Entry, err error) {
		if err != nil {
			v.w.failed(err)
			return
		}
		if v.conversation.ID != id {
			return
		}
		v.entries = all
		v.show()
		v.feed.Reveal(message)
		// What had the keyboard is gone with the version before.
		if row, ok := v.feed.Row(message).(*widgets.Answer); ok && walked {
			v.w.frame.Canvas().Focus(row)
		} else {
			v.composer.Focus(v.w.frame.Canvas())
		}
	})
}

// readAgain reads the conversation that is shown, for use unless another one is shown by then.
func (v *chatView) readAgain(use func([]trainer.Entry)) {
	id := v.conversation.ID
	queued(v.w.work, func(ctx context.Context) ([]trainer.Entry, error) {
		return v.w.Trainer.Entries(ctx, id)
	}, func(all []trainer.Entry, err error) {
		switch {
		case v.conversation.ID != id: // another is shown by now, as where this one was deleted
		case err != nil:
			v.w.failed(err)
		default:
			use(all)
		}
	})
}

// reload shows the conversation as it is kept.
func (v *chatView) reload() {
	v.readAgain(func(all []trainer.Entry) {
		if v.writing[v.conversation.ID] != nil {
			return
		}
		v.entries = all
		v.show()
		for _, e := range all[max(0, len(all)-2):] { // what was added may have made the one beside it one of several
			v.feed.Changed(e.ID)
		}
	})
}

// revision is a question that is being asked differently, in its own place.
type revision struct {
	message int64
	before  string
	field   *widgets.Editor
	content fyne.CanvasObject
}

// revise opens the editor of a question.
func (v *chatView) revise(message int64) {
	i := v.at(message)
	if i < 0 || v.writing[v.conversation.ID] != nil {
		return
	}
	v.closeEditor()
	before := v.entries[i].Text
	r := &revision{message: message, before: before}
	send := widgets.NewButton(say("chat.send"), &widgets.IconSend, widgets.Primary, func() { v.askDifferently(r) })
	r.field = v.w.newEditor(say("chat.ask_differently"), func(text string) {
		if text = strings.TrimSpace(text); text == "" || text == before || v.w.model.blocks() != "" {
			send.Disable()
		} else {
			send.Enable()
		}
	})
	r.field.MinRows = 1
	send.Disable()
	r.field.SetText(cmp.Or(v.w.unsaved[ofRevision(message)].better, before))
	r.field.OnSubmit = func() { v.askDifferently(r) }
	r.field.OnEscape = v.dropRevision
	cancel := widgets.NewButton(say("cancel"), nil, widgets.Ghost, v.dropRevision)
	hint := widgets.Caption(say("chat.ask_differently_hint")).Wrapped()
	foot := widgets.HStack(8, widgets.Grow(hint), cancel, send)
	if v.w.narrow {
		foot = widgets.VStack(8, hint, widgets.HStack(8, widgets.Space(), cancel, send))
	}
	r.content = widgets.Card(widgets.VStack(8, r.field, foot), 12, 14)
	v.revision = r
	v.feed.Changed(message)
	v.feed.Reveal(message)
	v.w.frame.Canvas().Focus(r.field)
}

// keep puts by what was written, for the next time that the editor is opened.
func (r *revision) keep(w *window) {
	if text := strings.TrimSpace(r.field.Text); text == "" || text == r.before {
		delete(w.unsaved, ofRevision(r.message))
		return
	}
	w.unsaved[ofRevision(r.message)] = unsaved{better: r.field.Text}
}

// dropRevision closes the editor of a question and forgets what was written in it.
func (v *chatView) dropRevision() {
	name := ofRevision(v.revision.message)
	v.closeEditor()
	delete(v.w.unsaved, name)
}

// askDifferently sends the question as it is now. Its editor stays until it is on disk.
func (v *chatView) askDifferently(r *revision) {
	text := strings.TrimSpace(r.field.Text)
	i := v.at(r.message)
	if i < 0 || text == "" || text == v.entries[i].Text || v.writing[v.conversation.ID] != nil || v.w.model.blocks() != "" {
		return
	}
	v.answer(trainer.Ask{Conversation: v.conversation.ID, Instead: r.message, Text: text})
}
