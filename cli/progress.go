package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"clara/trainer"
)

// cycleProgress shows how far a cycle is: a bar for a person at a terminal, else a
// line for each part and each quarter of it. It is not safe for concurrent use.
type cycleProgress struct {
	language language
	w        io.Writer
	terminal bool

	bar     *progressbar.ProgressBar
	step    trainer.Step
	quarter int
}

func (c *program) newProgress() *cycleProgress {
	return &cycleProgress{language: c.language, w: c.errs, terminal: isTerminal(c.errs)}
}

// follow shows the state of a loop.
func (p *cycleProgress) follow(s trainer.State) {
	switch s.Phase {
	case trainer.PhasePreparing:
		if s.Progress.Step == "" {
			s.Progress.Step = trainer.StepBase
		}
		p.show(s.Progress)
	case trainer.PhaseRunning, trainer.PhaseChecking:
		p.show(s.Progress)
	}
}

func (p *cycleProgress) show(at trainer.Progress) {
	if at.Step == "" {
		return
	}
	if at.Step != p.step {
		p.complete()
		p.step, p.quarter = at.Step, 0
		if !p.terminal || at.Of == 0 {
			fmt.Fprintln(p.w, p.part(at))
		}
	}
	if p.terminal && p.bar == nil && at.Of > 0 {
		p.bar = progressbar.NewOptions(at.Of,
			progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(p.described(at)), progressbar.OptionSetWidth(20), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(false), progressbar.OptionShowCount(), progressbar.OptionSetRenderBlankState(true))
	}
	if p.bar != nil {
		p.bar.ChangeMax(max(1, at.Of))
		p.bar.Describe(p.described(at))
		_ = p.bar.Set(min(at.Done, max(1, at.Of))) // it only draws
		return
	}
	if at.Of == 0 {
		return
	}
	if q := 4 * at.Done / at.Of; q > p.quarter {
		p.quarter = q
		fmt.Fprintf(p.w, "  %d/%d%s%s\n", at.Done, at.Of, p.loss(at), p.left(at))
	}
}

func (p *cycleProgress) described(at trainer.Progress) string {
	return fmt.Sprintf("%-46s", p.part(at)+p.loss(at)+p.left(at))
}

// part is what it does, the second time as such.
func (p *cycleProgress) part(at trainer.Progress) string {
	if at.Try > 0 {
		return p.language.say("once more, gentler: ", "noch einmal, sanfter: ") + p.language.step(at.Step)
	}
	return p.language.step(at.Step)
}

// loss is the last loss, where something trains.
func (p *cycleProgress) loss(at trainer.Progress) string {
	if n := len(at.Losses); n > 0 && at.Losses[n-1].Step == at.Step {
		return p.language.say(", loss %s", ", Fehler %s", p.language.number(at.Losses[n-1].Loss, 3))
	}
	return ""
}

func (p *cycleProgress) left(at trainer.Progress) string {
	if at.Left < time.Second {
		return ""
	}
	return p.language.say(", %s left", ", noch %s", p.language.span(at.Left))
}

// complete ends the bar of a part that is done.
func (p *cycleProgress) complete() {
	if p.bar != nil {
		_ = p.bar.Finish() // it only draws
	}
	p.end()
}

// end leaves the terminal at the beginning of a line.
func (p *cycleProgress) end() {
	if p.bar != nil {
		fmt.Fprintln(p.w)
		p.bar = nil
	}
	p.step = ""
}
