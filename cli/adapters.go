package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) adaptersCommand() *cobra.Command {
	figures := false
	list := func(cmd *cobra.Command, _ []string) error {
		return c.openedForFigures(cmd.Context(), func(s *Session) error { return c.listVersions(cmd.Context(), s.Trainer, figures) })
	}
	cmd := &cobra.Command{
		Use:   "adapters",
		Short: "The versions: list, go back to one, take one along",
		Args:  c.noArgs,
		RunE:  list,
	}
	version := -1
	export := &cobra.Command{
		Use:   "export DIR",
		Short: "Write a version's adapters as PEFT folders",
		Args:  c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.exportVersion(cmd.Context(), s.Trainer, version, args[0]) })
		},
	}
	export.Flags().IntVar(&version, "version", -1, "its `number` (default: the one in use)")
	export.Flags().Lookup("version").DefValue = "0" // else the help would tell -1 too
	all := &cobra.Command{Use: "list", Short: "List the versions and the refused trainings, the newest first", Args: c.noArgs, RunE: list}
	all.Flags().BoolVar(&figures, "figures", false, "with every figure of the gate in a sentence, with its limit")
	cmd.AddCommand(
		all,
		&cobra.Command{
			Use:   "restore VERSION",
			Short: "Let a version answer; 0 is the untrained base",
			Args:  c.args(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				number, err := strconv.Atoi(args[0])
				if err != nil || number < 0 {
					return c.usage("%q is no version; 0 is the untrained base", "%q ist keine Version; 0 ist das Ausgangsmodell", args[0])
				}
				return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.restoreVersion(cmd.Context(), s.Trainer, number) })
			},
		},
		export,
		&cobra.Command{
			Use:   "import DIR",
			Short: "Make a version of the PEFT folders manner and knowledge in DIR, and use it",
			Args:  c.args(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.openedWithModel(cmd.Context(), func(s *Session) error { return c.importVersion(cmd.Context(), s.Trainer, args[0]) })
			},
		})
	return cmd
}

// versionView is a version as the commands print it.
type versionView struct {
	Version int                `json:"version"` // its number; 0: the base, or a refused training
	State   trainer.CycleState `json:"state,omitempty"`
	Cycle   int64              `json:"cycle,omitempty"`
	Active  bool               `json:"active"`
	Removed bool               `json:"removed,omitempty"`
	Damaged bool               `json:"damaged,omitempty"` // chosen, but its files cannot be loaded: the untrained base answers
	Verdict string             `json:"verdict,omitempty"`
	Reason  *trainer.Reason    `json:"reason,omitempty"`
	Figures *trainer.Figures   `json:"figures,omitempty"`
	Gate    []trainer.Sentence `json:"gate,omitempty"`  // the figures in sentences, with their limits
	Tries   []tryView          `json:"tries,omitempty"` // both trainings, where it was trained twice
	Base    string             `json:"base_sha256,omitempty"`
	Created *time.Time         `json:"created,omitempty"`
}

func versionViewOf(r trainer.VersionRow) versionView {
	v := versionView{
		Version: r.Number, State: r.State, Cycle: r.Cycle, Active: r.Active, Removed: r.Removed,
		Verdict: r.Verdict, Figures: r.Figures, Base: r.BaseHash,
	}
	if r.Figures != nil {
		v.Gate, v.Tries = r.Figures.Sentences(), triesOf(r.Tries)
	}
	if r.Reason.Code != "" {
		v.Reason = &r.Reason
	}
	if !r.Created.IsZero() {
		v.Created = &r.Created
	}
	return v
}

// isBroken says that the untrained base answers because the files of the version that was
// chosen cannot be loaded.
func isBroken(s trainer.State) bool {
	return s.Trouble != nil && s.Trouble.Reason.Code == trainer.CodeVersionBroken
}

// noteBroken says so before an answer.
func (c *program) noteBroken(s trainer.State) {
	if isBroken(s) {
		c.note("%s", "%s", c.language.because(s.Trouble.Reason))
	}
}

