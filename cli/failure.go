package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"clara/catalogue"
	"clara/configs"
	"clara/trainer"
)

// Rules of the messages: one sentence says what happened, without capital and full
// stop, so that it can follow a colon; a hint, whole sentences, says what to do next.
// Words of libraries are for --verbose, unless they tell more than ours.

// The exit codes. They are a promise: see `clara help exit-codes`.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitSettings    = 3
	exitLocked      = 4
	exitModel       = 5
	exitShort       = 6
	exitData        = 7
	exitNotFound    = 8
	exitNetwork     = 9
	exitInterrupted = 130
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `The exit codes of every command:

    0  done
    1  failed for a reason that has no code of its own
    2  the command line cannot be understood, or what it names (a script, a data set,
       a job) or says (a text, a user's name, an address) cannot be used
    3  the settings file has a mistake
    4  another program works in the data folder
    5  there is no model, or it cannot be used
    6  it was done, but falls short: a limit of parity is missed, the training
       failed, or the gate refused what it made. A training that found nothing to
       do, or that helped no lesson and is left out, is done: 0
    7  the data cannot be read or written: the disk is full, a file is damaged,
       access is denied, or what is to be written is there already
    8  what was named (a lesson, a sample, a version, a model, a file) is not there
    9  there is no connection, or the server refuses
  130  interrupted (Ctrl+C)`,
	}
}

// failure is an error as a person gets it.
type failure struct {
	Code string `json:"code"`
	Text string `json:"message"`
	Hint string `json:"hint,omitempty"`
	Exit int    `json:"exit"`
}

// end says how the run went and returns the exit code. It is the one place that
// turns errors into words.
func (c *program) end(err error) int {
	if err == nil {
		return exitDone
	}
	f := c.explain(err)
	c.sayFailure(f, err)
	return f.Exit
}

// sayFailure prints a failure.
func (c *program) sayFailure(f failure, err error) {
	if c.json && !c.answered {
		// A program that reads the answer finds the error in its place.
		answer := map[string]any{"error": f}
		var partly *partlyError
		if errors.As(err, &partly) {
			answer[partly.key] = partly.done
		}
		_ = c.answer(answer)
	}
	text := "clara: " + f.Text
	if f.Exit == exitInterrupted {
		text = f.Text
	}
	fmt.Fprintln(c.errs, printable(text))
	if f.Hint != "" {
		fmt.Fprintln(c.errs, printable(f.Hint))
	}
	if c.options.Verbose {
		fmt.Fprintln(c.errs, printable(c.language.say("causes: ", "Ursachen: ")+err.Error()))
	}
}

