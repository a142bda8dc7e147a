package app

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"clara/trainer"
	"clara/widgets"
)

// dotsEvery is the pace of the dots that run along the loop while something trains: 10 Hz.
const dotsEvery = 100 * time.Millisecond

// learningView is where a person watches the loop and steers it.
type learningView struct {
	w          *window
	versions   []trainer.VersionRow // the newest first, the untrained base last
	samples    []trainer.JudgedSample
	cycle      int64                 // that the samples are of; 0: what the next one would use
	former     [][]trainer.LossPoint // curves of the last cycles, the newest first
	nextNumber int                   // of the version that is made next, on whichever model
	opened     rowKey                // of versions: its figures are shown; zero: none
	try        int                   // of that row, where it was trained twice: the first or the second
	findings   []trainer.Finding     // why it does not learn; nil: not asked
	span       int                   // of the chart: this cycle, or the last five
	part       int                   // of the samples: all, kept, dropped
	everything bool                  // all samples and versions are listed, not only the newest
	read       bool                  // what the view reads was read
	unread     error                 // why it could not be read so far

	scroll   *container.Scroll
	body     *fyne.Container // in it: all of the below
	head     *fyne.Container
	loop     *widgets.Flow
	why      *fyne.Container // why it does not learn, after that was asked
	verdict  *fyne.Container
	chart    *lossChart
	curves   *widgets.Segmented
	forgets  *fyne.Container
	judged   *fyne.Container
	history  *fyne.Container
	says     *widgets.Text // in head: what the loop does
	offered  trainer.Phase // that the buttons in head are for
	verdicts verdict       // that is shown
	back     *trainer.News // that the ratings fell and another version answers again; nil: the last change was another
	stopDots context.CancelFunc
}

func newLearningView(w *window) *learningView { return &learningView{w: w, try: 1, nextNumber: 1} }

func (v *learningView) build() fyne.CanvasObject {
	v.head, v.says, v.verdicts = widgets.VStack(0), nil, verdict{}
	v.loop = widgets.NewFlow(say("loop.back"))
	v.verdict = widgets.VStack(0)
	v.why = widgets.VStack(0)
	v.why.Hide()
	v.chart = newLossChart()
	v.curves = widgets.NewSegmented(v.span, func(i int) { v.span = i; v.showLosses() }, say("loss.this"), say("loss.last"))
	v.forgets = widgets.VStack(0)
	v.judged = widgets.VStack(0)
	v.history = widgets.VStack(0)
	lossHead := widgets.CardHead(say("loss.title"), v.curves)
	if v.w.narrow {
		lossHead = widgets.VStack(8, widgets.Section(say("loss.title")).Wrapped(), widgets.HStack(0, v.curves, widgets.Space()))
	}
	loss := widgets.Card(widgets.VStack(8, lossHead, widgets.Grow(v.chart.object())), 12, 16)
	v.body = widgets.VStack(12, v.head, v.why, widgets.Card(v.loop, 14, 16, 8, 16), v.verdict)
	if v.w.tight {
		for _, o := range []fyne.CanvasObject{loss, v.forgets, v.judged, v.history} {
			v.body.Add(o)
		}
		v.fill()
		v.scroll = widgets.NewScroll(widgets.Pad(v.body, 12, 12))
		return v.scroll
	}
	v.body.Add(widgets.HStackFill(12, widgets.GrowBy(1.45, loss), widgets.GrowBy(1, v.forgets)))
	v.body.Add(widgets.HStackFill(12, widgets.GrowBy(1.45, v.judged), widgets.GrowBy(1, v.history)))
	v.fill()
	v.scroll = widgets.NewScroll(widgets.Pad(v.body, 16, 24, 12, 24))
	return v.scroll
}

func (v *learningView) open() {
	v.refresh()
	v.move()
}

// learnt is what the view reads.
type learnt struct {
	named
	samples []trainer.JudgedSample
	former  [][]trainer.LossPoint
}

// formerCurves is how many cycles the chart compares.
const formerCurves = 5

