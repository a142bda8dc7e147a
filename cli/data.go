package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) dataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Give the feedback to other programs, or read theirs",
		Long: `Writes and reads the live buffer as lines of JSON in the dataset formats of TRL,
conversational. Columns beside TRL's keep what each sample was, so that what was
exported is the same buffer when it is imported. Nothing is sent anywhere.`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.dataExportCommand(), c.dataImportCommand())
	return cmd
}

func (c *program) dataExportCommand() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the live buffer as a data set for TRL",
		Long: `Writes what trains at the moment, one sample a line:

  prompt-completion    for SFT: corrections, and what was scored above 0
  preference           for DPO: corrections of an answer that was given
  unpaired-preference  for KTO: everything, labelled good or bad`,
		Args: c.noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := trainer.DatasetFormat(format)
			if !slices.Contains(trainer.DatasetFormats, f) {
				return c.usage("--format is prompt-completion, preference or unpaired-preference, not %q", "--format ist prompt-completion, preference oder unpaired-preference, nicht %q", format)
			}
			if c.json && out == "" {
				return c.usage("--json needs --out: stdout has the one object", "--json verlangt --out: Auf stdout steht das eine Objekt")
			}
			return c.opened(cmd.Context(), func(s *Session) error { return c.exportData(cmd.Context(), s.Trainer, f, out) })
		},
	}
	cmd.Flags().StringVar(&format, "format", string(trainer.UnpairedPreference), "which of the `formats`")
	cmd.Flags().StringVar(&out, "out", "", "`file` to write, which must not be there yet (default: stdout)")
	return cmd
}

func (c *program) exportData(ctx context.Context, t *trainer.Trainer, f trainer.DatasetFormat, out string) error {
	if out == "" {
		_, _, err := t.ExportDataset(ctx, f, c.out)
		return err
	}
	var written, left int
	err := writeNew(out, func(w io.Writer) (err error) {
		written, left, err = t.ExportDataset(ctx, f, w)
		return err
	})
	if err != nil {
		return err
	}
	return c.show(struct {
		File    string                `json:"file"`
		Format  trainer.DatasetFormat `json:"format"`
		Written int                   `json:"written"`
		Left    int                   `json:"left_out"`
	}{out, f, written, left}, func() {
		l := c.language
		c.sayf("%s written to %s.", "%s nach %s geschrieben.", l.count(written, "sample", "samples", "Rückmeldung", "Rückmeldungen"), out)
		if left > 0 {
			c.sayf("%s cannot be said in this format; unpaired-preference has all.", "In diesem Format nicht zu sagen: %s; unpaired-preference hat alle.",
				l.count(left, "sample", "samples", "Rückmeldung", "Rückmeldungen"))
		}
	})
}

// writeNew makes a file that is not there yet, and leaves none behind that is not whole.
func writeNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return nil
}

func (c *program) dataImportCommand() *cobra.Command {
	var preview, amend bool
	var kind string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Read a data set in one of TRL's formats",
		Long: `Reads lines of JSON in one of the formats of ` + "`clara data export`" + `, plain or
conversational; FILE - is stdin. A completion or a pair becomes a correction, a
labelled completion a rating of 5 or 2 stars, one with an empty prompt a text.
What stands already is left out, and what you said later stays; --amend gives it the
importance and the keywords that its line says. All of it is kept or, when a line has
a mistake, nothing. --dry-run shows what the good lines would bring, and the mistakes
of the others with their lines.`,
		Args: c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			teaches, err := c.kindOf(kind)
			if err != nil {
				return err
			}
			o := trainer.ImportOptions{Preview: preview, Kind: teaches, Amend: amend}
			from := c.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				from = f
			}
			return c.opened(cmd.Context(), func(s *Session) error { return c.importData(cmd.Context(), s.Trainer, from, o) })
		},
	}
	cmd.Flags().BoolVar(&preview, "dry-run", false, "show what would be kept, and keep nothing")
	cmd.Flags().BoolVar(&amend, "amend", false, "give what is there already the importance and the keywords of its line")
	cmd.Flags().StringVar(&kind, "kind", "", "what corrections teach that do not say it: knowledge or manner (default: as it looks)")
	return cmd
}

func (c *program) importData(ctx context.Context, t *trainer.Trainer, from io.Reader, o trainer.ImportOptions) error {
	report, err := t.ImportDataset(ctx, from, o)
	var bad *trainer.DatasetError
	if errors.As(err, &bad) {
		err = c.badData(bad, o.Preview)
	}
	if err != nil && (bad == nil || !o.Preview) {
		return err
	}
	first := make([]sampleView, len(report.First))
	for i, s := range report.First {
		first[i] = sampleViewOf(s)
	}
	view := struct {
		Preview bool `json:"preview"`
		trainer.ImportReport
		First  []sampleView        `json:"first"`
		Errors []*trainer.RowError `json:"errors,omitempty"`
		Error  *failure            `json:"error,omitempty"`
	}{Preview: o.Preview, ImportReport: report, First: first}
	if bad != nil {
		f := c.explain(err)
		view.Errors, view.Error = bad.Lines, &f
	}
	return errors.Join(c.show(view, func() { c.sayImport(report, o.Preview) }), err)
}

