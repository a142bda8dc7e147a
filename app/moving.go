package app

import (
	"context"
	"errors"
	"path/filepath"

	"fyne.io/fyne/v2"

	"clara/catalogue"
	"clara/trainer"
	"clara/widgets"
)

// Mover trains all that was taught on the model at path, and says how both do. Learning
// stands still meanwhile, answering does not. A cancelled ctx leaves all as it was.
type Mover func(ctx context.Context, path string, report func(trainer.Progress)) (trainer.ScoreCard, error)

// moving is the move of the lessons to another model, while it runs and until its score card
// was answered. It belongs to the UI goroutine.
type moving struct {
	offer  catalogue.Offer
	at     trainer.Progress
	card   *trainer.ScoreCard // once it has ended
	err    error
	cancel context.CancelFunc

	words *widgets.Text // while they are shown
	bar   *widgets.Meter
}

// running says whether it is still under way; no move is not.
func (m *moving) running() bool { return m != nil && m.card == nil && m.err == nil }

// askToMove asks before the training that takes minutes.
func (w *window) askToMove(o catalogue.Offer) {
	w.ask(func() question {
		return question{
			title: say("move.ask_title", "Model", offerName(o)), text: sayN("move.ask_text", w.state.Lessons.Total(), "Old", w.model.short()),
			yes: say("move.yes"), no: say("move.no"), do: func() { w.move(o) },
		}
	})
}

// move begins, unless a model has begun to be loaded since it was asked: with the one in use the move would end.
func (w *window) move(o catalogue.Offer) {
	switch {
	case w.moving != nil:
		return
	case w.model.busy:
		w.snackbar.Say(say("move.loads"), "", nil)
		return
	case w.removing[o.Path]:
		w.snackbar.Say(say("offer.removing", "File", filepath.Base(o.Path)), "", nil)
		return
	}
	m := &moving{offer: o}
	w.moving = m
	m.cancel = w.work.beside(func(ctx context.Context) {
		card, err := w.Models.Move(ctx, o.Path, func(at trainer.Progress) {
			fyne.Do(func() { w.movedSoFar(m, at) })
		})
		stopped := ctx.Err() != nil && errors.Is(err, context.Canceled)
		fyne.Do(func() { w.moved(m, card, err, stopped) })
	})
	w.machine.fill()
}

func (w *window) movedSoFar(m *moving, at trainer.Progress) {
	m.at = at
	if m.words != nil {
		m.show()
	}
}

// moved takes the end of a move; stopped says that a person ended it, or the end of the program did.
func (w *window) moved(m *moving, card trainer.ScoreCard, err error, stopped bool) {
	switch {
	case stopped:
		w.moving = nil
	case err != nil:
		m.err = err
	default:
		m.card = &card
	}
	w.unaskToQuit()
	w.machine.fill()
	if w.model.again && !w.model.busy { // what the settings name was changed meanwhile
		w.loadModel()
		return
	}
	w.takeHanded()
}

// endMove puts the score card away.
func (w *window) endMove() {
	w.moving = nil
	w.machine.fill()
	w.takeHanded()
}

// moveCard shows how far the move is, or what it brought.
func (v *modelView) moveCard() fyne.CanvasObject {
	w, m := v.w, v.w.moving
	m.words, m.bar = nil, nil
	switch {
	case m.err != nil:
		return widgets.NewNotice(widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("move.failed"), Text: fault(m.err),
			Actions: []widgets.Action{{Label: say("close"), OnTapped: w.endMove}},
		})
	case m.card != nil:
		return v.scoreCard(m)
	}
	m.words, m.bar = widgets.Caption("").Wrapped(), widgets.NewMeter(0, 0, widgets.ColorPrimary)
	m.show()
	body := widgets.VStack(8, widgets.HStack(8, widgets.NewIcon(widgets.IconLessons, 18, widgets.ColorPrimary),
		widgets.Grow(widgets.Strong(say("move.running", "Model", offerName(m.offer))).Cutting()), widgets.NewIconButton(widgets.IconCross, say("move.stop"), m.cancel)),
		m.bar, m.words)
	if w.loadsAfterMove() {
		body.Add(widgets.Muted(say("move.then", "Model", w.toLoad())).Wrapped())
	}
	return widgets.Card(body, 10, 16, 12, 16)
}