func (v *learningView) refresh() {
	cycle := int64(0)
	if v.w.cycling() {
		cycle = v.w.state.Progress.Cycle
	}
	queued(v.w.work, func(ctx context.Context) (l learnt, err error) {
		if l.named, err = v.readNames(ctx); err != nil {
			return l, err
		}
		if l.samples, err = v.w.Trainer.CycleSamples(ctx, cycle); err != nil {
			return l, err
		}
		l.former, err = v.w.Trainer.Losses(ctx, formerCurves)
		return l, err
	}, func(l learnt, err error) {
		if err != nil && v.read {
			v.w.failed(err)
			return
		}
		v.read, v.unread = err == nil, err
		v.samples, v.former, v.cycle = l.samples, l.former, cycle
		v.name(l.named)
		v.fill()
	})
}

// named is what the other places know of the versions.
type named struct {
	versions   []trainer.VersionRow
	nextNumber int
}

func (v *learningView) readNames(ctx context.Context) (n named, err error) {
	if n.versions, err = v.w.Trainer.Versions(ctx); err != nil {
		return n, err
	}
	n.nextNumber, err = v.w.Trainer.NextNumber(ctx)
	return n, err
}

// name takes over how versions are called.
func (v *learningView) name(n named) {
	v.versions, v.nextNumber = n.versions, max(n.nextNumber, 1) // 0: it could not be read
	if v.w.place == placeLessons {
		v.w.lessons.fill() // which name versions
	}
}

// refreshNames reads how versions are called, for the other places. What else the view shows it reads when it is opened.
func (v *learningView) refreshNames() {
	queued(v.w.work, v.readNames, func(n named, err error) {
		if err != nil {
			v.w.failed(err)
			return
		}
		v.name(n)
	})
}

// readAnew reads what the view shows, or elsewhere what is known there of the versions.
func (v *learningView) readAnew() {
	if v.w.place == placeLearning {
		v.refresh()
	} else {
		v.refreshNames()
	}
}

// nameOf names a version by its ID; one that was not read is not taken for the untrained base.
func (v *learningView) nameOf(id int64) string {
	if id == 0 {
		return versionName(0)
	}
	for _, r := range v.versions {
		if r.ID == id {
			return versionName(r.Number)
		}
	}
	return say("statistics.none")
}

func (v *learningView) heard(news []trainer.News) {
	others := false // there may be other versions
	for _, n := range news {
		switch n.Kind {
		case trainer.NewsRolledBack:
			v.back, others = &n, true
		case trainer.NewsActivated, trainer.NewsCycleEnded:
			v.back, others = nil, true
		}
	}
	if others || v.w.place == placeLearning && len(news) > 0 {
		v.readAnew()
	}
	if v.w.place == placeLearning && v.head != nil {
		v.showState()
		v.showLosses()
	}
	v.move()
}

func (v *learningView) escape() bool {
	if v.findings != nil {
		v.findings = nil
		v.showWhy()
		return true
	}
	if v.opened == (rowKey{}) {
		return false
	}
	v.openRow(rowKey{})
	return true
}

// fill shows what the view knows.
func (v *learningView) fill() {
	if v.head == nil {
		return
	}
	v.w.renew(v.body, func() {
		v.showState()
		v.fillWhy()
		v.showLosses()
		v.showForgetting()
		v.fillSamples()
		v.fillHistory()
		v.body.Refresh()
	})
}

// showState says what the loop does and why, and offers what can be done about it. Buttons are made anew only when others are
// offered, so that none changes under the mouse.
func (v *learningView) showState() {
	s := v.w.state
	if offer := s.Phase; v.says == nil || offer != v.offered {
		v.offered = offer
		v.w.renew(v.head, v.showHead)
	}
	v.showSentence()
	v.loop.SetStations(v.stations()...)
	v.w.renew(v.verdict, v.showVerdict)
}

