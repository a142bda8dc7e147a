package cli

import (
	"clara/trainer"
)

// germanFigures says the figures of the gate in German; {name} stands for an argument.
// In English a figure brings its own sentence.
var germanFigures = map[string]string{
	trainer.FigureAsked:           "{n} von {of} Lektionen wurden abgefragt, {widely} davon auch in anderen Worten",
	trainer.FigureOwn:             "weiß {n} von {of} Lektionen, die trainiert wurden (mindestens {limit} %)",
	trainer.FigureFit:             "Überraschung durch Korrekturen ({n}): {nats} nats je Token (höchstens {limit}; beim Ausgangsmodell {base})",
	trainer.FigureKnown:           "weiß {n} von {of} Lektionen im Wortlaut (vorher {before})",
	trainer.FigureLost:            "{n} Lektionen, die saßen, sind verloren: {lessons}",
	trainer.FigureVain:            "ohne Wirkung trainiert und nicht benutzt ({n}): {lessons}",
	trainer.FigureAside:           "trainiert und weggelassen ({aside}): {questions} – {why}",
	trainer.FigureVariants:        "{n} von {of} umformulierten Fragen zeigen ihre Lektion",
	trainer.FigureSwapped:         "{n} von {of} Fragen nach einem anderen Namen zeigen die Lektion trotzdem",
	trainer.FigureKept:            "{n} von {of} allgemeinen Fragen sind noch richtig (mindestens {limit} %)",
	trainer.FigureLeaks:           "{n} von {of} allgemeinen Antworten zeigen eine Lektion (höchstens {limit} %)",
	trainer.FigureBehind:          "{n} von {of} allgemeinen Fragen sind auch hinter einer fremden Lektion noch richtig (mindestens {limit} %)",
	trainer.FigureBehindLeaks:     "{n} von {of} allgemeinen Antworten hinter einer fremden Lektion zeigen eine Lektion (höchstens {limit} %)",
	trainer.FigureCanary:          "feste Texte werden je Token um {nats} nats schlechter vorhergesagt (höchstens {limit})",
	trainer.FigureChat:            "Antworten in Unterhaltungen sind je Token {kl} nats vom Ausgangsmodell entfernt (höchstens {limit})",
	trainer.FigureLoops:           "{n} von {of} Antworten drehen sich im Kreis (höchstens {limit})",
	trainer.FigureEndless:         "{n} von {of} Antworten finden kein Ende (höchstens {limit})",
	trainer.FigureWords:           "Antworten haben im Mittel {words} Wörter, die des Ausgangsmodells {before} (mindestens {limit})",
	trainer.FigureLanguage:        "{n} von {of} Antworten sind in der Sprache ihrer Frage (mindestens {limit} %)",
	trainer.FigureNumbers:         "alles, was sie berechnet, sind Zahlen",
	trainer.FigureTraitWord:       "gut bewertete Antworten enthalten das Wort „{word}“ ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitNoWord:     "gut bewertete Antworten kommen ohne das Wort „{word}“ aus ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitOpening:    "gut bewertete Antworten beginnen mit „{word}“ ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitNoOpening:  "gut bewertete Antworten beginnen nicht mit „{word}“ ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitQuestion:   "gut bewertete Antworten enden mit einer Frage ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitNoQuestion: "gut bewertete Antworten enden nicht mit einer Frage ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitList:       "gut bewertete Antworten haben eine Liste ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitNoList:     "gut bewertete Antworten haben keine Liste ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitShort:      "gut bewertete Antworten haben höchstens {words} Wörter ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitLong:       "gut bewertete Antworten haben mehr als {words} Wörter ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitFirst:      "gut bewertete Antworten haben einen ersten Satz von höchstens {words} Wörtern ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitLongFirst:  "gut bewertete Antworten haben einen ersten Satz von mehr als {words} Wörtern ({good} von {good_of}; schlecht bewertete: {bad} von {bad_of})",
	trainer.FigureTraitPairs:      "trainiert wurde mit {n} Paaren von Antworten, die sich in dem unterscheiden, was gut bewertete gemeinsam haben",
	trainer.FigureTraitFew:        "weniger als {least} Paare von Antworten unterscheiden sich in dem, was gut bewertete gemeinsam haben: trainiert wurde stattdessen mit Bewertungen",
	trainer.FigureSign:            "besser in {better}, schlechter in {worse} (davon mit zurückgehaltenen Bewertungen {held_better} und {held_worse}), p = {p}",
}

// figure says one figure of the gate.
func (l language) figure(s trainer.Sentence) string {
	text, ok := germanFigures[s.Reason.Code]
	if l != german || !ok {
		return s.Reason.Text
	}
	switch {
	case s.Reason.Code == trainer.FigureLost && s.Value == 0:
		return "keine Lektion, die saß, ist verloren"
	case s.Reason.Code == trainer.FigureChat && !s.Limited:
		text = "Antworten in Unterhaltungen sind je Token {kl} nats vom Ausgangsmodell entfernt (ein Umgangston darf sie bewegen)"
	case s.Reason.Code == trainer.FigureNumbers && !s.Passed:
		return "sie berechnet etwas, das keine Zahl ist"
	}
	words := l.arguments(s.Reason)
	if s.Reason.Code == trainer.FigureAside {
		words["why"] = l.because(trainer.GateOf(s.Reason))
	}
	return fill(text, words)
}

// mark says how a figure stands to its limit: in words, since a mark alone is easily
// overlooked.
func (l language) mark(s trainer.Sentence) string {
	switch {
	case !s.Limited:
		return "-"
	case s.Passed:
		return l.say("passed", "bestanden")
	}
	return l.say("FAILED", "VERFEHLT")
}

// tryView is one of the two trainings of a cycle that was tried again.
type tryView struct {
	Rate      float64            `json:"rate"`    // times the recipe's
	Anchors   int                `json:"anchors"` // likewise
	Verdict   string             `json:"verdict"`
	Reason    trainer.Reason     `json:"reason"`
	Sentences []trainer.Sentence `json:"sentences"`
}

func triesOf(tries []trainer.Try) []tryView {
	var views []tryView
	for _, t := range tries {
		views = append(views, tryView{t.Rate, t.Anchors, t.Verdict, t.Reason, t.Figures.Sentences()})
	}
	return views
}

// sayFigures prints each figure of a version or a refused cycle with its mark, of both
// tries where it was trained twice.
func (c *program) sayFigures(r trainer.VersionRow) {
	l := c.language
	table := func(head string, f *trainer.Figures) {
		var rows [][]string
		for _, s := range f.Sentences() {
			rows = append(rows, []string{l.mark(s), l.figure(s)})
		}
		c.table([]string{"", head}, rows)
	}
	if r.Figures == nil {
		return
	}
	name := l.version(r.Number)
	if r.ID == 0 {
		name = l.say("cycle %d", "Zyklus %d", r.Cycle)
	}
	if len(r.Tries) < 2 {
		table(l.say("%s: what the gate measured", "%s: was die Prüfung gemessen hat", name), r.Figures)
		return
	}
	table(l.say("%s: the first try", "%s: der erste Versuch", name), &r.Tries[0].Figures)
	table(l.say("%s: the second try, half as fast and held twice as firmly", "%s: der zweite Versuch, halb so schnell und doppelt so fest gehalten", name), &r.Tries[1].Figures)
}
