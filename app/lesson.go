package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// showDetail fills the pane with the chosen lesson or wish, or with what is being done to it.
func (v *lessonsView) showDetail(d detail) {
	if d != detailTeach && v.editor != nil {
		v.editor.keep()
		v.editor.stop()
		v.editor = nil
	}
	if v.edit != nil && (d != detailEdit || v.edit.lesson.ID != v.chosen) {
		v.edit.keep()
		v.edit = nil
	}
	v.detail = d
	o := v.detailOf(d)
	v.pane.Objects = []fyne.CanvasObject{widgets.Grow(o)}
	if v.page != nil && v.w.tight {
		v.page.Objects = []fyne.CanvasObject{v.listed}
		if v.chosen != 0 || d == detailTeach {
			back := widgets.NewButton(say("place.lessons"), &widgets.IconLeft, widgets.Ghost, func() { v.choose(0) })
			v.page.Objects = []fyne.CanvasObject{widgets.VStack(0, widgets.Sized(0, 50, widgets.Pad(widgets.HStack(0, back, widgets.Space()), 0, 10)),
				widgets.Grow(widgets.Pad(v.pane, 0, 12, 10, 12)))}
		}
		v.page.Refresh()
	}
	v.pane.Refresh()
}

func (v *lessonsView) detailOf(d detail) fyne.CanvasObject {
	if d == detailTeach {
		return inPane(widgets.VStack(0, v.editor.content, widgets.Space()))
	}
	if c, ok := v.contradicted(v.chosen); ok && d == detailContradiction {
		return inPane(v.contradictionCard(c, v.w.narrow || !v.w.tight)) // in a wide window the pane is half of a column
	}
	if v.filter == filterManner {
		i := slices.IndexFunc(v.manner, func(s trainer.Sample) bool { return s.ID == v.chosen })
		if i < 0 {
			return v.nothing()
		}
		if d == detailUnlearn {
			return v.unlearnQuestion(v.manner[i].ID, v.manner[i].Better)
		}
		return v.wishDetail(v.manner[i])
	}
	i := slices.IndexFunc(v.lessons, func(l trainer.LessonView) bool { return l.ID == v.chosen })
	if i < 0 {
		return v.nothing()
	}
	switch d {
	case detailUnlearn:
		return v.unlearnQuestion(v.lessons[i].Sample, v.lessons[i].Question)
	case detailEdit:
		if v.edit == nil {
			v.edit = newLessonEdit(v, v.lessons[i])
		}
		return v.edit.content // what is typed stays while the lessons are asked behind it
	}
	return v.lessonDetail(v.lessons[i])
}

// inPane lets a card be higher than the pane. The edge leaves room for its outline, which the scroller would cut.
func inPane(card fyne.CanvasObject) fyne.CanvasObject {
	return widgets.NewScroll(widgets.Pad(card, outline))
}

// outline is what the outline of a card needs around it.
const outline = 3

// nothing says why there is nothing to show, and what makes something.
func (v *lessonsView) nothing() fyne.CanvasObject {
	n := widgets.Notice{Glyph: widgets.IconLessons, Tone: widgets.ToneInfo}
	toChat := widgets.Action{Label: say("lessons.to_chat"), OnTapped: func() { v.w.show(placeChat) }}
	switch {
	case v.unread != nil:
		n = unread(say("lessons.unread"), v.unread, v.refresh)
	case !v.read:
		return widgets.VStack(0, widgets.Pad(widgets.Muted(say("reading")), 14, 16), widgets.Space())
	case v.filter == filterManner && len(v.manner) == 0:
		n.Glyph, n.Title, n.Text = widgets.IconChat, say("manner.empty_title"), say("manner.empty_text")
		n.Actions = []widgets.Action{toChat}
	case len(v.lessons) == 0:
		n.Title, n.Text = say("lessons.empty_title"), say("lessons.empty_text")
		n.Actions = []widgets.Action{toChat, {Label: say("lessons.teach"), OnTapped: v.teach}}
	default:
		n.Title, n.Text = say("lessons.none_title"), say("lessons.none_text")
	}
	return widgets.VStack(0, widgets.NewNotice(n), widgets.Space())
}