func (v *learningView) showHead() {
	train := widgets.NewButton(say("learning.train"), &widgets.IconBolt, widgets.Secondary, v.w.Trainer.Train)
	pause := widgets.NewButton(say("learning.pause"), &widgets.IconPause, widgets.Secondary, v.w.Trainer.Pause)
	cancel := widgets.NewButton(say("learning.cancel"), &widgets.IconStop, widgets.Secondary, v.w.Trainer.CancelCycle)
	resume := widgets.NewButton(say("learning.resume"), &widgets.IconBolt, widgets.Primary, v.w.Trainer.Resume)
	var actions []fyne.CanvasObject
	switch v.offered {
	case trainer.PhasePaused:
		actions = []fyne.CanvasObject{resume}
	case trainer.PhaseRunning, trainer.PhaseChecking:
		actions = []fyne.CanvasObject{cancel, pause}
	case trainer.PhaseNoModel, trainer.PhaseOff, trainer.PhaseMoving:
	default:
		actions = []fyne.CanvasObject{train, pause}
	}
	v.says = widgets.Muted("").Wrapped()
	if v.w.narrow {
		more := widgets.NewIconButton(widgets.IconMore, say("place.more"), nil)
		more.OnTapped = func() { widgets.ShowMenu(more, v.more()...) }
		actions = append(actions, more)
	} else {
		actions = append(actions, widgets.NewIconButton(widgets.IconInfo, say("why.ask"), v.askWhy),
			widgets.NewIconButton(widgets.IconSliders, say("learning.thresholds"), v.w.openLearningSettings))
	}
	v.head.Objects = []fyne.CanvasObject{v.w.heading(say("place.learning"), v.says, actions...)}
	v.body.Refresh()
}

// more is what a narrow window has no room for beside the buttons.
func (v *learningView) more() []widgets.MenuItem {
	return []widgets.MenuItem{
		{Glyph: &widgets.IconInfo, Title: say("why.ask"), OnTapped: v.askWhy},
		{Glyph: &widgets.IconSliders, Title: say("learning.thresholds"), OnTapped: v.w.openLearningSettings},
	}
}

// showSentence says the state of the loop in a sentence.
func (v *learningView) showSentence() {
	if v.says == nil {
		return
	}
	if words := v.sentence(); words != v.says.Text {
		lines := widgets.HeightAt(v.says, v.says.Size().Width)
		v.says.SetText(words)
		if widgets.HeightAt(v.says, v.says.Size().Width) != lines {
			v.body.Refresh()
		}
	}
}

// sentence is the state of the loop, with its reason.
func (v *learningView) sentence() string {
	s := v.w.state
	switch s.Phase {
	case trainer.PhaseRunning, trainer.PhaseChecking, trainer.PhaseAsking:
		ran := span(v.w.now().Sub(s.Progress.Started))
		if s.Progress.Cycle == 0 {
			return say("learning.asking")
		}
		words := say("learning.running_unmeasured", "Cycle", whole(int(s.Progress.Cycle)), "Ran", ran)
		if s.Progress.Left > 0 {
			words = say("learning.running", "Cycle", whole(int(s.Progress.Cycle)), "Ran", ran, "Left", span(s.Progress.Left))
		}
		if s.Progress.Try > 0 {
			words = join(words, say("learning.again"))
		}
		return words
	case trainer.PhaseDue:
		return say("learning.due", "Why", waits(counted(s, v.w.now()), v.w.Settings.Continuous.TrainOnCorrection))
	}
	return say("learning.why", "Why", waits(s.Why, v.w.Settings.Continuous.TrainOnCorrection))
}

// stations are the stops of the loop with what is true of each.
func (v *learningView) stations() []widgets.Station {
	s, p := v.w.state, v.w.state.Progress
	dropped := s.Buffer.Total - s.Buffer.Kept
	buffer := widgets.Station{Glyph: widgets.IconInbox, Title: say("loop.buffer"), Value: sayN("loop.samples", s.Buffer.Total), Progress: -1}
	filter := widgets.Station{Glyph: widgets.IconFunnel, Title: say("loop.filter"), Value: say("loop.kept", "Kept", whole(s.Buffer.Kept), "Dropped", whole(dropped)), Progress: -1}
	train := widgets.Station{Glyph: widgets.IconBolt, Title: say("loop.training"), Value: say("loop.waits"), Progress: -1}
	gate := widgets.Station{Glyph: widgets.IconShield, Title: say("loop.gate"), Value: say("loop.waits"), Progress: -1}
	next := widgets.Station{Glyph: widgets.IconLayers, Title: versionName(s.Active.Number), Value: say("loop.active"), Progress: -1}
	if s.Buffer.Total > 0 {
		buffer.State, filter.State = widgets.Done, widgets.Done
	}
	share := -1.0
	if p.Of > 0 {
		share = float64(p.Done) / float64(p.Of)
	}
	at := stepWords(p.Step)
	if p.Of > 0 {
		at = say("loop.step", "Step", at, "Done", whole(p.Done), "Of", whole(p.Of))
	}
	if p.Try > 0 {
		at = say("loop.again", "Step", at)
	}
	switch {
	case s.Phase == trainer.PhaseChecking:
		train.State, train.Value = widgets.Done, say("loop.done")
		gate.State, gate.Value, gate.Progress = widgets.Active, at, share
		next.Title, next.Value = versionName(v.nextNumber), say("loop.still", "Version", versionName(s.Active.Number))
	case s.Phase == trainer.PhaseRunning:
		train.State, train.Value, train.Progress = widgets.Active, at, share
		next.Title, next.Value = versionName(v.nextNumber), say("loop.still", "Version", versionName(s.Active.Number))
	case s.Last != nil && s.Last.State == trainer.CycleRefused:
		train.State, train.Value = widgets.Done, say("loop.done")
		gate.State, gate.Value = widgets.Failed, verdictWords(trainer.VerdictRefused)
	case s.Last != nil && s.Last.State == trainer.CyclePromoted && s.Last.Version == s.Active.ID:
		train.State, train.Value = widgets.Done, say("loop.done")
		gate.State, gate.Value = widgets.Done, verdictWords(s.Last.Verdict)
		next.State = widgets.Done
	}
	return []widgets.Station{buffer, filter, train, gate, next}
}

