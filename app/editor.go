package app

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// proposeAfter is how long after the last key the change is compared and judged.
const proposeAfter = 150 * time.Millisecond

// editor is where a person says what is better: it corrects an answer in its place, or teaches a question with its answer.
type editor struct {
	w       *window
	name    string // in window.unsaved
	content fyne.CanvasObject
	message int64              // that is corrected; 0: teaching
	given   string             // the answer so far; "" when teaching
	asked   string             // the question that teaching began with
	stored  trainer.Correction // what was saved last, so that saving it again is no change; the zero one: nothing was

	question *widgets.Editor // teaching only
	better   *widgets.Editor
	change   *widgets.Diff
	kinds    *widgets.Segmented
	means    *widgets.Text   // what the kind means
	lesson   *fyne.Container // what makes it a lesson: shown for knowledge only
	shows    *widgets.Text   // above the keywords: how many of them count
	keywords *widgets.Keywords
	save     *widgets.Button
	pace     *widgets.Pace

	said
	saving bool

	onSave func(kind trainer.Kind, better string, words [][]string)
	onStop func() // closes it and forgets what was written
}

// kindsInOrder is how the editor offers what a correction is about.
var kindsInOrder = []trainer.Kind{trainer.Knowledge, trainer.Manner}

// newCorrection edits the answer e from what stands on it; saved gets what was kept.
func newCorrection(w *window, e trainer.Entry, stored trainer.Correction, saved func(trainer.Sample, string), closed func()) *editor {
	d := &editor{w: w, name: ofCorrection(e.ID), message: e.ID, given: e.Text, stored: stored, said: said{
		kind: cmp.Or(stored.Kind, trainer.Knowledge), kindChosen: stored.Kind != "", importance: cmp.Or(stored.Importance, usualImportance),
		words: stored.Keywords, wordsChosen: stored.Keywords != nil,
	}}
	d.onStop = func() { closed(); d.forget() }
	d.onSave = func(kind trainer.Kind, better string, words [][]string) {
		c := trainer.Correction{Message: e.ID, Better: better, Kind: kind, Importance: d.importance, Keywords: words}
		queued(w.work, func(ctx context.Context) (trainer.Sample, error) {
			return w.Trainer.Correct(ctx, c)
		}, func(s trainer.Sample, err error) {
			if d.saving = false; err != nil {
				d.check()
				w.failed(err)
				return
			}
			saved(s, better)
			d.forget()
		})
	}
	d.build(say("editor.correct_title"), widgets.IconPencil, d.begin(unsaved{better: cmp.Or(stored.Better, e.Text)}))
	return d
}

// newTeaching edits a new lesson; name is its own in window.unsaved, asked a question to begin with.
// What is saved comes with the lesson as it was before, if it was taught before; else with the zero one.
func newTeaching(w *window, name, asked string, saved func(s trainer.Sample, before trainer.Teaching), closed func()) *editor {
	d := &editor{w: w, name: name, asked: asked, said: said{kind: trainer.Knowledge, kindChosen: true, importance: usualImportance}}
	d.onStop = func() { closed(); d.forget() }
	d.question = w.newEditor(say("editor.question_hint"), nil)
	d.question.MinRows, d.question.MaxRows = 1, 4
	start := d.begin(unsaved{question: asked})
	d.question.SetText(start.question)
	d.onSave = func(kind trainer.Kind, better string, words [][]string) {
		t := trainer.Teaching{Question: strings.TrimSpace(d.question.Text), Answer: better, Kind: kind, Importance: d.importance, Keywords: words}
		if t.Keywords == nil {
			t.Keywords = [][]string{} // the person sees that there are none
		}
		var before trainer.Teaching
		queued(w.work, func(ctx context.Context) (s trainer.Sample, err error) {
			if before, err = w.Trainer.Taught(ctx, t); err != nil {
				return s, err
			}
			return w.Trainer.Teach(ctx, t)
		}, func(s trainer.Sample, err error) {
			if d.saving = false; err != nil {
				d.check()
				w.failed(err)
				return
			}
			saved(s, before)
			d.forget()
		})
	}
	d.build(say("editor.teach_title"), widgets.IconBulb, start)
	return d
}

// teachBack saves a lesson again as it was.
func (w *window) teachBack(before trainer.Teaching, done func()) {
	queued(w.work, func(ctx context.Context) (trainer.Sample, error) {
		return w.Trainer.Teach(ctx, before)
	}, func(_ trainer.Sample, err error) {
		w.failed(err)
		done()
	})
}

// begin is what the editor begins with: what was left in it unsaved, else start, in which what is said of the answer does not count.
func (d *editor) begin(start unsaved) unsaved {
	if left, ok := d.w.unsaved[d.name]; ok {
		d.said = left.said
		return left
	}
	return start
}

