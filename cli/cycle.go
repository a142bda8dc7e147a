package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"clara/trainer"
)

func (c *program) cycleCommand() *cobra.Command {
	var out string
	var from int64
	var own bool
	cmd := &cobra.Command{
		Use:   "cycle DIR",
		Short: "Run a training job from a folder",
		Long: `Runs the job in DIR/job.json and writes what it made beside it: report.json and the
adapters, as PEFT folders. The same job on the same model and machine gives the
same adapters. The data folder is not touched.

With --from N the job of cycle N is written into DIR instead, with the adapters that
it starts from, to be run later or elsewhere. It holds the feedback of manner and all
lessons. Ordinary questions of your own, which no feedback was given to and which the
cycle held its adapters to the base with, are left out. With --own they are in it: only
with them do the same adapters come of it.`,
		Args: c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if from != 0 {
				return c.writeJob(cmd.Context(), args[0], from, own)
			}
			if out == "" {
				out = args[0]
			}
			return c.runJob(cmd.Context(), args[0], out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`folder` to write into (default: DIR)")
	cmd.Flags().Int64Var(&from, "from", 0, "write the job of this `cycle` into DIR")
	cmd.Flags().BoolVar(&own, "own", false, "with --from: with the questions of your own that the cycle used")
	return cmd
}

// cycled is a report with the folders that lie beside it.
type cycled struct {
	trainer.Report
	Manner    string `json:"manner,omitempty"`
	Knowledge string `json:"knowledge,omitempty"`
}

func (c *program) runJob(ctx context.Context, dir, out string) (err error) {
	job, err := trainer.ReadJob(dir)
	if err != nil {
		return err
	}
	if err := isFree(filepath.Join(out, "report.json")); err != nil {
		return err
	}
	r, closeModel, err := c.Runner(ctx, c.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeModel()) }()
	p := c.newProgress()
	o, err := trainer.RunCycle(ctx, r, job, nil, p.show)
	p.end()
	if err != nil {
		return err
	}
	if err := trainer.WriteOutcome(out, o); err != nil {
		return err
	}
	done := cycled{Report: o.Report}
	if o.Manner != nil {
		done.Manner = filepath.Join(out, "manner")
	}
	if o.Knowledge != nil {
		done.Knowledge = filepath.Join(out, "knowledge")
	}
	err = c.show(done, func() {
		c.sayf("Verdict: %s (%s). Written to %s.", "Urteil: %s (%s). Geschrieben nach %s.", c.language.verdict(o.Report.Verdict), c.language.because(o.Report.Reason), out)
	})
	if err == nil && o.Report.Verdict == trainer.VerdictRefused {
		return short("refused", c.language.say("the version may not answer: ", "die Version darf nicht antworten: ")+c.language.refusal(o.Report.Reason), "")
	}
	return err
}

func (c *program) writeJob(ctx context.Context, dir string, cycle int64, own bool) error {
	return c.opened(ctx, func(s *Session) error {
		path := filepath.Join(dir, "job.json")
		if err := isFree(path); err != nil {
			return err
		}
		asked, err := s.Trainer.ExportJob(ctx, cycle, dir, own)
		if errors.Is(err, trainer.ErrNotFound) {
			return &missingError{kindCycle, cycle}
		}
		if err != nil {
			return err
		}
		return c.show(struct {
			Cycle int64  `json:"cycle"`
			Job   string `json:"job"`
			Asked int    `json:"own"`      // questions of the user's own that the cycle used
			With  bool   `json:"with_own"` // they are in the job
		}{cycle, path, asked, own}, func() {
			c.sayf("The job of cycle %d is in %s.", "Der Auftrag von Zyklus %d liegt in %s.", cycle, path)
			questions := c.language.count(asked, "question", "questions", "Frage", "Fragen")
			switch {
			case asked == 0:
			case own:
				c.sayf("It holds, of what you asked without feedback: %s.", "Er enthält, was Sie ohne Rückmeldung gefragt haben: %s.", questions)
			default:
				c.sayf("It leaves out what you asked without feedback: %s. Only with --own do the same adapters come of it.", "Es fehlt darin, was Sie ohne Rückmeldung gefragt haben: %s. Nur mit --own entstehen dieselben Adapter.", questions)
			}
		})
	})
}

// isFree says whether something can be written to path, before the long work that
// makes it.
func isFree(path string) error {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return &fs.PathError{Op: "write", Path: path, Err: fs.ErrExist}
}
