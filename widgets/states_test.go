package widgets

import (
	"net/url"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// hover, hold and tabTo are what a user does to see another state of a widget.
func hover(o fyne.CanvasObject) func(fyne.Canvas) {
	return func(fyne.Canvas) {
		e := &desktop.MouseEvent{}
		e.Position = fyne.NewPos(6, 6)
		o.(desktop.Hoverable).MouseIn(e)
	}
}

func hold(o fyne.CanvasObject) func(fyne.Canvas) {
	return func(c fyne.Canvas) {
		hover(o)(c)
		o.(desktop.Mouseable).MouseDown(&desktop.MouseEvent{})
	}
}

func tabTo(times int) func(fyne.Canvas) {
	return func(c fyne.Canvas) {
		for range times {
			c.FocusNext()
		}
	}
}

// state makes a golden of one widget in several states: as it is, hovered, pressed, focused and disabled.
func tappableStates(name string, build func() fyne.CanvasObject) []golden {
	var states []golden
	add := func(state string, then func(o fyne.CanvasObject) func(fyne.Canvas)) {
		var o fyne.CanvasObject
		states = append(states, golden{name: name + "-" + state, make: func() fyne.CanvasObject { o = build(); return o }, then: func(c fyne.Canvas) {
			if then != nil {
				then(o)(c)
			}
		}})
	}
	add("normal", nil)
	add("hovered", hover)
	add("pressed", hold)
	add("focused", func(fyne.CanvasObject) func(fyne.Canvas) { return tabTo(1) })
	add("disabled", func(o fyne.CanvasObject) func(fyne.Canvas) {
		return func(fyne.Canvas) { o.(fyne.Disableable).Disable() }
	})
	return states
}

func TestStatesOfTappables(t *testing.T) {
	for name, build := range map[string]func() fyne.CanvasObject{
		"button-primary":   func() fyne.CanvasObject { return NewButton("Save", nil, Primary, nil) },
		"button-secondary": func() fyne.CanvasObject { return NewButton("Ask now", IconAgain.Ref(), Secondary, nil) },
		"button-ghost":     func() fyne.CanvasObject { return NewSmallButton("Correct", IconPencil.Ref(), Ghost, nil) },
		"button-danger":    func() fyne.CanvasObject { return NewButton("Unlearn", nil, Danger, nil) },
		"button-icon":      func() fyne.CanvasObject { return NewIconButton(IconCopy, "Copy", nil) },
		"link":             func() fyne.CanvasObject { return NewLink("Undo", nil) },
		"row":              func() fyne.CanvasObject { return NewRow(Pad(Body("A lesson"), 0, 10), 34, nil) },
		"nav":              func() fyne.CanvasObject { return NewNavItem(IconChat, "Chat", nil) },
		"sidebar-row":      func() fyne.CanvasObject { return NewSidebarRow("Objection deadlines", nil) },
		"chip":             func() fyne.CanvasObject { return NewTapChip("uses: notice", IconLessons.Ref(), ToneInfo, nil) },
		"switch":           func() fyne.CanvasObject { return NewSwitch("Server", true, nil) },
	} {
		checkMarkup(t, tappableStates(name, build))
	}
}

func TestStatesOfOthers(t *testing.T) {
	stars := NewStars
	states := []golden{
		{name: "switch-off", make: func() fyne.CanvasObject { return NewSwitch("Server", false, nil) }},
		{name: "nav-selected", size: fyne.NewSize(220, 0), make: func() fyne.CanvasObject {
			n := NewNavItem(IconLessons, "Lessons", nil)
			n.SetCount("17 of 24", ToneQuiet)
			n.SetSelected(true)
			return n
		}},
		{name: "row-selected", make: func() fyne.CanvasObject {
			r := NewRow(Pad(Body("A lesson"), 0, 10), 50, nil)
			r.SetSelected(true)
			return r
		}},
		{name: "sidebar-row-selected", size: fyne.NewSize(120, 0), make: func() fyne.CanvasObject {
			r := NewSidebarRow("Objection deadlines and more", nil)
			r.SetSelected(true)
			return r
		}},
		{name: "tabbar", size: fyne.NewSize(420, 0), make: func() fyne.CanvasObject {
			return NewTabBar([]Tab{{IconChat, "Chat"}, {IconLessons, "Lessons"}, {IconMore, "More"}}, 1, nil)
		}},
		{name: "segmented", make: func() fyne.CanvasObject { return NewSegmented(1, nil, "7 days", "30 days", "All") }},
		{name: "segmented-focused", make: func() fyne.CanvasObject { return NewSegmented(0, nil, "7 days", "30 days") }, then: tabTo(1)},
		{name: "stars-none", make: func() fyne.CanvasObject { return stars(0, nil) }},
		{name: "stars-four", make: func() fyne.CanvasObject { return stars(4, nil) }},
		{name: "stars-focused", make: func() fyne.CanvasObject { return stars(2, nil) }, then: tabTo(1)},
		{name: "chip-says", make: func() fyne.CanvasObject { return NewChip("known", IconCheck.Ref(), ToneSuccess) }},
		{name: "badges", make: func() fyne.CanvasObject {
			return HStack(4, Badge(Unasked, 26), Badge(Known, 26), Badge(Missing, 26), Badge(Lost, 26))
		}},
		{name: "meter", size: fyne.NewSize(120, 16), make: func() fyne.CanvasObject { return NewMeter(.5, .8, ColorKnown) }},
		{name: "parts", size: fyne.NewSize(200, 10), make: func() fyne.CanvasObject {
			return NewParts(10, Part{17, ColorKnown}, Part{0, ColorMissing}, Part{2, ColorLost}, Part{1, ColorTrack})
		}},
		{name: "trail", make: func() fyne.CanvasObject { return NewTrail(Missing, Missing, Known, Lost) }},
		{name: "importance", size: fyne.NewSize(360, 0), make: func() fyne.CanvasObject {
			return NewImportance(4, [5]string{"minor", "low", "usual", "important", "very important"}, nil)
		}},
		{name: "keywords", size: fyne.NewSize(260, 0), make: func() fyne.CanvasObject {
			return NewKeywords([]string{"fourth day", "§ 41"}, KeywordWords{Add: "Add"}, nil)
		}},
		{name: "diff", size: fyne.NewSize(260, 0), make: func() fyne.CanvasObject {
			return NewDiff(TextBody, DiffWords("counts on the third day after posting", "has counted since 2025 on the fourth day after posting")...)
		}},
		{name: "notice", size: fyne.NewSize(300, 0), make: func() fyne.CanvasObject {
			return NewNotice(Notice{Glyph: IconDisk, Tone: ToneError, Title: "The disk is full", Text: "Your last rating was not saved. 120 MB are missing.", Actions: []Action{{Label: "Delete old versions"}, {Label: "Retry"}}})
		}},
		{name: "notice-plain", size: fyne.NewSize(300, 0), make: func() fyne.CanvasObject {
			return NewPlainNotice(Notice{Glyph: IconChat, Tone: ToneInfo, Title: "What would you like to know?"})
		}},
		{name: "status-running", size: fyne.NewSize(700, 0), make: func() fyne.CanvasObject {
			s := NewStatusLine(nil)
			s.Set(ToneInfo, "7 new ratings · training, 12 s left", .56)
			s.SetRight(StatusItem{IconShield.Ref(), ToneSuccess, "Version 12, proven better"}, StatusItem{Text: "CPU"})
			return s
		}},
		{name: "status-narrow", size: fyne.NewSize(300, 0), make: func() fyne.CanvasObject {
			s := NewStatusLine(nil)
			s.Set(ToneSuccess, "Ready to learn · 3 new ratings, training starts at 8 or on a correction", -1)
			s.SetRight(StatusItem{Glyph: IconLock.Ref()})
			return s
		}},
		{name: "question", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			return NewQuestion("How long do I have to object to a notice that came by post?")
		}},
		{name: "question-short", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return NewQuestion("Hello") }},
		{name: "question-editable", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return newEditableQuestion() }},
		{name: "question-near", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			q := newEditableQuestion()
			q.MouseIn(nil)
			return q
		}},
		{name: "pager", make: func() fyne.CanvasObject { return NewPager(2, 3, PagerWords{"Before", "Next"}, nil) }},
		{name: "pager-first", make: func() fyne.CanvasObject { return NewPager(1, 2, PagerWords{"Before", "Next"}, nil) }},
		{name: "answer-versions", size: fyne.NewSize(640, 0), make: func() fyne.CanvasObject {
			a := sampleAnswer()
			a.SetPager(NewPager(2, 2, PagerWords{"Before", "Next"}, nil))
			return a
		}},
		{name: "divider", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			return NewDivider(IconShield, ToneSuccess, "Newly learned: “Notice by post”")
		}},
		{name: "answer", size: fyne.NewSize(640, 0), make: func() fyne.CanvasObject { return sampleAnswer() }},
		{name: "answer-narrow", size: fyne.NewSize(360, 0), make: func() fyne.CanvasObject { return sampleAnswer() }},
		{name: "answer-writing", size: fyne.NewSize(640, 0), make: func() fyne.CanvasObject {
			a := sampleAnswer()
			a.SetFoot(nil)
			a.SetChips()
			a.SetWriting(true)
			return a
		}},
		{name: "answer-instead", size: fyne.NewSize(640, 0), make: func() fyne.CanvasObject {
			a := sampleAnswer()
			a.SetInstead(Card(Body("an editor")))
			return a
		}},
		{name: "markdown", size: fyne.NewSize(560, 0), make: func() fyne.CanvasObject { return sampleMarkdown(manyForms, false) }},
		{name: "markdown-narrow", size: fyne.NewSize(260, 0), make: func() fyne.CanvasObject { return sampleMarkdown(manyForms, false) }},
		{name: "markdown-empty-writing", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return sampleMarkdown("", true) }},
		{name: "markdown-table-writing", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			return sampleMarkdown("| a | b |\n|---|---|\n| c | d |\n| **e", true)
		}},
		{name: "markdown-code-writing", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return sampleMarkdown("```go\nfunc main() {", true) }},
		{name: "markdown-wide-table", size: fyne.NewSize(300, 0), make: func() fyne.CanvasObject {
			return sampleMarkdown(strings.Repeat("| head of it ", 6)+"|\n"+strings.Repeat("|---", 6)+"|\n"+strings.Repeat("| a long cell ", 6)+"|", false)
		}},
		{name: "markdown-too-long", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			return sampleMarkdown("short\n\n"+strings.Repeat(" ", longestText), false)
		}},
		{name: "composer", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return newTestComposer() }},
		{name: "composer-focused", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return newTestComposer() }, then: func(c fyne.Canvas) { c.FocusNext() }},
		{name: "composer-text", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			c := newTestComposer()
			c.SetText("one\ntwo")
			return c
		}},
		{name: "composer-writing", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			c := newTestComposer()
			c.SetWriting(true)
			return c
		}},
		{name: "composer-blocked", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			c := newTestComposer()
			c.SetBlocked("The model is being loaded")
			return c
		}},
		{name: "range", size: fyne.NewSize(640, 0), make: func() fyne.CanvasObject { return newTestRange(8) }},
		{name: "range-wrong", size: fyne.NewSize(640, 0), make: func() fyne.CanvasObject { return newTestRange(100) }},
		{name: "range-narrow", size: fyne.NewSize(360, 0), make: func() fyne.CanvasObject { return newTestRange(8) }},
		{name: "header", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject {
			return Header("Learning", "Cycle 13 has run for 15 s", NewButton("Pause", IconPause.Ref(), Secondary, nil))
		}},
		{name: "card", size: fyne.NewSize(300, 0), make: func() fyne.CanvasObject {
			return Card(VStack(8, CardHead("Versions", NewChip("no", nil, ToneSuccess)), Muted("Checked on 32 fixed texts. Beyond the mark it is refused.").Wrapped()))
		}},
		{name: "saved", size: fyne.NewSize(400, 0), make: func() fyne.CanvasObject { return NewSaved("Saved – used in the next training.", "Undo", nil) }},
	}
	checkMarkup(t, states)
}

