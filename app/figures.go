package app

import (
	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// figureKeys translates the figures of the gate. TestEveryFigureHasWords holds it to the trainer's list.
var figureKeys = map[string]string{
	trainer.FigureAsked:           "figure.asked",
	trainer.FigureOwn:             "figure.own",
	trainer.FigureFit:             "figure.fit",
	trainer.FigureKnown:           "figure.known",
	trainer.FigureLost:            "figure.lost",
	trainer.FigureVain:            "figure.vain",
	trainer.FigureAside:           "figure.aside",
	trainer.FigureVariants:        "figure.variants",
	trainer.FigureSwapped:         "figure.swapped",
	trainer.FigureKept:            "figure.kept",
	trainer.FigureLeaks:           "figure.leaks",
	trainer.FigureBehind:          "figure.behind",
	trainer.FigureBehindLeaks:     "figure.behind_leaks",
	trainer.FigureCanary:          "figure.canary",
	trainer.FigureChat:            "figure.chat",
	trainer.FigureLoops:           "figure.loops",
	trainer.FigureEndless:         "figure.endless",
	trainer.FigureWords:           "figure.words",
	trainer.FigureLanguage:        "figure.language",
	trainer.FigureNumbers:         "figure.numbers",
	trainer.FigureSign:            "figure.sign",
	trainer.FigureTraitWord:       "figure.trait_word",
	trainer.FigureTraitNoWord:     "figure.trait_no_word",
	trainer.FigureTraitOpening:    "figure.trait_opening",
	trainer.FigureTraitNoOpening:  "figure.trait_no_opening",
	trainer.FigureTraitQuestion:   "figure.trait_question",
	trainer.FigureTraitNoQuestion: "figure.trait_no_question",
	trainer.FigureTraitList:       "figure.trait_list",
	trainer.FigureTraitNoList:     "figure.trait_no_list",
	trainer.FigureTraitShort:      "figure.trait_short",
	trainer.FigureTraitLong:       "figure.trait_long",
	trainer.FigureTraitFirst:      "figure.trait_first",
	trainer.FigureTraitLongFirst:  "figure.trait_long_first",
	trainer.FigureTraitPairs:      "figure.trait_pairs",
	trainer.FigureTraitFew:        "figure.trait_few",
}

// figureWords says one figure of the gate with its limit.
func figureWords(s trainer.Sentence) string {
	key, ok := figureKeys[s.Reason.Code]
	switch {
	case !ok:
		return s.Reason.Text
	case s.Reason.Code == trainer.FigureLost && s.Value == 0:
		return say("figure.none_lost")
	case s.Reason.Code == trainer.FigureAside:
		return say(key, "N", s.Reason.Args["aside"], "Lessons", s.Reason.Args["questions"], "Why", because(trainer.GateOf(s.Reason)))
	case s.Reason.Code == trainer.FigureChat && !s.Limited:
		key = "figure.chat_free"
	case s.Reason.Code == trainer.FigureNumbers && !s.Passed:
		key = "figure.not_numbers"
	}
	return say(key, argumentsOf(s.Reason)...)
}

// figureLine shows one figure with a mark: a tick or a cross where a limit decides, a dash where the figure is only told. What
// failed says so in words too.
func figureLine(s trainer.Sentence) fyne.CanvasObject {
	glyph, ink := widgets.IconDash, widgets.ColorMuted
	words := widgets.Caption(figureWords(s)).In(widgets.ColorText).Wrapped()
	switch {
	case s.Limited && s.Passed:
		glyph, ink = widgets.IconCheck, widgets.ColorSuccess
	case s.Limited:
		glyph, ink = widgets.IconCross, widgets.ColorError
		words = widgets.Caption(say("figure.failed", "Figure", figureWords(s))).Bold().In(widgets.ColorError).Wrapped()
	}
	return widgets.HStackTop(8, widgets.NewIcon(glyph, 16, ink), widgets.Grow(words))
}

// figures shows everything that the gate measured of one version or refused cycle, of both tries where there were two.
func (v *learningView) figures(r trainer.VersionRow) fyne.CanvasObject {
	back := widgets.NewIconButton(widgets.IconLeft, say("history.title"), func() { v.openRow(rowKey{}) })
	head := widgets.Sized(0, 32, widgets.HStack(6, back, widgets.Grow(widgets.Section(v.rowName(r)).Cutting())))
	list := widgets.VStack(8)
	pair := func(name, value string) {
		list.Add(widgets.HStackTop(8, widgets.Grow(widgets.Caption(name).Wrapped()), widgets.Caption(value).In(widgets.ColorText)))
	}
	why, f := r.Reason, r.Figures
	if len(r.Tries) == 2 {
		at := min(v.try, 1)
		tries := widgets.NewSegmented(at, func(i int) { v.try = i; v.showHistory() }, say("figure.first_try"), say("figure.second_try"))
		list.Add(widgets.HStack(0, tries, widgets.Space()))
		if at == 1 {
			list.Add(widgets.Caption(say("figure.gentler")).Wrapped())
		}
		why, f = r.Tries[at].Reason, &r.Tries[at].Figures
	}
	list.Add(widgets.Body(because(why)).Wrapped())
	pair(say("figures.when"), moment(r.Created, v.w.now()))
	if r.ID != 0 {
		pair(say("figures.parent"), v.nameOf(r.Parent))
	}
	if f != nil {
		list.Add(widgets.Rule())
		for _, s := range f.Sentences() {
			list.Add(figureLine(s))
		}
		list.Add(widgets.Caption(say("figure.legend")).Wrapped())
	}
	return widgets.VStack(4, head, list)
}
