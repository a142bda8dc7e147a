package app

import (
	"fmt"

	"clara/trainer"
)

// unsaved is what was written in an editor that was left without saving it, as by opening another conversation. The editor begins
// with it when it is opened again. It is kept as long as the window: on disk it would outlive what it is about, which a person can
// have erased.
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
