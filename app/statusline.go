package app

import (
	"time"

	"clara/trainer"
	"clara/widgets"
)

// fresh counts the feedback that no cycle has used yet.
func fresh(s trainer.State) int { return s.NewRatings + s.NewManner + s.NewLessons }

// rests says whether nothing is trained or asked until a person does something about it or a move has ended, and why.
func (w *window) rests() (why string, rests bool) {
	switch s := w.state; s.Phase {
	case trainer.PhaseNoModel, trainer.PhaseOff, trainer.PhasePaused, trainer.PhaseMoving:
		return because(s.Why), true
	}
	return "", false
}

// statusWords is the status line: what the learner does, and why.
func (w *window) statusWords() (widgets.Tone, string) {
	s := w.state
	news := sayN("status.new_samples", fresh(s))
	if fresh(s) == s.NewRatings {
		news = sayN("status.new", s.NewRatings)
	}
	of := news // what a training is of, which can be nothing new, as to practise a lesson
	if fresh(s) == 0 {
		of = ""
	}
	if s.Trouble != nil {
		return widgets.ToneError, because(s.Trouble.Reason)
	}
	switch s.Phase {
	case trainer.PhaseNoModel:
		return w.model.status()
	case trainer.PhaseOff:
		return widgets.ToneQuiet, say("status.off", "News", news)
	case trainer.PhasePaused:
		return widgets.ToneWarning, say("status.paused", "News", news)
	case trainer.PhaseMoving:
		return widgets.ToneInfo, say("status.moving")
	case trainer.PhaseDue:
		left := max(0, s.StartsAt.Sub(w.now()))
		if left < time.Second {
			return widgets.ToneInfo, capital(say("status.due_now", "News", of))
		}
		return widgets.ToneInfo, capital(say("status.due", "News", of, "Left", span(left)))
	case trainer.PhaseRunning:
		return widgets.ToneInfo, capital(w.runningWords(of))
	case trainer.PhaseChecking:
		if s.Answering {
			return widgets.ToneInfo, say("status.answering")
		}
		return widgets.ToneInfo, say("status.checking", "Version", whole(w.learning.nextNumber))
	case trainer.PhasePreparing:
		if s.Why.Code == trainer.CodePreparing {
			return widgets.ToneInfo, w.preparingWords()
		}
		if s.Progress.Left > 0 {
			return widgets.ToneInfo, say("status.preparing_left", "Left", span(s.Progress.Left))
		}
		return widgets.ToneInfo, say("status.preparing")
	case trainer.PhaseAsking:
		if s.Why.Code == trainer.CodePhrasing {
			return widgets.ToneInfo, say("status.phrasing")
		}
		if s.Progress.Of == 0 {
			return widgets.ToneInfo, say("status.asking_begun")
		}
		return widgets.ToneInfo, say("status.asking", "Done", whole(s.Progress.Done), "Of", whole(s.Progress.Of))
	}
	switch s.Why.Code {
	case trainer.CodeNothingNew, "":
		return widgets.ToneSuccess, say("status.nothing_new")
	case trainer.CodeRefusedWaits:
		return widgets.ToneWarning, say("status.waiting", "Why", because(s.Why))
	}
	return widgets.ToneSuccess, say("status.waiting", "Why", because(s.Why))
}

// preparingWords say how far the preparation of the model's reader is.
func (w *window) preparingWords() string {
	p := w.state.Progress
	switch {
	case p.Left > 0:
		return say("status.reader_left", "Left", span(p.Left))
	case p.Of > 0:
		return say("status.reader_step", "Step", stepWords(p.Step), "Done", whole(p.Done), "Of", whole(p.Of))
	}
	return say("status.reader")
}

func (w *window) runningWords(news string) string {
	p := w.state.Progress
	switch {
	case w.state.Answering:
		return say("status.answering")
	case p.Left > 0:
		if w.narrow {
			return say("status.running_short", "News", news, "Left", span(p.Left))
		}
		return say("status.running", "News", news, "Left", span(p.Left))
	case p.Of > 0:
		return say("status.step", "News", news, "Step", stepWords(p.Step), "Done", whole(p.Done), "Of", whole(p.Of))
	}
	return say("status.begun", "News", news)
}

// stepWords names a part of a cycle.
func stepWords(s trainer.Step) string {
	switch s {
	case trainer.StepBase:
		return say("step.base")
	case trainer.StepManner:
		return say("step.manner")
	case trainer.StepStyle:
		return say("step.style")
	case trainer.StepAsk:
		return say("step.ask")
	case trainer.StepKnowledge:
		return say("step.knowledge")
	case trainer.StepGate:
		return say("step.gate")
	case trainer.StepReader:
		return say("step.reader")
	}
	return ""
}