// explain finds the words for an error.
func (c *program) explain(err error) failure {
	l := c.language
	var usage *usageError
	var told *toldError
	var user *trainer.UserError
	var setting *configs.Error
	var ranges *trainer.RangeError
	var missing *missingError
	var path *fs.PathError
	switch {
	case !c.began || errors.As(err, &usage):
		return failure{"usage", err.Error(), c.usageHint(), exitUsage}
	case errors.As(err, &told):
		return told.failure
	case errors.As(err, &setting):
		return failure{"settings", l.mistakes(err), l.say("Correct the file and try again.", "Berichtigen Sie die Datei und versuchen Sie es erneut."), exitSettings}
	case errors.As(err, &user):
		return c.explainUser(user)
	case errors.Is(err, context.Canceled):
		return failure{"interrupted", l.say("Stopped.", "Angehalten."), "", exitInterrupted}
	case errors.As(err, &ranges):
		return failure{"settings", err.Error(), "", exitSettings}
	case errors.As(err, &missing):
		return failure{"not_found", l.say("there is no %s %d", "es gibt keine %s %d", l.thing(missing.kind), missing.id), "", exitNotFound}
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return failure{"not_found", l.say("there is no %s", "%s gibt es nicht", path.Path), "", exitNotFound}
	case errors.As(err, &path) && errors.Is(err, syscall.EISDIR):
		return failure{"is_folder", l.say("%s is a folder, not a file", "%s ist ein Ordner, keine Datei", path.Path), "", exitUsage}
	case errors.As(err, &path) && errors.Is(err, syscall.ENOTDIR):
		return failure{"no_folder", l.say("%s is no folder", "%s ist kein Ordner", path.Path), "", exitUsage}
	case errors.As(err, &path) && errors.Is(err, fs.ErrExist):
		return failure{"exists", l.say("%s is there already", "%s gibt es schon", path.Path), l.say("Name another place.", "Nennen Sie einen anderen Ort."), exitData}
	case errors.As(err, &path) && errors.Is(err, fs.ErrPermission):
		return failure{"permission", l.say("access to %s is denied", "der Zugriff auf %s ist verweigert", path.Path), "", exitData}
	case errors.As(err, &path) && errors.Is(err, syscall.EROFS):
		return failure{
			"read_only", l.say("%s cannot be written: its disk is read-only", "%s lässt sich nicht schreiben: Der Datenträger ist schreibgeschützt", path.Path),
			l.say("Name another folder with --home, or another file.", "Nennen Sie mit --home einen anderen Ordner, oder eine andere Datei."), exitData,
		}
	case errors.Is(err, trainer.ErrNoModel):
		return failure{"no_model", l.say("no model is loaded", "es ist kein Modell geladen"), c.hint(trainer.HintLoadModel), exitModel}
	}
	if why, _, _ := trainer.FaultOf(err); why.Code == trainer.CodeFaultDisk {
		err = trainer.ErrFull // a file says it as its system does
	}
	for _, k := range knownErrors {
		if errors.Is(err, k.is) {
			text, hint, detail := l.say(k.en, k.de), l.say(k.hint, k.hinweis), err.Error()
			var file *trainer.FileError
			if errors.As(err, &file) { // its own advice is in English alone
				detail = file.Path + ": " + file.Err.Error()
				if file.Copy != "" {
					hint = l.say("Move it and its -wal file away, and copy %s to its place, or name another data folder with --home.",
						"Legen Sie sie und ihre -wal-Datei beiseite und kopieren Sie %s an ihre Stelle, oder nennen Sie mit --home einen anderen Datenordner.", file.Copy)
				}
			}
			if k.detail {
				text += ": " + strings.TrimSuffix(detail, ": "+k.is.Error())
			}
			return failure{k.code, text, hint, k.exit}
		}
	}
	why, todo, _ := trainer.FaultOf(err)
	if k, ok := faultsOfModels[why.Code]; ok {
		hint := l.say(k.hint, k.hinweis)
		if hint == "" {
			hint = c.hint(todo)
		}
		return failure{k.code, l.because(why) + ": " + trainer.Detail(err), hint, k.exit}
	}
	return failure{"failed", err.Error(), "", exitFailed}
}

