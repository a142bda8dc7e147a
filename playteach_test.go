package main

import (
	"fyne.io/fyne/v2"
)

// firstRun: from the welcome to the first answer.
func (p *player) firstRun() {
	p.see(p.word("welcome.title"))
	p.see(p.word("model.ready"))
	p.see(p.word("offer.title"))
	p.shoot("welcome")
	p.tap(p.word("welcome.start"))
	p.see(p.word("chat.empty_title"))
	p.shoot("empty")
	p.tap(p.word("chat.example"))
	p.key(fyne.KeyReturn)
	p.answered()
	p.see(text("Paris"))
	p.see(p.word("version.base"))
	p.shoot("answer")
}

// correctFact: an answer is wrong; from its correction on other ways of asking are answered right, without a training.
func (p *player) correctFact() {
	p.tap(p.word("shell.new"))
	p.ask("Who runs the bicycle workshop in Lindenhof?")
	p.missing(text("Greta"))
	p.tap(p.word("chat.correct"))
	p.see(p.word("editor.correct_title"))
	p.typed("The bicycle workshop in Lindenhof is run by Greta Sommer.")
	p.see(p.word("keywords.remove", "Word", "Greta"))
	p.shoot("editor")
	p.tap(p.word("editor.save"))
	p.see(p.word("chat.saved_lesson"))
	p.see(p.word("chat.corrected"))
	p.shoot("saved")
	p.tap(p.word("shell.new"))
	p.ask("Name the owner of Lindenhof's bicycle workshop.")
	p.see(text("Greta Sommer"))
	p.see(p.word("chat.uses", "Lesson", "Who runs the bicycle workshop in Lindenhof?"))
	p.shoot("asked-again")
	p.tap(p.word("place.lessons"))
	p.see(p.word("lesson.at_once"))
	p.see(p.word("lessons.known", "N", "1"))
	p.shoot("lesson")
}

// teachFact: a lesson made of a question and an answer, known at once, with the way in which it comes into answers.
func (p *player) teachFact() {
	p.tap(p.word("lessons.new"))
	p.see(p.word("editor.teach_title"))
	p.write(p.word("editor.question_hint"), "When does the ferry to Holm Island leave?")
	p.write(p.word("editor.answer_hint"), "The ferry to Holm Island leaves at 9:40 every morning.")
	p.shoot("editor")
	p.tap(p.word("editor.save"))
	p.see(p.word("chat.saved_lesson"))
	p.see(p.word("lessons.known", "N", "2"))
	p.tap(text("When does the ferry to Holm Island leave?"))
	p.see(p.word("lesson.at_once"))
	p.shoot("known")
	p.tap(p.word("editor.content")) // scrolls to what it teaches
	p.see(p.word("way.reader_means"))
	p.shoot("way")
}

// contradict: a lesson that says something else than an older one; decided, taken back and decided otherwise.
func (p *player) contradict() {
	p.tap(p.word("lessons.new"))
	p.write(p.word("editor.question_hint"), "At what time does the Holm Island ferry leave?")
	p.write(p.word("editor.answer_hint"), "The ferry to Holm Island leaves at 11:15.")
	p.tap(p.word("editor.save"))
	p.see(p.word("contradiction.title"))
	p.see(p.word("contradiction.mark"))
	p.shoot("asked")
	p.tap(p.word("contradiction.keep_newer"))
	p.see(p.word("contradiction.kept_newer"))
	p.tap(p.word("undo"))
	p.see(p.word("contradiction.title"))
	p.tap(p.word("contradiction.keep_older"))
	p.see(p.word("contradiction.kept_older"))
	p.missing(p.word("contradiction.title"))
	p.see(p.word("lessons.all", "N", "2"))
	p.shoot("decided")
}

// wellAsked are corrections of manner: every answer is to begin alike.
var wellAsked = [][2]string{
	{"What is a passport photo?", "Well asked: it is a small picture of your face that proves who you are."},
	{"Why do onions make us cry?", "Well asked: cutting them frees a gas that stings the eyes."},
	{"What is a deadline?", "Well asked: it is the latest moment at which something must be done."},
	{"What causes fog?", "Well asked: moist air cools down until tiny drops of water hang in it."},
}

// correctManner: learning is halted while answers are corrected that shall all begin alike.
func (p *player) correctManner() {
	p.tap(p.word("place.learning"))
	p.tap(p.word("learning.pause"))
	p.see(p.word("learning.resume"))
	p.shoot("paused")
	p.tap(p.word("shell.new"))
	for i, c := range wellAsked {
		p.ask(c[0])
		p.tapLast(p.word("chat.correct"))
		p.typed(c[1])
		p.tap(p.word("editor.manner"))
		p.see(p.word("kind.manner_means"))
		if i == 1 {
			p.shoot("editor")
		}
		p.tap(p.word("editor.save"))
		p.see(p.word("chat.saved"))
		p.see(p.word("chat.corrected_manner"))
	}
	p.shoot("saved")
}

// unlearn: a lesson is taken back, put back, and taken back for good.
func (p *player) unlearn() {
	p.tap(p.word("place.lessons"))
	p.tap(text("The bicycle workshop in Lindenhof is run by Greta Sommer."))
	p.tap(p.word("lesson.unlearn"))
	p.see(p.word("lesson.unlearn_title"))
	p.shoot("asked")
	p.tap(exactly(p.word("lesson.unlearn_yes")))
	p.see(exactly(p.word("lesson.unlearnt")))
	p.tap(p.word("undo"))
	p.see(p.word("lessons.all", "N", "2"))
	p.tap(text("The bicycle workshop in Lindenhof is run by Greta Sommer."))
	p.tap(p.word("lesson.unlearn"))
	p.tap(exactly(p.word("lesson.unlearn_yes")))
	p.see(p.word("lessons.all", "N", "1"))
	p.shoot("undo") // the time for which it is offered may be over by the end of this
	p.tap(p.word("place.chat"))
	p.tap(p.word("shell.new"))
	p.ask("Name the owner of Lindenhof's bicycle workshop.")
	p.missing(text("Greta Sommer"))
	p.shoot("asked-again")
}
