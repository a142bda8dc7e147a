package cli

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"

	"clara/trainer"
)

// dialogueCommand is one command of the prompt.
type dialogueCommand struct {
	name, args string
	en, de     string
	do         func(d *dialogue, ctx context.Context, rest string) error
}

// commands are those of the prompt: the note's, and what a conversation needs.
func (d *dialogue) commands() []dialogueCommand {
	return []dialogueCommand{
		{"generate", "TEXT", "ask the model", "das Modell fragen", (*dialogue).generate},
		{"again", "[without]", "have the last answer given anew, or without any lesson", "die letzte Antwort neu geben lassen, oder ohne jede Lektion", (*dialogue).again},
		{"new", "", "begin a new conversation", "eine neue Unterhaltung beginnen", (*dialogue).fresh},
		{"preset", "[NAME | -]", "list the presets, or go by one; - goes by the settings", "die Vorlagen zeigen oder nach einer gehen; - geht nach den Einstellungen", (*dialogue).preset},
		{"feedback", "STARS | SCORE TEXT", "rate the last answer (1 to 5), or a text (-1 to 1)", "die letzte Antwort bewerten (1 bis 5) oder einen Text (-1 bis 1)", (*dialogue).feedback},
		{"correct", "TEXT", "give a better answer than the last one", "eine bessere Antwort als die letzte geben", (*dialogue).correct},
		{"teach", "QUESTION => ANSWER", "teach an answer", "eine Antwort beibringen", (*dialogue).teach},
		{"kind", "[ID] knowledge|manner", "say anew what a correction or a lesson teaches, the last one or a sample", "neu sagen, was eine Korrektur oder Lektion lehrt, die letzte oder eine Rückmeldung", (*dialogue).kind},
		{"lessons", "", "list the lessons", "die Lektionen zeigen", func(d *dialogue, ctx context.Context, _ string) error { return d.listLessons(ctx, d.trainer) }},
		{"practise", "ID...", "make a lesson more important for the next training", "eine Lektion beim nächsten Training wichtiger nehmen", (*dialogue).practised},
		{"unlearn", "ID...", "take a lesson back", "eine Lektion zurücknehmen", (*dialogue).unlearnt},
		{
			"resolve", "[LESSON LESSON KEEP]", "list the lessons that contradict each other, or say which of two to keep: a number, both, or open again",
			"die Lektionen zeigen, die sich widersprechen, oder sagen, welche von zweien bleibt: eine Nummer, both (beide) oder open (wieder offen)", (*dialogue).contradictions,
		},
		{"status", "", "what the learner does, and why", "was CLARA gerade lernt, und warum", (*dialogue).status},
		{"stats", "", "figures of the loop", "Zahlen zum Lernen", func(d *dialogue, ctx context.Context, _ string) error { return d.stats(ctx, d.trainer) }},
		{"train", "", "train now", "jetzt trainieren", (*dialogue).train},
		{"cancel", "", "stop the training that runs; nothing of it is used", "das laufende Training abbrechen; nichts davon wird benutzt", (*dialogue).cancel},
		{"wait", "", "wait until the training has ended", "warten, bis das Training zu Ende ist", (*dialogue).wait},
		{"why", "", "why it does not learn, and what to do", "warum es nicht lernt, und was zu tun ist", (*dialogue).why},
		{"restore", "[VERSION]", "list the versions, or go back to one", "die Versionen zeigen oder zu einer zurückkehren", (*dialogue).restore},
		{"export", "FILE", "write the samples (.jsonl) or the figures (.csv, .json, .png)", "die Rückmeldungen (.jsonl) oder die Zahlen (.csv, .json, .png) schreiben", (*dialogue).export},
		{"help", "", "this list", "diese Liste", (*dialogue).help},
		{"quit", "", "end", "beenden", func(*dialogue, context.Context, string) error { return errQuit }},
	}
}

func (d *dialogue) commandNames() []string {
	names := make([]string, len(d.commands()))
	for i, cmd := range d.commands() {
		names[i] = d.typed(cmd.name)
	}
	return names
}

