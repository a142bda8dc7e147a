package app

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// draftEvery is how often a text that is being typed is kept.
const draftEvery = time.Second

// chatView is the conversation: asking, rating, correcting, and seeing that it learned.
type chatView struct {
	w            *window
	all          []trainer.Conversation // the last used first
	conversation trainer.Conversation   // the one shown; ID 0: a new one
	entries      []trainer.Entry        // of it, in order
	reading      bool                   // they are still being read
	unread       error                  // why they could not be read
	drafted      bool                   // its draft was read: what is in the composer is all that was begun in it
	writing      map[int64]*answering   // by conversation: the answers on their way
	saved        map[int64]saved        // by message: feedback given here and not yet taken back
	rated        int                    // how often stars were given or taken here, which are shown before they are kept
	compared     map[int64]*comparison  // by message: what the untrained model says
	plain        map[int64]bool         // by message: it is also shown as text that can be selected
	learned      map[int]func() string  // by version number: says what it newly knew when it took over
	named        int                    // the number of the version that the head names
	editor       *editor                // open in the row of editing
	editing      int64                  // message; 0: none
	listing      bool                   // narrow: the list of conversations is shown instead
	finding      *findBar               // nil while closed
	revision     *revision              // a question that is being asked differently; nil: none
	renaming     *widgets.Line          // in the place of the title; nil: it is not being renamed

	head     *fyne.Container
	bar      *fyne.Container // below it: what finding shows
	body     *fyne.Container
	feed     *widgets.Feed
	exporter *widgets.Button
	preset   *widgets.Button
	composer *widgets.Composer
	hint     *fyne.Container // below it, while no editor needs the room
	drafts   *widgets.Pace
}

// saved is feedback that was given just now.
type saved struct {
	sample int64         // that it made
	trains bool          // it was not turned down
	next   bool          // it says that the next training uses it
	during int64         // the cycle that ran when it was given, without it; 0: none
	words  func() string // in the language of now
	undo   *undoing
}

func newChatView(w *window) *chatView {
	v := &chatView{
		w:        w,
		writing:  map[int64]*answering{},
		saved:    map[int64]saved{},
		compared: map[int64]*comparison{},
		plain:    map[int64]bool{},
		learned:  map[int]func() string{},
	}
	v.drafts = widgets.NewPace(draftEvery, v.keepDraft)
	return v
}

// Rows of the feed that are not messages. A divider before a message has the message's negated ID.
const (
	rowWriting int64 = -1 << 62
	rowNews    int64 = rowWriting + 1
	rowEmpty   int64 = rowWriting + 2
	rowUnread  int64 = rowWriting + 3
)

func (v *chatView) build() fyne.CanvasObject {
	v.feed = widgets.NewFeed(say("chat.to_end"), v.row)
	text := ""
	if v.composer != nil {
		text = v.composer.Text()
	}
	v.composer = widgets.NewComposer(widgets.ComposerWords{Placeholder: say("chat.placeholder"), Send: say("chat.send"), Stop: say("chat.stop")})
	v.composer.SetText(text)
	v.composer.OnSend = v.send
	v.composer.OnStop = v.stop
	v.composer.OnEscape = func() { v.w.escape() }
	v.composer.OnUp = v.editLast
	v.composer.OnChanged = func(string) { v.drafts.Ask() }
	v.composer.OnTooLong = v.w.tellCut
	v.head, v.bar = widgets.VStack(0), widgets.VStack(0)
	v.hint = widgets.VStack(0)
	foot := widgets.VStack(7, v.composer, v.hint)
	margin := float32(24)
	if v.w.narrow {
		margin = 12
	} else {
		v.hint.Add(widgets.Caption(say("chat.hint")).Centre().Wrapped())
	}
	v.body = widgets.VStack(0, v.head, v.bar, widgets.Grow(v.feed), widgets.Pad(widgets.Column(widgets.FeedWidth, foot), 8, margin, 12, margin))
	v.showHead()
	v.show()
	if v.finding != nil {
		v.showFind()
	}
	return v.body
}

func (v *chatView) open() {
	v.showHead()
	if !v.listing && v.renaming == nil {
		v.composer.Focus(v.w.frame.Canvas())
	}
}

