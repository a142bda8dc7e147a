package app

import (
	"context"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// conversationList is the list of conversations, the pinned ones and then the others by day: in the sidebar, or a page of its own
// in the narrow layout.
type conversationList struct {
	w     *window
	feed  *widgets.Feed
	rows  map[int64]trainer.Conversation
	heads map[int64]string // by the negated ID of the conversation below
	shown int64            // the conversation whose row is marked; 0: none
}

func newConversationList(w *window) *conversationList {
	l := &conversationList{w: w}
	l.feed = widgets.NewFeed("", l.row)
	l.feed.Gap, l.feed.Margin, l.feed.FromTop = 1, 0, true
	l.fill()
	return l
}

// fill makes the rows of the conversations that the window knows of.
func (l *conversationList) fill() {
	all := l.w.chat.all
	l.rows, l.heads = make(map[int64]trainer.Conversation, len(all)), map[int64]string{}
	ids := make([]int64, 0, len(all)+6)
	head := ""
	for _, c := range all {
		now := age(c.Updated, l.w.now())
		if c.Pinned {
			now = say("chat.pinned")
		}
		if now != head {
			head = now
			l.heads[-c.ID] = head
			ids = append(ids, -c.ID)
		}
		l.rows[c.ID] = c
		ids = append(ids, c.ID)
	}
	l.shown = l.open()
	l.feed.SetIDs(ids)
	l.feed.Renew()
}

func (l *conversationList) row(id int64) fyne.CanvasObject {
	if id < 0 {
		top := float32(14)
		if l.feed.IDs()[0] == id {
			top = 0
		}
		return widgets.Pad(widgets.Caption(l.heads[id]), top, 10, 4, 10)
	}
	c := l.rows[id]
	row := widgets.NewSidebarRow(c.Title, func() { l.w.chat.openConversation(c) })
	row.OnMenu = func(at fyne.Position) {
		widgets.ShowMenuAt(l.w.frame.Canvas(), at, l.w.chat.menu(c)...)
	}
	row.SetSelected(id == l.shown)
	return row
}

// open is the conversation that is shown; 0: none.
func (l *conversationList) open() int64 {
	if l.w.place != placeChat {
		return 0
	}
	return l.w.chat.conversation.ID
}

// showOpen marks the conversation that is shown.
func (l *conversationList) showOpen() {
	for _, id := range []int64{l.shown, l.open()} {
		if row, ok := l.feed.Row(id).(*widgets.SidebarRow); ok {
			row.SetSelected(id == l.open())
		}
	}
	l.shown = l.open()
}

// refresh reads the list anew.
func (v *chatView) refresh() {
	queued(v.w.work, v.w.Trainer.Conversations, func(all []trainer.Conversation, err error) {
		if err != nil {
			v.w.failed(err)
			return
		}
		v.all = all
		v.w.shell.list.fill()
	})
}

// more is what can be done with the conversation that is shown, and with all.
func (v *chatView) more() []widgets.MenuItem {
	bring := widgets.MenuItem{Glyph: &widgets.IconInbox, Title: say("import.title"), Text: say("import.about"), OnTapped: v.importFile}
	if v.conversation.ID == 0 {
		return []widgets.MenuItem{bring}
	}
	find := widgets.MenuItem{Glyph: &widgets.IconSearch, Title: say("chat.find"), Key: modifierName() + "+" + say("keys.find"), OnTapped: func() { v.find("") }}
	all := append([]widgets.MenuItem{find}, v.menu(v.conversation)...)
	all = append(all, widgets.MenuItem{Separator: true})
	if v.w.narrow { // there is no button for it
		all = append(all, v.exports()...)
	}
	return append(all, bring)
}

// menu is what can be done with a conversation.
func (v *chatView) menu(c trainer.Conversation) []widgets.MenuItem {
	pin := say("chat.pin")
	if c.Pinned {
		pin = say("chat.unpin")
	}
	return []widgets.MenuItem{
		{Glyph: &widgets.IconPin, Title: pin, OnTapped: func() { v.pin(c) }},
		{Glyph: &widgets.IconPencil, Title: say("chat.rename"), OnTapped: func() {
			v.openConversation(c)
			v.rename()
		}},
		{Glyph: &widgets.IconTrash, Title: say("chat.delete"), Danger: true, OnTapped: func() { v.delete(c) }},
	}
}

// pin puts a conversation at the top of the list, or back.
func (v *chatView) pin(c trainer.Conversation) {
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.Pin(ctx, c.ID, !c.Pinned)
	}, func(_ none, err error) {
		v.w.failed(err)
		if err == nil && v.conversation.ID == c.ID {
			v.conversation.Pinned = !c.Pinned
		}
		v.refresh()
	})
}

// delete hides a conversation at once and offers it back for a while.
func (v *chatView) delete(c trainer.Conversation) {
	if a := v.writing[c.ID]; a != nil {
		a.stop()
	}
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.DeleteConversation(ctx, c.ID)
	}, func(_ none, err error) {
		if err != nil {
			v.w.failed(err)
			return
		}
		if v.conversation.ID == c.ID {
			v.openConversation(trainer.Conversation{})
		}
		v.refresh()
		undo := v.w.undoable(func() {
			queued(v.w.work, func(ctx context.Context) (none, error) {
				return none{}, v.w.Trainer.RestoreConversation(ctx, c.ID)
			}, func(_ none, err error) {
				v.w.failed(err)
				v.refresh()
				if err == nil {
					v.openConversation(c)
				}
			})
		})
		v.w.snackbar.Say(say("chat.deleted", "Title", c.Title), say("undo"), undo.run)
	})
}