// generate asks the model and shows its answer as it comes.
func (d *dialogue) generate(ctx context.Context, text string) error {
	if text == "" {
		return d.usage("what shall be asked? %s TEXT", "was soll gefragt werden? %s TEXT", d.typed("generate"))
	}
	ask := d.ask
	ask.Text = text
	return d.reply(ctx, ask)
}

// again is "again", or "again without" for an answer without any lesson.
func (d *dialogue) again(ctx context.Context, rest string) error {
	ask := d.ask
	switch rest {
	case "":
	case "without":
		ask.WithoutLesson = true
	default:
		return d.usage("%s gives the last answer anew, %s without does so without any lesson", "%s gibt die letzte Antwort neu, %s without ohne jede Lektion", d.typed("again"), d.typed("again"))
	}
	if d.last == nil {
		return d.noAnswer()
	}
	ask.Again = d.last.ID
	return d.reply(ctx, ask)
}

// reply gives one answer.
func (d *dialogue) reply(ctx context.Context, ask trainer.Ask) error {
	e, err := d.trainer.Answer(ctx, ask, d.streamed())
	if e.ID != 0 {
		d.last, d.ask.Conversation = &e, e.Conversation
	}
	if err != nil {
		return err
	}
	return d.show(answerOf(e), func() { d.endAnswer(e) })
}

func (d *dialogue) noAnswer() error {
	return d.usage("there is no answer yet", "es gibt noch keine Antwort")
}

// fresh begins a new conversation.
func (d *dialogue) fresh(context.Context, string) error {
	d.ask.Conversation, d.last = 0, nil
	return d.show(struct{}{}, func() { d.sayf("A new conversation.", "Eine neue Unterhaltung.") })
}

// feedback is "feedback STARS" for the last answer, or "feedback SCORE TEXT".
func (d *dialogue) feedback(ctx context.Context, rest string) error {
	first, text, _ := strings.Cut(rest, " ")
	text = strings.TrimSpace(text)
	if text == "" {
		stars, err := strconv.Atoi(first)
		if err != nil {
			return d.usage("%s STARS (1 to 5) rates the last answer, %s SCORE TEXT (-1 to 1) a text", "%s STERNE (1 bis 5) bewertet die letzte Antwort, %s WERT TEXT (-1 bis 1) einen Text",
				d.typed("feedback"), d.typed("feedback"))
		}
		if d.last == nil {
			return d.noAnswer()
		}
		s, err := d.trainer.Rate(ctx, d.last.ID, stars)
		if err != nil {
			return err
		}
		return d.thank(ctx, d.trainer, s)
	}
	score, err := strconv.ParseFloat(strings.Replace(first, ",", ".", 1), 64)
	if err != nil || !(score >= -1 && score <= 1) {
		return d.usage("%q is no score of -1 to 1", "%q ist kein Wert von -1 bis 1", first)
	}
	s, err := d.trainer.AddFeedbackSample(ctx, text, score, "user", 0)
	if err != nil {
		return err
	}
	return d.thank(ctx, d.trainer, s)
}

func (d *dialogue) correct(ctx context.Context, better string) error {
	if d.last == nil {
		return d.noAnswer()
	}
	if better == "" {
		return d.usage("%s TEXT: the better answer", "%s TEXT: die bessere Antwort", d.typed("correct"))
	}
	s, err := d.trainer.Correct(ctx, trainer.Correction{Message: d.last.ID, Better: better})
	if err != nil {
		return err
	}
	d.taught = s.ID
	return d.thank(ctx, d.trainer, s)
}

// teach is "teach QUESTION => ANSWER".
func (d *dialogue) teach(ctx context.Context, rest string) error {
	question, answer, ok := strings.Cut(rest, "=>")
	if !ok {
		return d.usage("%s QUESTION => ANSWER", "%s FRAGE => ANTWORT", d.typed("teach"))
	}
	s, err := d.trainer.Teach(ctx, trainer.Teaching{Question: question, Answer: answer})
	if err != nil {
		return err
	}
	d.taught = s.ID
	return d.thank(ctx, d.trainer, s)
}

