package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"clara/trainer"
	"clara/widgets"
)

// A German window names the errors that a person meets in German, not by their English chain.
func TestFaultsAreNamedInTheLanguageSpoken(t *testing.T) {
	w := openSample(t, spoken(german))
	w.settle(t)
	missing := fmt.Errorf("open model: %w", &fs.PathError{Op: "open", Path: "/models/a.gguf", Err: fs.ErrNotExist})
	if got, want := fault(missing), "/models/a.gguf gibt es nicht"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	newer := fmt.Errorf("put back sample 4: %w", &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeReplaced, Text: "replaced by a newer one"}})
	if got, want := fault(newer), "Es bleibt zurückgenommen: Sie haben CLARA inzwischen Neueres zum selben gegeben."; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	lost := trainer.Reason{Code: trainer.CodeCycleFailed, Args: map[string]string{"error": "cuda: out of memory", "fault": trainer.CodeFaultMemory}}
	if got, want := because(lost), "Das Training ist fehlgeschlagen: Der Arbeitsspeicher reicht nicht. Ihre Rückmeldungen bleiben erhalten"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// So are those of the settings and the presets.
func TestFaultsOfSettingsAndPresetsAreNamedInTheLanguageSpoken(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(german)}, wide)
	for text, want := range map[string]string{
		"[continuous]\nrank = 500\n":      "Zeile 2: continuous.rank = 500 liegt außerhalb von 1 bis 128",
		"[continuous\nrank = 16\n":        "Zeile 1: das ist kein gültiges TOML",
		"[continuous]\nmin_batchsize = 1": "gemeint ist wohl continuous.min_batch_size",
	} {
		if err := os.WriteFile(w.File.Path(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.press(t, fyne.KeyPlus)
		if !reads(w, want) {
			t.Errorf("of %q it is not said: %s", text, want)
		}
		w.untell()
	}
	kept := fmt.Errorf("keep the preset %q: %w", "Brief", trainer.ErrPresetText)
	if got, want := fault(kept), "Eine Vorlage hat einen Namen von 1 bis 80 Zeichen in einer Zeile und eine Anweisung von höchstens 20.000 Zeichen"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// An instruction longer than the settings hold is marked where it stands, and cannot be saved, also in a preset.
func TestAnInstructionThatIsTooLongIsMarked(t *testing.T) {
	w := openSample(t, spoken(german))
	long := strings.Repeat("Wort ", 4000) + "x" // 20,001 characters
	prompt := func() *widgets.Editor {
		t.Helper()
		return find(t, w, func(e *widgets.Editor) bool { return e.Name == say("set.system_prompt") })
	}
	w.openSettingsAt(sectionAnswers)
	w.settle(t)
	d := w.settings
	prompt().SetText(long)
	d.section = sectionGate
	d.showSection()
	d.section = sectionAnswers
	d.showSection()
	w.settle(t)
	mark := find(t, w, func(x *widgets.Text) bool { return x.Text == "Höchstens 20.000 Zeichen" })
	if mark.Size().Height == 0 || mark.Position().Y < prompt().Position().Y+prompt().Size().Height {
		t.Errorf("the mark has the size %v at %v", mark.Size(), mark.Position())
	}
	shoot(t, w, "too-long")
	if prompt().Text != long || !d.save.Disabled() || !reads(w, "Höchstens 20.000 Zeichen") || !reads(w, "1 Angabe ist ungültig") {
		t.Errorf("the settings do not mark it, or hold %d characters", len(prompt().Text))
	}
	prompt().SetText("Kurz.")
	if d.save.Disabled() || reads(w, "Höchstens 20.000 Zeichen") {
		t.Error("one that is short enough cannot be saved")
	}
	prompt().OnTooLong() // what was pasted was cut
	if !reads(w, "Der eingefügte Text war zu lang") || w.told != nil {
		t.Error("the dialog does not say that what was pasted was cut")
	}
	d.close()
	w.settle(t)

	w.openPresets()
	w.settle(t)
	tap(t, w, "Neue Vorlage")
	w.presets.editor.name.SetText("Lang")
	prompt().SetText(long)
	if prompt().Text != long || !w.presets.editor.save.Disabled() || !reads(w, "Höchstens 20.000 Zeichen") {
		t.Errorf("the preset does not mark it, or holds %d characters", len(prompt().Text))
	}
	prompt().SetText(long[1:])
	if w.presets.editor.save.Disabled() || reads(w, "Höchstens 20.000 Zeichen") {
		t.Error("one that is just short enough cannot be saved in a preset")
	}
}

// A full disk is named as what it is, until something is saved again; what is said of something else stays.
func TestAFullDiskIsToldOfUntilSomethingIsSaved(t *testing.T) {
	w := openSample(t, spoken(german))
	w.settle(t)
	w.failed(&trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeDiskFull}, Hint: trainer.HintFreeSpace, Err: trainer.ErrFull})
	if !reads(w, "Der Datenträger ist voll") || !reads(w, "Was Sie zuletzt getan haben, wurde nicht gespeichert. Schaffen Sie Platz auf dem Datenträger und versuchen Sie es erneut.") {
		t.Error("the full disk is not told of")
	}
	last := w.lastAnswer()
	w.chat.rate(last.ID, 5)
	w.settle(t)
	if reads(w, "Der Datenträger ist voll") {
		t.Error("the disk is said to be full after a rating was saved")
	}
	w.failed(errors.New("the printer is on fire"))
	w.chat.rate(last.ID, 4)
	w.settle(t)
	if !reads(w, "Das ging nicht") {
		t.Error("what was said of something else is gone")
	}
}