// keep puts by what was written, for the next time that the editor is opened.
func (d *editor) keep() {
	if d.keywords.Commit(); !d.differs() {
		d.forget()
		return
	}
	left := unsaved{said: d.said, better: d.better.Text}
	if d.question != nil {
		left.question = d.question.Text
	}
	d.w.unsaved[d.name] = left
}

// forget drops what was put by.
func (d *editor) forget() { delete(d.w.unsaved, d.name) }

func (d *editor) build(title string, glyph widgets.Glyph, start unsaved) {
	d.better = d.w.newEditor(say("editor.answer_hint"), nil)
	d.better.MinRows, d.better.MaxRows = 2, 12
	d.better.SetText(start.better)
	for _, e := range []*widgets.Editor{d.better, d.question} {
		if e != nil {
			e.OnChanged = func(string) { d.check(); d.pace.Ask() }
			e.OnSubmit = d.submit
			e.OnEscape = d.onStop
		}
	}
	d.change = widgets.NewDiff(widgets.TextBody)
	d.change.Sign = changeSpoken
	d.pace = widgets.NewPace(proposeAfter, d.propose)
	d.keywords = widgets.NewKeywords(flat(d.words), widgets.KeywordWords{Add: say("keywords.hint"), Remove: removeKeyword}, func(words []string) {
		d.wordsChosen, d.words = true, groups(words)
		d.showCheck()
		d.check()
	})
	d.keywords.OnTyping = d.check
	d.save = widgets.NewButton(say("editor.save"), nil, widgets.Primary, d.submit)

	body := widgets.VStack(11, widgets.HStack(8, widgets.NewIcon(glyph, 18, widgets.ColorPrimary), widgets.Grow(widgets.Section(title)),
		widgets.NewIconButton(widgets.IconCross, say("close"), d.onStop)))
	if d.question != nil {
		body.Add(widgets.VStack(6, label(say("editor.question")), d.question))
		body.Add(widgets.VStack(6, label(say("editor.answer")), d.better))
	} else {
		body.Add(widgets.VStack(5, label(say("editor.until_now")), widgets.Muted(d.given).Wrapped()))
		body.Add(widgets.VStack(6, label(say("editor.better")), d.better))
		body.Add(widgets.VStack(4, label(say("editor.change")), d.change))
		d.kinds = widgets.NewSegmented(d.kindIndex(), func(i int) {
			d.kind, d.kindChosen = kindsInOrder[i], true
			d.showKind()
			d.check()
		}, say("editor.content"), say("editor.manner"))
	}
	importance := widgets.VStack(6, label(say("editor.importance")), widgets.NewImportance(d.importance, importanceWords(), func(n int) {
		d.importance = n
		d.check()
	}))
	if d.kinds != nil {
		d.kinds.Hint = say("editor.what_or_how")
		d.means = widgets.Caption("").Wrapped()
		body.Add(widgets.WrapRow(24, widgets.VStack(6, label(say("editor.what_or_how")), d.kinds), widgets.Sized(importanceWidth, 0, importance)))
		body.Add(d.means)
	} else {
		body.Add(importance)
	}
	d.shows = label("").Wrapped()
	d.lesson = widgets.VStack(6, d.shows, d.keywords)
	body.Add(d.lesson)
	body.Add(widgets.Rule())
	foot := widgets.HStack(8, widgets.Space(), widgets.NewButton(say("cancel"), nil, widgets.Ghost, d.onStop), d.save)
	if d.message != 0 && !d.w.narrow { // there is room beside the buttons
		foot.Objects[0] = widgets.Grow(widgets.Caption(say("editor.hint", "Key", modifierName())).Cutting())
	}
	body.Add(foot)
	ground := widgets.NewBox(widgets.ColorSurface, widgets.ColorPrimary, widgets.RadiusCard)
	ground.Shadow = 14
	d.content = widgets.Layers(ground, widgets.Pad(body, 14, 20, 12, 20))
	d.showCheck()
	d.showKind()
	d.check()
	d.propose()
}

// showCheck says which of the keywords count: all that a person chose, half of those that were only proposed.
func (d *editor) showCheck() {
	key := "editor.lesson_half"
	switch {
	case len(d.words) > 0:
		key = "editor.lesson"
	case d.wordsChosen || d.message == 0:
		key = "editor.lesson_free"
	}
	d.shows.SetText(say(key))
}

// usualImportance is the grade that feedback has unless a person chooses another one.
const usualImportance = 3

// mostImportance is the highest grade.
const mostImportance = 5

// importanceWidth has room for the five grades and the longest name of one.
const importanceWidth = 300

// importanceWords name the five grades of importance.
func importanceWords() [5]string {
	return [5]string{say("importance.1"), say("importance.2"), say("importance.3"), say("importance.4"), say("importance.5")}
}

// modifierName is what the platform's own modifier is called on the keyboard.
func modifierName() string {
	if runtime.GOOS == "darwin" {
		return "⌘"
	}
	return say("keys.control")
}