// showHead fills the line above the conversation: its title, the model that answers, and what can be done with it.
func (v *chatView) showHead() {
	if v.head != nil {
		v.w.renew(v.head, v.fillHead)
	}
}

func (v *chatView) fillHead() {
	v.named = v.w.state.Active.Number
	if v.renaming != nil {
		v.setHead(widgets.HStack(8, widgets.Grow(v.renaming)), 52, 12)
		return
	}
	title := v.conversation.Title
	if title == "" {
		title = say("shell.new")
	}
	more := widgets.NewMenuButton("", &widgets.IconMore, widgets.Ghost, v.more)
	more.Small, more.Hint = true, say("place.more")
	v.exporter = widgets.NewMenuButton("", &widgets.IconExport, widgets.Ghost, v.exports)
	v.exporter.Hint = say("chat.export")
	if v.conversation.ID == 0 {
		v.exporter.Hide()
	}
	v.preset = widgets.NewMenuButton(brief(v.presetName(), 24), &widgets.IconSliders, widgets.Ghost, v.presetMenu)
	v.preset.Hint = say("preset.of", "Name", v.presetName())
	row := widgets.HStack(4, widgets.Grow(widgets.Strong(title).Cutting()), v.preset)
	height, left := float32(52), float32(20)
	if v.w.narrow {
		height, left = 50, 10
		v.preset.SetText("") // there is no room for its name
		row = widgets.HStack(4, widgets.NewIconButton(widgets.IconLeft, say("chat.conversations"), v.list),
			widgets.Grow(widgets.Strong(title).Cutting()), v.preset, widgets.NewIconButton(widgets.IconPlus, say("shell.new"), v.w.newConversation))
	} else if name := v.w.model.short(); name != "" {
		words := say("chat.model", "Model", name, "Version", versionName(v.w.state.Active.Number))
		b := widgets.NewButton(words, nil, widgets.Ghost, func() { v.w.show(placeLearning) })
		b.Small = true
		row.Add(b)
		row.Add(v.exporter)
	}
	row.Add(more)
	v.setHead(row, height, left)
}

func (v *chatView) setHead(row fyne.CanvasObject, height, left float32) {
	v.head.Objects = []fyne.CanvasObject{widgets.Sized(0, height, widgets.Pad(row, 0, 12, 0, left)), widgets.Rule()}
	v.head.Refresh()
}

// rename turns the title into a field.
func (v *chatView) rename() {
	c := v.conversation
	line := widgets.NewLine(say("chat.title"), nil)
	line.SetText(c.Title)
	done := v.endRenaming
	line.OnEscape = done
	line.OnSubmit = func() {
		title := brief(line.Text, 120)
		if title == "" || title == c.Title {
			done()
			return
		}
		queued(v.w.work, func(ctx context.Context) (none, error) {
			return none{}, v.w.Trainer.Rename(ctx, c.ID, title)
		}, func(_ none, err error) {
			v.w.failed(err)
			if err == nil && v.conversation.ID == c.ID {
				v.conversation.Title = title
			}
			v.refresh()
			done()
		})
	}
	v.renaming = line
	v.showHead()
	v.w.frame.Canvas().Focus(line)
}

// endRenaming shows the title again.
func (v *chatView) endRenaming() {
	v.renaming = nil
	v.showHead()
	v.composer.Focus(v.w.frame.Canvas())
}

// list shows the conversations in the place of the one that is open: the narrow layout's way between them.
func (v *chatView) list() {
	v.listing = true
	head := widgets.HStack(4, widgets.Grow(widgets.NewText(say("chat.conversations"), widgets.TextHeading, widgets.ColorText).Bold()),
		widgets.NewIconButton(widgets.IconSearch, say("search.title"), v.w.openSearch),
		widgets.NewIconButton(widgets.IconPlus, say("shell.new"), v.w.newConversation))
	v.w.shell.put(widgets.VStack(0,
		widgets.Sized(0, 50, widgets.Pad(head, 0, 8, 0, 16)), widgets.Rule(),
		widgets.Grow(widgets.Pad(v.w.shell.list.feed, 10, 8))))
}

