package cli

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"clara/trainer"
)

// showTraining shows what a lesson is trained with.
func (c *program) showTraining(ctx context.Context, t *trainer.Trainer, id int64) error {
	x, err := t.TrainingOf(ctx, id)
	if errors.Is(err, trainer.ErrNotFound) {
		return &missingError{kindLesson, id}
	}
	if err != nil {
		return err
	}
	return c.show(x, func() { c.sayTraining(x) })
}

func (c *program) sayTraining(x trainer.LessonTraining) {
	l := c.language
	c.sayf("Question: %s\nTurn:     %s", "Frage:    %s\nGelesen:  %s", x.Question, x.Turn)
	if x.Styled {
		c.sayf("          (in your manner)", "          (in Ihrem Umgangston)")
	}
	switch {
	case x.Cycle != 0:
		c.sayf("Cycle %d has trained it for the version in use, with:", "Zyklus %d hat sie für die Version trainiert, die antwortet, mit:", x.Cycle)
	case x.Due:
		c.sayf("The next training may take it up.", "Das nächste Training kann sie aufnehmen.")
	case x.Waits == nil:
		c.sayf("It is known: no training needs it.", "Sie sitzt: Kein Training braucht sie.")
	}
	if x.Waits != nil {
		c.sayf("It waits for you (clara lessons contradictions): %s.", "Sie wartet auf Sie (clara lessons contradictions): %s.", l.because(*x.Waits))
	}
	c.sayf("%d steps at rate %s, rank %d, seed %d; %s in the deck", "%d Schritte mit Rate %s, Rang %d, Startwert %d; %s im Stapel",
		x.Steps, l.number(x.Rate, 4), x.Rank, x.Seed, l.count(x.Copies, "copy", "copies", "Exemplar", "Exemplare"))
	c.sayf("Each step has:", "Jeder Schritt hat:")
	for _, i := range x.Items {
		c.sayf("  %d  %s", "  %d  %s", i.Count, l.trainingItem(i.Kind))
	}
	c.sayf("The question as it stands in %.0f percent of the items, else varied:", "Die Frage, wie sie dasteht, in %.0f Prozent der Fälle, sonst abgewandelt:", 100*x.AsIs)
	c.sayVariants(x.Variants)
	c.sayf("Asked after a training, as %d lessons are in turns, with:", "Nach einem Training abgefragt, wie reihum je %d Lektionen, mit:", x.Turns)
	c.sayVariants(x.Asked)
	if x.Swapped != "" {
		c.sayf("and, which it must not answer: %s", "und, worauf sie nicht antworten darf: %s", x.Swapped)
	}
	c.sayQuestions(l.say("Must not be heard in answers to:", "Darf in Antworten hierauf nicht vorkommen:"), x.Contrasts)
	var changed []string
	for _, w := range x.Words {
		if w.Weight != 1 {
			changed = append(changed, w.Word)
		}
	}
	if len(changed) > 0 {
		c.sayf("Words that weigh %s times as much: %s", "Wörter, die %s-mal so viel wiegen: %s", l.number(x.Changed, 0), strings.Join(changed, " "))
	}
	c.sayQuestions(l.say("Held to the base's answers, %s:", "An den Antworten des Ausgangsmodells gehalten, %s:",
		l.count(len(x.Anchors), "ordinary question", "ordinary questions", "alltägliche Frage", "alltägliche Fragen")), x.Anchors)
	c.sayQuestions(l.say("Your own questions, likewise:", "Ihre eigenen Fragen, ebenso:"), x.Own)
}

// sayQuestions lists questions below a heading; without any it says nothing.
func (c *program) sayQuestions(heading string, questions []string) {
	if len(questions) > 0 {
		c.sayf("%s\n  %s", "%s\n  %s", heading, strings.Join(questions, "\n  "))
	}
}

func (c *program) sayVariants(all []trainer.Variant) {
	for _, v := range all {
		switch {
		case v.System != "":
			c.sayf("  %s (told before: %s)", "  %s (vorab gesagt: %s)", v.Question, v.System)
		case len(v.History) > 0:
			c.sayf("  %s (after: %s)", "  %s (nach: %s)", v.Question, strconv.Quote(v.History[0].Text))
		default:
			c.sayf("  %s", "  %s", v.Question)
		}
	}
}

// trainingItem names a kind of item of a training step.
func (l language) trainingItem(kind string) string {
	switch kind {
	case "own":
		return l.say("the lesson before its question: its answer", "die Lektion vor ihrer Frage: ihre Antwort")
	case "other":
		return l.say("another lesson before its question: its answer", "eine andere Lektion vor ihrer Frage: ihre Antwort")
	case "bare":
		return l.say("the question alone: its answer", "die Frage allein: ihre Antwort")
	case "replay":
		return l.say("a made-up lesson before its question in other words: that answer", "eine erfundene Lektion vor ihrer Frage in anderen Worten: deren Antwort")
	case "swapped":
		return l.say("the lesson before a question that it does not answer: as the base", "die Lektion vor einer Frage, die sie nicht beantwortet: wie das Ausgangsmodell")
	case "chat":
		return l.say("the lesson before an ordinary question: as the base", "die Lektion vor einer alltäglichen Frage: wie das Ausgangsmodell")
	case "plain":
		return l.say("an ordinary question alone: as the base", "eine alltägliche Frage allein: wie das Ausgangsmodell")
	case "different":
		return l.say("a made-up lesson before a question about another: as the base", "eine erfundene Lektion vor einer Frage nach etwas anderem: wie das Ausgangsmodell")
	}
	return kind
}
