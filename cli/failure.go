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
	"clara/compute"
	"clara/configs"
	"clara/model"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/safetensors"
	"clara/model/tokenizer"
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
    2  the command line cannot be understood
    3  the settings file has a mistake
    4  another program works in the data folder
    5  there is no model, or it cannot be used
    6  it was done, but falls short: a limit of parity is missed, or the training
       made no version that may be used
    7  the data cannot be read or written: the disk is full, a file is damaged,
       or access is denied
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
		_ = c.answer(struct {
			Error failure `json:"error"`
		}{f})
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
		return failure{"settings", l.mistakes(err), l.say("Correct the file and try again.", "Verbessern Sie die Datei und versuchen Sie es erneut."), exitSettings}
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
	case errors.Is(err, trainer.ErrNoModel):
		return failure{"no_model", l.say("no model is loaded", "es ist kein Modell geladen"), c.hint(trainer.HintLoadModel), exitModel}
	}
	for _, k := range knownErrors {
		if errors.Is(err, k.is) {
			text := l.say(k.en, k.de)
			if k.detail {
				text += ": " + strings.TrimSuffix(err.Error(), ": "+k.is.Error())
			}
			return failure{k.code, text, l.say(k.hint, k.hinweis), k.exit}
		}
	}
	return failure{"failed", err.Error(), "", exitFailed}
}

func (c *program) explainUser(u *trainer.UserError) failure {
	l := c.language
	f := failure{u.Reason.Code, l.because(u.Reason), c.hint(u.Hint), exitFailed}
	switch u.Reason.Code {
	case codeLocked:
		f.Exit = exitLocked
		f.Text = l.say("another CLARA works in %s", "ein anderes CLARA arbeitet schon in %s", u.Reason.Args["home"])
		f.Hint = l.say("Close it, or name another folder with --home.", "Schließen Sie es, oder nennen Sie mit --home einen anderen Ordner.")
	case catalogue.CodeNoFile:
		f.Exit = exitModel
		f.Text = l.say("no model found at %s", "kein Modell gefunden: %s", u.Reason.Args["where"])
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
	case codeUserName, codeUserExists:
		f.Exit = exitUsage
	case codeNoUser:
		f.Exit = exitNotFound
		f.Hint = l.say("`clara users list` shows those that there are.", "`clara users list` zeigt, welche es gibt.")
	case codeListens:
		f.Exit = exitUsage
		f.Hint = l.say("Another program may have the port: choose another one with --addr, such as 127.0.0.1:8090.", "Vielleicht hat ein anderes Programm den Port: Nehmen Sie mit --addr einen anderen, etwa 127.0.0.1:8090.")
	case codeNeedsUsers:
		f.Exit = exitUsage
		f.Hint = l.say("Add one with `clara users add NAME`, or listen on 127.0.0.1.", "Legen Sie mit `clara users add NAME` einen an, oder nehmen Sie 127.0.0.1.")
	case trainer.CodeNoModel:
		f.Exit = exitModel
	case trainer.CodeDiskFull:
		f.Exit = exitData
	case trainer.CodeEmpty, trainer.CodeUnchanged, trainer.CodeTooLong:
		f.Exit = exitUsage
	}
	if f.Text == "" {
		f.Text = u.Error()
	}
	return f
}

// missingError says that a person named something that does not exist.
type missingError struct {
	kind string // sample, lesson, version, cycle
	id   int64
}

func (e *missingError) Error() string { return fmt.Sprintf("%s %d: %v", e.kind, e.id, fs.ErrNotExist) }

func (e *missingError) Unwrap() error { return fs.ErrNotExist }

// thing names what can be missing; in German all of them are feminine but the cycle.
func (l language) thing(kind string) string {
	if l != german {
		return kind
	}
	return map[string]string{kindSample: "Rückmeldung", kindLesson: "Lektion", kindVersion: "Version", kindCycle: "Aufzeichnung von Zyklus"}[kind]
}

const (
	kindSample  = "sample"
	kindLesson  = "lesson"
	kindVersion = "version"
	kindCycle   = "cycle"
)