func (c *program) listVersions(ctx context.Context, t *trainer.Trainer, figures bool) error {
	rows, err := t.Versions(ctx)
	if err != nil {
		return err
	}
	views := make([]versionView, len(rows))
	for i, r := range rows {
		views[i] = versionViewOf(r)
	}
	broken := isBroken(t.State())
	for i := range views {
		views[i].Damaged = views[i].Active && broken
	}
	return c.show(struct {
		Versions []versionView `json:"versions"`
	}{views}, func() {
		l := c.language
		lines := make([][]string, len(rows))
		for i, r := range rows {
			name := strconv.Itoa(r.Number)
			if r.ID == 0 && r.Cycle != 0 {
				name = "-"
			}
			mark := ""
			switch {
			case views[i].Damaged:
				mark = l.say("damaged", "beschädigt")
			case r.Active, broken && r.ID == 0 && r.Cycle == 0:
				mark = l.say("in use", "in Gebrauch")
			case r.Removed:
				mark = l.say("removed", "gelöscht")
			}
			why := l.because(r.Reason)
			if r.ID == 0 && r.Cycle == 0 {
				why = l.version(0)
			}
			lines[i] = []string{name, when(r.Created), mark, l.verdict(r.Verdict), brief(why, 80)}
		}
		c.table([]string{l.say("version", "Version"), l.say("when", "wann"), "", l.say("verdict", "Urteil"), ""}, lines)
		for _, r := range rows {
			if figures && r.Figures != nil {
				c.sayf("", "")
				c.sayFigures(r)
			}
		}
	})
}

// numbered finds a version by the number that a person sees.
func numbered(ctx context.Context, t *trainer.Trainer, number int) (trainer.VersionRow, error) {
	rows, err := t.Versions(ctx)
	if err != nil {
		return trainer.VersionRow{}, err
	}
	for _, r := range rows {
		if r.Number == number && (r.ID != 0) == (number != 0) && (number != 0 || r.Cycle == 0) {
			return r, nil
		}
	}
	return trainer.VersionRow{}, &missingError{kindVersion, int64(number)}
}

func (c *program) restoreVersion(ctx context.Context, t *trainer.Trainer, number int) error {
	row, err := numbered(ctx, t, number)
	if err != nil {
		return err
	}
	if err := t.Restore(ctx, row.ID); err != nil {
		return err
	}
	return c.show(struct {
		Version int `json:"version"`
	}{number}, func() {
		c.sayf("From now on %s answers.", "Ab jetzt antwortet %s.", c.language.version(number))
	})
}

func (c *program) exportVersion(ctx context.Context, t *trainer.Trainer, number int, dir string) error {
	id := int64(0)
	if number >= 0 {
		row, err := numbered(ctx, t, number)
		if err != nil {
			return err
		}
		id = row.ID
	} else {
		number = t.State().Active.Number
	}
	if number == 0 {
		return &toldError{failure{"no_adapters", c.language.say("the untrained base has no adapters to export", "das Ausgangsmodell hat keine Adapter, die sich ausgeben ließen"), "", exitNotFound}}
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("export to %s: %w", dir, err)
	}
	if err := t.ExportVersion(ctx, id, dir); err != nil {
		return err
	}
	return c.show(struct {
		Version int    `json:"version"`
		Dir     string `json:"dir"`
	}{number, dir}, func() {
		c.sayf("The adapters of version %d are in %s.", "Die Adapter von Version %d liegen in %s.", number, dir)
	})
}

func (c *program) importVersion(ctx context.Context, t *trainer.Trainer, dir string) error {
	row, err := t.ImportVersion(ctx, dir)
	var path *fs.PathError
	if errors.Is(err, fs.ErrNotExist) && !errors.As(err, &path) {
		l := c.language
		return &toldError{failure{"not_found", l.say("there is neither a folder manner nor a folder knowledge in %s", "in %s ist weder ein Ordner manner noch ein Ordner knowledge", dir), "", exitNotFound}}
	}
	if err != nil {
		return err
	}
	return c.show(versionViewOf(row), func() {
		c.sayf("Version %d is made of it and answers from now on. It was not checked; `clara adapters restore` goes back.",
			"Daraus ist Version %d geworden, die ab jetzt antwortet. Geprüft ist sie nicht; `clara adapters restore` führt zurück.", row.Number)
		c.sayf("What is imported stays until your own feedback trains an adapter in its place.",
			"Das Eingelesene bleibt, bis aus Ihren eigenen Rückmeldungen ein Adapter an seiner Stelle trainiert wird.")
	})
}