func (d *editor) kindIndex() int {
	if d.kind == trainer.Manner {
		return 1
	}
	return 0
}

func (d *editor) showKind() {
	if d.kinds != nil {
		d.kinds.SetOn(d.kindIndex())
		d.means.SetText(kindMeans(d.kind))
	}
	if d.kind == trainer.Knowledge {
		d.lesson.Show()
	} else {
		d.lesson.Hide()
	}
	d.resized()
}

// check lets save only what says something new.
func (d *editor) check() {
	ok := d.differs() && !d.saving
	if d.question != nil {
		ok = ok && strings.TrimSpace(d.better.Text) != "" && strings.TrimSpace(d.question.Text) != ""
	}
	if ok {
		d.save.Enable()
	} else {
		d.save.Disable()
	}
}

// differs says whether something is written that is not saved.
func (d *editor) differs() bool {
	better := strings.TrimSpace(d.better.Text)
	if d.question != nil {
		return better != "" || strings.TrimSpace(d.question.Text) != strings.TrimSpace(d.asked)
	}
	return better != "" && better != strings.TrimSpace(d.given) && d.changed(better)
}

// changed says whether saving would keep anything else than stands on the answer.
func (d *editor) changed(better string) bool {
	if better != strings.TrimSpace(d.stored.Better) || d.kind != d.stored.Kind || d.importance != d.stored.Importance {
		return true
	}
	return d.kind == trainer.Knowledge && (d.keywords.Typing() != "" || !slices.EqualFunc(d.words, d.stored.Keywords, slices.Equal))
}

// propose compares the two answers and asks what kind of change it is, unless the person has said so.
func (d *editor) propose() {
	better := d.better.Text
	if d.message == 0 {
		return
	}
	d.change.Set(widgets.DiffWords(d.given, better)...)
	d.resized()
	if strings.TrimSpace(better) == strings.TrimSpace(d.given) {
		return
	}
	queued(d.w.work, func(ctx context.Context) (trainer.Proposal, error) {
		return d.w.Trainer.Propose(ctx, d.message, better)
	}, func(p trainer.Proposal, err error) {
		if err != nil || better != d.better.Text {
			return // nothing is lost: the person says it, or a newer proposal is on its way
		}
		if !d.kindChosen {
			d.kind = p.Kind
		}
		if !d.wordsChosen {
			d.words = nil // by default the check follows the answer
			d.keywords.Set(asWritten(flat(p.Keywords), better))
			d.showCheck()
		}
		d.showKind()
	})
}

func (d *editor) submit() {
	if d.kind == trainer.Knowledge {
		d.keywords.Commit()
	}
	d.check()
	if d.save.Disabled() {
		return
	}
	d.saving = true
	d.save.Disable()
	var words [][]string
	if d.wordsChosen && d.kind == trainer.Knowledge {
		words = d.words
	}
	d.onSave(d.kind, strings.TrimSpace(d.better.Text), words)
}

// focus puts the cursor where writing begins.
func (d *editor) focus() {
	target := d.better
	if d.question != nil && d.question.Text == "" {
		target = d.question
	}
	d.w.frame.Canvas().Focus(target)
}

func (d *editor) stop() { d.pace.Stop() }

// resized tells the row around the editor that its height may have changed.
func (d *editor) resized() {
	if d.content == nil {
		return
	}
	d.content.Refresh()
	if v := d.w.chat; v.editor == d && v.feed != nil {
		v.feed.Resized(v.editing)
		v.placeEditor()
	}
}

// changeSpoken says a word of a comparison with what became of it.
func changeSpoken(word string, c widgets.Change) string {
	if c == widgets.Removed {
		return say("editor.removed", "Word", word)
	}
	return say("editor.added", "Word", word)
}

// removeKeyword is the spoken name of the way to take a keyword away.
func removeKeyword(word string) string { return say("keywords.remove", "Word", word) }

// asWritten gives proposed keywords, which are in lower case, the letters that they have in the answer.
func asWritten(words []string, answer string) []string {
	lower := strings.ToLower(answer)
	for i, w := range words {
		if at := strings.Index(lower, w); at >= 0 && len(lower) == len(answer) {
			words[i] = answer[at : at+len(w)]
		}
	}
	return words
}

// either separates the words of a group of which one is enough.
const either = " | "

// flat writes each group of keywords as one text.
func flat(keywords [][]string) []string {
	out := make([]string, 0, len(keywords))
	for _, g := range keywords {
		out = append(out, strings.Join(g, either))
	}
	return out
}

// groups reads them back.
func groups(words []string) [][]string {
	var out [][]string
	for _, w := range words {
		var g []string
		for _, x := range strings.Split(w, "|") {
			if x = strings.TrimSpace(x); x != "" {
				g = append(g, x)
			}
		}
		if g != nil {
			out = append(out, g)
		}
	}
	return out
}
