package app

import (
	"cmp"
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"clara/trainer"
	"clara/widgets"
)

// row makes one row of the conversation.
func (v *chatView) row(id int64) fyne.CanvasObject {
	switch {
	case id == rowEmpty:
		return v.emptyRow()
	case id == rowUnread:
		return widgets.NewNotice(unread(say("chat.unread"), v.unread, func() { v.openConversation(v.conversation) }))
	case id == rowNews:
		return widgets.NewDivider(widgets.IconShield, widgets.ToneSuccess, v.learned[v.w.state.Active.Number]())
	case id == rowWriting:
		row := v.newAnswer(author)
		if a := v.writing[v.conversation.ID]; a != nil {
			v.fillWriting(row, a)
		}
		return row
	case id < 0:
		return widgets.NewDivider(widgets.IconShield, widgets.ToneSuccess, v.takeover(-id))
	}
	i := v.at(id)
	if i < 0 {
		return widgets.Space()
	}
	e := v.entries[i]
	var mark widgets.Marker
	if v.finding != nil {
		mark = marker(v.finding.query)
	}
	if e.Role == trainer.RoleUser {
		if v.revision != nil && v.revision.message == id {
			return v.revision.content
		}
		row := widgets.NewQuestion(e.Text)
		row.SetMarker(mark)
		row.SetOnEdit(say("chat.ask_differently"), func() { v.revise(id) })
		row.SetPager(v.pager(e))
		return row
	}
	row := v.newAnswer(cmp.Or(e.Source, author))
	row.SetMarker(mark)
	row.SetStarsName(func(n int) string { return sayN("chat.stars", n) })
	row.OnRated = func(stars int) { v.rate(id, stars) }
	v.fill(row, e)
	return row
}

// newAnswer makes an answer whose text can be read, copied and followed, finished or not.
func (v *chatView) newAnswer(author string) *widgets.Answer {
	row := widgets.NewAnswer(author)
	row.SetOnLink(v.w.openLink)
	row.SetOnCopy(say("chat.copy"), v.w.copyText)
	row.SetOnScroll(v.feed.Scrolled)
	row.SetTooLong(say("chat.goes_on"))
	return row
}

// author is the name that answers stand under: the program's own.
const author = "CLARA"

func (v *chatView) emptyRow() fyne.CanvasObject {
	return widgets.NewNotice(widgets.Notice{
		Glyph: widgets.IconChat, Tone: widgets.ToneInfo, Title: say("chat.empty_title"), Text: say("chat.empty_text"),
		Actions: []widgets.Action{{Label: say("chat.example"), OnTapped: func() {
			v.composer.SetText(say("chat.example_question"))
			v.composer.Focus(v.w.frame.Canvas())
		}}},
	})
}

// takeover says which version took over before a question, and what it newly knew if this window saw it happen.
func (v *chatView) takeover(question int64) string {
	i := v.at(question)
	next, ok := v.answerAfter(i)
	if i < 0 || !ok {
		return ""
	}
	if words := v.learned[next.Number]; words != nil {
		return words()
	}
	return say("news.active", "Version", versionName(next.Number))
}

// update shows an answer anew, in its row if that is in sight.
func (v *chatView) update(id int64) {
	i := v.at(id)
	if i < 0 || v.feed == nil {
		return
	}
	if row, ok := v.feed.Row(id).(*widgets.Answer); ok {
		v.w.renew(row, func() { v.fill(row, v.entries[i]) })
	}
	v.feed.Resized(id)
}

// fill shows everything that belongs to an answer.
func (v *chatView) fill(row *widgets.Answer, e trainer.Entry) {
	id, text := e.ID, shownText(e)
	row.SetNote(v.note(e))
	row.SetPager(v.pager(e))
	row.SetText(text)
	row.SetWriting(false)
	row.SetStars(e.Stars)
	row.SetChips(v.chips(e)...)
	row.SetActions(v.actions(e, text)...)
	row.SetFoot(v.foot(id, text))
	if v.editing == id && v.editor != nil {
		row.SetInstead(v.editor.content)
	} else {
		row.SetInstead(nil)
	}
}

// note says who answered and how it ended.
func (v *chatView) note(e trainer.Entry) string {
	note := ""
	switch {
	case v.editing == e.ID && v.editor != nil && v.editor.message != 0:
		note = say("chat.correcting")
	case e.Better != "" && e.Kind == trainer.Manner:
		note = say("chat.corrected_manner")
	case e.Better != "":
		note = say("chat.corrected")
	case e.Finish == trainer.FinishCancelled:
		note = say("chat.stopped")
	case e.Finish == trainer.FinishLength:
		note = say("chat.too_long")
	case e.Finish == trainer.FinishFailed:
		note = say("chat.failed")
	}
	if e.Source != "" {
		return cmp.Or(note, say("chat.imported"))
	}
	by := made(e)
	if note == "" {
		return by
	}
	return say("chat.note", "Version", by, "Note", note)
}

