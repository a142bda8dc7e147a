package app

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// Rows that the cards show until a person asks for the rest.
const (
	shownSamples  = 6
	shownVersions = 5
)

// showSamples lists what this cycle (or the next one) trains on, and what not, with the reason for each.
func (v *learningView) showSamples() { v.w.renew(v.judged, v.fillSamples) }

func (v *learningView) fillSamples() {
	kept := 0
	for _, s := range v.samples {
		if s.Kept {
			kept++
		}
	}
	dropped := len(v.samples) - kept
	title := say("samples.next")
	if v.cycle != 0 {
		title = say("samples.this")
	}
	choice := widgets.NewSegmented(v.part, func(i int) { v.part = i; v.showSamples() },
		say("samples.all", "N", whole(len(v.samples))), say("samples.kept", "N", whole(kept)), say("samples.dropped", "N", whole(dropped)))
	list := widgets.VStack(2)
	n := 0
	for _, s := range v.samples {
		if v.part == 1 && !s.Kept || v.part == 2 && s.Kept {
			continue
		}
		if n++; n <= shownSamples || v.everything {
			list.Add(v.sampleLine(s))
		}
	}
	switch {
	case !v.read:
		list.Add(widgets.Pad(widgets.Muted(v.readingWords()).Wrapped(), 6, 0))
	case n == 0 && len(v.samples) == 0:
		list.Add(widgets.Pad(widgets.Muted(say("samples.none")).Wrapped(), 6, 0))
	case n == 0:
		list.Add(widgets.Pad(widgets.Muted(say("samples.none_here")).Wrapped(), 6, 0))
	case n > shownSamples && !v.everything:
		list.Add(v.moreLink(n - shownSamples))
	}
	head := widgets.CardHead(title, choice)
	if v.w.tight {
		head = widgets.VStack(8, widgets.Section(title).Wrapped(), widgets.HStack(0, choice, widgets.Space()))
	}
	v.judged.Objects = []fyne.CanvasObject{widgets.Grow(widgets.Card(widgets.VStack(2, head, widgets.Sized(0, 2, widgets.Space()),
		list), 10, 16))}
	v.body.Refresh()
}

// moreLink leads to the rows that are not listed.
func (v *learningView) moreLink(n int) fyne.CanvasObject {
	return widgets.HStack(0, widgets.NewLink(sayN("samples.more", n), func() {
		v.everything = true
		v.showSamples()
		v.showHistory()
	}), widgets.Space())
}

func (v *learningView) sampleLine(s trainer.JudgedSample) fyne.CanvasObject {
	glyph, tone := widgets.IconCheck, widgets.ToneSuccess
	why := say("samples.why_kept")
	switch {
	case !s.Kept:
		glyph, tone, why = widgets.IconCross, widgets.ToneError, because(s.Reason)
	case s.Form == trainer.FormRating && s.Score < 0:
		why = say("samples.why_lowered")
	case s.Importance != 3:
		why = say("samples.why_important", "N", whole(s.Importance))
	}
	text := s.Prompt
	if s.Form == trainer.FormText && text == "" {
		text = s.Answer
	}
	mark := widgets.Sized(18, 18, widgets.NewIcon(glyph, 16, tone.Ink()))
	if v.w.tight {
		return widgets.Sized(0, 40, widgets.HStack(10, mark, widgets.Grow(widgets.VStack(0, widgets.Body(brief(text, 200)).Cutting(),
			widgets.Caption(formWords(s.Sample)+" · "+why).In(tone.Ink()).Cutting()))))
	}
	return widgets.Sized(0, 28, widgets.HStack(10, mark, widgets.Sized(76, 0, widgets.Caption(formWords(s.Sample))),
		widgets.Grow(widgets.Body(brief(text, 200)).Cutting()), widgets.Sized(190, 0, widgets.Caption(why).In(tone.Ink()).Cutting())))
}

// formWords says what a sample was made from.
func formWords(s trainer.Sample) string {
	switch {
	case s.Form == trainer.FormRating:
		return sayN("samples.stars", int(s.Score*2+3.5))
	case s.Form == trainer.FormText:
		return say("samples.text")
	case s.Kind == trainer.Manner:
		return say("samples.manner")
	}
	return say("samples.correction")
}

// readingWords stand where nothing is known yet; why, if it stays like that, says a notice.
func (v *learningView) readingWords() string {
	if v.unread != nil {
		return say("statistics.none")
	}
	return say("reading")
}

