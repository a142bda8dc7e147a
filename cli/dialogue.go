package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"clara/trainer"
)

// dialogue is a conversation at a prompt, with the loop running behind it.
type dialogue struct {
	*program
	session *Session
	trainer *trainer.Trainer
	style   style
	ask     trainer.Ask    // what every question has
	last    *trainer.Entry // the last answer; nil: none yet
	signals chan os.Signal
	ended   bool // the program was told to end

	mu   sync.Mutex
	news []string // not said yet: a person is typing
}

// style tells a command from a question.
type style int

const (
	slashed style = iota // "/rate 4" is a command, all else a question
	worded               // "feedback 4" is a command, there is nothing else
)

// errQuit ends a dialogue.
var errQuit = errors.New("quit")

// dialogue talks by a preset, by the settings where its name is empty, until the person
// has enough. Ctrl+C stops what is under way; at
// the prompt, or when nothing is, it ends the dialogue.
func (c *program) dialogue(ctx context.Context, ask trainer.Ask, preset string, how style) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	// The caller's context ends with the first Ctrl+C, the dialogue does not.
	ctx = context.WithoutCancel(ctx)
	opened := c.openedWithModel
	if how == worded { // feedback can be given without a model
		opened = c.openedForFigures
	}
	return opened(ctx, func(s *Session) error {
		p, err := c.presetNamed(ctx, s.Trainer, preset)
		if err != nil {
			return err
		}
		ask.Preset = p.ID
		d := &dialogue{program: c, session: s, trainer: s.Trainer, style: how, ask: ask, signals: signals}
		c.atPrompt = d.typed
		return d.run(ctx)
	})
}

func (d *dialogue) run(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	events := d.trainer.Watch(watching)
	var following sync.WaitGroup
	prompt := "> "
	if d.style == worded {
		prompt = "clara> "
	}
	lines := d.newLineReader(prompt, d.commandNames(), filepath.Join(d.session.Home, "history"), d.signals)
	following.Go(func() { d.follow(events, lines.shell != nil) })
	following.Go(func() { d.session.Follow(watching, d.tellSettings) })
	defer func() { stop(); following.Wait() }()
	if err := d.trainer.Start(ctx); err != nil {
		return err
	}
	defer d.trainer.Stop()
	d.awaitLook(watching)
	d.greet()
	for {
		d.sayNews()
		if lines.shell == nil && isTerminal(d.in) && !d.json {
			fmt.Fprint(d.out, prompt)
		}
		text, err := lines.next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, errInterrupt):
			return d.farewell()
		case err != nil:
			return err
		case text == "":
			continue
		}
		if err := d.obey(ctx, text); errors.Is(err, errQuit) {
			return d.farewell()
		} else if err != nil {
			d.complain(err)
		}
		if d.ended {
			return d.farewell()
		}
	}
}

// awaitLook waits until the loop has looked at what there is: lines from a pipe would be
// answered from before.
func (d *dialogue) awaitLook(ctx context.Context) {
	looking, stop := context.WithCancel(ctx)
	defer stop()
	events := d.trainer.Watch(looking)
	for {
		select {
		case e := <-events:
			if e.State.Phase != "" || e.State.Trouble != nil {
				return
			}
		case s := <-d.signals:
			d.signals <- s // for the first line
			return
		}
	}
}

func (d *dialogue) greet() {
	if d.json {
		return
	}
	info, ok := d.trainer.ModelInfo()
	name := d.language.say("no model", "kein Modell")
	if ok {
		name = info.Name
	}
	d.note("%s, %s. %s lists the commands.", "%s, %s. %s zeigt die Befehle.", name, d.language.version(d.trainer.State().Active.Number), d.typed("help"))
}

// typed is a command as it is typed here.
func (d *dialogue) typed(name string) string {
	if d.style == slashed {
		return "/" + name
	}
	return name
}

// farewell says what happens to a training that runs.
func (d *dialogue) farewell() error {
	d.sayNews()
	if isTraining(d.trainer.State().Phase) {
		d.note("The training that runs is stopped; it starts again the next time.", "Das laufende Training wird angehalten; es beginnt beim nächsten Mal von vorn.")
	}
	return nil
}

func isTraining(p trainer.Phase) bool {
	return p == trainer.PhaseRunning || p == trainer.PhaseChecking
}

// isBusy says whether the loop computes: it trains, or measures before it can.
func isBusy(p trainer.Phase) bool { return isTraining(p) || p == trainer.PhasePreparing }

// complain says what went wrong with one line; the dialogue goes on.
func (d *dialogue) complain(err error) {
	d.answered = false
	f := d.explain(err)
	if f.Exit == exitUsage {
		f.Hint = "" // it is about the command line
	}
	d.sayFailure(f, err)
}