func newEditableQuestion() *Question {
	q := NewQuestion("How long do I have to object?")
	q.SetOnEdit("Ask differently", nil)
	q.SetPager(NewPager(1, 2, PagerWords{"Before", "Next"}, nil))
	return q
}

func sampleAnswer() *Answer {
	a := NewAnswer("CLARA")
	a.SetNote("version 11")
	a.SetText("**Within one month** after the notice was made known to you.\n\n- In writing\n- In person\n\n```go\nfunc main() {}\n```")
	a.SetStars(4)
	a.SetActions(
		Action{Label: "Correct", Glyph: IconPencil.Ref(), Key: 'e'}, Action{Label: "Teach", Glyph: IconBulb.Ref(), Key: 't'},
		Action{Label: "Copy", Glyph: IconCopy.Ref(), Key: 'c', IconOnly: true, End: true}, Action{Label: "More", Glyph: IconMore.Ref(), IconOnly: true, End: true})
	a.SetChips(NewTapChip("uses: “Notice by post”", IconLessons.Ref(), ToneInfo, nil))
	a.SetFoot(NewSaved("Saved – used in the next training.", "Undo", nil))
	return a
}

func newTestComposer() *Composer {
	return NewComposer(ComposerWords{Placeholder: "Ask CLARA …", Send: "Send", Stop: "Stop"})
}

func newTestRange(v float64) *RangeField {
	return NewRangeField(Range{
		Name: "Training starts after", Help: "New ratings until the next training.", Unit: "new", Limits: "1 to 64, usually 8", Min: 1, Max: 64, Step: 1,
		Fault: func(_ float64, err error) string {
			if err != nil {
				return "Not a number"
			}
			return "At most 64"
		},
	}, v, nil)
}

// sampleMarkdown is a text with copy buttons and links.
func sampleMarkdown(text string, writing bool) *Markdown {
	m := NewMarkdown()
	m.CopyHint, m.OnCopy, m.OnLink, m.TooLong = "Copy", func(string) {}, func(*url.URL) {}, "The text goes on."
	m.SetWriting(writing)
	m.SetText(text)
	return m
}
