package app

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"clara/trainer"
	"clara/widgets"
)

// place is what the window shows beside the sidebar.
type place int

const (
	placeChat place = iota
	placeLessons
	placeLearning
	placeStatistics
	placeModel // without a tab: a narrow window reaches it through Mehr
)

const (
	sidebarWidth = 244
	narrowBelow  = 720  // a tab bar in place of the sidebar below this width
	tightBelow   = 1100 // one column below this one
	lowBelow     = 680  // no room above a list below this height
	keepBuilt    = 5    // places
)

// shell is what stands around every place: sidebar or tab bar, and the status line.
type shell struct {
	w      *window
	root   *fyne.Container // places the layers below
	view   *fyne.Container // holds the place that is shown
	built  map[place]fyne.CanvasObject
	banner *fyne.Container // a question or a fault, above the place
	column *fyne.Container // banner, place and status line

	nav    map[place]*widgets.NavItem
	gear   *widgets.NavItem
	tabs   *widgets.TabBar
	list   *conversationList
	status *widgets.StatusLine
}

func (w *window) views() []view {
	return []view{w.chat, w.lessons, w.learning, w.statistics, w.machine}
}

func (w *window) view() view { return w.views()[w.place] }

// rebuild makes all widgets anew: at the start, and when language, text size or layout change.
func (w *window) rebuild() {
	s := &w.shell
	s.w = w
	s.built = make(map[place]fyne.CanvasObject, keepBuilt)
	s.view = container.NewStack()
	s.banner = widgets.VStack(0)
	s.status = widgets.NewStatusLine(func() { w.show(placeLearning) })
	s.status.Hint = say("shell.status_hint")
	s.list = newConversationList(w)
	s.column = widgets.VStack(0, s.banner, widgets.Grow(s.view), widgets.Rule(), s.status)
	w.snackbar = widgets.NewSnackbar()
	var all fyne.CanvasObject
	if w.welcoming() {
		s.nav, s.gear, s.tabs = nil, nil, nil
		s.column = widgets.VStack(0, s.banner, widgets.Grow(w.machine.welcome()))
		all = s.column
	} else if w.narrow {
		s.nav, s.gear = nil, nil
		s.tabs = widgets.NewTabBar([]widgets.Tab{
			{Glyph: widgets.IconChat, Name: say("place.chat_short")},
			{Glyph: widgets.IconLessons, Name: say("place.lessons")},
			{Glyph: widgets.IconLoop, Name: say("place.learning")},
			{Glyph: widgets.IconBars, Name: say("place.statistics")},
			{Glyph: widgets.IconMore, Name: say("place.more")},
		}, int(w.place), s.tapTab)
		s.column.Add(s.tabs)
		all = s.column
	} else {
		s.tabs = nil
		all = widgets.HStackFill(0, s.sidebar(), widgets.VRule(), widgets.Grow(s.column))
	}
	w.showTold()
	s.root = container.New(&frameLayout{w: w}, widgets.NewBox(widgets.ColorPage, "", 0), all, w.snackbar)
	w.frame.SetContent(s.root)
	s.showStatus()
	s.showCounts()
	editing, searching, listing := w.presets.open, w.search.open, w.chat.listing && w.narrow
	w.show(w.place)
	switch {
	case w.welcoming():
	case editing:
		w.presets.show()
	case searching:
		w.search.show()
	case listing:
		w.chat.list()
	}
}

// tapTab follows the tab bar; its last tab is a menu of what there is no tab for.
func (s *shell) tapTab(i int) {
	w := s.w
	if place(i) != placeModel {
		w.show(place(i))
		return
	}
	s.tabs.SetOn(int(w.place))
	widgets.ShowMenu(s.tabs.Tab(i),
		widgets.MenuItem{Glyph: &widgets.IconChip, Title: say("place.model"), OnTapped: func() { w.show(placeModel) }},
		widgets.MenuItem{Glyph: &widgets.IconSliders, Title: say("place.settings"), OnTapped: w.openSettings})
}

// show opens a place.
func (w *window) show(p place) {
	if w.welcoming() {
		return
	}
	if p != w.place {
		w.snackbar.Dismiss()
		w.learning.everything = false
	}
	if p == placeModel {
		w.untellOf(matterModel)
	}
	w.place, w.search.open, w.presets.open, w.chat.listing = p, false, false, false
	s := &w.shell
	o := s.built[p]
	if o == nil {
		o = w.view().build()
		s.built[p] = o
	}
	s.put(o)
	for n, item := range s.nav {
		item.SetSelected(n == p)
	}
	if s.tabs != nil {
		s.tabs.SetOn(int(p))
	}
	s.list.showOpen()
	w.view().open()
}

// put shows an object in the place of what stood there, which the keyboard leaves.
func (s *shell) put(o fyne.CanvasObject) {
	for _, before := range s.view.Objects {
		if before != o {
			widgets.Leave(s.w.frame.Canvas(), before)
		}
	}
	s.view.Objects = []fyne.CanvasObject{o}
	s.view.Refresh()
}