// made names the version that answered, and the preset that it answered by.
func made(e trainer.Entry) string {
	if e.Preset == "" {
		return versionName(e.Number)
	}
	return say("chat.note", "Version", versionName(e.Number), "Note", e.Preset)
}

// chips names the lesson that an answer used, and offers to go on with one that ended before its time.
func (v *chatView) chips(e trainer.Entry) []fyne.CanvasObject {
	if e.Better != "" {
		return nil
	}
	var chips []fyne.CanvasObject
	if e.Lesson != 0 && e.Question != "" {
		chip := widgets.NewTapChip(say("chat.uses", "Lesson", brief(e.Question, 56)), &widgets.IconLessons, widgets.ToneInfo, func() { v.w.lessons.reveal(e.Lesson, e.Question) })
		chip.Hint = say("chat.open_lesson", "Lesson", brief(e.Question, 56))
		chips = append(chips, chip, widgets.NewLink(say("chat.without_lesson"), func() { v.again(e.ID, true) }))
	}
	if last := len(v.entries) - 1; last >= 0 && v.entries[last].ID == e.ID && trainer.CanContinue(e.Message) {
		chips = append(chips, widgets.NewLink(say("chat.go_on"), func() { v.goOn(e.ID) }))
	}
	return chips
}

// actions are what can be done with an answer. The narrow layout has room for four of them; the others stand in its menu.
func (v *chatView) actions(e trainer.Entry, text string) []widgets.Action {
	id := e.ID
	teach := widgets.Action{Glyph: &widgets.IconBulb, Label: say("chat.teach"), Key: 't', OnTapped: func() { v.teach(id) }}
	copied := widgets.Action{Glyph: &widgets.IconCopy, Label: say("chat.copy"), Key: 'c', IconOnly: true, End: true, OnTapped: func() { v.w.copyText(text) }}
	again := widgets.Action{Glyph: &widgets.IconAgain, Label: say("chat.again"), Key: 'r', IconOnly: true, End: true, OnTapped: func() { v.again(id, false) }}
	rest := []widgets.MenuItem{
		{Glyph: &widgets.IconChip, Title: say("chat.compare"), Disabled: v.w.model.blocks() != "", OnTapped: func() { v.compare(id) }},
		{Glyph: &widgets.IconCopy, Title: say("chat.as_text"), OnTapped: func() { v.plain[id] = true; v.update(id) }},
	}
	all := []widgets.Action{
		{Glyph: &widgets.IconUp, Label: say("chat.good"), IconOnly: true, OnTapped: func() { v.rate(id, 5) }},
		{Glyph: &widgets.IconDown, Label: say("chat.bad"), IconOnly: true, OnTapped: func() { v.rate(id, 1) }},
		{Glyph: &widgets.IconPencil, Label: say("chat.correct"), Key: 'e', OnTapped: func() { v.correct(id) }},
	}
	if v.w.narrow {
		for i, a := range []widgets.Action{teach, copied, again} {
			rest = slices.Insert(rest, i, widgets.MenuItem{Glyph: a.Glyph, Title: a.Label, OnTapped: a.OnTapped})
		}
	} else {
		all = append(all, teach, copied, again)
	}
	more := widgets.Action{Glyph: &widgets.IconMore, Label: say("place.more"), IconOnly: true, End: true, Items: func() []widgets.MenuItem { return rest }}
	return append(all, more)
}

// foot stands below an answer: what became of the feedback just given, what the untrained model says, the answer as plain text.
func (v *chatView) foot(id int64, text string) fyne.CanvasObject {
	foot := widgets.VStack(8)
	if s, ok := v.saved[id]; ok {
		foot.Add(widgets.NewSaved(s.words(), say("undo"), s.undo.run))
	}
	aside := func(title string, content fyne.CanvasObject, gone func()) {
		head := widgets.HStack(8, widgets.Grow(label(title)), widgets.NewIconButton(widgets.IconCross, say("close"), func() { gone(); v.update(id) }))
		foot.Add(widgets.Card(widgets.VStack(4, head, content), 8, 14, 12, 14))
	}
	if other, ok := v.compared[id]; ok {
		aside(say("chat.compared"), other.said, func() { v.endCompare(id) })
	}
	if v.plain[id] {
		plain := widget.NewLabel(widgets.Beginning(text))
		plain.Wrapping, plain.Selectable = fyne.TextWrapWord, true
		aside(say("chat.as_text"), plain, func() { delete(v.plain, id) })
	}
	if len(foot.Objects) == 0 {
		return nil
	}
	return foot
}