// measured is the newest row of the history that the gate has measured.
func (v *learningView) measured() (trainer.VersionRow, bool) {
	i := slices.IndexFunc(v.versions, func(r trainer.VersionRow) bool { return r.Figures != nil })
	if i < 0 {
		return trainer.VersionRow{}, false
	}
	return v.versions[i], true
}

// markAt is where on a meter its limit stands, so that what goes beyond can be seen to.
const markAt = .8

// forgetting is how much a candidate has lost of what was known.
type forgetting int

const (
	forgotNothing forgetting = iota
	forgotSome
	forgotTooMuch
)

// forgot judges by the figures alone: a version can be turned down for much else, as for what it has not learnt.
func forgot(r trainer.VersionRow) forgetting {
	f, tries := r.Figures, trainer.Tries(r.Reason)
	why := tries[len(tries)-1] // that the figures are of
	limited := func(value, limit float64) forgetting {
		switch {
		case limit <= 0:
			return forgotNothing
		case value > limit:
			return forgotTooMuch
		case value > limit/2:
			return forgotSome
		}
		return forgotNothing
	}
	most := max(limited(f.Canary, f.CanaryLimit), limited(f.ChatKL, f.ChatLimit))
	switch {
	case why.Code == trainer.CodeLosesKnown, f.KeptOf > 0 && float64(f.Kept)/float64(f.KeptOf) < f.KeptLimit,
		f.BehindOf > 0 && float64(f.Behind)/float64(f.BehindOf) < f.BehindLimit:
		return forgotTooMuch
	case len(f.Lost) > 0:
		return max(most, forgotSome)
	}
	return most
}

// showForgetting shows what the last check found the candidate to have lost of what it knew.
func (v *learningView) showForgetting() {
	r, ok := v.measured()
	if !ok {
		words := say("forget.unmeasured")
		if !v.read {
			words = v.readingWords()
		}
		v.forgets.Objects = []fyne.CanvasObject{widgets.Grow(widgets.Card(widgets.VStack(9, widgets.CardHead(say("forget.title")),
			widgets.Muted(words).Wrapped()), 10, 16))}
		return
	}
	f := r.Figures
	glyph, word, tone := widgets.IconCheck, say("forget.no"), widgets.ToneSuccess
	switch forgot(r) {
	case forgotTooMuch:
		glyph, word, tone = widgets.IconBang, say("forget.too_much"), widgets.ToneError
	case forgotSome:
		glyph, word, tone = widgets.IconTilde, say("forget.some"), widgets.ToneWarning
	}
	body := widgets.VStack(9, widgets.CardHead(say("forget.title"), widgets.NewChip(word, &glyph, tone)))
	line := func(name, value string, share, mark float64, over bool) {
		fill := widgets.ColorKnown
		if over {
			fill = widgets.ColorLost
		}
		m := widgets.NewMeter(min(max(share, 0), 1), mark, fill)
		m.Sentence = name + ": " + value
		body.Add(widgets.VStack(7, widgets.HStack(6, widgets.Grow(widgets.Body(name).Cutting()), widgets.Caption(value)), m))
	}
	if f.CanaryLimit > 0 {
		line(say("forget.general"), say("forget.nats", "Value", signed(f.Canary, 3), "Limit", decimal(f.CanaryLimit, 3)),
			f.Canary/f.CanaryLimit*markAt, markAt, f.Canary > f.CanaryLimit)
	}
	if f.ChatLimit > 0 {
		line(say("forget.distance"), say("forget.kl", "Value", decimal(f.ChatKL, 3), "Limit", decimal(f.ChatLimit, 3)),
			f.ChatKL/f.ChatLimit*markAt, markAt, f.ChatKL > f.ChatLimit)
	}
	if f.KeptOf > 0 {
		share := float64(f.Kept) / float64(f.KeptOf)
		line(say("forget.kept"), say("forget.of", "N", whole(f.Kept), "Of", whole(f.KeptOf)), share, f.KeptLimit, share < f.KeptLimit)
	}
	if f.BehindOf > 0 {
		share := float64(f.Behind) / float64(f.BehindOf)
		line(say("forget.behind"), say("forget.of", "N", whole(f.Behind), "Of", whole(f.BehindOf)), share, f.BehindLimit, share < f.BehindLimit)
	}
	if f.KnownOf > 0 {
		line(say("forget.lessons"), say("forget.of", "N", whole(f.Known), "Of", whole(f.KnownOf)), float64(f.Known)/float64(f.KnownOf), 0, false)
	}
	body.Add(widgets.Caption(say("forget.about", "Version", v.rowName(r))).Wrapped())
	v.forgets.Objects = []fyne.CanvasObject{widgets.Grow(widgets.Card(body, 10, 16))}
}

