package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"clara/model"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/tokenizer"
	"clara/trainer"
)

// What keeps data from being read or written has one exit code and words of its own, whether
// the database or a file meets it.
func TestFailuresOfTheDiskAreNamed(t *testing.T) {
	at := func(err error) error {
		return fmt.Errorf("save the users: write home/users.json: %w", &fs.PathError{Op: "write", Path: "home/users.json", Err: err})
	}
	for _, tt := range []struct {
		err        error
		code       string
		en, german string
	}{
		{at(syscall.ENOSPC), "disk_full", "the disk is full: nothing was saved", "der Datenträger ist voll: Es wurde nichts gespeichert"},
		{fmt.Errorf("open store: %w", trainer.ErrFull), "disk_full", "the disk is full: nothing was saved", "der Datenträger ist voll: Es wurde nichts gespeichert"},
		{at(syscall.EROFS), "read_only", "home/users.json cannot be written: its disk is read-only", "home/users.json lässt sich nicht schreiben: Der Datenträger ist schreibgeschützt"},
		{at(syscall.EACCES), "permission", "access to home/users.json is denied", "der Zugriff auf home/users.json ist verweigert"},
	} {
		for lang, want := range map[language]string{english: tt.en, german: tt.german} {
			c := &program{language: lang, began: true}
			if f := c.explain(errors.Join(tt.err)); f.Code != tt.code || f.Exit != exitData || f.Text != want {
				t.Errorf("%v is %+v", tt.err, f)
			}
		}
	}
}

// A database that cannot be used is told of in the person's language, with the copy to go back to.
func TestADamagedDatabaseIsToldInBothLanguages(t *testing.T) {
	for _, tt := range []struct {
		err                     error
		en, german, hint, tipps string
	}{
		{
			&trainer.FileError{Path: "home/clara.db", Copy: "home/clara.db.before-8", Err: fmt.Errorf("%w: row 7 is gone", trainer.ErrCorrupt)},
			"the data is damaged: home/clara.db: the database is damaged: row 7 is gone", "die Daten sind beschädigt: home/clara.db: the database is damaged: row 7 is gone",
			"Move it and its -wal file away, and copy home/clara.db.before-8 to its place, or name another data folder with --home.",
			"Legen Sie sie und ihre -wal-Datei beiseite und kopieren Sie home/clara.db.before-8 an ihre Stelle, oder nennen Sie mit --home einen anderen Datenordner.",
		},
		{
			&trainer.FileError{Path: "home/clara.db", Err: trainer.ErrCorrupt}, "the data is damaged: home/clara.db", "die Daten sind beschädigt: home/clara.db",
			"Put back a copy of the data folder, or name another one with --home.", "Spielen Sie eine Kopie des Datenordners zurück, oder nennen Sie mit --home einen anderen.",
		},
		{
			&trainer.FileError{Path: "home/clara.db", Err: trainer.ErrForeign}, "the database in the data folder is not CLARA's: home/clara.db", "die Datenbank im Datenordner ist nicht von CLARA: home/clara.db",
			"Name another folder with --home.", "Nennen Sie mit --home einen anderen Ordner.",
		},
	} {
		for lang, want := range map[language][2]string{english: {tt.en, tt.hint}, german: {tt.german, tt.tipps}} {
			c := &program{language: lang, began: true}
			if f := c.explain(fmt.Errorf("open store home/clara.db: %w", tt.err)); f.Exit != exitData || f.Text != want[0] || f.Hint != want[1] {
				t.Errorf("%v is %+v", tt.err, f)
			}
		}
	}
}

// A version whose files are not what they were is told with its number and what to do.
func TestAVersionThatCannotBeUsedIsToldInBothLanguages(t *testing.T) {
	err := fmt.Errorf("activate version 5: %w", &trainer.UserError{
		Reason: trainer.Reason{Code: trainer.CodeVersionDamaged, Text: "the files of version 2 are missing, damaged or changed", Args: map[string]string{"number": "2"}},
		Hint:   trainer.HintRestoreOther, Err: fs.ErrNotExist,
	})
	for lang, want := range map[language]string{english: "the files of version 2 are missing, damaged or changed", german: "die Dateien von Version 2 fehlen, sind beschädigt oder wurden verändert"} {
		c := &program{language: lang, began: true}
		if f := c.explain(err); f.Code != trainer.CodeVersionDamaged || f.Exit != exitData || f.Text != want || !strings.Contains(f.Hint, "clara adapters restore") || !strings.Contains(f.Hint, "clara train") {
			t.Errorf("it is %+v", f)
		}
	}
}

// What does not come back for something newer is told with that one's number, and how it comes back.
func TestWhatStaysTakenBackIsToldInBothLanguages(t *testing.T) {
	err := fmt.Errorf("put back sample 4: %w", &trainer.UserError{
		Reason: trainer.Reason{Code: trainer.CodeReplaced, Text: "replaced by a newer one", Args: map[string]string{"by": "7"}},
	})
	for lang, want := range map[language]string{english: "sample 7 on the same is newer, and stands", german: "Rückmeldung 7 zum selben ist neuer und gilt"} {
		c := &program{language: lang, began: true}
		if f := c.explain(err); f.Code != trainer.CodeReplaced || f.Text != want || !strings.Contains(f.Hint, "`clara feedback delete 7`") {
			t.Errorf("it is %+v", f)
		}
	}
}

