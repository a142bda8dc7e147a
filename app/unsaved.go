package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"clara/trainer"
)

// unsaved is what was written in an editor that was left without saving it, as by opening another conversation. The editor begins
// with it when it is opened again. It is kept as long as the window: on disk it would outlive what it is about, which a person can
// have erased. The end of the program asks about it.
type unsaved struct {
	said
	question, better string // as far as the editor has them
}

// said is what a person says of an answer beside its text.
type said struct {
	kind        trainer.Kind
	kindChosen  bool // by the person, now or when it was saved: no proposal changes it any more
	words       [][]string
	wordsChosen bool // likewise the keywords
	importance  int
}

// The names of the editors in window.unsaved.
const ofNewLesson = "new lesson"

func ofCorrection(message int64) string { return fmt.Sprint("correction ", message) }

func ofTeaching(message int64) string { return fmt.Sprint("teaching ", message) }

func ofRevision(message int64) string { return fmt.Sprint("revision ", message) }

func ofLesson(lesson int64) string { return fmt.Sprint("lesson ", lesson) }

func ofPreset(preset int64) string { return fmt.Sprint("preset ", preset) }

// keepEditors puts by what is written in the editors that are open.
func (w *window) keepEditors() {
	if d := w.chat.editor; d != nil {
		d.keep()
	}
	if r := w.chat.revision; r != nil {
		r.keep(w)
	}
	if d := w.lessons.editor; d != nil {
		d.keep()
	}
	if e := w.lessons.edit; e != nil {
		e.keep()
	}
	if e := w.presets.editor; e != nil {
		e.keep()
	}
}

// askAboutUnsaved asks whether what is written and not saved may be lost, and goes on if so. It names one such text, from
// which a person knows where it is.
func (w *window) askAboutUnsaved(goOn func()) {
	w.keepEditors()
	names := slices.Sorted(maps.Keys(w.unsaved))
	if len(names) == 0 {
		goOn()
		return
	}
	text := cmp.Or(w.unsaved[names[0]].better, w.unsaved[names[0]].question)
	w.ask(func() question {
		return question{
			title: say("close.unsaved_title"), text: sayN("close.unsaved_text", len(names), "Text", brief(text, 80)),
			yes: say("close.unsaved_yes"), no: say("close.no"), do: goOn,
		}
	})
}