// rate gives an answer its stars, 0 takes them back.
func (v *chatView) rate(id int64, stars int) {
	v.rated++
	before := 0
	if i := v.at(id); i >= 0 {
		before, v.entries[i].Stars = v.entries[i].Stars, stars
	}
	queued(v.w.work, func(ctx context.Context) (trainer.Sample, error) {
		return v.w.Trainer.Rate(ctx, id, stars)
	}, func(s trainer.Sample, err error) {
		i := v.at(id)
		if err != nil {
			v.w.failed(err)
			if i >= 0 {
				v.entries[i].Stars = before
			}
			v.update(id)
			return
		}
		former := int64(0)
		if i >= 0 {
			former, v.entries[i].Rating = v.entries[i].Rating, s.ID
		}
		v.tookBack(former)
		if stars > 0 {
			v.gave(id, s, func() {
				v.takeBack(id, s.ID, func(e *trainer.Entry) { e.Stars, e.Rating = before, former })
			})
		}
		v.update(id)
	})
	v.update(id)
}

// gave thanks for feedback that is on disk: what will become of it, and the way back.
func (v *chatView) gave(id int64, s trainer.Sample, undo func()) {
	v.w.kept()
	given := saved{sample: s.ID}
	if s.State == trainer.SampleRejected {
		given.words = func() string { return say("chat.saved_unused", "Why", because(s.Reason)) }
	} else {
		given.thank(s.Form == trainer.FormCorrection && s.Kind == trainer.Knowledge)
		given.trains = true
	}
	if v.w.cycling() {
		given.during = v.w.state.Progress.Cycle
	}
	v.w.lessons.askNew(s)
	given.undo = v.w.undoable(func() {
		delete(v.saved, id)
		undo()
		v.update(id)
	})
	v.saved[id] = given
}

// thank says what becomes of feedback that trains: a lesson holds at once.
func (s *saved) thank(lesson bool) {
	s.words, s.next = func() string { return say("chat.saved") }, !lesson
	if lesson {
		s.words = func() string { return say("chat.saved_lesson") }
	}
}

// kindChanged says anew what becomes of a correction whose kind was said anew elsewhere.
func (v *chatView) kindChanged(sample int64, k trainer.Kind) {
	for id, s := range v.saved {
		if s.sample == sample && s.trains {
			s.thank(k == trainer.Knowledge)
			if v.w.cycling() {
				s.during = v.w.state.Progress.Cycle
			}
			v.saved[id] = s
			v.update(id)
		}
	}
}

// trained takes away what was said of the next training, once that has been. What was given while it ran waits for another.
func (v *chatView) trained(end trainer.CycleEnd) {
	if end.State != trainer.CyclePromoted && end.State != trainer.CycleRefused {
		return // no version was made of it
	}
	for id, s := range v.saved {
		if s.next && s.during != end.Cycle {
			delete(v.saved, id)
			v.update(id)
		}
	}
}

// tookBack takes away the thanks for a sample that is there no more, with the way back that led to it. A sample 0 is none.
func (v *chatView) tookBack(sample int64) {
	for id, s := range v.saved {
		if s.sample == sample && sample != 0 {
			s.undo.void()
			delete(v.saved, id)
			v.update(id)
		}
	}
}

// readFeedback shows what stands on the answers now: it can change elsewhere, as where a lesson is unlearnt or another one wins over
// it.
func (v *chatView) readFeedback() {
	if len(v.entries) == 0 {
		return
	}
	rated := v.rated
	v.readAgain(func(all []trainer.Entry) {
		if v.rated != rated { // what was given since brings news of its own
			return
		}
		for _, now := range all {
			i := v.at(now.ID)
			if i < 0 || sameFeedback(v.entries[i], now) {
				continue
			}
			e := &v.entries[i]
			e.Stars, e.Rating, e.Better, e.Kind, e.Fix = now.Stars, now.Rating, now.Better, now.Kind, now.Fix
			v.update(e.ID)
		}
	})
}

func sameFeedback(a, b trainer.Entry) bool {
	return a.Stars == b.Stars && a.Rating == b.Rating && a.Better == b.Better && a.Kind == b.Kind && a.Fix == b.Fix
}

