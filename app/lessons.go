package app

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// lessonFilter is which part of what was taught the list shows.
type lessonFilter int

const (
	filterAll lessonFilter = iota
	filterKnown
	filterMissing
	filterLost
	filterManner
)

// lessonsView is the proof that it learns: every lesson with what became of it, and the wishes about manner.
type lessonsView struct {
	w       *window
	lessons []trainer.LessonView
	manner  []trainer.Sample // corrections of manner, the newest first
	against []trainer.Contradiction
	trained []int64 // the samples that the version in use was trained on
	filter  lessonFilter
	chosen  int64 // a lesson, or with filterManner a sample; 0: none
	wanted  int64 // the sample whose lesson is to be chosen once it is read; 0: none
	detail  detail
	editor  *editor     // while detail is detailTeach
	edit    *lessonEdit // while it is detailEdit
	asking  map[int64]bool
	going   map[int64]bool // the samples that are being deleted, until what is left is read
	read    bool           // lessons and manner were read
	unread  error          // why they could not be read so far

	summary *fyne.Container
	notice  *fyne.Container // the newest contradiction, while there is one
	choice  *widgets.Segmented
	list    *widgets.Feed
	pane    *fyne.Container
	page    *fyne.Container // narrow: list or pane
	listed  *fyne.Container // the list with what stands above it
	root    *fyne.Container // all of them
}

// detail is what the pane beside the list shows of the chosen lesson.
type detail int

const (
	detailShow detail = iota
	detailEdit
	detailUnlearn
	detailTeach
	detailContradiction
)

func newLessonsView(w *window) *lessonsView {
	return &lessonsView{w: w, asking: map[int64]bool{}, going: map[int64]bool{}}
}

func (v *lessonsView) build() fyne.CanvasObject {
	v.summary, v.notice = widgets.VStack(0), widgets.VStack(0)
	v.choice = widgets.NewSegmented(int(v.filter), func(i int) {
		v.filter, v.detail = lessonFilter(i), detailShow
		v.choose(v.first())
	}, v.filterNames()...)
	v.list = widgets.NewFeed("", v.row)
	v.list.Gap, v.list.Margin, v.list.FromTop = 2, 0, true
	v.pane = widgets.VStack(0)
	if v.w.tight {
		return v.buildNarrow()
	}
	ask := widgets.NewButton(say("lessons.ask_all"), &widgets.IconAgain, widgets.Secondary, v.askAll)
	add := widgets.NewButton(say("lessons.new"), &widgets.IconPlus, widgets.Primary, v.teach)
	head := widgets.Header(say("place.lessons"), say("lessons.about"), ask, add)
	filter := widgets.HStack(8, v.choice, widgets.Space(), widgets.Caption(say("lessons.trail")))
	left := widgets.Card(widgets.VStack(8, widgets.Pad(filter, 0, 6, 0, 2), widgets.Grow(v.list)), 12, 10, 8, 10)
	v.listed = widgets.VStack(12, head, v.summary, v.notice,
		widgets.Grow(widgets.HStackFill(12, widgets.GrowBy(1.5, left), widgets.GrowBy(1, v.pane))))
	v.root = v.listed
	v.fill()
	return widgets.Pad(v.listed, 16, 24, 12, 24)
}

func (v *lessonsView) buildNarrow() fyne.CanvasObject {
	head := widgets.HStack(4, widgets.Grow(widgets.NewText(say("place.lessons"), widgets.TextHeading, widgets.ColorText).Bold()),
		widgets.NewIconButton(widgets.IconAgain, say("lessons.ask_all"), v.askAll), widgets.NewIconButton(widgets.IconPlus, say("lessons.new"), v.teach))
	v.listed = widgets.VStack(0, widgets.Sized(0, 50, widgets.Pad(head, 0, 8, 0, 16)),
		widgets.Pad(v.summary, 4, 12, 8, 12), v.notice, widgets.Pad(widgets.HStack(0, v.choice, widgets.Space()), 0, 12, 8, 12),
		widgets.Grow(widgets.Pad(widgets.Card(v.list, 2, 4), 0, 12, 10, 12)))
	v.page = widgets.Layers(v.listed)
	v.root = v.page
	v.fill()
	return v.page
}