// kind is "kind knowledge|manner" for what was corrected or taught last, or "kind ID knowledge|manner".
func (d *dialogue) kind(ctx context.Context, rest string) error {
	words, id := strings.Fields(rest), d.taught
	if len(words) == 2 {
		var err error
		if id, err = d.idOf(words[0]); err != nil {
			return err
		}
		words = words[1:]
	}
	if len(words) != 1 {
		return d.usage("%s [ID] knowledge|manner", "%s [ID] knowledge|manner", d.typed("kind"))
	}
	kind, err := d.taughtOf(words[0])
	if err != nil {
		return err
	}
	if id == 0 {
		return d.usage("nothing was corrected or taught here yet: %s ID knowledge|manner", "hier wurde noch nichts verbessert oder beigebracht: %s ID knowledge|manner", d.typed("kind"))
	}
	return d.setKind(ctx, d.trainer, id, kind)
}

func (d *dialogue) practised(ctx context.Context, rest string) error {
	return d.eachLesson(ctx, rest, "practise", "practised", d.practise)
}

func (d *dialogue) unlearnt(ctx context.Context, rest string) error {
	return d.eachLesson(ctx, rest, "unlearn", "unlearnt", d.unlearn())
}

// eachLesson does one thing to the lessons of which the numbers were typed behind a command.
func (d *dialogue) eachLesson(ctx context.Context, rest, command, key string, do doing) error {
	ids, err := d.idsOf(strings.Fields(rest))
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return d.usage("%s ID...: %s shows the numbers", "%s ID...: %s zeigt die Nummern", d.typed(command), d.typed("lessons"))
	}
	return d.doEach(ctx, d.trainer, ids, kindLesson, key, do)
}

// contradictions is "resolve" for the list, or "resolve LESSON LESSON KEEP".
func (d *dialogue) contradictions(ctx context.Context, rest string) error {
	words := strings.Fields(rest)
	switch len(words) {
	case 0:
		return d.listContradictions(ctx, d.trainer)
	case 3:
		said, err := d.choiceOf(words[:2], words[2])
		if err != nil {
			return err
		}
		return d.decide(ctx, d.trainer, said)
	}
	return d.usage("%s LESSON LESSON LESSON|both|open", "%s LEKTION LEKTION LEKTION|both|open", d.typed("resolve"))
}

func (d *dialogue) restore(ctx context.Context, rest string) error {
	if rest == "" {
		return d.listVersions(ctx, d.trainer, false)
	}
	number, err := strconv.Atoi(rest)
	if err != nil {
		return d.usage("%q is no version; 0 is the untrained base", "%q ist keine Version; 0 ist das Ausgangsmodell", rest)
	}
	return d.restoreVersion(ctx, d.trainer, number)
}

// export writes samples or figures; the file's ending says which.
func (d *dialogue) export(ctx context.Context, file string) error {
	switch {
	case strings.EqualFold(filepath.Ext(file), ".jsonl"):
		return d.exportData(ctx, d.trainer, trainer.UnpairedPreference, file)
	case courseWriter(file) != nil:
		return d.exportStats(ctx, d.trainer, 0, []string{file})
	}
	return d.usage("%s FILE: its ending is .jsonl for the samples, .csv, .json or .png for the figures",
		"%s DATEI: Ihre Endung ist .jsonl für die Rückmeldungen, .csv, .json oder .png für die Zahlen", d.typed("export"))
}

func (d *dialogue) help(context.Context, string) error {
	commands := d.commands()
	rows := make([][]string, len(commands))
	for i, cmd := range commands {
		rows[i] = []string{strings.TrimSpace(d.typed(cmd.name) + " " + cmd.args), d.language.say(cmd.en, cmd.de)}
	}
	return d.show(struct {
		Commands []string `json:"commands"`
	}{d.commandNames()}, func() {
		d.table([]string{d.language.say("command", "Befehl"), ""}, rows)
		d.sayf("Ctrl+C stops an answer; at the prompt it ends the program.", "Strg+C hält eine Antwort an; am Prompt beendet es das Programm.")
	})
}