// detailCard is the pane of a lesson: the bar of its scroller lies beside the words, not on them.
func detailCard(body, foot fyne.CanvasObject) fyne.CanvasObject {
	scroll := widgets.NewScroll(widgets.Pad(body, outline, 12, outline, outline))
	return widgets.Card(widgets.VStack(12-outline, widgets.Grow(scroll), widgets.Pad(widgets.VStack(12, widgets.Rule(), foot), 0, 12, 0, outline)),
		14-outline, 4, 12, 16-outline)
}

func label(s string) *widgets.Text { return widgets.Caption(s).Bold() }

// answerBlock shows an answer on the ground of what it is worth.
func answerBlock(title, text string, s widgets.State) fyne.CanvasObject {
	t := s.Tone()
	return widgets.On(t.Soft(), 9, widgets.VStack(4,
		widgets.HStack(7, widgets.NewIcon(s.Glyph(), 15, t.Ink()), widgets.Grow(widgets.Caption(title).Bold().In(t.Ink()))),
		widgets.NewText(endedOrNot(text), widgets.TextBody, widgets.ColorText).Wrapped()), 10, 12)
}

// endedOrNot marks an answer that was cut off in the middle of a sentence, as one is that a lesson is asked for.
func endedOrNot(text string) string {
	text = strings.TrimSpace(text)
	if last, _ := utf8.DecodeLastRuneInString(text); unicode.IsLetter(last) || last == ',' {
		text += " …"
	}
	return text
}

func (v *lessonsView) lessonDetail(l trainer.LessonView) fyne.CanvasObject {
	state, word := outcome(l.State)
	mark := state.Glyph()
	body := widgets.VStack(14,
		widgets.HStackTop(8, widgets.Grow(widgets.Section(brief(l.Question, 300)).Wrapped()), widgets.NewChip(word, &mark, state.Tone())),
		widgets.VStack(3, label(say("lesson.answer")), widgets.Body(l.Answer).Wrapped()))
	c, against := v.contradicted(l.ID)
	if against {
		body.Add(v.againstLine(l, c))
	}
	if l.Keywords != nil {
		chips := widgets.WrapRow(6)
		for _, k := range flat(l.Keywords) {
			chips.Add(widgets.NewChip(k, nil, widgets.ToneInfo))
		}
		body.Add(widgets.VStack(5, label(say("lesson.check")), chips))
	} else {
		body.Add(widgets.VStack(3, label(say("lesson.check")), widgets.Muted(say("lesson.check_novel")).Wrapped()))
	}
	if l.Before != "" {
		body.Add(answerBlock(say("lesson.before"), l.Before, widgets.Missing))
	}
	if l.Now != "" {
		body.Add(answerBlock(say("lesson.now", "Version", v.w.learning.nameOf(l.Version)), l.Now, state))
	}
	story := say("lesson.not_asked")
	switch {
	case l.State == trainer.LessonKnown && l.Since != 0 && l.Trained == 0:
		story = say("lesson.since_read", "Cycle", whole(int(l.Since)))
	case l.State == trainer.LessonKnown && l.Since != 0:
		story = sayN("lesson.since", l.Trained, "Cycle", whole(int(l.Since)))
	case l.State == trainer.LessonKnown:
		story = say("lesson.at_once")
	case l.State != trainer.LessonNew && l.Trained == 0: // a training that did not help is none: nothing of it is used
		story = say("lesson.untrained")
	case l.State != trainer.LessonNew:
		story = sayN("lesson.trained", l.Trained)
	}
	body.Add(widgets.HStack(10, trail(l.Trail), widgets.Grow(widgets.Caption(story).Wrapped())))
	origin := say("lesson.corrected", "When", moment(l.Created, v.w.now()), "N", whole(l.Importance))
	if l.Form == trainer.FormText {
		origin = say("lesson.taught", "When", moment(l.Created, v.w.now()), "N", whole(l.Importance))
	}
	if l.Way != "" { // there is a model that it could reach
		body.Add(wayBlock(l.Way))
	}
	body.Add(v.kindRow(l.Sample, trainer.Knowledge))
	body.Add(widgets.Caption(origin).Wrapped())

	again := widgets.NewButton(say("lesson.ask"), &widgets.IconAgain, widgets.Secondary, func() { v.ask(l.ID) })
	if v.asking[l.ID] || v.w.model.blocks() != "" {
		again.Disable()
	}
	foot := widgets.WrapRow(4, again, widgets.NewButton(say("lesson.edit"), nil, widgets.Ghost, v.startEdit))
	waits := against && c.Older.ID == l.ID // no training takes it up before that is decided
	wanting := !waits && (l.State == trainer.LessonLost || l.State == trainer.LessonMissed)
	if wanting && l.Importance == mostImportance { // it is practised as much as can be
		body.Add(widgets.Muted(say("hint.rephrase")).Wrapped())
	} else if wanting {
		foot.Add(widgets.NewButton(say("lesson.practise"), nil, widgets.Ghost, func() { v.practise(l.ID) }))
	}
	foot.Add(widgets.NewButton(say("lesson.unlearn"), nil, widgets.Ghost, func() { v.showDetail(detailUnlearn) }))
	return detailCard(body, foot)
}