// correct opens the editor in the place of an answer, with the correction that stands on it.
func (v *chatView) correct(id int64) {
	i := v.at(id)
	if i < 0 {
		return
	}
	if v.entries[i].Fix == 0 {
		v.openCorrection(id, trainer.Correction{})
		return
	}
	queued(v.w.work, func(ctx context.Context) (trainer.Correction, error) {
		return v.w.Trainer.Standing(ctx, id)
	}, func(standing trainer.Correction, err error) {
		v.w.failed(err)
		if err == nil {
			v.openCorrection(id, standing)
		}
	})
}

// openCorrection opens the editor with what is saved so far.
func (v *chatView) openCorrection(id int64, stored trainer.Correction) {
	i := v.at(id)
	if i < 0 {
		return
	}
	v.closeEditor()
	e := v.entries[i]
	v.editing = id
	v.editor = newCorrection(v.w, e, stored, func(s trainer.Sample, better string) {
		if i := v.at(id); i >= 0 {
			v.entries[i].Better, v.entries[i].Fix, v.entries[i].Kind = better, s.ID, s.Kind
		}
		v.gave(id, s, func() {
			if s.ID == e.Fix { // the same lesson, with another importance or check
				v.correctBack(id, stored)
				return
			}
			v.takeBack(id, s.ID, func(now *trainer.Entry) { now.Better, now.Fix, now.Kind = e.Better, e.Fix, e.Kind })
		})
		v.closeEditor()
	}, v.closeEditor)
	v.showEditor()
}

// correctBack saves a correction again as it was.
func (v *chatView) correctBack(id int64, c trainer.Correction) {
	queued(v.w.work, func(ctx context.Context) (trainer.Sample, error) {
		return v.w.Trainer.Correct(ctx, c)
	}, func(_ trainer.Sample, err error) {
		v.w.failed(err)
		v.update(id)
	})
}

// takeBack deletes a rating or a correction and shows the answer as it was before.
func (v *chatView) takeBack(id, sample int64, before func(*trainer.Entry)) {
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.TakeBack(ctx, sample)
	}, func(_ none, err error) {
		v.w.failed(err)
		if i := v.at(id); i >= 0 && err == nil {
			before(&v.entries[i])
		}
		v.update(id)
	})
}

// teach opens the editor with two fields below an answer, its question filled in.
func (v *chatView) teach(id int64) {
	i := v.at(id)
	if i < 0 {
		return
	}
	v.closeEditor()
	e, asked := v.entries[i], ""
	if i > 0 && v.entries[i-1].Role == trainer.RoleUser {
		asked = v.entries[i-1].Text
	}
	v.editing = id
	v.editor = newTeaching(v.w, ofTeaching(id), asked, func(s trainer.Sample, before trainer.Teaching) {
		v.gave(id, s, func() {
			if before.Question != "" { // it was there already
				v.w.teachBack(before, func() { v.update(id) })
				return
			}
			v.takeBack(id, s.ID, func(now *trainer.Entry) { now.Better, now.Fix, now.Kind = e.Better, e.Fix, e.Kind })
		})
		v.closeEditor()
	}, v.closeEditor)
	v.showEditor()
}

// headRoom is what a row has above its editor: the author, and the gap to the row before.
const headRoom = 60

// showEditor brings the editor that was opened into sight.
func (v *chatView) showEditor() {
	v.hint.Hide()
	v.feed.HoldEnd(true)
	v.body.Refresh()
	v.update(v.editing)
	v.placeEditor()
	v.editor.focus()
}

// placeEditor scrolls so that all of the editor is in sight, or as much as there is room for.
func (v *chatView) placeEditor() {
	last := v.entries[len(v.entries)-1].ID == v.editing
	if last && widgets.HeightAt(v.editor.content, widgets.FeedWidth)+headRoom < v.feed.Size().Height {
		v.feed.ToEnd()
	} else {
		v.feed.Reveal(v.editing)
	}
}

// closeEditor puts the answer, or the question, back in the place of the editor. What was written is there when it is opened again.
func (v *chatView) closeEditor() {
	if r := v.revision; r != nil {
		v.revision = nil
		r.keep(v.w)
		if v.feed != nil {
			v.feed.Changed(r.message)
			v.composer.Focus(v.w.frame.Canvas()) // the field that had the keyboard is gone
		}
	}
	id := v.editing
	if v.editor != nil {
		v.editor.keep()
		v.editor.stop()
	}
	v.editing, v.editor = 0, nil
	if id == 0 || v.feed == nil {
		return
	}
	v.hint.Show()
	v.feed.HoldEnd(false)
	v.body.Refresh()
	v.update(id)
	if n := len(v.entries); n > 0 && v.entries[n-1].ID == id {
		v.feed.ToEnd() // the editor was higher than the answer is
	} else {
		v.feed.Reveal(id)
	}
}