func (c *program) explainUser(u *trainer.UserError) failure {
	l := c.language
	f := failure{u.Reason.Code, l.because(u.Reason), c.hint(u.Hint), exitFailed}
	switch u.Reason.Code {
	case trainer.CodeLocked:
		f.Exit = exitLocked
		f.Hint = l.say("Close it, or name another folder with --home.", "Schließen Sie es, oder nennen Sie mit --home einen anderen Ordner.")
	case catalogue.CodeNoFile:
		f.Exit = exitModel
		f.Hint = l.say("Name a GGUF file with --model, or fetch one: `clara models list`, `clara models get NAME`.",
			"Nennen Sie mit --model eine GGUF-Datei, oder holen Sie eine: `clara models list`, `clara models get NAME`.")
	case catalogue.CodeUnknown:
		f.Exit = exitNotFound
		f.Hint = l.say("`clara models list` shows those that there are.", "`clara models list` zeigt, welche es gibt.")
	case catalogue.CodeExists, catalogue.CodeWrong, catalogue.CodeDisk, catalogue.CodeSpace:
		f.Exit = exitData
	case catalogue.CodeMissing:
		f.Exit = exitNotFound
	case catalogue.CodeUnsupported, catalogue.CodeUnreadable:
		f.Exit = exitModel
	case catalogue.CodeBadURL:
		f.Exit = exitUsage
	case catalogue.CodeBusy:
		f.Exit = exitLocked
	case catalogue.CodeOffline:
		f.Exit = exitNetwork
		f.Hint = l.say("The same call goes on where it was.", "Derselbe Aufruf macht dort weiter.")
	case catalogue.CodeRefused:
		f.Exit = exitNetwork
	case trainer.CodeServerUserName, trainer.CodeServerUserExists:
		f.Exit = exitUsage
	case trainer.CodeServerNoUser:
		f.Exit = exitNotFound
		f.Hint = l.say("`clara users list` shows those that there are.", "`clara users list` zeigt, welche es gibt.")
	case trainer.CodeServerUsersDamaged:
		f.Exit = exitData
		f.Hint = l.say("Nobody is let in until then. Correct the file, or delete it and add the users anew: what they taught stays.",
			"Solange kommt niemand hinein. Berichtigen Sie die Datei, oder löschen Sie sie und legen Sie die Benutzer neu an: Das Beigebrachte bleibt.")
	case trainer.CodeServerListens:
		f.Exit = exitUsage
		f.Hint = l.say("Another program may have the port: choose another one with --addr, such as 127.0.0.1:8090.", "Vielleicht hat ein anderes Programm den Port: Nehmen Sie mit --addr einen anderen, etwa 127.0.0.1:8090.")
	case trainer.CodeServerNeedsUsers:
		f.Exit = exitUsage
		f.Hint = l.say("Add one with `clara users add NAME`, or listen on 127.0.0.1.", "Legen Sie mit `clara users add NAME` einen an, oder nehmen Sie 127.0.0.1.")
	case trainer.CodeReplaced:
		by := u.Reason.Args["by"]
		f.Text = l.say("sample %s on the same is newer, and stands", "Rückmeldung %s zum selben ist neuer und gilt", by)
		f.Hint = l.say("To bring this one back, first `clara feedback delete %s`.", "Um diese zurückzuholen, zuerst `clara feedback delete %s`.", by)
	case trainer.CodeContradiction:
		f.Text = l.undecided(u.Reason)
	case trainer.CodeNoModel:
		f.Exit = exitModel
	case trainer.CodeDiskFull, trainer.CodeVersionDamaged, trainer.CodeVersionUnread:
		f.Exit = exitData
	case trainer.CodeEmpty, trainer.CodeUnchanged, trainer.CodeTooLong, trainer.CodeSameModel:
		f.Exit = exitUsage
	}
	if f.Text == "" {
		f.Text = u.Error()
	}
	return f
}

// missingError says that a person named something that does not exist.
type missingError struct {
	kind string // one of the kinds below
	id   int64
}

func (e *missingError) Error() string { return fmt.Sprintf("%s %d: %v", e.kind, e.id, fs.ErrNotExist) }

func (e *missingError) Unwrap() error { return fs.ErrNotExist }

// thing names what can be missing; in German all of them are feminine but the cycle.
func (l language) thing(kind string) string {
	if l != german {
		return kind
	}
	return map[string]string{kindSample: "Rückmeldung", kindLesson: "Lektion", kindVersion: "Version", kindCycle: "Aufzeichnung von Zyklus", kindAnswer: "Antwort"}[kind]
}

const (
	kindSample  = "sample"
	kindLesson  = "lesson"
	kindVersion = "version"
	kindCycle   = "cycle"
	kindAnswer  = "answer"
)

// toldError is an error that brings its words and its exit code.
type toldError struct{ failure }

func (e *toldError) Error() string { return e.Text }

// short says that the work was done and falls short of what was asked.
func short(code, text, hint string) error { return &toldError{failure{code, text, hint, exitShort}} }