// openLast opens the conversation that was open when the window was closed.
func (v *chatView) openLast() {
	last := int64(v.w.App.Preferences().Int(preferOpened))
	queued(v.w.work, v.w.Trainer.Conversations, func(all []trainer.Conversation, err error) {
		if err != nil {
			v.reading = false
			v.show()
			v.w.failed(err)
			return
		}
		v.all = all
		c := trainer.Conversation{}
		if i := slices.IndexFunc(all, func(c trainer.Conversation) bool { return c.ID == last }); i >= 0 {
			c = all[i]
		}
		v.bring(c, 0, "")
		if v.w.place == placeChat { // whoever has gone elsewhere meanwhile stays there
			v.w.show(placeChat)
		}
		v.w.shell.list.fill()
	})
}

// newConversation opens an empty one. It is kept once something is asked.
func (w *window) newConversation() { w.chat.openConversation(trainer.Conversation{}) }

// opened is what is read when a conversation is opened.
type opened struct {
	entries []trainer.Entry
	draft   string
	drafted bool // it was read, even where the entries could not be
}

// openConversation shows a conversation, with the text that was begun in it.
func (v *chatView) openConversation(c trainer.Conversation) { v.opening(c, 0, "") }

// openAt shows the conversation of a hit with what was searched for marked.
func (v *chatView) openAt(h trainer.Hit, query string) {
	c := trainer.Conversation{ID: h.Conversation, Title: h.Title}
	if i := slices.IndexFunc(v.all, func(c trainer.Conversation) bool { return c.ID == h.Conversation }); i >= 0 {
		c = v.all[i]
	}
	v.opening(c, h.Message, query)
}

// opening reads a conversation and shows it: its end, or the message at with the words of a search.
func (v *chatView) opening(c trainer.Conversation, at int64, query string) {
	v.bring(c, at, query)
	v.w.show(placeChat)
	v.showFind()
}

// bring is opening without leading there.
func (v *chatView) bring(c trainer.Conversation, at int64, query string) {
	v.keepDraft()
	v.closeEditor()
	v.finding, v.renaming, v.w.search.open = nil, nil, false
	v.listing = false
	v.conversation, v.entries, v.reading, v.unread, v.drafted = c, nil, true, nil, false
	if v.composer != nil {
		v.composer.SetText("")
	}
	v.w.App.Preferences().SetInt(preferOpened, int(c.ID))
	queued(v.w.work, func(ctx context.Context) (o opened, err error) {
		if o.draft, err = v.w.Trainer.Draft(ctx, c.ID); err != nil {
			return o, err
		}
		o.drafted = true
		if at != 0 { // it may stand on another branch than the one that is shown
			if err := v.w.Trainer.Show(ctx, at); err != nil {
				return o, err
			}
		}
		if c.ID != 0 {
			o.entries, err = v.w.Trainer.Entries(ctx, c.ID)
		}
		return o, err
	}, func(o opened, err error) {
		if v.conversation.ID != c.ID {
			return // another one was opened meanwhile
		}
		if v.drafted = o.drafted; v.composer != nil && v.composer.Text() == "" { // whoever has begun to write meanwhile is not disturbed
			v.composer.SetText(o.draft)
		}
		if v.reading, v.unread = false, err; err != nil {
			v.show()
			return
		}
		v.entries = o.entries
		v.show()
		if v.feed == nil {
			return
		}
		v.feed.ToEnd()
		if at != 0 {
			v.find(query)
			v.finding.revealIn(at)
		}
	})
}

// keepDraft puts the text that was begun, and not sent, on disk. As long as what is there was not read, an empty composer does
// not mean that there is none.
func (v *chatView) keepDraft() {
	if v.composer == nil || !v.drafted && v.composer.Text() == "" {
		return
	}
	v.saveDraft(v.conversation.ID, v.composer.Text())
}

func (v *chatView) saveDraft(conversation int64, text string) {
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.SaveDraft(ctx, conversation, text)
	}, func(_ none, err error) { v.w.failed(err) })
}