func (v *lessonsView) open() {
	v.refresh()
}

func (v *lessonsView) heard(news []trainer.News) {
	for _, n := range news {
		switch n.Kind {
		case trainer.NewsLessons, trainer.NewsSamples, trainer.NewsContradiction, trainer.NewsActivated, trainer.NewsRolledBack, trainer.NewsCycleEnded:
			if v.w.place == placeLessons {
				v.refresh()
			}
			return
		}
	}
}

func (v *lessonsView) escape() bool {
	switch {
	case v.detail == detailShow:
		return false
	case v.editor != nil:
		v.editor.onStop()
	case v.edit != nil:
		v.edit.cancel()
	default:
		v.showDetail(detailShow)
	}
	return true
}

// taught is what the view reads.
type taught struct {
	lessons []trainer.LessonView
	manner  []trainer.Sample
	against []trainer.Contradiction
	trained []int64
}

func (v *lessonsView) refresh() {
	queued(v.w.work, func(ctx context.Context) (t taught, err error) {
		if t.lessons, err = v.w.Trainer.Lessons(ctx); err != nil {
			return t, err
		}
		if t.against, err = v.w.Trainer.Contradictions(ctx); err != nil {
			return t, err
		}
		if t.trained, err = v.w.Trainer.TrainedOn(ctx); err != nil {
			return t, err
		}
		t.manner, err = v.w.Trainer.Samples(ctx, trainer.SampleQuery{
			Forms: []trainer.Form{trainer.FormCorrection}, Kinds: []trainer.Kind{trainer.Manner}, NewestFirst: true,
		})
		return t, err
	}, func(t taught, err error) {
		if err != nil && v.read {
			v.w.failed(err)
			return
		}
		v.read, v.unread = err == nil, err
		v.lessons, v.manner, v.against, v.trained = t.lessons, t.manner, t.against, t.trained
		if v.detail == detailContradiction && len(v.against) == 0 {
			v.detail = detailShow
		}
		if v.list == nil {
			return
		}
		if i := slices.IndexFunc(v.lessons, func(l trainer.LessonView) bool { return l.Sample == v.wanted }); i >= 0 {
			v.chosen, v.wanted = v.lessons[i].ID, 0
		}
		if !v.holds() {
			v.chosen, v.detail = v.first(), detailShow
		}
		v.fill()
	})
}

// holds says whether the pane may go on showing what it shows. A lesson that has left the filter stays while it is edited or
// something is asked about it: a list that changes behind that puts no other one in its place.
func (v *lessonsView) holds() bool {
	if v.detail == detailTeach || v.w.tight || slices.Contains(v.ids(), v.chosen) {
		return true
	}
	return v.detail != detailShow && v.filter != filterManner &&
		slices.ContainsFunc(v.lessons, func(l trainer.LessonView) bool { return l.ID == v.chosen })
}

// reveal shows the lesson that an answer used, wherever the person is: where its answer was changed since, the one that has taken its
// place; where it is gone, that is said.
func (v *lessonsView) reveal(lesson int64, question string) {
	v.filter, v.chosen, v.detail = filterAll, lesson, detailShow
	v.w.show(placeLessons) // reads the lessons
	v.choice.SetOn(int(v.filter))
	queued(v.w.work, func(context.Context) (none, error) { return none{}, nil }, func(none, error) {
		at := slices.IndexFunc(v.lessons, func(l trainer.LessonView) bool { return l.ID == lesson })
		if at < 0 {
			at = slices.IndexFunc(v.lessons, func(l trainer.LessonView) bool { return l.Question == question })
		}
		if at < 0 {
			if v.read {
				v.choose(v.first())
				v.w.snackbar.Say(say("lesson.gone"), "", nil)
			}
			return
		}
		v.choose(v.lessons[at].ID)
		v.list.Reveal(v.lessons[at].ID)
	})
}