func (s *shell) sidebar() fyne.CanvasObject {
	w := s.w
	item := func(p place, g widgets.Glyph, name string) *widgets.NavItem {
		n := widgets.NewNavItem(g, name, func() { w.show(p) })
		s.nav[p] = n
		return n
	}
	s.nav = map[place]*widgets.NavItem{}
	head := widgets.HStack(10, widgets.Logo(28), widgets.Grow(widgets.NewText("CLARA", widgets.TextHeading, widgets.ColorText).Bold()),
		widgets.NewIconButton(widgets.IconSearch, say("search.title"), w.openSearch),
		widgets.NewIconButton(widgets.IconPlus, say("shell.new"), w.newConversation))
	nav := widgets.VStack(2,
		item(placeChat, widgets.IconChat, say("place.chat")),
		item(placeLessons, widgets.IconLessons, say("place.lessons")),
		item(placeLearning, widgets.IconLoop, say("place.learning")),
		item(placeStatistics, widgets.IconBars, say("place.statistics")))
	s.gear = widgets.NewNavItem(widgets.IconSliders, say("place.settings"), w.openSettings)
	foot := widgets.VStack(2, item(placeModel, widgets.IconChip, say("place.model")), s.gear)
	column := widgets.VStack(widgets.Gap16, head, nav, widgets.Rule(), widgets.Grow(s.list.feed), foot)
	return widgets.Sized(sidebarWidth, 0, widgets.Layers(widgets.NewBox(widgets.ColorSidebar, "", 0), widgets.Pad(column, 14, 12, 10, 12)))
}

// showCounts puts the figures beside the places.
func (s *shell) showCounts() {
	if s.nav == nil {
		return
	}
	w := s.w
	lessons := ""
	if c := w.state.Lessons; c.Total() > 0 {
		lessons = say("shell.known_of", "Known", whole(c.Known), "All", whole(c.Total()))
	}
	s.nav[placeLessons].SetCount(lessons, widgets.ToneQuiet)
	share := ""
	if p, ok := w.cycleShare(); ok {
		share = percent(p)
	}
	s.nav[placeLearning].SetCount(share, widgets.ToneInfo)
	s.nav[placeModel].SetCount(w.model.shortest(), widgets.ToneQuiet)
}

// cycleShare is how much of the running cycle is done, once its remaining time has been measured.
func (w *window) cycleShare() (float64, bool) {
	p := w.state.Progress
	if !w.cycling() || p.Left <= 0 || p.Started.IsZero() {
		return 0, false
	}
	gone := w.now().Sub(p.Started)
	return float64(gone) / float64(gone+p.Left), true
}

func (w *window) cycling() bool {
	return w.state.Phase == trainer.PhaseRunning || w.state.Phase == trainer.PhaseChecking
}

// showStatus says in the status line what the learner does and why, and which version answers.
func (s *shell) showStatus() {
	w := s.w
	tone, words := w.statusWords()
	share := -1.0
	if p, ok := w.cycleShare(); ok {
		share = p
	}
	s.status.Set(tone, words, share)
	lock := widgets.StatusItem{Glyph: &widgets.IconLock, Tone: widgets.ToneQuiet, Text: say("shell.private")}
	if w.tight {
		lock.Text = ""
		s.status.SetRight(lock)
		return
	}
	var right []widgets.StatusItem
	if w.model.ready {
		v := widgets.StatusItem{Glyph: &widgets.IconLayers, Tone: widgets.ToneQuiet, Text: versionWords(w.state.Active)}
		if w.state.Active.Verdict == trainer.VerdictProven {
			v.Glyph, v.Tone = &widgets.IconShield, widgets.ToneSuccess
		}
		right = append(right, v)
	}
	if e := w.model.engineShort(); e != "" {
		right = append(right, widgets.StatusItem{Tone: widgets.ToneQuiet, Text: e})
	}
	s.status.SetRight(append(right, lock)...)
	s.showCounts()
}

// frameLayout fills the window with its layers and notices when it becomes narrow or wide, low or high.
type frameLayout struct{ w *window }

func (l *frameLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(360, 480) }

func (l *frameLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for i, o := range objects {
		o.Move(fyne.Position{})
		size := s
		if i == len(objects)-1 { // the snackbar stays above the status line and the tabs
			size.Height -= l.w.shell.foot()
		}
		o.Resize(size)
	}
	if s.Width <= 0 {
		return
	}
	narrow, tight, low := s.Width < narrowBelow, s.Width < tightBelow, s.Height < lowBelow
	restyled, moved := narrow != l.w.narrow || tight != l.w.tight, low != l.w.low
	l.w.narrow, l.w.tight, l.w.low = narrow, tight, low
	switch { // neither from inside a layout
	case restyled:
		fyne.Do(l.w.restyle)
	case moved: // nothing else looks otherwise, and a window that is made anew loses the place in a conversation
		fyne.Do(l.w.lessons.moveContradiction)
	}
}

// foot is the height of what stands below the places.
func (s *shell) foot() float32 {
	h := s.status.MinSize().Height
	if s.tabs != nil {
		h += s.tabs.MinSize().Height
	}
	return h
}

// renew makes what lies in an object anew; the keyboard stays where it was.
func (w *window) renew(in fyne.CanvasObject, change func()) {
	widgets.KeepFocus(w.frame.Canvas(), in, change)
}

// restyle takes over language, appearance, text size and layout, and makes the window anew.
func (w *window) restyle() {
	if err := w.choose(w.Settings.Window); err != nil {
		w.failed(err)
		return
	}
	w.showMenus()
	w.chat.keepDraft()
	w.rebuild()
}

// heading is the top of a place: its name, a sentence, and what can be done. Unlike widgets.Header it lets the sentence take
// a second line, and where room is tight it stands below the buttons.
func (w *window) heading(title string, sentence *widgets.Text, actions ...fyne.CanvasObject) fyne.CanvasObject {
	if !w.tight {
		line := widgets.HStack(8, widgets.Grow(widgets.VStack(3, widgets.Title(title).Cutting(), sentence)))
		for _, o := range actions {
			line.Add(o)
		}
		return line
	}
	line := widgets.HStack(8, widgets.Grow(widgets.NewText(title, widgets.TextHeading, widgets.ColorText).Bold().Cutting()))
	for _, o := range actions {
		line.Add(o)
	}
	return widgets.VStack(2, widgets.Sized(0, 44, line), sentence)
}