// editLast opens the last question to be asked differently.
func (v *chatView) editLast() {
	for _, e := range slices.Backward(v.entries) {
		if e.Role == trainer.RoleUser {
			v.revise(e.ID)
			return
		}
	}
}

// show brings the feed in line with what the view knows.
func (v *chatView) show() {
	if v.feed == nil {
		return
	}
	v.feed.SetIDs(v.rows())
	a := v.writing[v.conversation.ID]
	v.composer.SetWriting(a != nil)
	v.block()
	v.showHead()
	if v.finding != nil {
		v.finding.look()
	}
}

// block closes the composer while there is no model. Once there is one it gets the keyboard that nobody has: whoever opens the
// program means to write.
func (v *chatView) block() {
	before, now := v.composer.Blocked(), v.w.model.blocks()
	v.composer.SetBlocked(now)
	if c := v.w.frame.Canvas(); before && now == "" && c.Focused() == nil {
		v.composer.Focus(c)
	}
}

// rows lists the rows of the feed. Where another version took over between two answers, a divider says so before the
// question of the second.
func (v *chatView) rows() []int64 {
	a := v.writing[v.conversation.ID]
	switch {
	case len(v.entries) > 0 || a != nil:
	case v.unread != nil:
		return []int64{rowUnread}
	case v.reading:
		return nil
	default:
		return []int64{rowEmpty}
	}
	ids := make([]int64, 0, len(v.entries)+4)
	number, any := 0, false
	for i, e := range v.entries {
		if e.Role == trainer.RoleAssistant {
			number, any = e.Number, true
		} else if next, ok := v.answerAfter(i); ok && any && next.Number > number {
			ids = append(ids, -e.ID)
		}
		if a != nil && a.again == e.ID { // what follows goes on from another version
			return append(ids, rowWriting)
		}
		ids = append(ids, e.ID)
		if a != nil && a.instead == e.ID { // what follows belongs to the question as it was
			break
		}
	}
	if a != nil && a.again == 0 {
		ids = append(ids, rowWriting)
	} else if active := v.w.state.Active.Number; any && active > number && v.learned[active] != nil {
		ids = append(ids, rowNews)
	}
	return ids
}

// answerAfter is the answer to the question at i.
func (v *chatView) answerAfter(i int) (trainer.Entry, bool) {
	if i+1 < len(v.entries) && v.entries[i+1].Role == trainer.RoleAssistant {
		return v.entries[i+1], true
	}
	return trainer.Entry{}, false
}

// at finds a message of the conversation that is shown.
func (v *chatView) at(id int64) int {
	return slices.IndexFunc(v.entries, func(e trainer.Entry) bool { return e.ID == id })
}

func (v *chatView) heard(news []trainer.News) {
	changed, feedback := false, false
	for _, n := range news {
		feedback = feedback || n.Kind == trainer.NewsSamples || n.Kind == trainer.NewsLessons
		if n.Kind == trainer.NewsActivated {
			v.learned[n.Number] = func() string { return learnedWords(n) }
			changed = true
		}
		if n.Kind == trainer.NewsCycleEnded && n.End != nil {
			v.trained(*n.End)
		}
	}
	if v.feed == nil {
		return
	}
	v.block()
	if feedback {
		v.readFeedback()
	}
	if changed || v.named != v.w.state.Active.Number { // it also changes by a roll-back, and with another model
		v.show()
	}
}

func (v *chatView) escape() bool {
	switch a := v.writing[v.conversation.ID]; {
	case v.listing:
		v.w.show(placeChat)
	case v.editor != nil:
		v.editor.onStop()
	case v.revision != nil:
		v.dropRevision()
	case v.finding != nil:
		v.closeFind()
	case v.renaming != nil:
		v.endRenaming()
	case a != nil:
		a.stop()
	default:
		return false
	}
	return true
}

// walk gives the keyboard to the answer before or after the one that has it.
func (v *chatView) walk(step int) {
	if v.w.place == placeChat && v.feed != nil {
		v.feed.Walk(step)
	}
}

// stop ends the answer that is being written here; what there is of it stays.
func (v *chatView) stop() {
	if a := v.writing[v.conversation.ID]; a != nil {
		a.stop()
	}
}
