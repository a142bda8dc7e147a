package app

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// contradicted finds the contradiction that a lesson stands in.
func (v *lessonsView) contradicted(lesson int64) (trainer.Contradiction, bool) {
	i := slices.IndexFunc(v.against, func(c trainer.Contradiction) bool { return c.Older.ID == lesson || c.Newer.ID == lesson })
	if i < 0 {
		return trainer.Contradiction{}, false
	}
	return v.against[i], true
}

// hasRoom says whether a contradiction can stand above the list and leave it room.
func (v *lessonsView) hasRoom() bool { return !v.w.tight && !v.w.low }

// showContradiction puts the newest contradiction to the person, above the list. Where there is no room for that it
// leads to a page of its own.
func (v *lessonsView) showContradiction() {
	v.notice.RemoveAll()
	v.notice.Hidden = len(v.against) == 0
	if len(v.against) > 0 {
		if v.hasRoom() {
			v.notice.Add(v.contradictionCard(v.against[0], false))
			return
		}
		band := v.w.band(widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneWarning, Title: v.contradictionTitle(), Text: say("contradiction.text"),
			Actions: []widgets.Action{{Label: say("contradiction.look"), OnTapped: func() { v.decide(v.against[0]) }}},
		})
		if v.w.tight {
			band = widgets.Pad(band, 0, 12, 8, 12)
		}
		v.notice.Add(band)
	}
}

// moveContradiction puts it where it stands in the window's height of now.
func (v *lessonsView) moveContradiction() {
	if v.list == nil { // not built yet
		return
	}
	v.w.renew(v.root, func() {
		v.showContradiction()
		v.listed.Refresh()
		_, against := v.contradicted(v.chosen)
		if v.detail == detailContradiction && v.hasRoom() || // it stands above the list now
			v.detail == detailShow && against { // the lesson leads to it only where it does not
			v.showDetail(detailShow)
		}
	})
}

func (v *lessonsView) contradictionTitle() string {
	if n := len(v.against); n > 1 {
		return say("contradiction.title_of", "N", whole(1), "Of", whole(n))
	}
	return say("contradiction.title")
}

// decide opens the page on which a contradiction is decided. Where there is room it stands above the list already.
func (v *lessonsView) decide(c trainer.Contradiction) {
	v.chosen = c.Newer.ID
	v.showDetail(detailContradiction)
}

// contradictionCard shows two lessons that contradict each other, side by side or one below the other, each with the button that
// keeps it.
func (v *lessonsView) contradictionCard(c trainer.Contradiction, stacked bool) fyne.CanvasObject {
	side := func(title, keep string, l trainer.Lesson, r trainer.Resolution) fyne.CanvasObject {
		words := widgets.VStack(4, widgets.Caption(say(title, "When", moment(l.Created, v.w.now()))).Bold(),
			widgets.Strong(brief(l.Question, 160)).Wrapped(), widgets.Body(brief(l.Answer, 240)).Wrapped())
		return widgets.VStack(8, widgets.Grow(widgets.On(widgets.ColorWarningSoft, 9, words, 10, 12)),
			widgets.HStack(0, widgets.NewSmallButton(say(keep), &widgets.IconCheck, widgets.Secondary, func() { v.resolve(c, r) }), widgets.Space()))
	}
	older := side("contradiction.older", "contradiction.keep_older", c.Older, trainer.KeepOlder)
	newer := side("contradiction.newer", "contradiction.keep_newer", c.Newer, trainer.KeepNewer)
	both := widgets.NewSmallButton(say("contradiction.keep_both"), nil, widgets.Secondary, func() { v.resolve(c, trainer.BothRight) })
	mark := widgets.On(widgets.ColorWarningSoft, 10, widgets.NewIcon(widgets.IconAlert, 20, widgets.ToneWarning.Ink()), 9)
	words := widgets.VStack(2, widgets.Strong(v.contradictionTitle()).Wrapped(), widgets.Muted(say("contradiction.text")).Wrapped())
	if stacked {
		return widgets.Card(widgets.VStack(12, widgets.HStackTop(12, mark, widgets.Grow(words)), older, newer,
			widgets.HStack(0, both, widgets.Space()), widgets.Caption(say("contradiction.both_means")).Wrapped()), 12, 14)
	}
	foot := widgets.HStack(10, both, widgets.Grow(widgets.Caption(say("contradiction.both_means")).Wrapped()))
	return widgets.Card(widgets.VStack(12, widgets.HStackTop(14, mark, widgets.Grow(words)),
		widgets.HStackFill(12, widgets.Grow(older), widgets.Grow(newer)), foot), 12, 16)
}

// resolve does what the person says, and offers the way back.
func (v *lessonsView) resolve(c trainer.Contradiction, r trainer.Resolution) {
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.Resolve(ctx, c, r)
	}, func(_ none, err error) {
		v.w.failed(err)
		if err == nil {
			switch r { // the thanks for it end with it
			case trainer.KeepNewer:
				v.w.chat.tookBack(c.Older.Sample)
			case trainer.KeepOlder:
				v.w.chat.tookBack(c.Newer.Sample)
			}
			undo := v.w.undoable(func() { v.reopen(c, r) })
			v.w.snackbar.Say(say(resolvedKeys[r]), say("undo"), undo.run)
		}
		v.detail = detailShow
		v.refresh()
	})
}

// resolvedKeys say what became of a contradiction.
var resolvedKeys = map[trainer.Resolution]string{
	trainer.KeepNewer: "contradiction.kept_newer",
	trainer.KeepOlder: "contradiction.kept_older",
	trainer.BothRight: "contradiction.kept_both",
}

func (v *lessonsView) reopen(c trainer.Contradiction, r trainer.Resolution) {
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.Reopen(ctx, c, r)
	}, func(_ none, err error) {
		v.w.failed(err)
		v.refresh()
	})
}

// warn tells of a contradiction.
func (w *window) warn() {
	w.warns = true
	w.tellContradiction()
}

// tellContradiction tells of one wherever the person is but among the lessons, where it stands above the list. It can wait: any other
// notice but that of a trouble goes before it, and it comes once that is gone; so does the welcome.
func (w *window) tellContradiction() {
	if w.place == placeLessons && !w.welcoming() {
		w.warns = false
	}
	if !w.warns || w.told != nil && w.about != matterTrouble || w.welcoming() {
		return
	}
	w.tellOf(matterContradiction, func() widgets.Notice {
		return widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneWarning, Title: say("contradiction.title"), Text: say("contradiction.text"),
			Actions: []widgets.Action{
				{Label: say("contradiction.look"), Kind: widgets.Secondary, OnTapped: func() { w.dismiss(); w.lessons.openContradiction() }},
				{Label: say("contradiction.later"), OnTapped: w.dismiss},
			},
		}
	})
}

// unwarn takes the notice away once there is nothing to decide any more, as when the newer lesson was taken back.
func (w *window) unwarn() {
	if w.state.Contradictions == 0 {
		w.warns = false
		w.untellOf(matterContradiction)
	}
}

// openContradiction leads to the newest contradiction.
func (v *lessonsView) openContradiction() {
	v.w.show(placeLessons) // reads the contradictions
	queued(v.w.work, func(context.Context) (none, error) { return none{}, nil }, func(none, error) {
		if len(v.against) > 0 && !v.hasRoom() {
			v.decide(v.against[0])
		}
	})
}
