package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clara/model"
)

func (c *program) parityCommand() *cobra.Command {
	var chats int
	cmd := &cobra.Command{
		Use:   "parity DIR",
		Short: "Compare with transformers and PEFT on the same model",
		Long: `Compares this program with golden values that transformers and PEFT made from the
same model file: rendered text, tokens, the best token of each step, log-
probabilities, loss and gradients. It exits with 6 when a limit is missed. An engine
that rounds to float16 has limits of its own.`,
		Args: c.args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if chats < 0 {
				return c.usage("--chats is 0 (all) or more, not %d", "--chats ist 0 (alle) oder mehr, nicht %d", chats)
			}
			return c.parity(cmd.Context(), args[0], chats)
		},
	}
	cmd.Flags().IntVar(&chats, "chats", 0, "compare only the first `n` chats, for an engine that is slow (default: all)")
	return cmd
}

// The limits of parity. The weights are the same on both sides, so what differs is
// rounding: of f32 sums on our side, of 8-bit activations where answers are
// computed (greedy).
const (
	leastGreedy  = 0.99 // share of the steps; all of them with f32 activations
	mostLogProb  = 2e-3
	mostLoss     = 1e-4
	mostGradient = 1e-3
)

// The limits where activations and weights are rounded to float16, which has 11 bits: the
// best token is then one of those that lie close.
const (
	roundedEngine       = "cuda-f16"
	mostRoundedLoss     = 5e-3
	mostRoundedGradient = 3e-2
)

// parityLine is one comparison.
type parityLine struct {
	what   string
	figure string
	limit  string
	good   bool
}

// parityLines compares a report with the limits.
func (l language) parityLines(r model.ParityReport) []parityLine {
	of := func(n, all int) string { return fmt.Sprintf("%d/%d", n, all) }
	within := func(what string, value, limit float64) parityLine {
		figure := fmt.Sprintf("%.2g", value)
		if l == german {
			figure = strings.Replace(figure, ".", ",", 1)
		}
		return parityLine{what, figure, fmt.Sprintf("%.0e", limit), value <= limit}
	}
	all, loss := l.say("all", "alle"), l.say("loss, relative", "Loss, relativ")
	gradient := l.say("gradient, relative, worst of %d (%s)", "Gradient, relativ, schlechtester von %d (%s)", r.GradTensors, r.GradRelWorst)
	lines := []parityLine{
		{l.say("rendered chats equal", "ausgeschriebene Unterhaltungen gleich"), of(r.RenderedEqual, r.Chats), all, r.RenderedEqual == r.Chats && r.Chats > 0},
		{l.say("tokens equal", "Token gleich"), of(r.IDsEqual, r.Chats), all, r.IDsEqual == r.Chats && r.Chats > 0},
	}
	if r.Engine == roundedEngine {
		lines = append(lines, within(loss, r.LossRel, mostRoundedLoss), within(gradient, r.GradRelMax, mostRoundedGradient))
	} else {
		lines = append(lines,
			parityLine{
				l.say("best token, as answered", "bestes Token, wie geantwortet wird"), of(r.GreedyEqual, r.GreedyCompared), "99 %",
				float64(r.GreedyEqual) >= leastGreedy*float64(r.GreedyCompared) && r.GreedyCompared > 0,
			},
			parityLine{l.say("best token, f32 activations", "bestes Token, Aktivierungen in f32"), of(r.GreedyEqualExact, r.GreedyCompared), all, r.GreedyEqualExact == r.GreedyCompared},
			within(l.say("log-probability, largest difference", "Log-Wahrscheinlichkeit, größter Unterschied"), r.LogProbMaxAbs, mostLogProb),
			within(loss, r.LossRel, mostLoss), within(gradient, r.GradRelMax, mostGradient))
	}
	last := &lines[len(lines)-1]
	last.good = last.good && r.GradTensors > 0
	return lines
}

func (c *program) parity(ctx context.Context, dir string, chats int) (err error) {
	o := c.options
	o.Moved = nil // figures are of one engine
	r, closeModel, err := c.Runner(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeModel()) }()
	report, err := r.Parity(ctx, dir, chats)
	if err != nil {
		return err
	}
	lines := c.language.parityLines(report)
	err = c.show(report, func() {
		rows := make([][]string, len(lines))
		for i, line := range lines {
			mark := "ok"
			if !line.good {
				mark = c.language.say("MISSED", "VERFEHLT")
			}
			rows[i] = []string{line.what, line.figure, line.limit, mark}
		}
		l := c.language
		c.table([]string{l.say("comparison (%s)", "Vergleich (%s)", report.Engine), l.say("figure", "Wert"), l.say("limit", "Grenze"), ""}, rows)
	})
	if err != nil {
		return err
	}
	var missed []string
	for _, line := range lines {
		if !line.good {
			missed = append(missed, fmt.Sprintf("%s %s (%s)", line.what, line.figure, line.limit))
		}
	}
	if missed != nil {
		return short("parity", c.language.say("limits missed: ", "Grenzen verfehlt: ")+strings.Join(missed, "; "), "")
	}
	return nil
}