// knownErrors are the errors with words of their own, the more particular first.
var knownErrors = []struct {
	is            error
	code          string
	exit          int
	detail        bool // the error itself tells which and where
	en, de        string
	hint, hinweis string
}{
	{
		trainer.ErrOtherModel, "other_model", exitModel, true, "it belongs to another model", "es gehört zu einem anderen Modell",
		"Name the model that it was made for with --model.", "Nennen Sie mit --model das Modell, für das es gemacht wurde.",
	},
	{
		trainer.ErrNewer, "data_newer", exitData, false, "the data was written by a newer CLARA", "die Daten hat ein neueres CLARA geschrieben",
		"Use that one, or name another folder with --home.", "Nehmen Sie jenes, oder nennen Sie mit --home einen anderen Ordner.",
	},
	{
		trainer.ErrForeign, "data_foreign", exitData, true, "the database in the data folder is not CLARA's", "die Datenbank im Datenordner ist nicht von CLARA",
		"Name another folder with --home.", "Nennen Sie mit --home einen anderen Ordner.",
	},
	{
		trainer.ErrCorrupt, "data_damaged", exitData, true, "the data is damaged", "die Daten sind beschädigt",
		"Put back a copy of the data folder, or name another one with --home.", "Spielen Sie eine Kopie des Datenordners zurück, oder nennen Sie mit --home einen anderen.",
	},
	{
		trainer.ErrFull, "disk_full", exitData, false, "the disk is full: nothing was saved", "der Datenträger ist voll: Es wurde nichts gespeichert",
		"Free some space on the disk and try again.", "Schaffen Sie Platz auf dem Datenträger und versuchen Sie es erneut.",
	},
	{
		trainer.ErrRemoved, "removed", exitNotFound, false, "the files of this version were removed", "die Dateien dieser Version wurden entfernt",
		"`clara adapters` shows the versions that are there.", "`clara adapters` zeigt die Versionen, die noch da sind.",
	},
	{
		trainer.ErrPresetTaken, "preset_exists", exitUsage, false, "another preset has this name", "eine andere Vorlage heißt schon so",
		"Choose another name.", "Wählen Sie einen anderen Namen.",
	},
	{
		trainer.ErrPresetText, "preset", exitUsage, false, "a preset has a name of 1 to 80 characters in one line, and a system prompt of at most 20000",
		"eine Vorlage hat einen Namen von 1 bis 80 Zeichen in einer Zeile und eine Anweisung von höchstens 20000", "", "",
	},
	{trainer.ErrNotFound, "not_found", exitNotFound, true, "it is not there", "das gibt es nicht", "", ""},
	{trainer.ErrStars, "stars", exitUsage, false, "want 1 to 5 stars, or 0 to take the rating back", "1 bis 5 Sterne, oder 0, um die Bewertung zurückzunehmen", "", ""},
	{trainer.ErrScore, "score", exitUsage, false, "want a score of -1 to 1 and an importance of 1 to 5", "die Bewertung geht von -1 bis 1, die Wichtigkeit von 1 bis 5", "", ""},
	{trainer.ErrScript, "script", exitUsage, true, "the script cannot be used", "das Drehbuch ist nicht brauchbar", "", ""},
	{trainer.ErrDataset, "data_set", exitUsage, true, "the data set cannot be used", "der Datensatz ist nicht brauchbar", "", ""},
	{trainer.ErrJob, "job", exitUsage, true, "the job cannot be used", "der Auftrag ist nicht brauchbar", "", ""},
	{
		model.ErrUnsupported, "model_unsupported", exitModel, true, "this kind of model is not supported", "diese Art von Modell wird nicht unterstützt",
		"Models of the Llama and Gemma 3 families in GGUF format can be used.", "Modelle der Familien Llama und Gemma 3 im GGUF-Format sind möglich.",
	},
	{
		gguf.ErrFormat, "model_damaged", exitModel, true, "the model file is damaged or no GGUF file", "die Modelldatei ist beschädigt oder keine GGUF-Datei",
		"Fetch the file again, or name another one with --model.", "Laden Sie die Datei neu, oder nennen Sie mit --model eine andere.",
	},
	{
		gguf.ErrTruncated, "model_damaged", exitModel, true, "the model file ends early", "die Modelldatei ist abgeschnitten",
		"Fetch the file again, or name another one with --model.", "Laden Sie die Datei neu, oder nennen Sie mit --model eine andere.",
	},
	{gguf.ErrVersion, "model_unsupported", exitModel, true, "this version of GGUF is not supported", "diese Version von GGUF wird nicht unterstützt", "", ""},
	{tokenizer.ErrVocabulary, "model_damaged", exitModel, true, "the model's vocabulary is damaged", "das Vokabular des Modells ist beschädigt", "", ""},
	{tokenizer.ErrUnsupported, "model_unsupported", exitModel, true, "this kind of tokenizer is not supported", "diese Art von Tokenizer wird nicht unterstützt", "", ""},
	{model.ErrAdapter, "adapter", exitModel, true, "the adapter does not fit this model", "der Adapter passt nicht zu diesem Modell", "", ""},
	{safetensors.ErrFormat, "adapter", exitModel, true, "the adapter's file is damaged", "die Datei des Adapters ist beschädigt", "", ""},
	{safetensors.ErrTruncated, "adapter", exitModel, true, "the adapter's file ends early", "die Datei des Adapters ist abgeschnitten", "", ""},
	{model.ErrContext, "too_long", exitUsage, false, "the text is longer than the model can read", "der Text ist länger, als das Modell lesen kann", "Shorten the text.", "Kürzen Sie den Text."},
	{model.ErrTooLong, "too_long", exitUsage, true, "the texts are longer than one training step can take", "die Texte sind länger, als ein Trainingsschritt fasst", "", ""},
	{model.ErrSampling, "sampling", exitSettings, true, "a setting of the sampling is out of its range", "eine Einstellung der Auswahl liegt außerhalb ihres Bereichs", "", ""},
	{
		model.ErrDiverged, "diverged", exitFailed, false, "the training diverged: a loss was no longer a number", "das Training ist entgleist: Ein Verlust war keine Zahl mehr",
		"Lower continuous.learning_rate in the settings file.", "Senken Sie continuous.learning_rate in der Einstellungsdatei.",
	},
	{chat.ErrRaised, "template", exitModel, true, "the model's chat template refuses this conversation", "die Gesprächsvorlage des Modells lehnt dieses Gespräch ab", "", ""},
	{chat.ErrLimit, "template", exitModel, true, "the model's chat template is beyond its limits", "die Gesprächsvorlage des Modells überschreitet ihre Grenzen", "", ""},
	{
		compute.ErrMemory, "memory", exitFailed, true, "there is not enough memory", "der Arbeitsspeicher reicht nicht",
		"Close other programs, or lower model.context in the settings file.", "Schließen Sie andere Programme, oder senken Sie model.context in der Einstellungsdatei.",
	},
	{compute.ErrLost, "engine_lost", exitFailed, true, "the engine was lost", "das Rechenwerk ist ausgefallen", "Try again, or with --engine cpu.", "Versuchen Sie es erneut, oder mit --engine cpu."},
	{fs.ErrNotExist, "not_found", exitNotFound, true, "it is not there", "das gibt es nicht", "", ""},
	{fs.ErrExist, "exists", exitData, true, "it is there already", "das gibt es schon", "Name another place.", "Nennen Sie einen anderen Ort."},
	{fs.ErrPermission, "permission", exitData, true, "access is denied", "der Zugriff ist verweigert", "", ""},
}

