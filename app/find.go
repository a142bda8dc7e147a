package app

import (
	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// findBar looks for words in the conversation that is shown: where they stand is marked, and the bar leads from hit to hit.
type findBar struct {
	v     *chatView
	query string
	hits  []found
	at    int // the hit that was led to

	line  *widgets.Line
	count *widgets.Text
}

// found is a place in the conversation where one of the words stands.
type found struct {
	message int64
	share   float32 // how far down the text, of 1
}

// find opens the bar, or gives it the keyboard again.
func (v *chatView) find(query string) {
	if v.feed == nil || v.w.welcoming() {
		return
	}
	if v.w.search.open {
		v.w.search.close()
	}
	if v.finding == nil {
		v.finding = &findBar{v: v}
	}
	if query != "" {
		v.finding.query = query
	}
	v.showFind()
	v.finding.look()
	v.w.frame.Canvas().Focus(v.finding.line)
}

// showFind puts the bar between the head and the conversation.
func (v *chatView) showFind() {
	if v.bar == nil {
		return
	}
	b := v.finding
	if b == nil {
		v.bar.RemoveAll()
		v.body.Refresh()
		return
	}
	b.line = widgets.NewLine(say("chat.find"), func(text string) {
		b.query = text
		b.look()
		b.reveal(len(b.hits) - 1) // the latest one
	})
	b.line.Text = b.query
	b.line.CursorColumn = len([]rune(b.query))
	b.line.OnEscape = v.closeFind
	b.line.OnSubmit = func() { b.reveal(b.at - 1) }
	b.count = widgets.Caption("")
	row := widgets.HStack(4, widgets.Grow(b.line), widgets.Pad(b.count, 0, 8),
		widgets.NewIconButton(widgets.IconFold, say("chat.find_before"), func() { b.reveal(b.at - 1) }),
		widgets.NewIconButton(widgets.IconOpen, say("chat.find_next"), func() { b.reveal(b.at + 1) }),
		widgets.NewIconButton(widgets.IconCross, say("close"), v.closeFind))
	v.bar.Objects = []fyne.CanvasObject{widgets.Sized(0, 48, widgets.Pad(row, 0, 12)), widgets.Rule()}
	v.body.Refresh()
	b.say()
}

// closeFind takes the bar and the marks away.
func (v *chatView) closeFind() {
	v.finding = nil
	v.showFind()
	v.feed.Renew()
	v.composer.Focus(v.w.frame.Canvas())
}

// look finds the words anew, as when they or the conversation changed.
func (b *findBar) look() {
	b.hits = nil
	for _, e := range b.v.entries {
		text := shownText(e)
		for _, f := range trainer.Find(text, b.query) {
			b.hits = append(b.hits, found{e.ID, float32(f.From) / float32(len(text))})
		}
	}
	b.at = min(max(b.at, 0), max(len(b.hits)-1, 0))
	b.v.feed.Renew()
	b.say()
}

// say writes which of how many hits it is.
func (b *findBar) say() {
	switch n := len(b.hits); {
	case b.query == "":
		b.count.SetText("")
	case n == 0:
		b.count.SetText(say("chat.find_none"))
	default:
		b.count.SetText(say("chat.find_at", "N", whole(b.at+1), "All", whole(n)))
	}
	b.v.bar.Refresh()
}

// reveal leads to a hit; beyond the last one comes the first.
func (b *findBar) reveal(i int) {
	n := len(b.hits)
	if n == 0 {
		return
	}
	b.at = (i + n) % n
	b.v.feed.RevealPart(b.hits[b.at].message, b.hits[b.at].share)
	b.say()
}

// revealIn leads to the first hit in a message.
func (b *findBar) revealIn(message int64) {
	for i, h := range b.hits {
		if h.message == message {
			b.reveal(i)
			return
		}
	}
}

// shownText is what stands in the row of a message.
func shownText(e trainer.Entry) string {
	if e.Better != "" {
		return e.Better
	}
	return e.Text
}
