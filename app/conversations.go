package app

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"clara/trainer"
	"clara/widgets"
)

// conversationList is the list of conversations by day: in the sidebar, or a page of its own in the narrow layout.
type conversationList struct {
	w      *window
	column *fyne.Container
	scroll *container.Scroll
	rows   map[int64]*widgets.SidebarRow
}

func newConversationList(w *window) *conversationList {
	l := &conversationList{w: w, column: widgets.VStack(1)}
	l.scroll = widgets.NewScroll(l.column)
	l.fill()
	return l
}

// fill makes the rows of the conversations that the window knows of.
func (l *conversationList) fill() {
	l.rows = make(map[int64]*widgets.SidebarRow, len(l.w.chat.all))
	l.column.RemoveAll()
	day := ""
	for _, c := range l.w.chat.all {
		if d := age(c.Updated, l.w.now()); d != day {
			top := float32(14)
			if day == "" {
				top = 0
			}
			l.column.Add(widgets.Pad(widgets.Caption(d), top, 10, 4, 10))
			day = d
		}
		row := widgets.NewSidebarRow(c.Title, func() { l.w.chat.openConversation(c) })
		row.OnMenu = func(at fyne.Position) {
			widgets.ShowMenuAt(l.w.frame.Canvas(), at, l.w.chat.menu(c)...)
		}
		l.rows[c.ID] = row
		l.column.Add(row)
	}
	l.showOpen()
	l.scroll.Refresh()
}

// showOpen marks the conversation that is shown.
func (l *conversationList) showOpen() {
	for id, row := range l.rows {
		row.SetSelected(l.w.place == placeChat && id == l.w.chat.conversation.ID)
	}
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

// menu is what can be done with a conversation.
func (v *chatView) menu(c trainer.Conversation) []widgets.MenuItem {
	return []widgets.MenuItem{
		{Glyph: &widgets.IconPencil, Title: say("chat.rename"), OnTapped: func() {
			v.openConversation(c)
			v.rename()
		}},
		{Glyph: &widgets.IconTrash, Title: say("chat.delete"), Danger: true, OnTapped: func() { v.delete(c) }},
	}
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
		v.w.snackbar.Say(say("chat.deleted", "Title", c.Title), say("undo"), func() {
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
	})
}

// none is the result of a call that has no other result than its error.
type none struct{}