// It says how much is missing and offers what can go: the old versions, after a question.
func TestAFullDiskIsMadeRoomOn(t *testing.T) {
	w := openSample(t, spoken(german))
	w.free = func(string) (int64, error) { return 96_000, nil }
	full := &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeDiskFull}, Hint: trainer.HintFreeSpace, Err: trainer.ErrFull}
	w.failed(full)
	w.settle(t)
	if !reads(w, "Es fehlen 4 MB.") {
		t.Error("what is missing is not said")
	}
	if reads(w, "Alte Versionen löschen") {
		t.Error("old versions are offered that have no files")
	}
	w.tellFull(shortage{missing: 120_000_000, room: trainer.Room{Old: 11, OldBytes: 640_000_000}})
	if !reads(w, "Es fehlen 120 MB. Alte Versionen belegen 640 MB.") {
		t.Error("what could go is not said")
	}
	tap(t, w, "Alte Versionen löschen")
	if !reads(w, "11 Versionen lassen sich dann nicht mehr zurückholen") {
		t.Error("it is not asked first")
	}
	tap(t, w, "Behalten")
	tap(t, w, "Alte Versionen löschen")
	tap(t, w, "Löschen")
	w.settle(t)
	if reads(w, "Der Datenträger ist voll") || !reads(w, "640 MB sind frei geworden") {
		t.Error("what became of it is not said")
	}
}

// A database that cannot be used is told of in the language spoken, with the copy to go back to.
func TestADamagedDatabaseIsNamed(t *testing.T) {
	test.NewTempApp(t)
	if err := speak(german); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		err  *trainer.FileError
		want string
	}{
		{
			&trainer.FileError{Path: "/d/clara.db", Copy: "/d/clara.db.before-8", Err: trainer.ErrCorrupt},
			"Die Datenbank /d/clara.db ist beschädigt. Legen Sie sie und ihre -wal-Datei beiseite und kopieren Sie /d/clara.db.before-8 an ihre Stelle.",
		},
		{
			&trainer.FileError{Path: "/d/clara.db", Err: trainer.ErrForeign},
			"/d/clara.db ist keine Datenbank von CLARA. Legen Sie die Datei beiseite, oder nennen Sie mit --home einen anderen Datenordner.",
		},
		{&trainer.FileError{Path: "/d/clara.db", Err: trainer.ErrFull}, "Der Datenträger ist voll. " + say("hint.free_space")},
	} {
		if got := fault(fmt.Errorf("open store: %w", tt.err)); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.err, got, tt.want)
		}
	}
}