// fill shows what the view knows.
func (v *lessonsView) fill() { v.w.renew(v.root, v.fillAll) }

func (v *lessonsView) fillAll() {
	v.showSummary()
	v.showContradiction()
	v.listed.Refresh() // they take room from the list, or give it back
	v.choice.SetNames(v.filterNames()...)
	v.list.SetIDs(v.ids())
	v.list.Renew()
	v.showDetail(v.detail)
}

// shows says whether a lesson belongs to the filter.
func (f lessonFilter) shows(s trainer.LessonState) bool {
	switch f {
	case filterKnown:
		return s == trainer.LessonKnown
	case filterMissing:
		return s == trainer.LessonMissed || s == trainer.LessonNew
	case filterLost:
		return s == trainer.LessonLost
	case filterManner:
		return false
	}
	return true
}

func (v *lessonsView) ids() []int64 {
	var ids []int64
	if v.filter == filterManner {
		for _, s := range v.manner {
			ids = append(ids, s.ID)
		}
		return ids
	}
	for _, l := range v.lessons {
		if v.filter.shows(l.State) {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

func (v *lessonsView) first() int64 {
	if ids := v.ids(); len(ids) > 0 && !v.w.tight {
		return ids[0]
	}
	return 0
}

func (v *lessonsView) counts() (c trainer.LessonCounts) {
	for _, l := range v.lessons {
		switch l.State {
		case trainer.LessonKnown:
			c.Known++
		case trainer.LessonMissed:
			c.Missed++
		case trainer.LessonLost:
			c.Lost++
		default:
			c.New++
		}
	}
	return c
}

func (v *lessonsView) filterNames() []string {
	if v.w.tight {
		return []string{say("lessons.all_short"), say("lessons.known_short"), say("lessons.missing_short"), say("lessons.lost_short"), say("lessons.manner_short")}
	}
	c := v.counts()
	return []string{
		say("lessons.all", "N", whole(c.Total())), say("lessons.known", "N", whole(c.Known)), say("lessons.missing", "N", whole(c.Missed+c.New)),
		say("lessons.lost", "N", whole(c.Lost)), say("lessons.manner", "N", whole(len(v.manner))),
	}
}

func (v *lessonsView) showSummary() {
	c := v.counts()
	if v.summary.Hidden = c.Total() == 0; v.summary.Hidden {
		v.summary.RemoveAll()
		return
	}
	parts := widgets.NewParts(10, widgets.Part{N: c.Known, Color: widgets.ColorKnown}, widgets.Part{N: c.Missed, Color: widgets.ColorMissing},
		widgets.Part{N: c.Lost, Color: widgets.ColorLost}, widgets.Part{N: c.New, Color: widgets.ColorTrack})
	parts.Sentence = say("lessons.counts", "Known", whole(c.Known), "Missed", whole(c.Missed), "Lost", whole(c.Lost), "New", whole(c.New))
	var card fyne.CanvasObject
	if v.w.tight {
		n := func(k int, name string, s widgets.State) fyne.CanvasObject {
			return widgets.Grow(widgets.HStack(8, widgets.Badge(s, 26), widgets.VStack(0, widgets.NewText(whole(k), widgets.TextTitle, widgets.ColorText).Bold(), widgets.Caption(name))))
		}
		parts.H = 8
		card = widgets.Card(widgets.VStack(12, widgets.HStack(0, n(c.Known, say("summary.known"), widgets.Known), n(c.Missed+c.New, say("summary.missing"), widgets.Missing),
			n(c.Lost, say("summary.lost_short"), widgets.Lost)), parts), 14, 16)
	} else {
		n := func(k int, name string, s widgets.State) fyne.CanvasObject {
			return widgets.HStack(10, widgets.Badge(s, 28), widgets.NewText(whole(k), widgets.TextFigure, widgets.ColorText).Bold(), widgets.Muted(name))
		}
		row := widgets.HStack(28, n(c.Known, say("summary.known"), widgets.Known), n(c.Missed, say("summary.missing"), widgets.Missing),
			n(c.Lost, say("summary.lost"), widgets.Lost), n(c.New, say("summary.new"), widgets.Unasked), widgets.Space())
		if at, cycle := v.lastAsked(); !at.IsZero() {
			last := widgets.VStack(0, widgets.Caption(say("lessons.asked_last", "When", moment(at, v.w.now()))).Right())
			if cycle != 0 {
				last.Add(widgets.Caption(say("lessons.after_cycle", "N", whole(int(cycle)))).Right())
			}
			row.Add(last)
		}
		card = widgets.Card(widgets.VStack(12, row, parts), 14, 18, 16, 18)
	}
	v.summary.Objects = []fyne.CanvasObject{card}
	v.summary.Refresh()
}

// lastAsked is when a lesson was asked last, and by which cycle.
func (v *lessonsView) lastAsked() (at time.Time, cycle int64) {
	for _, l := range v.lessons {
		if n := len(l.Trail); n > 0 && l.Trail[n-1].Created.After(at) {
			at, cycle = l.Trail[n-1].Created, l.Trail[n-1].Cycle
		}
	}
	return at, cycle
}

// outcome shows the state of a lesson as a shape and a word.
func outcome(s trainer.LessonState) (widgets.State, string) {
	switch s {
	case trainer.LessonKnown:
		return widgets.Known, say("state.known")
	case trainer.LessonMissed:
		return widgets.Missing, say("state.missing")
	case trainer.LessonLost:
		return widgets.Lost, say("state.lost")
	}
	return widgets.Unasked, say("state.new")
}

// trail draws the last results of a lesson and says them in a sentence.
func trail(results []trainer.LessonResult) *widgets.Trail {
	states := make([]widgets.State, 0, len(results))
	known := 0
	for _, r := range results {
		s, _ := outcome(r.Outcome)
		states = append(states, s)
		if s == widgets.Known {
			known++
		}
	}
	t := widgets.NewTrail(states...)
	t.Sentence = sayN("lessons.trail_sentence", len(results), "Known", whole(known))
	return t
}

func (v *lessonsView) row(id int64) fyne.CanvasObject {
	var line fyne.CanvasObject
	hint := ""
	if v.filter == filterManner {
		i := slices.IndexFunc(v.manner, func(s trainer.Sample) bool { return s.ID == id })
		if i < 0 {
			return widgets.Space()
		}
		line, hint = v.mannerLine(v.manner[i]), v.manner[i].Better
	} else {
		i := slices.IndexFunc(v.lessons, func(l trainer.LessonView) bool { return l.ID == id })
		if i < 0 {
			return widgets.Space()
		}
		line, hint = v.lessonLine(v.lessons[i]), v.lessons[i].Question
	}
	row := widgets.NewRow(widgets.Pad(line, 0, 12), 50, func() { v.choose(id) })
	row.Selected = id == v.chosen && !v.w.tight
	row.Hint = hint
	return row
}

func (v *lessonsView) lessonLine(l trainer.LessonView) fyne.CanvasObject {
	state, word := outcome(l.State)
	if v.asking[l.ID] {
		word = say("state.asking")
	}
	words := widgets.VStack(1, widgets.Strong(brief(l.Question, 200)).Cutting(), widgets.Caption(brief(l.Answer, 200)).Cutting())
	tone := state.Tone()
	if _, ok := v.contradicted(l.ID); ok {
		word, tone = say("contradiction.mark"), widgets.ToneWarning
	}
	name := widgets.Caption(word).In(tone.Ink()).Right()
	if v.w.tight {
		return widgets.HStack(12, widgets.Badge(state, 28), widgets.Grow(words), widgets.VStack(2, trail(l.Trail), name))
	}
	return widgets.HStack(12, widgets.Badge(state, 26), widgets.Grow(words), widgets.Sized(112, 0, name), trail(l.Trail))
}

func (v *lessonsView) mannerLine(s trainer.Sample) fyne.CanvasObject {
	state, word := v.mannerState(s)
	words := widgets.VStack(1, widgets.Strong(brief(s.Better, 200)).Cutting(), widgets.Caption(brief(s.Prompt, 200)).Cutting())
	return widgets.HStack(12, widgets.Badge(state, 26), widgets.Grow(words), widgets.Caption(word).In(state.Tone().Ink()))
}

// mannerState says whether the version that answers was trained on a wish about manner.
func (v *lessonsView) mannerState(s trainer.Sample) (widgets.State, string) {
	switch s.State {
	case trainer.SampleUsed:
		if slices.Contains(v.trained, s.ID) {
			return widgets.Known, say("manner.used")
		}
		return widgets.Missing, say("manner.unused") // the version was turned down, or another one answers
	case trainer.SampleRejected:
		return widgets.Missing, because(s.Reason)
	}
	return widgets.Unasked, say("manner.new")
}

// choose shows one lesson or wish beside the list.
func (v *lessonsView) choose(id int64) {
	v.chosen, v.detail = id, detailShow
	v.fill()
}

// askAll lets all lessons be asked, which waits as long as learning rests.
func (v *lessonsView) askAll() {
	v.w.Trainer.AskLessons()
	words := say("lessons.asking_all")
	if why, rests := v.w.rests(); rests {
		words = say("lessons.asked_later", "Why", why)
	}
	v.w.snackbar.Say(words, "", nil)
}

// teach opens the editor for a new lesson.
func (v *lessonsView) teach() {
	v.w.show(placeLessons)
	if v.editor != nil { // one is begun already
		v.editor.focus()
		return
	}
	v.editor = newTeaching(v.w, ofNewLesson, "", func(s trainer.Sample, before trainer.Teaching) {
		v.w.kept()
		undo := v.w.undoable(func() {
			if before.Question != "" { // it was there already
				v.w.teachBack(before, v.refresh)
				return
			}
			v.takeBack(s.ID)
		})
		v.w.snackbar.Say(say("chat.saved_lesson"), say("undo"), undo.run)
		v.filter = filterAll
		v.choice.SetOn(int(filterAll))
		v.detail, v.editor, v.wanted = detailShow, nil, s.ID
		v.askNew(s)
		v.refresh()
	}, func() { v.showDetail(detailShow) })
	v.showDetail(detailTeach)
	v.editor.focus()
}

// takeBack undoes the giving of a sample: what it had replaced stands again.
func (v *lessonsView) takeBack(sample int64) { v.delete(sample, v.w.Trainer.TakeBack) }

// unlearn deletes a sample with all that it had replaced.
func (v *lessonsView) unlearn(sample int64) { v.delete(sample, v.w.Trainer.Forget) }

// unlearntWords say what becomes of a sample that was deleted: the version that answers may hold it until another is trained.
func (v *lessonsView) unlearntWords(sample int64) string {
	if !slices.Contains(v.trained, sample) {
		return say("lesson.unlearnt")
	}
	if why, rests := v.w.rests(); rests {
		return say("lesson.unlearnt_later", "Why", why)
	}
	return say("lesson.unlearning")
}

// delete deletes a sample, with its lesson if it has one, and offers it back for a while. Asked for once more, before it is seen to
// be gone, that is no fault.
func (v *lessonsView) delete(sample int64, how func(context.Context, int64) error) {
	if v.going[sample] {
		return
	}
	v.going[sample] = true
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, how(ctx, sample)
	}, func(_ none, err error) {
		v.w.failed(err)
		if err == nil {
			v.w.chat.tookBack(sample)
			undo := v.w.undoable(func() {
				queued(v.w.work, func(ctx context.Context) (none, error) {
					return none{}, v.w.Trainer.PutBack(ctx, sample)
				}, func(_ none, err error) {
					v.w.failed(err)
					v.refresh()
				})
			})
			v.w.snackbar.Say(v.unlearntWords(sample), say("undo"), undo.run)
		}
		v.detail = detailShow
		v.refresh()
		queued(v.w.work, func(context.Context) (none, error) { return none{}, nil }, func(none, error) { delete(v.going, sample) })
	})
}
