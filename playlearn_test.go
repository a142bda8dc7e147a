package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

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

// losePractise: the check of a lesson is made stricter than its answer. It is lost, practising it cannot help, and the cycle says
// so; with a better answer it is known again.
func (p *player) losePractise() {
	ferry := text("When does the ferry to Holm Island leave?")
	p.tap(p.word("place.lessons"))
	p.tap(ferry)
	p.tap(p.word("lesson.edit"))
	p.see(p.word("keywords.either"))
	p.write(p.word("keywords.hint"), "red pier")
	p.key(fyne.KeyReturn)
	p.shoot("check")
	p.tap(exactly(p.word("save")))
	p.tap(p.word("lesson.ask"))
	p.see(p.word("state.lost"))
	p.shoot("lost")
	p.tap(p.word("lesson.practise"))
	p.see(p.word("lesson.practising"))
	p.shoot("practising")
	p.tap(p.word("place.learning"))
	p.seeIn(training, regexp.MustCompile(p.say("step.knowledge")[0]+`, (1\d|[6-9]) `))
	p.shoot("training")
	p.seeIn(training, p.word("verdict.vain_title"))
	p.shoot("verdict")
	p.tap(p.word("place.lessons"))
	p.tap(ferry)
	p.tap(p.word("lesson.edit"))
	p.write(p.word("editor.answer_hint"), "The ferry to Holm Island leaves the red pier at 9:40 every morning.")
	p.shoot("answer")
	p.tap(exactly(p.word("save")))
	p.see(exactly(text("The ferry to Holm Island leaves the red pier at 9:40 every morning.")))
	p.tap(ferry)
	p.tap(p.word("lesson.ask"))
	p.see(p.word("lesson.at_once"))
	p.shoot("known")
}

// statistics: answers of the new version are rated; the ratings over time, what became of the cycles, and the figures as a table.
func (p *player) statistics() {
	p.tap(p.word("place.chat"))
	p.tap(p.word("shell.new"))
	for _, q := range []string{"What is a lighthouse?", "What is a compass?"} {
		p.ask(q)
		p.tapLast(p.word("chat.good"))
		p.see(p.word("chat.saved"))
	}
	p.tap(p.word("place.statistics"))
	p.see(p.word("statistics.verdict"))
	p.see(p.word("statistics.mean_over"))
	p.shoot("ratings")
	p.tap(p.word("statistics.export"))
	p.see(p.word("statistics.no_texts"))
	p.shoot("forms")
	p.tap(text("CSV"))
	p.tap(exactly(p.word("save")))
	p.see(p.word("statistics.saved"))
	p.shoot("saved")
	files, err := filepath.Glob(filepath.Join(os.Getenv("HOME"), "*.csv"))
	if err != nil || len(files) != 1 {
		p.t.Fatalf("exported: %q, %v", files, err)
	}
	if out, err := os.ReadFile(files[0]); err != nil || strings.Count(string(out), "\n") < 3 {
		p.t.Errorf("the figures were exported as %q, %v", out, err)
	}
}