// mistakes says what is wrong in a settings file, one line each.
func (l language) mistakes(err error) string {
	all := configs.Mistakes(err)
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = l.mistake(e)
	}
	return strings.Join(lines, "\n")
}

func (l language) mistake(e *configs.Error) string {
	if l != german {
		return e.Error()
	}
	where := e.File
	if e.Line > 0 {
		where += fmt.Sprintf(", Zeile %d", e.Line)
	}
	what := e.Error()
	switch {
	case errors.Is(e, configs.ErrUnknownKey):
		what = fmt.Sprintf("die Einstellung %s gibt es nicht", e.Key)
		if e.Near != "" {
			what += fmt.Sprintf("; ist %s gemeint?", e.Near)
		}
	case errors.Is(e, configs.ErrRange):
		what = fmt.Sprintf("%s = %s liegt außerhalb von %s", e.Key, brief(e.Value, 60), inGerman.Replace(e.Range.String()))
	case errors.Is(e, configs.ErrType):
		what = e.Key
		if e.Value != "" {
			what += " = " + brief(e.Value, 60)
		}
		what += ": verlangt wird " + inGerman.Replace(e.Wants)
	case errors.Is(e, configs.ErrSyntax):
		what = "kein gültiges TOML: " + e.Detail
	case errors.Is(e, configs.ErrTooLarge):
		what = "zu groß für eine Einstellungsdatei"
	default:
		return what
	}
	if where == "" {
		return what
	}
	return where + ": " + what
}

// inGerman says what a setting may hold, which configs says in English.
var inGerman = strings.NewReplacer(" to ", " bis ", " or ", " oder ", "at most ", "höchstens ", "characters", "Zeichen",
	"a whole number", "eine ganze Zahl", "a number", "eine Zahl", "a text in quotes", "ein Text in Anführungszeichen", "a table of settings", "ein Abschnitt mit Einstellungen")

// toldError is an error that brings its words and its exit code.
type toldError struct{ failure }

func (e *toldError) Error() string { return e.Text }

// short says that the work was done and falls short of what was asked.
func short(code, text, hint string) error { return &toldError{failure{code, text, hint, exitShort}} }
