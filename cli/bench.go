package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"clara/compute"
)

// The works. bench/peers gives the same ones to llama.cpp and PyTorch: a change
// here is a change there.
const (
	workDecode = "decode" // decodedTokens tokens, one after another, behind a prompt
	workPrompt = "prompt" // promptTokens random tokens
	workTrain  = "train"  // one LoRA step
	workGEMM   = "gemm"   // one product of activations with a frozen weight, as in training

	promptTokens  = 512
	decodedTokens = 128

	trainSequences = 8
	trainTokens    = 96 // of each sequence
	trainJudged    = 40 // of them
	trainRank      = 16

	gemmRows, gemmInputs, gemmOutputs = 768, 576, 1536

	benchRounds = 5 // after one that warms up; the median counts
)

func (c *program) benchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "bench WORK",
		Short: "Measure the speed on this machine",
		Long: fmt.Sprintf(`Measures one kind of work and prints the median of %d rounds after a first one:

  decode  %d tokens, one after another, behind a prompt of %d
  prompt  a prompt of %d random tokens
  train   one LoRA step: rank %d on all linear layers, %d sequences of %d random
          tokens, loss on the last %d of each
  gemm    a product of [%d, %d] activations with a frozen [%d, %d] weight in f32,
          the work of training; needs no model

gflops counts two operations for each weight and token, forward (and for train
once more backward); what attention and LoRA add is not counted.`,
			benchRounds, decodedTokens, promptTokens, promptTokens, trainRank, trainSequences, trainTokens, trainJudged,
			gemmRows, gemmInputs, gemmOutputs, gemmInputs),
		Args:      c.args(1, 1),
		ValidArgs: []string{workDecode, workPrompt, workTrain, workGEMM},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(cmd.ValidArgs, args[0]) {
				return c.usage("WORK is decode, prompt, train or gemm, not %q", "WORK ist decode, prompt, train oder gemm, nicht %q", args[0])
			}
			return c.bench(cmd.Context(), args[0])
		},
	}
}

// benchReport is what bench prints; its JSON names are a promise.
type benchReport struct {
	Work         string  `json:"work"`
	Model        string  `json:"model"`
	Engine       string  `json:"engine"`
	Threads      int     `json:"threads"`
	Tokens       int     `json:"tokens"`
	Seconds      float64 `json:"seconds"`
	TokensPerSec float64 `json:"tokens_per_s"`
	GFLOPS       float64 `json:"gflops"`
	CPU          string  `json:"cpu"`
	// How a training step fitted into memory: see [model.Plan].
	StepBytes  int64 `json:"step_bytes,omitempty"`
	Parts      int   `json:"parts,omitempty"`
	Recomputed int   `json:"recomputed,omitempty"`
}

// round does the work once and returns how long it took.
type round func(ctx context.Context, n int) (time.Duration, error)

// bench measures and prints.
func (c *program) bench(ctx context.Context, work string) error {
	report, err := c.measure(ctx, work)
	if err != nil {
		return fmt.Errorf("bench %s: %w", work, err)
	}
	return c.show(report, func() {
		l := c.language
		c.sayf("%s: %s tokens/s (%d tokens in %s s), %s GFLOP/s", "%s: %s Token/s (%d Token in %s s), %s GFLOP/s",
			work, l.number(report.TokensPerSec, 1), report.Tokens, l.number(report.Seconds, 4), l.number(report.GFLOPS, 1))
		c.sayf("%s, %d threads, %s", "%s, %d Threads, %s", report.CPU, report.Threads, report.Model)
		if report.Parts > 0 {
			c.sayf("a step takes %s MiB: %d micro-batches, %d blocks computed twice", "ein Schritt braucht %s MiB: %d Teilschritte, %d Blöcke doppelt gerechnet",
				l.number(float64(report.StepBytes)/(1<<20), 0), report.Parts, report.Recomputed)
		}
	})
}

func (c *program) measure(ctx context.Context, work string) (benchReport, error) {
	o := c.options
	o.Moved = nil // figures are of one engine
	if work == workGEMM {
		return c.measureProduct(ctx, o)
	}
	return c.measureModel(ctx, o, work)
}

// take measures rounds of so many floating-point operations on an engine.
func (r *benchReport) take(ctx context.Context, once round, on compute.Info, flops float64) error {
	took, err := median(ctx, once)
	if err != nil {
		return err
	}
	r.Engine, r.Threads, r.CPU = on.Name, on.Threads, on.Device
	r.Seconds = took.Seconds()
	r.TokensPerSec = float64(r.Tokens) / r.Seconds
	r.GFLOPS = flops / r.Seconds / 1e9
	return nil
}

// median runs a round that warms up, then benchRounds more, and returns their median.
func median(ctx context.Context, once round) (time.Duration, error) {
	var took []time.Duration
	for n := range benchRounds + 1 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		d, err := once(ctx, n)
		if err != nil {
			return 0, err
		}
		if n > 0 {
			took = append(took, d)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
