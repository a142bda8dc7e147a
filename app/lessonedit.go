package app

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// lessonEdit is the wanted answer and the check of a lesson while they are being changed.
type lessonEdit struct {
	v       *lessonsView
	lesson  trainer.LessonView
	answer  *widgets.Editor
	keys    *widgets.Keywords
	words   [][]string
	chosen  bool // the words, by the person
	able    *widgets.Button
	saving  bool
	content fyne.CanvasObject
}

// startEdit opens the chosen lesson for changes, with the cursor in its answer.
func (v *lessonsView) startEdit() {
	v.showDetail(detailEdit)
	v.w.frame.Canvas().Focus(v.edit.answer)
}

// newLessonEdit opens a lesson for changes, with those that were left unsaved.
func newLessonEdit(v *lessonsView, l trainer.LessonView) *lessonEdit {
	e := &lessonEdit{v: v, lesson: l, words: l.Keywords}
	text := l.Answer
	if left, ok := v.w.unsaved[ofLesson(l.ID)]; ok {
		text = left.better
		if left.wordsChosen {
			e.words, e.chosen = left.words, true
		}
	}
	e.able = widgets.NewButton(say("save"), nil, widgets.Primary, e.save)
	e.answer = v.w.newEditor(say("editor.answer_hint"), func(string) { e.check() })
	e.answer.MinRows, e.answer.MaxRows = 2, 10
	e.answer.SetText(text)
	e.answer.OnSubmit, e.answer.OnEscape = e.save, e.cancel
	e.keys = widgets.NewKeywords(flat(e.words), widgets.KeywordWords{Add: say("keywords.hint"), Remove: removeKeyword}, func(all []string) {
		e.words, e.chosen = groups(all), true
	})
	body := widgets.VStack(14, widgets.Section(brief(l.Question, 300)).Wrapped(),
		widgets.VStack(6, label(say("editor.answer")), e.answer),
		widgets.VStack(6, label(say("lesson.check")), e.keys, widgets.Caption(say("keywords.either")).Wrapped()))
	foot := widgets.WrapRow(4, e.able, widgets.NewButton(say("cancel"), nil, widgets.Ghost, e.cancel))
	e.content = detailCard(body, foot)
	return e
}

// check lets save what has an answer, once: a new answer takes the lesson's place.
func (e *lessonEdit) check() {
	if strings.TrimSpace(e.answer.Text) == "" || e.saving {
		e.able.Disable()
	} else {
		e.able.Enable()
	}
}

// save keeps the changes.
func (e *lessonEdit) save() {
	text := strings.TrimSpace(e.answer.Text)
	if text == "" || e.saving {
		return
	}
	e.saving = true
	e.check()
	e.keys.Commit()
	v, l, words, chosen := e.v, e.lesson, e.words, e.chosen
	queued(v.w.work, func(ctx context.Context) (none, error) {
		if chosen { // first: a new answer makes a new lesson, which takes the check over
			if err := v.w.Trainer.SetKeywords(ctx, l.ID, words); err != nil {
				return none{}, err
			}
		}
		if text != l.Answer {
			return none{}, v.w.Trainer.SetAnswer(ctx, l.ID, text)
		}
		return none{}, nil
	}, func(_ none, err error) {
		e.saving = false
		e.check()
		v.w.failed(err)
		if err == nil {
			if v.edit == e {
				v.edit, v.detail = nil, detailShow
			}
			if text != l.Answer { // a sample of its own has taken the place of the lesson's
				v.w.chat.tookBack(l.Sample)
			}
			delete(v.w.unsaved, ofLesson(l.ID))
		}
		v.refresh()
	})
}

// cancel closes it and forgets the changes.
func (e *lessonEdit) cancel() {
	e.v.showDetail(detailShow)
	delete(e.v.w.unsaved, ofLesson(e.lesson.ID))
}

// keep puts the changes by, for the next time that the lesson is opened.
func (e *lessonEdit) keep() {
	text := strings.TrimSpace(e.answer.Text)
	if e.keys.Commit(); text == "" || text == e.lesson.Answer && !e.chosen {
		delete(e.v.w.unsaved, ofLesson(e.lesson.ID))
		return
	}
	e.v.w.unsaved[ofLesson(e.lesson.ID)] = unsaved{said: said{words: e.words, wordsChosen: e.chosen}, better: e.answer.Text}
}
