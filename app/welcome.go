package app

import (
	"fyne.io/fyne/v2"

	"clara/configs"
	"clara/widgets"
)

// welcoming says whether the window greets a person who has not seen it before.
func (w *window) welcoming() bool { return !w.App.Preferences().Bool(preferSeen) }

// welcome greets: what this is, what model answers, what computes. The model is loaded meanwhile.
func (v *modelView) welcome() fyne.CanvasObject {
	w := v.w
	v.cards = widgets.VStack(16)
	v.start = widgets.NewButton(say("welcome.start"), nil, widgets.Primary, func() {
		w.App.Preferences().SetBool(preferSeen, true)
		v.cards, v.start = nil, nil
		w.rebuild()
		w.tellWaiting()
	})
	v.foot = widgets.HStack(8, widgets.Grow(widgets.Caption(say("welcome.change")).Cutting()), v.start)
	if w.tight {
		v.foot = widgets.WrapRow(12, v.start)
	}
	v.fill()
	on := 0
	if w.language == english {
		on = 1
	}
	languages := widgets.NewSegmented(on, func(i int) {
		code := [...]string{german, english}[i]
		w.change(func(s *configs.Settings) { s.Window.Language = code }, func() {
			if w.Language != "" { // the settings named this one already, and the program was started in another
				w.Language = ""
				w.restyle()
			}
		})
	}, say("set.german"), say("set.english"))

	words := widgets.VStack(0, widgets.HStack(0, widgets.Logo(52), widgets.Space()), gap(22),
		widgets.NewText(say("welcome.title"), widgets.TextFigure, widgets.ColorText).Bold().Wrapped(), gap(8),
		widgets.NewText(say("welcome.about"), widgets.TextSection, widgets.ColorMuted).Wrapped(), gap(34),
		widgets.VStack(24,
			promise(widgets.IconLock, say("welcome.here"), say("welcome.here_text")),
			promise(widgets.IconPencil, say("welcome.learns"), say("welcome.learns_text")),
			promise(widgets.IconUndo, say("welcome.undo"), say("welcome.undo_text"))))
	own := widgets.NewSmallButton(say("model.open"), &widgets.IconFolder, widgets.Ghost, v.chooseFile)
	title := widgets.NewText(say("welcome.model"), widgets.TextHeading, widgets.ColorText).Bold()
	head := widgets.HStack(8, widgets.Grow(title), own)
	if w.tight {
		head = widgets.VStack(8, title, widgets.HStack(0, own, widgets.Space()))
	}
	right := widgets.VStack(16, head, v.cards)
	if w.tight {
		page := widgets.VStack(24, words, right, v.foot, widgets.HStack(0, languages, widgets.Space()))
		return widgets.Layers(widgets.NewScroll(widgets.Pad(page, 24, 20)))
	}
	left := widgets.VStack(0, words, widgets.Space(), widgets.HStack(0, languages, widgets.Space()))
	return widgets.HStackFill(0,
		widgets.Sized(448, 0, widgets.Layers(widgets.NewBox(widgets.ColorSidebar, "", 0), widgets.Pad(left, 64, 48, 36, 48))), widgets.VRule(),
		widgets.Grow(widgets.Pad(widgets.Column(760+2*outline, widgets.VStack(16, widgets.Grow(inPane(right)), widgets.Pad(v.foot, 0, outline))),
			40-outline, 48-outline, 32, 48-outline)))
}

func gap(h float32) fyne.CanvasObject { return widgets.Sized(0, h, widgets.Space()) }

// promise is one of the three things to know first.
func promise(g widgets.Glyph, title, text string) fyne.CanvasObject {
	return widgets.HStackTop(14, widgets.On(widgets.ColorPrimarySoft, 10, widgets.NewIcon(g, 20, widgets.ColorPrimary), 9),
		widgets.Grow(widgets.VStack(2, widgets.Strong(title).Wrapped(), widgets.Muted(text).Wrapped())))
}