// What fails of a model is told by its kind, in both languages, with the rest of the error behind it
// and what to do; its code and exit code are the kind's.
func TestFailuresOfAModelAreToldByTheirKind(t *testing.T) {
	for _, tt := range []struct {
		err        error
		code       string
		exit       int
		en, german string
	}{
		{gguf.ErrTruncated, "model_damaged", exitModel, "the model file is damaged or no GGUF file", "die Modelldatei ist beschädigt oder keine GGUF-Datei"},
		{tokenizer.ErrUnsupported, "model_unsupported", exitModel, "this kind of model is not supported", "diese Art von Modell wird nicht unterstützt"},
		{model.ErrUnsupported, "model_unsupported", exitModel, "this kind of model is not supported", "diese Art von Modell wird nicht unterstützt"},
		{chat.ErrSyntax, "template", exitModel, "the model's chat template cannot be read", "die Gesprächsvorlage des Modells ist nicht lesbar"},
		{model.ErrMemory, "memory", exitFailed, "there is not enough memory", "der Arbeitsspeicher reicht nicht"},
		{model.ErrLost, "engine_lost", exitFailed, "the engine no longer works", "das Rechenwerk arbeitet nicht mehr"},
		{model.ErrPass, "broke_off", exitFailed, "the computation broke off", "die Berechnung ist abgebrochen"},
		{model.ErrNoNumbers, "engine_lost", exitFailed, "the engine no longer works", "das Rechenwerk arbeitet nicht mehr"},
	} {
		for lang, want := range map[language]string{english: tt.en, german: tt.german} {
			c := &program{language: lang, began: true}
			err := fmt.Errorf("open model a.gguf: %w", tt.err)
			if f := c.explain(err); f.Code != tt.code || f.Exit != tt.exit || f.Text != want+": open model a.gguf" || f.Hint == "" {
				t.Errorf("%v is %+v", err, f)
			}
			if f := c.explain(fmt.Errorf("open model a.gguf: %w: at byte 7", tt.err)); !strings.HasPrefix(f.Text, want+": open model a.gguf: ") || !strings.HasSuffix(f.Text, ": at byte 7") {
				t.Errorf("with the place behind it: %+v", f)
			}
		}
	}
}

// A training that met a full disk ends with the code of that, any other that failed or was
// refused with that of falling short.
func TestATrainingThatFallsShortSaysForWhat(t *testing.T) {
	for _, tt := range []struct {
		state trainer.CycleState
		why   trainer.Reason
		code  string
		exit  int
		text  string
	}{
		{trainer.CycleFailed, trainer.Reason{Code: trainer.CodeDiskFull, Text: "the disk is full: nothing was saved"}, "disk_full", exitData, "the disk is full: nothing was saved"},
		{trainer.CycleFailed, trainer.Reason{Code: trainer.CodeCycleFailed, Text: "the training failed", Args: map[string]string{"fault": trainer.CodeFaultDisk}}, "disk_full", exitData, "the training failed"},
		{trainer.CycleFailed, trainer.Reason{Code: trainer.CodeCycleFailed, Text: "the training failed"}, "cycle_failed", exitShort, "the training failed"},
		{trainer.CycleRefused, trainer.Reason{Code: trainer.CodeForgets, Text: "refused: forgets"}, "refused", exitShort, "the new version may not answer: forgets"},
	} {
		c := &program{language: english, began: true, out: io.Discard}
		if f := c.explain(c.report(trained{State: tt.state, Reason: tt.why})); f.Code != tt.code || f.Exit != tt.exit || f.Text != tt.text {
			t.Errorf("%v is %+v", tt.why, f)
		}
	}
}

// A training that made a version, found nothing to do, or left out what helps no lesson is done.
func TestATrainingThatDidWhatWasToBeDoneIsDone(t *testing.T) {
	for code, state := range map[string]trainer.CycleState{trainer.CodeProven: trainer.CyclePromoted, trainer.CodeOnlyAsked: trainer.CycleChecked, trainer.CodeInVain: trainer.CycleChecked} {
		if err := english.endOf(state, trainer.Reason{Code: code}, "hint"); err != nil {
			t.Errorf("%s, %s: %v", state, code, err)
		}
	}
}

// What is wrong with a flag is said in the language that was named before it.
func TestMistakesInFlagsAreSaidInGerman(t *testing.T) {
	for args, want := range map[string]string{
		"lessons --bogus":           "--bogus gibt es hier nicht",
		"lessons -x":                "-x gibt es hier nicht",
		"chat --once":               "--once braucht einen Wert",
		"feedback list --limit all": `"all" passt nicht zu --limit`,
		"bench all":                 `WORK ist decode, prompt, train oder gemm, nicht "all"`,
	} {
		c := &program{Params: Params{Language: func(Options) string { return "system" }}}
		root := c.root()
		root.SetArgs(append([]string{"--lang", "de"}, strings.Fields(args)...))
		if f := c.explain(root.ExecuteContext(t.Context())); f.Text != want || f.Exit != exitUsage {
			t.Errorf("%s: %+v", args, f)
		}
	}
}

// What has no display or is too long is told in the language spoken, with what to do.
func TestErrorsOfTheTerminalAreSaidInGerman(t *testing.T) {
	c := &program{language: german, began: true}
	if f := c.explain(errTooMuch); f.Exit != exitUsage || f.Text != "ein Text auf der Standardeingabe ist länger als 4 MiB" {
		t.Errorf("%+v", f)
	}
	if f := c.explain(ErrNoDisplay); f.Exit != exitFailed || !strings.Contains(f.Text, "kein Bildschirm") || !strings.Contains(f.Hint, "clara help") {
		t.Errorf("%+v", f)
	}
	same := &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeSameModel, Args: map[string]string{"name": "SmolLM2"}, Text: "SmolLM2 is the model in use"}}
	if f := c.explain(fmt.Errorf("move to SmolLM2: %w", same)); f.Exit != exitUsage || f.Text != "SmolLM2 ist das benutzte Modell: Nehmen Sie ein anderes" {
		t.Errorf("%+v", f)
	}
}
