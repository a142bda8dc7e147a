package main

import (
	"regexp"

	"fyne.io/fyne/v2"
)

// learn: a cycle, watched from its beginning to the version that it makes, and an answer in its manner.
func (p *player) learn() {
	p.tap(p.word("place.learning"))
	p.tap(p.word("learning.resume"))
	p.seeIn(training, p.word("loop.step", "Step", p.say("step.manner")[0]))
	p.see(p.word("learning.cancel"))
	p.seeIn(training, regexp.MustCompile(p.say("step.manner")[0]+`, (1\d|[6-9]) `)) // there is a curve by then
	p.shoot("training")
	p.seeIn(training, p.word("loop.step", "Step", p.say("step.gate")[0]))
	p.shoot("checking")
	p.seeIn(training, p.word("verdict.active_title", "Version", p.version("1")))
	p.shoot("active")
	p.tapLast(text(p.version("1")))
	p.see(p.word("figures.when"))
	p.shoot("figures")
	p.tap(p.word("place.chat"))
	p.tap(p.word("shell.new"))
	p.ask("What is a rainbow?")
	p.see(text("Well asked:"))
	p.shoot("asked-again")
}

// restore: the untrained model answers again, and the way back.
func (p *player) restore() {
	p.tap(p.word("place.learning"))
	p.key(fyne.KeyEscape)
	p.tapLast(p.word("history.restore"))
	p.see(p.word("history.restored", "Version", p.say("version.base")[0]))
	p.shoot("base")
	p.tap(p.word("undo"))
	p.see(p.word("history.restored", "Version", p.version("1")))
}