// loadsAfterMove says whether what the settings say of the model was changed and waits for the move that runs.
func (w *window) loadsAfterMove() bool { return w.model.again && w.moving.running() }

// toLoad names the model that the settings name now.
func (w *window) toLoad() string {
	if path := w.Settings.Model.Path; path != "" {
		return modelName(path)
	}
	return w.model.short()
}

func (m *moving) show() {
	words, share := say("move.begun"), 0.0
	if m.at.Step != "" {
		words = stepWords(m.at.Step)
	}
	if m.at.Of > 0 {
		words = say("move.step", "Step", stepWords(m.at.Step), "Done", whole(m.at.Done), "Of", whole(m.at.Of))
		share = float64(m.at.Done) / float64(m.at.Of)
	}
	m.bar.Sentence = words
	m.bar.Set(share, widgets.ColorPrimary)
	m.words.SetText(words)
}

// scoreCard shows both models side by side: what was taught, what was not, and the manner.
func (v *modelView) scoreCard(m *moving) fyne.CanvasObject {
	w, c := v.w, m.card
	body := widgets.VStack(8, widgets.HStack(8, widgets.NewIcon(widgets.IconLessons, 18, widgets.ColorPrimary),
		widgets.Grow(widgets.Strong(say("move.done", "Model", offerName(m.offer))).Wrapped())))
	if c.State == trainer.CycleRefused {
		body.Add(widgets.Muted(say("move.refused", "Why", because(c.Reason))).Wrapped())
	}
	if !c.Reader {
		body.Add(widgets.Muted(say("move.no_reader", "Model", offerName(m.offer))).Wrapped())
	}
	if asked := len(c.Lessons); asked < c.Of {
		body.Add(widgets.Muted(say("move.drawn", "N", whole(asked), "Of", whole(c.Of), "Widely", whole(c.Widely))).Wrapped())
	}
	scores := []trainer.Score{c.Old, c.Base, c.Instant, c.After}
	heads := []string{say("move.before"), say("move.base"), say("move.instant"), say("move.after")}
	if w.tight {
		scores, heads = []trainer.Score{c.Old, c.After}, []string{heads[0], heads[3]}
	}
	row := func(name string, cells []string, strong bool) {
		line := widgets.HStack(8, widgets.Grow(widgets.Caption(name).Wrapped()))
		for _, cell := range cells {
			text := widgets.Caption(cell).In(widgets.ColorText)
			if strong {
				text = widgets.Caption(cell).Bold()
			}
			line.Add(widgets.Sized(112, 0, text.Wrapped()))
		}
		body.Add(line)
	}
	row("", heads, true)
	for _, r := range []struct {
		name   string
		figure func(s trainer.Score) (n, of int)
	}{
		{say("move.known"), func(s trainer.Score) (int, int) { return s.Known, s.Lessons }},
		{say("move.varied"), func(s trainer.Score) (int, int) { return s.Variants, s.VariantsOf }},
		{say("move.leaks"), func(s trainer.Score) (int, int) { return s.Swapped, s.SwappedOf }},
		{say("move.kept"), func(s trainer.Score) (int, int) { return s.Kept, s.KeptOf }},
		{say("move.manner"), func(s trainer.Score) (int, int) { return s.Manner, s.MannerOf }},
	} {
		var cells []string
		for _, s := range scores {
			n, of := r.figure(s)
			if of == 0 {
				cells = append(cells, "–")
				continue
			}
			cells = append(cells, say("move.of", "N", whole(n), "Of", whole(of)))
		}
		row(r.name, cells, false)
	}
	for _, l := range c.Lessons {
		if l.Before && !l.After {
			body.Add(widgets.HStackTop(8, widgets.NewIcon(widgets.IconBang, 16, widgets.ColorError),
				widgets.Grow(widgets.Caption(say("move.lost", "Question", brief(l.Question, 80))).Wrapped())))
		}
	}
	use := widgets.NewButton(say("move.use", "Model", offerName(m.offer)), nil, widgets.Secondary, func() {
		w.handed = "" // another one that came before this was chosen
		w.endMove()
		w.useModel(m.offer.Path)
	})
	body.Add(widgets.WrapRow(8, use, widgets.NewButton(say("move.stay", "Model", w.model.short()), nil, widgets.Ghost, w.endMove)))
	return widgets.Card(body, 14, 16)
}
