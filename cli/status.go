package cli

import (
	"time"

	"clara/trainer"
)

// statusView is the state of the loop as the commands print it.
type statusView struct {
	Phase    trainer.Phase    `json:"phase"`
	Why      trainer.Reason   `json:"why"`
	StartsIn float64          `json:"starts_in_seconds,omitempty"`
	Ratings  int              `json:"new_ratings"`
	Manner   int              `json:"new_manner"`
	Lessons  int              `json:"new_lessons"`
	Kept     int              `json:"buffer_kept"`
	Total    int              `json:"buffer_total"`
	Known    int              `json:"lessons_known"`
	OfAll    int              `json:"lessons_total"`
	Version  int              `json:"version"`
	Cycle    int64            `json:"cycle,omitempty"`
	Step     trainer.Step     `json:"step,omitempty"`
	Done     int              `json:"done,omitempty"`
	Of       int              `json:"of,omitempty"`
	Trouble  *trainer.Finding `json:"trouble,omitempty"`

	Reader         trainer.ReaderState `json:"reader,omitempty"` // of the model
	Contradictions int                 `json:"contradictions"`   // pairs of lessons that wait for the user

	Last *trained `json:"last_cycle,omitempty"`
}

func statusOf(s trainer.State) statusView {
	v := statusView{
		Phase: s.Phase, Why: s.Why, Ratings: s.NewRatings, Manner: s.NewManner, Lessons: s.NewLessons,
		Kept: s.Buffer.Kept, Total: s.Buffer.Total, Known: s.Lessons.Known, OfAll: s.Lessons.Total(),
		Version: s.Active.Number, Trouble: s.Trouble,
		Reader: s.Reader, Contradictions: s.Contradictions,
	}
	if !s.StartsAt.IsZero() {
		v.StartsIn = max(0, time.Until(s.StartsAt).Seconds())
	}
	if isTraining(s.Phase) {
		v.Cycle, v.Step, v.Done, v.Of = s.Progress.Cycle, s.Progress.Step, s.Progress.Done, s.Progress.Of
	}
	if e := s.Last; e != nil {
		v.Last = &trained{Cycle: e.Cycle, State: e.State, Verdict: e.Verdict, Reason: e.Reason, Version: e.Number, Seconds: e.Seconds, Known: []string{}}
	}
	return v
}

func (c *program) sayStatus(s trainer.State) {
	l := c.language
	c.sayf("%s: %s", "%s: %s", l.phase(s), l.because(s.Why))
	if isTraining(s.Phase) && s.Progress.Step != "" {
		p := c.newProgress()
		text := p.part(s.Progress)
		if s.Progress.Of > 0 {
			text += l.say(", %d of %d", ", %d von %d", s.Progress.Done, s.Progress.Of)
		}
		c.sayf("Cycle %d: %s.", "Zyklus %d: %s.", s.Progress.Cycle, text+p.loss(s.Progress)+p.left(s.Progress))
	}
	if s.Trouble != nil {
		c.sayf("Trouble: %s", "Störung: %s", l.because(s.Trouble.Reason))
	}
	c.sayf("New: %s, %s, %s.", "Neu: %s, %s, %s.",
		l.count(s.NewRatings, "rating", "ratings", "Bewertung", "Bewertungen"),
		l.count(s.NewManner, "correction of manner", "corrections of manner", "Korrektur der Art", "Korrekturen der Art"),
		l.count(s.NewLessons, "lesson", "lessons", "Lektion", "Lektionen"))
	c.sayf("Buffer: %d of %d samples train. Lessons: %d of %d known. In use: %s.",
		"Puffer: %d von %d Rückmeldungen trainieren. Lektionen: %d von %d sitzen. In Gebrauch: %s.",
		s.Buffer.Kept, s.Buffer.Total, s.Lessons.Known, s.Lessons.Total(), l.version(s.Active.Number))
	if s.Reader != "" && !s.Reader.Usable() {
		c.sayf("%s.", "%s.", l.reader(s.Reader))
	}
	if s.Contradictions > 0 {
		c.sayf("Lessons that contradict each other: %s; %s shows them.", "Lektionen, die sich widersprechen: %s; %s zeigt sie.",
			l.count(s.Contradictions, "pair", "pairs", "Paar", "Paare"), c.contradictionsBy())
	}
	if e := s.Last; e != nil {
		c.sayf("Last training: %s.", "Letztes Training: %s.", l.because(e.Reason))
	}
}
