package app

import (
	"fyne.io/fyne/v2"

	"clara/widgets"
)

// band is a notice across the width of a view: what happened, what it means, and what to do, in as little height as that takes.
func (w *window) band(n widgets.Notice) fyne.CanvasObject {
	mark := widgets.On(n.Tone.Soft(), 10, widgets.NewIcon(n.Glyph, 20, n.Tone.Ink()), 9)
	words := widgets.VStack(2, widgets.Strong(n.Title).Wrapped(), widgets.Muted(n.Text).Wrapped())
	buttons := widgets.HStack(8)
	for i, a := range n.Actions {
		kind := a.Kind
		if i == 0 && kind == widgets.Ghost {
			kind = widgets.Secondary
		}
		buttons.Add(widgets.NewSmallButton(a.Label, nil, kind, a.OnTapped))
	}
	if w.tight {
		return widgets.Card(widgets.VStack(10, widgets.HStackTop(12, mark, widgets.Grow(words)), widgets.WrapRow(8, buttons.Objects...)), 12, 14)
	}
	return widgets.Card(widgets.HStack(14, mark, widgets.Grow(words), buttons), 10, 16)
}

// matter is what the notice above the view is about, as far as something else answers it, too.
type matter int

const (
	matterOther         matter = iota
	matterQuestion             // Escape answers it before anything else
	matterQuit                 // the question whether to stop the training that runs: its end answers it
	matterContradiction        // is gone with the last one
	matterFullDisk             // is over once something is saved
	matterSettings             // is over once the settings file can be read
	matterModel                // is over once a model is loaded again, and stands on the page of the model too
	matterTrouble              // a lasting trouble of learning: its end takes the notice away
)

// tell shows a notice above the view until it is answered; a newer one takes its place. It is
// made again with the window, in the language that is spoken then.
func (w *window) tell(n func() widgets.Notice) { w.tellOf(matterOther, n) }

func (w *window) tellOf(m matter, n func() widgets.Notice) {
	w.told, w.about = n, m
	w.showTold()
}

// showTold shows the notice that waits for an answer, if there is one.
func (w *window) showTold() {
	margin := float32(24)
	if w.tight {
		margin = 12
	}
	w.shell.banner.RemoveAll()
	if w.told != nil {
		w.shell.banner.Add(widgets.Pad(w.band(w.told()), 12, margin, 0, margin))
	}
	w.shell.column.Refresh()
}

// untell takes it away. What waited behind it comes in its place.
func (w *window) untell() {
	w.told, w.about = nil, matterOther
	widgets.Leave(w.frame.Canvas(), w.shell.banner)
	w.showTold()
	w.tellWaiting()
}

// tellWaiting tells of what can wait, if nothing else is told.
func (w *window) tellWaiting() {
	w.tellContradiction()
	w.tellTrouble()
}

// dismiss takes it away as answered: a trouble that lasts on, or a contradiction, is not told of again.
func (w *window) dismiss() {
	switch w.about {
	case matterTrouble:
		w.calmed = true
	case matterContradiction:
		w.warns = false
	}
	w.untell()
}

// untellOf takes it away if it is about m.
func (w *window) untellOf(m matter) {
	if w.about == m {
		w.untell()
	}
}

// tellCut says that a text was longer than a field takes.
func (w *window) tellCut() {
	w.tell(func() widgets.Notice {
		return widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneWarning, Title: say("cut.title"), Text: say("cut.text", "Most", whole(widgets.EntryLimit)),
			Actions: []widgets.Action{{Label: say("close"), Kind: widgets.Secondary, OnTapped: w.untell}},
		}
	})
}

// newEditor makes a text field that says so when what was pasted did not fit.
func (w *window) newEditor(placeholder string, changed func(string)) *widgets.Editor {
	e := widgets.NewEditor(placeholder, changed)
	e.OnTooLong = w.tellCut
	return e
}

// kept says that something was saved: what was said of a full disk holds no more.
func (w *window) kept() {
	w.untellOf(matterFullDisk)
}

// question asks something in place.
type question struct {
	title, text string
	yes, no     string
	do          func()
	instead     *widgets.Action // another thing to do, offered before yes; nil: none
	quits       bool            // it is whether to stop the training that runs
}

// ask shows a question until it is answered; Escape answers it with no.
func (w *window) ask(asked func() question) {
	m := matterQuestion
	if asked().quits {
		m = matterQuit
	}
	w.tellOf(m, func() widgets.Notice {
		q := asked()
		var actions []widgets.Action
		if i := q.instead; i != nil {
			actions = append(actions, widgets.Action{Label: i.Label, Kind: i.Kind, OnTapped: func() { w.untell(); i.OnTapped() }})
		}
		actions = append(actions,
			widgets.Action{Label: q.yes, Kind: widgets.Secondary, OnTapped: func() { w.untell(); q.do() }},
			widgets.Action{Label: q.no, OnTapped: w.untell})
		return widgets.Notice{Glyph: widgets.IconInfo, Tone: widgets.ToneInfo, Title: q.title, Text: q.text, Actions: actions}
	})
}

// unread stands in the place of what could not be read.
func unread(title string, err error, again func()) widgets.Notice {
	return widgets.Notice{
		Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: title, Text: fault(err),
		Actions: []widgets.Action{{Label: say("model.retry"), OnTapped: again}},
	}
}