// againstLine says that another lesson says something else, and leads to where that is decided.
func (v *lessonsView) againstLine(l trainer.LessonView, c trainer.Contradiction) fyne.CanvasObject {
	other := c.Older
	if l.ID == c.Older.ID {
		other = c.Newer
	}
	words := widgets.VStack(4,
		widgets.HStackTop(7, widgets.NewIcon(widgets.IconAlert, 15, widgets.ToneWarning.Ink()),
			widgets.Grow(widgets.Caption(say("contradiction.against", "Lesson", brief(other.Question, 80))).Bold().In(widgets.ToneWarning.Ink()).Wrapped())),
		widgets.Body(brief(other.Answer, 160)).Wrapped())
	if !v.hasRoom() {
		words.Add(widgets.HStack(0, widgets.NewSmallButton(say("contradiction.look"), nil, widgets.Secondary, func() { v.decide(c) }), widgets.Space()))
	}
	return widgets.On(widgets.ColorWarningSoft, 9, words, 10, 12)
}

// wayStep is one of the ways in which a lesson reaches an answer.
type wayStep struct {
	way         trainer.Way
	name, means string // keys of the words
}

// ways are the steps by which a lesson comes nearer to the model, in their order.
var ways = []wayStep{
	{trainer.WayTurn, "way.turn", "way.turn_means"},
	{trainer.WayReader, "way.reader", "way.reader_means"},
	{trainer.WayKnowledge, "way.knowledge", "way.knowledge_means"},
}

// wayBlock says by what a lesson reaches an answer now, among the steps that there are.
func wayBlock(way trainer.Way) fyne.CanvasObject {
	at := max(0, slices.IndexFunc(ways, func(x wayStep) bool { return x.way == way }))
	steps := widgets.WrapRow(6)
	for i, x := range ways {
		glyph, tone := &widgets.IconDash, widgets.ToneQuiet
		switch {
		case i < at:
			glyph = &widgets.IconCheck
		case i == at:
			glyph, tone = &widgets.IconRight, widgets.ToneInfo
		}
		steps.Add(widgets.NewChip(say(x.name), glyph, tone))
	}
	return widgets.VStack(5, label(say("way.title")), steps, widgets.Caption(say(ways[at].means)).Wrapped())
}

// kindRow shows what a correction teaches, with what that means, and lets it be changed.
func (v *lessonsView) kindRow(sample int64, k trainer.Kind) fyne.CanvasObject {
	choice := widgets.NewSegmented(slices.Index(kindsInOrder, k), func(i int) { v.setKind(sample, kindsInOrder[i]) },
		say("editor.content"), say("editor.manner"))
	choice.Hint = say("kind.title")
	return widgets.VStack(5, label(say("kind.title")), widgets.HStack(0, choice, widgets.Space()), widgets.Caption(kindMeans(k)).Wrapped())
}

// kindMeans says what follows from the kind of a correction.
func kindMeans(k trainer.Kind) string {
	if k == trainer.Manner {
		return say("kind.manner_means")
	}
	return say("kind.content_means")
}

func (v *lessonsView) wishDetail(s trainer.Sample) fyne.CanvasObject {
	state, word := v.mannerState(s)
	mark := state.Glyph()
	body := widgets.VStack(14,
		widgets.HStackTop(8, widgets.Grow(widgets.Section(say("manner.title")).Wrapped()), widgets.NewChip(word, &mark, state.Tone())),
		widgets.VStack(3, label(say("manner.asked")), widgets.Body(s.Prompt).Wrapped()))
	origin := say("lesson.taught", "When", moment(s.Created, v.w.now()), "N", whole(s.Importance))
	if s.Answer != "" { // else it was taught
		origin = say("lesson.corrected", "When", moment(s.Created, v.w.now()), "N", whole(s.Importance))
		body.Add(answerBlock(say("editor.until_now"), s.Answer, widgets.Missing))
	}
	body.Add(answerBlock(say("editor.better"), s.Better, widgets.Known))
	body.Add(v.kindRow(s.ID, trainer.Manner))
	body.Add(widgets.Caption(origin).Wrapped())
	foot := widgets.WrapRow(4, widgets.NewButton(say("lesson.unlearn"), nil, widgets.Ghost, func() { v.showDetail(detailUnlearn) }))
	return detailCard(body, foot)
}