func (v *learningView) rowName(r trainer.VersionRow) string {
	if r.ID == 0 && r.Cycle != 0 {
		return say("version.cycle", "N", whole(int(r.Cycle)))
	}
	return versionName(r.Number)
}

// showHistory lists the versions, or the figures of the one that was tapped.
func (v *learningView) showHistory() { v.w.renew(v.history, v.fillHistory) }

func (v *learningView) fillHistory() {
	var o fyne.CanvasObject
	if at := slices.IndexFunc(v.versions, func(r trainer.VersionRow) bool { return v.opened != rowKey{} && keyOf(r) == v.opened }); at >= 0 {
		o = v.figures(v.versions[at])
	} else {
		list := widgets.VStack(1)
		if !v.read {
			list.Add(widgets.Muted(v.readingWords()).Wrapped())
		}
		hidden := 0
		for i, r := range v.versions {
			base := i == len(v.versions)-1
			if i >= shownVersions-1 && !base && !v.everything && !r.Active {
				hidden++
				continue
			}
			if base && hidden > 0 {
				list.Add(v.moreLink(hidden))
			}
			list.Add(v.versionLine(r))
		}
		o = widgets.VStack(1, widgets.CardHead(say("history.title")), list)
	}
	v.history.Objects = []fyne.CanvasObject{widgets.Grow(widgets.Card(o, 10, 16))}
	v.body.Refresh()
}

// rowKey tells a row of the history from the others, however many come before it. The untrained base has the zero one.
type rowKey struct{ version, cycle int64 }

func keyOf(r trainer.VersionRow) rowKey { return rowKey{r.ID, r.Cycle} }

// openRow shows the figures of a row in the place of the list, or the list again.
func (v *learningView) openRow(k rowKey) {
	v.opened = k
	v.showHistory()
}

func (v *learningView) versionLine(r trainer.VersionRow) fyne.CanvasObject {
	glyph, ink := widgets.IconLayers, widgets.ColorMuted
	words := moment(r.Created, v.w.now())
	verdict := verdictWords(r.Verdict)
	var end fyne.CanvasObject
	restore := widgets.NewSmallButton(say("history.restore"), &widgets.IconUndo, widgets.Ghost, func() { v.restore(r.ID) })
	switch {
	case r.ID == 0 && r.Cycle == 0: // the untrained base
		glyph, words, verdict = widgets.IconChip, v.w.model.short(), say("history.nothing_learned")
		end = restore
	case r.ID == 0:
		glyph, ink, end = widgets.IconCross, widgets.ColorError, widgets.Caption(say("history.never"))
		if verdict = because(r.Reason); r.State == trainer.CycleRefused {
			verdict = say("verdict.refused_because", "Why", verdict)
		}
	case r.Removed:
		end = widgets.Caption(say("history.removed"))
	default:
		end = restore
	}
	if r.Active {
		end = widgets.NewChip(say("history.active"), nil, widgets.ToneSuccess)
	}
	if r.ID != 0 && r.Verdict == trainer.VerdictProven {
		glyph, ink = widgets.IconShield, widgets.ColorSuccess
	}
	if verdict != "" && words != "" {
		words += " · " + verdict
	} else if words == "" {
		words = verdict
	}
	line := widgets.HStack(10, widgets.NewIcon(glyph, 18, ink), widgets.Grow(widgets.VStack(0, widgets.Strong(v.rowName(r)), widgets.Caption(words).Cutting())), end)
	row := widgets.NewRow(line, 40, func() {
		if k := keyOf(r); k != (rowKey{}) {
			v.openRow(k)
		}
	})
	row.Hint = v.rowName(r) + ", " + words
	return row
}

// restore lets another version answer, and offers the way back.
func (v *learningView) restore(id int64) {
	before := v.w.state.Active.ID
	queued(v.w.work, func(ctx context.Context) (none, error) {
		return none{}, v.w.Trainer.Restore(ctx, id)
	}, func(_ none, err error) {
		v.w.failed(err)
		if err == nil {
			v.w.snackbar.Say(say("history.restored", "Version", v.nameOf(id)), say("undo"), func() { v.restore(before) })
		}
		v.refresh()
	})
}