// move runs the dots along the loop while something trains and the view can be seen.
func (v *learningView) move() {
	run := v.w.place == placeLearning && v.w.cycling() && v.loop != nil && v.w.App.Settings().ShowAnimations()
	if run == (v.stopDots != nil) {
		return
	}
	if !run {
		v.stopDots()
		v.stopDots = nil
		return
	}
	ctx, stop := context.WithCancel(v.w.work.ctx)
	v.stopDots = stop
	v.w.work.beside(func(context.Context) {
		for phase := float32(0); pause(ctx, dotsEvery); phase += .04 {
			if phase >= 1 {
				phase--
			}
			fyne.Do(func() { v.loop.SetPhase(phase) }) // the loop of now: another layout makes it anew
		}
	})
}

// verdict is what the card about the last cycle depends on.
type verdict struct {
	end     *trainer.CycleEnd
	cycling bool
	active  int64
	rows    int
	back    *trainer.News
	left    bool // what was left by it can be chosen again
	undo    bool // the version before the one that the cycle made can be
	unread  bool
}

// showVerdict says how the last cycle ended, with the figures that decided.
func (v *learningView) showVerdict() {
	_, left := v.left(v.back)
	parent, undo := v.parentOf(v.w.state.Last)
	now := verdict{v.w.state.Last, v.w.cycling(), v.w.state.Active.ID, len(v.versions), v.back, left, undo, v.unread != nil}
	if now == v.verdicts && v.verdict.Visible() == (len(v.verdict.Objects) > 0) {
		return
	}
	v.verdicts = now
	v.verdict.RemoveAll()
	v.verdict.Hide()
	defer v.body.Refresh()
	end := now.end
	if v.unread != nil {
		v.verdict.Add(v.w.band(unread(say("learning.unread"), v.unread, v.refresh)))
		v.verdict.Show()
		return
	}
	if now.cycling || end == nil && now.back == nil {
		return
	}
	n := widgets.Notice{Glyph: widgets.IconShield, Tone: widgets.ToneSuccess}
	switch {
	case now.back != nil:
		n = v.backNotice(now.back)
	case end.State == trainer.CyclePromoted && end.Version != now.active:
		return // another version was chosen since
	case end.State == trainer.CyclePromoted:
		n.Title = say("verdict.active_title", "Version", versionName(end.Number))
		n.Text = because(end.Reason)
		if v.w.state.Lessons.Total() > 0 {
			n.Actions = append(n.Actions, widgets.Action{Label: say("verdict.lessons"), OnTapped: func() { v.w.show(placeLessons) }})
		}
		if end.Verdict != trainer.VerdictProven {
			n.Glyph, n.Tone = widgets.IconLayers, widgets.ToneInfo
		}
		if now.undo {
			n.Actions = append(n.Actions, widgets.Action{Label: say("verdict.undo"), OnTapped: func() { v.restore(parent) }})
		}
	case end.State == trainer.CycleRefused:
		n.Tone, n.Title = widgets.ToneWarning, say("verdict.refused_title", "Cycle", whole(int(end.Cycle)))
		n.Text = say("verdict.refused_text", "Why", sentence(because(end.Reason)), "Version", versionName(v.w.state.Active.Number))
		n.Actions = []widgets.Action{{Label: say("verdict.details"), OnTapped: func() { v.openCycle(end.Cycle) }}}
	case end.State == trainer.CycleChecked:
		c := v.w.state.Lessons
		n.Glyph, n.Tone, n.Title = widgets.IconLessons, widgets.ToneInfo, say("verdict.asked_title")
		n.Text = sayN("verdict.asked_text", c.Known, "All", whole(c.Total()))
		if end.Reason.Code == trainer.CodeInVain {
			n.Glyph, n.Tone, n.Title = widgets.IconShield, widgets.ToneWarning, say("verdict.vain_title")
		}
		if end.Reason.Code != trainer.CodeOnlyAsked {
			n.Text = sentence(because(end.Reason))
		}
		n.Actions = []widgets.Action{{Label: say("verdict.lessons"), OnTapped: func() { v.w.show(placeLessons) }}}
	case end.State == trainer.CycleFailed:
		n.Glyph, n.Tone = widgets.IconAlert, widgets.ToneError
		n.Title, n.Text = say("verdict.failed_title", "Cycle", whole(int(end.Cycle))), sentence(because(end.Reason))
		n.Actions = []widgets.Action{{Label: say("learning.train"), OnTapped: v.w.Trainer.Train}}
	default:
		return
	}
	v.verdict.Add(v.w.band(n))
	v.verdict.Show()
}

