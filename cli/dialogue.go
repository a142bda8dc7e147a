package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

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
	taught  int64          // the sample of what was corrected or taught here last; 0: nothing yet
	signals chan os.Signal
	ended   bool // the program was told to end

	mu   sync.Mutex
	news []trainer.News // not said yet: a person is typing, or the answer to a command says it
}

// style tells a command from a question.
type style int

const (
	slashed style = iota // "/feedback 4" is a command, all else a question
	worded               // "feedback 4" is a command, there is nothing else
)

// errQuit ends a dialogue.
var errQuit = errors.New("quit")

// dialogue talks by a preset, by the settings where its name is empty, until the person
// has enough. Ctrl+C stops what is under way; at the prompt, or when nothing is, it ends
// the dialogue.
func (c *program) dialogue(ctx context.Context, ask trainer.Ask, preset string, how style) error {
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
		d := &dialogue{program: c, session: s, trainer: s.Trainer, style: how, ask: ask, signals: make(chan os.Signal, 1)}
		c.atPrompt = d.typed
		return d.run(ctx)
	})
}

// run talks. The caller's context ends with the first Ctrl+C, the dialogue does not.
func (d *dialogue) run(caller context.Context) error {
	ctx := context.WithoutCancel(caller)
	watching, stop := context.WithCancel(ctx)
	events := d.trainer.Watch(watching)
	var following sync.WaitGroup
	prompt := "> "
	if d.style == worded {
		prompt = "clara> "
	}
	lines := d.newLineReader(prompt, d.commandNames(), filepath.Join(d.session.Home, historyFile), d.signals)
	following.Go(func() { d.follow(events, lines.shell != nil) })
	following.Go(func() { d.session.Follow(watching, d.tellSettings(d.session.Settings)) })
	defer func() { stop(); following.Wait() }()
	if err := d.trainer.Start(ctx); err != nil {
		return err
	}
	defer d.trainer.Stop()
	// Not before: while the model is loaded, one more Ctrl+C ends the program.
	signal.Notify(d.signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(d.signals) // whoever does not want to wait for the end ends it
	if err := caller.Err(); err != nil {
		return err
	}
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
			if e.State.Phase != "" || e.State.Trouble != nil && !isBroken(e.State) {
				return
			}
		case s := <-d.signals:
			select {
			case d.signals <- s: // for the first line
			default: // another one came since, and does the same
			}
			return
		}
	}
}

func (d *dialogue) greet() {
	d.noteBroken(d.trainer.State())
	if d.json {
		return
	}
	info, ok := d.trainer.ModelInfo()
	name := d.language.say("no model", "kein Modell")
	if ok {
		name = info.Name
	}
	d.note("%s, %s. %s lists the commands.", "%s, %s. %s zeigt die Befehle.", name, d.language.version(d.trainer.State().Active.Number), d.typed("help"))
	if ok && !info.Reader.Usable() {
		d.note("%s.", "%s.", d.language.reader(info.Reader))
	}
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