// unlearnQuestion asks before feedback is deleted, which it calls by its name in the list, and says whether a training follows.
func (v *lessonsView) unlearnQuestion(sample int64, name string) fyne.CanvasObject {
	text := say("lesson.unlearn_untrained")
	if slices.Contains(v.trained, sample) {
		text = say("lesson.unlearn_text", "Version", versionName(v.w.state.Active.Number))
	}
	return widgets.VStack(0, widgets.NewNotice(widgets.Notice{
		Glyph: widgets.IconTrash, Tone: widgets.ToneError, Title: say("lesson.unlearn_title", "Lesson", brief(name, 80)), Text: text,
		Actions: []widgets.Action{
			{Label: say("lesson.unlearn_yes"), Kind: widgets.Danger, OnTapped: func() { v.unlearn(sample) }},
			{Label: say("lesson.unlearn_no"), OnTapped: func() { v.showDetail(detailShow) }},
		},
	}), widgets.Space())
}

// ask asks one lesson now, as a question of the person would be answered.
func (v *lessonsView) ask(id int64) {
	v.asking[id] = true
	if v.list != nil {
		v.fill()
	}
	v.w.work.beside(func(ctx context.Context) {
		_, err := v.w.Trainer.AskLesson(ctx, id)
		fyne.Do(func() {
			delete(v.asking, id)
			if !errors.Is(err, trainer.ErrNotFound) { // taken back meanwhile
				v.w.failed(err)
			}
			v.refresh()
		})
	})
}

// askNew asks the lesson that a sample has just made, so that it is seen at once whether it sits.
func (v *lessonsView) askNew(s trainer.Sample) {
	if s.Kind != trainer.Knowledge || s.State == trainer.SampleRejected || v.w.model.blocks() != "" {
		return
	}
	queued(v.w.work, v.w.Trainer.Lessons, func(all []trainer.LessonView, err error) {
		if i := slices.IndexFunc(all, func(l trainer.LessonView) bool { return l.Sample == s.ID }); err == nil && i >= 0 {
			v.ask(all[i].ID)
		}
	})
}

// practise makes a lesson weigh more and trains.
func (v *lessonsView) practise(id int64) {
	queued(v.w.work, func(ctx context.Context) (trainer.Practised, error) {
		return v.w.Trainer.Practise(ctx, id)
	}, func(_ trainer.Practised, err error) {
		v.w.failed(err)
		if err == nil {
			words := say("lesson.practising")
			if why, rests := v.w.rests(); rests {
				words = say("lesson.practised_later", "Why", why)
			}
			v.w.snackbar.Say(words, say("place.learning"), func() { v.w.show(placeLearning) })
		}
		v.refresh()
	})
}

// setKind says anew whether a correction is about one answer or about all, shows it in the list where it is now, and offers
// the way back.
func (v *lessonsView) setKind(sample int64, k trainer.Kind) {
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.SetKind(ctx, sample, k)
	}, func(_ none, err error) {
		v.w.failed(err)
		v.detail = detailShow
		if err == nil {
			v.w.chat.kindChanged(sample, k)
			words, back := say("kind.now_content"), trainer.Manner
			v.filter, v.wanted = filterAll, sample
			v.askNew(trainer.Sample{ID: sample, Kind: k})
			if k == trainer.Manner {
				words, back = say("kind.now_manner"), trainer.Knowledge
				if why, rests := v.w.rests(); rests {
					words = say("kind.now_manner_later", "Why", why)
				}
				v.filter, v.chosen, v.wanted = filterManner, sample, 0
			}
			v.choice.SetOn(int(v.filter))
			undo := v.w.undoable(func() { v.setKind(sample, back) })
			v.w.snackbar.Say(words, say("undo"), undo.run)
		}
		v.refresh()
	})
}