// readBack reads whether the version in use came by a roll-back, as one of the last run of the program or of another model.
func (v *learningView) readBack() {
	v.back = nil
	queued(v.w.work, v.w.Trainer.RolledBack, func(back *trainer.News, err error) {
		v.w.failed(err)
		if v.back == nil && back != nil {
			v.back = back
			v.fill()
		}
	})
}

// left is the version that was left by a roll-back, if it is still there.
func (v *learningView) left(b *trainer.News) (trainer.VersionRow, bool) {
	if b == nil {
		return trainer.VersionRow{}, false
	}
	i := slices.IndexFunc(v.versions, func(r trainer.VersionRow) bool { return r.Number == b.From && r.ID != 0 && !r.Removed })
	if i < 0 {
		return trainer.VersionRow{}, false
	}
	return v.versions[i], true
}

// parentOf is the version before the one that a cycle made and that answers, if it can be chosen again: one that holds what was taken
// back is removed as soon as another answers.
func (v *learningView) parentOf(end *trainer.CycleEnd) (parent int64, ok bool) {
	if end == nil {
		return 0, false
	}
	i := slices.IndexFunc(v.versions, func(r trainer.VersionRow) bool { return r.ID == end.Version && r.Active })
	if i < 0 {
		return 0, false
	}
	parent = v.versions[i].Parent
	return parent, !slices.ContainsFunc(v.versions, func(r trainer.VersionRow) bool { return r.ID == parent && r.Removed })
}

// backNotice says that the program went back to another version by itself, and offers to keep the one that was left because of its
// ratings. One that was left since it holds what was taken back is not to come again.
func (v *learningView) backNotice(b *trainer.News) widgets.Notice {
	n := widgets.Notice{
		Glyph: widgets.IconUndo, Tone: widgets.ToneWarning,
		Title: say("verdict.back_title", "Version", versionName(b.Number)), Text: sentence(because(b.Reason)),
	}
	if left, ok := v.left(b); ok {
		if b.Reason.Code == trainer.CodeRolledBack {
			n.Actions = append(n.Actions, widgets.Action{Label: say("verdict.keep", "Version", versionName(b.From)), OnTapped: func() { v.restore(left.ID) }})
		}
		n.Actions = append(n.Actions, widgets.Action{Label: say("verdict.details"), OnTapped: func() { v.openCycle(left.Cycle) }})
	}
	return n
}

// openCycle shows the figures of a cycle, which stand at the end of the page.
func (v *learningView) openCycle(cycle int64) {
	if i := slices.IndexFunc(v.versions, func(r trainer.VersionRow) bool { return r.Cycle == cycle }); i >= 0 {
		v.openRow(keyOf(v.versions[i]))
		v.scroll.ScrollToBottom()
	}
}