// obey does what a line says.
func (d *dialogue) obey(ctx context.Context, text string) error {
	working, done := context.WithCancel(ctx)
	defer done()
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case s := <-d.signals:
			d.ended = s == syscall.SIGTERM
			done()
		case <-working.Done():
		}
	})
	defer func() { done(); watching.Wait() }()

	rest, isCommand := text, d.style == worded
	if d.style == slashed {
		rest, isCommand = strings.CutPrefix(text, "/")
	}
	if !isCommand {
		return d.generate(working, text)
	}
	name, rest, _ := strings.Cut(rest, " ")
	switch name {
	case "exit": // as shells call it
		name = "quit"
	case "?":
		name = "help"
	}
	for _, cmd := range d.commands() {
		if cmd.name == strings.ToLower(name) {
			return cmd.do(d, working, strings.TrimSpace(rest))
		}
	}
	return d.usage("there is no command %q; %s lists them", "den Befehl %q gibt es nicht; %s zeigt alle", name, d.typed("help"))
}

// isDueNow says that the loop is about to train.
func isDueNow(s trainer.State) bool {
	return s.Phase == trainer.PhaseDue && time.Until(s.StartsAt) <= 0
}

// follow keeps the news until they can be said, or says them at once.
func (d *dialogue) follow(events <-chan trainer.Event, wait bool) {
	for e := range events {
		for _, n := range e.News {
			text := d.language.news(n)
			if text == "" {
				continue
			}
			if !wait {
				d.note("* %s", "* %s", text)
				continue
			}
			d.mu.Lock()
			d.news = append(d.news, text)
			d.mu.Unlock()
		}
	}
}

func (d *dialogue) sayNews() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.news {
		d.note("* %s", "* %s", n)
	}
	d.news = nil
}

// news says what happened; "" is what nobody has to hear.
func (l language) news(n trainer.News) string {
	switch n.Kind {
	case trainer.NewsCycleStarted:
		return l.say("training begins (cycle %d): %s", "das Training beginnt (Zyklus %d): %s", n.Cycle, l.because(n.Reason))
	case trainer.NewsActivated:
		text := l.say("%s answers now: %s", "jetzt antwortet %s: %s", l.version(n.Number), l.because(n.Reason))
		if len(n.Known) > 0 {
			text += l.say("; newly known: ", "; sitzt jetzt: ") + brief(strings.Join(n.Known, " · "), 120)
		}
		return text
	case trainer.NewsRolledBack:
		return l.say("back to %s: %s", "zurück zu %s: %s", l.version(n.Number), l.because(n.Reason))
	case trainer.NewsTrouble:
		return l.because(n.Reason)
	case trainer.NewsCycleEnded:
		switch n.End.State {
		case trainer.CycleRefused:
			return l.say("the new version may not answer: %s", "die neue Version darf nicht antworten: %s", l.refusal(n.End.Reason))
		case trainer.CycleChecked:
			return l.say("cycle %d: %s", "Zyklus %d: %s", n.Cycle, l.because(n.End.Reason))
		case trainer.CycleStopped:
			return l.say("the training was stopped", "das Training wurde angehalten")
		}
	}
	return ""
}

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
		{"again", "", "have the last answer given anew", "die letzte Antwort neu geben lassen", (*dialogue).again},
		{"new", "", "begin a new conversation", "ein neues Gespräch beginnen", (*dialogue).fresh},
		{"preset", "[NAME | -]", "list the presets, or go by one; - goes by the settings", "die Vorlagen zeigen oder nach einer gehen; - geht nach den Einstellungen", (*dialogue).preset},
		{"feedback", "STARS | SCORE TEXT", "rate the last answer (1 to 5), or a text (-1 to 1)", "die letzte Antwort bewerten (1 bis 5) oder einen Text (-1 bis 1)", (*dialogue).feedback},
		{"correct", "TEXT", "give a better answer than the last one", "eine bessere Antwort als die letzte geben", (*dialogue).correct},
		{"teach", "QUESTION => ANSWER", "teach an answer", "eine Antwort beibringen", (*dialogue).teach},
		{"lessons", "", "list the lessons", "die Lektionen zeigen", func(d *dialogue, ctx context.Context, _ string) error { return d.listLessons(ctx, d.trainer) }},
		{"status", "", "what the learner does, and why", "was der Lerner tut, und warum", (*dialogue).status},
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
	return d.tell(ctx, ask)
}