func (c *program) sayImport(r trainer.ImportReport, preview bool) {
	l := c.language
	if preview {
		rows := make([][]string, len(r.First))
		for i, s := range r.First {
			text := s.Answer
			if s.Better != "" {
				text = s.Better
			}
			rows[i] = []string{l.form(s.Form), l.kind(s.Kind), l.number(s.Score, 1), brief(s.Prompt, 40), brief(text, 60)}
		}
		if len(rows) > 0 {
			c.table([]string{l.say("form", "Form"), l.say("kind", "lehrt"), l.say("score", "Wert"), l.say("question", "Frage"), l.say("answer", "Antwort")}, rows)
			c.sayf("", "")
		}
	}
	lines := l.count(r.Rows, "line", "lines", "Zeile", "Zeilen")
	if preview {
		c.sayf("%s: %d would be kept, %d of them train. Nothing was changed.", "%s: zu speichern %d, davon trainierbar %d. Geändert wurde nichts.", lines, r.New, r.Trains)
	} else {
		c.sayf("%s: %d kept, %d of them train.", "%s: gespeichert %d, davon trainierbar %d.", lines, r.New, r.Trains)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Dropped)) {
		c.sayf("%d do not train: %s", "Ohne Training: %d (%s)", r.Dropped[code], l.dropped(code))
	}
	switch {
	case r.Amended > 0 && preview:
		c.sayf("%d are there already and would get another importance or other keywords.", "Schon da, mit dann anderer Wichtigkeit oder anderen Stichwörtern: %d", r.Amended)
	case r.Amended > 0:
		c.sayf("%d were there already and have another importance or other keywords now.", "Schon da, mit jetzt anderer Wichtigkeit oder anderen Stichwörtern: %d", r.Amended)
	}
	if r.Known > 0 {
		c.sayf("%d were there already.", "Schon da: %d", r.Known)
	}
	if r.Differ > 0 {
		c.sayf("%d of them with another importance or other keywords, which --amend takes over.",
			"%d davon mit anderer Wichtigkeit oder anderen Stichwörtern; --amend übernimmt sie.", r.Differ)
	}
	if r.Replaced > 0 {
		c.sayf("%d left out for something newer on the same.", "%d ausgelassen, weil es Neueres zum selben gibt.", r.Replaced)
	}
	if len(r.Ignored) > 0 {
		c.sayf("Columns that are not read: %s", "Spalten, die nicht gelesen werden: %s", strings.Join(r.Ignored, ", "))
	}
}

// dropped says why the filter lets samples not train, without the figures of one.
func (l language) dropped(code string) string {
	switch code {
	case trainer.CodeNeutral:
		return l.say("rated neutral", "neutral bewertet")
	case trainer.CodeTooShort:
		return l.say("too short", "zu kurz")
	case trainer.CodeBelowThreshold:
		return l.say("below the quality threshold", "unter der Qualitätsschwelle")
	case trainer.CodeBufferFull:
		return l.say("no room in the buffer", "kein Platz im Puffer")
	case trainer.CodeReplaced:
		return l.say("replaced by a newer one", "durch eine neuere Rückmeldung ersetzt")
	}
	return code
}

// linesShown is how many lines with a mistake a person is shown.
const linesShown = 20

// badData says which lines cannot be read.
func (c *program) badData(bad *trainer.DatasetError, preview bool) error {
	l := c.language
	text := l.count(bad.Count, "line has a mistake", "lines have mistakes", "Zeile ist fehlerhaft", "Zeilen sind fehlerhaft")
	if preview {
		text = l.say("as it is, nothing would be imported: %s", "so würde nichts eingelesen: %s", text)
	} else {
		text = l.say("nothing was imported: %s", "nichts wurde eingelesen: %s", text)
	}
	for _, e := range bad.Lines[:min(len(bad.Lines), linesShown)] {
		text += "\n  " + l.rowMistake(e)
	}
	if more := bad.Count - linesShown; more > 0 {
		text += "\n  " + l.say("and %d more", "und %d weitere", more)
	}
	return &toldError{failure{"data_set", text, l.say("Correct these lines and try again.", "Berichtigen Sie diese Zeilen und versuchen Sie es erneut."), exitUsage}}
}

// germanWants says what a column has to hold in German.
var germanWants = map[string]string{
	"a text":        "ein Text",
	"a number":      "eine Zahl",
	"true or false": "true oder false",
	"a text or a list of messages with role and content":                   "ein Text oder eine Liste von Nachrichten mit role und content",
	"a conversation of system, user and assistant that ends with the user": "eine Unterhaltung aus system, user und assistant, die mit user endet",
	"one message of the assistant":                                         "eine Nachricht von assistant",
	`a text like [["word", "or this one"]]`:                                `ein Text wie [["Wort", "oder dieses"]]`,
}

// rowMistake says what is wrong with a line of a data set.
func (l language) rowMistake(e *trainer.RowError) string {
	if l != german {
		return e.Error()
	}
	what := "kein Text, aus dem man lernen könnte"
	switch e.Problem {
	case trainer.RowSyntax:
		what = "kein JSON-Objekt: " + e.Got
	case trainer.RowColumns:
		what = "die Spalten " + e.Got + " gehören zu keinem Format: nötig sind prompt mit completion, mit completion und label, oder mit chosen und rejected"
	case trainer.RowType, trainer.RowTurns:
		what = e.Column + " ist nicht, was nötig ist: " + cmp.Or(germanWants[e.Wants], e.Wants)
	case trainer.RowRange:
		what = e.Column + " ist " + e.Got + ", erlaubt ist " + strings.ReplaceAll(e.Wants, " to ", " bis ")
	case trainer.RowLabel:
		what = "das Label ist " + e.Got + ", doch der Wert ist " + e.Wants
	case trainer.RowUnchanged:
		what = "die bessere Antwort ist dieselbe wie die gegebene"
	case trainer.RowLong:
		what = "länger als " + e.Wants + " Bytes"
	}
	return "Zeile " + strconv.Itoa(e.Line) + ": " + what
}