func (d *dialogue) again(ctx context.Context, _ string) error {
	if d.last == nil {
		return d.noAnswer()
	}
	ask := d.ask
	ask.Again = d.last.ID
	return d.tell(ctx, ask)
}

// tell gives one answer.
func (d *dialogue) tell(ctx context.Context, ask trainer.Ask) error {
	e, err := d.trainer.Answer(ctx, ask, d.streamed())
	if e.ID != 0 {
		d.last, d.ask.Conversation = &e, e.Conversation
	}
	if err != nil {
		return err
	}
	return d.show(answerOf(e), func() {
		d.sayf("", "")
		var marks []string
		if e.Question != "" {
			marks = append(marks, d.language.say("lesson: ", "Lektion: ")+brief(e.Question, 60))
		}
		if e.Finish == trainer.FinishCancelled {
			marks = append(marks, d.language.say("stopped", "angehalten"))
		}
		if marks != nil {
			d.note("(%s)", "(%s)", strings.Join(marks, ", "))
		}
	})
}

func (d *dialogue) noAnswer() error {
	return d.usage("there is no answer yet", "es gibt noch keine Antwort")
}

// fresh begins a new conversation.
func (d *dialogue) fresh(context.Context, string) error {
	d.ask.Conversation, d.last = 0, nil
	return d.show(struct{}{}, func() { d.sayf("A new conversation.", "Ein neues Gespräch.") })
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
		return d.thank(s)
	}
	score, err := strconv.ParseFloat(strings.Replace(first, ",", ".", 1), 64)
	if err != nil || !(score >= -1 && score <= 1) {
		return d.usage("%q is no score of -1 to 1", "%q ist kein Wert von -1 bis 1", first)
	}
	s, err := d.trainer.AddFeedbackSample(ctx, text, score, "user", 0)
	if err != nil {
		return err
	}
	return d.thank(s)
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
	return d.thank(s)
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
	return d.thank(s)
}

// train starts a cycle and comes back when it has begun.
func (d *dialogue) train(ctx context.Context, _ string) error {
	if !d.trainer.Settings().Enabled {
		return &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeOff, Text: "learning is switched off"}, Hint: trainer.HintEnable}
	}
	if _, ok := d.trainer.ModelInfo(); !ok {
		return trainer.ErrNoModel
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	events := d.trainer.Watch(watching)
	if !isTraining(d.trainer.State().Phase) {
		d.trainer.Train()
	}
	for e := range events {
		for _, n := range e.News {
			if n.Kind == trainer.NewsTrouble {
				return &trainer.UserError{Reason: n.Reason}
			}
		}
		if isBusy(e.State.Phase) {
			cycle := e.State.Progress.Cycle
			if !isTraining(e.State.Phase) {
				cycle = 0 // it begins by itself after that
			}
			return d.show(struct {
				Cycle int64 `json:"cycle"`
			}{cycle}, func() {
				if cycle == 0 {
					d.sayf("The model is measured first, once; then it trains. You can go on; %s waits for it.", "Zuerst wird das Modell einmal gemessen, dann trainiert es. Sie können weitermachen; %s wartet darauf.", d.typed("wait"))
					return
				}
				d.sayf("Cycle %d trains; you can go on. %s waits for it.", "Zyklus %d trainiert; Sie können weitermachen. %s wartet darauf.", cycle, d.typed("wait"))
			})
		}
	}
	return ctx.Err()
}

// cancel stops the cycle that runs; it starts again with new feedback.
func (d *dialogue) cancel(ctx context.Context, _ string) error {
	if !isTraining(d.trainer.State().Phase) {
		return d.usage("no training runs", "es läuft kein Training")
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	events := d.trainer.Watch(watching)
	d.trainer.CancelCycle()
	for e := range events {
		if !isTraining(e.State.Phase) {
			return d.status(ctx, "")
		}
	}
	return ctx.Err()
}

// wait follows the cycle that runs to its end.
func (d *dialogue) wait(ctx context.Context, _ string) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p := d.newProgress()
	defer p.end()
	for e := range d.trainer.Watch(watching) {
		if isBusy(e.State.Phase) || isDueNow(e.State) {
			p.follow(e.State)
			continue
		}
		p.end()
		return d.status(ctx, "")
	}
	return ctx.Err()
}

func (d *dialogue) status(context.Context, string) error {
	s := d.trainer.State()
	return d.show(statusOf(s), func() { d.sayStatus(s) })
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

func (d *dialogue) why(ctx context.Context, _ string) error {
	findings, err := d.trainer.Doctor(ctx)
	if err != nil {
		return err
	}
	said := d.findings(findings)
	return d.show(struct {
		Findings []finding `json:"findings"`
	}{said}, func() { d.sayFindings(said) })
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
