package cli

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"clara/compute"
	"clara/model"
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
	works := []string{workDecode, workPrompt, workTrain}
	if c.Params.Engine != nil {
		works = append(works, workGEMM)
	}
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
		Args:      cobra.MatchAll(c.args(1, 1), cobra.OnlyValidArgs),
		ValidArgs: works,
		RunE:      func(cmd *cobra.Command, args []string) error { return c.bench(cmd.Context(), args[0]) },
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

func (c *program) measure(ctx context.Context, work string) (report benchReport, err error) {
	report.Work = work
	var flops float64
	var once round
	var info compute.Info
	o := c.options
	o.Moved = nil // figures are of one engine
	if work == workGEMM {
		b, err := c.Params.Engine(ctx, o)
		if err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, b.Close()) }()
		product, free, err := newProduct(b)
		if err != nil {
			return report, err
		}
		defer free()
		info, once = b.Info(), product
		report.Model = "none"
		report.Tokens, flops = gemmRows, 2*gemmRows*gemmInputs*gemmOutputs
	} else {
		r, closeModel, err := c.Runner(ctx, o)
		if err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, closeModel()) }()
		m := r.Info()
		info, report.Model = m.Engine, m.Path
		head := 2 * float64(m.Vocabulary) * float64(m.Width)
		body := 2*float64(m.Parameters) - head
		switch work {
		case workDecode:
			report.Tokens, flops = decodedTokens, decodedTokens*(body+head)
			once = decodeRound(r)
		case workPrompt:
			report.Tokens, flops = promptTokens, promptTokens*body+head
			once = promptRound(r)
		case workTrain:
			report.Tokens = trainSequences * trainTokens
			flops = 2 * (float64(report.Tokens)*body + trainSequences*trainJudged*head)
			t, err := r.NewTraining(model.TrainingOptions{Rank: trainRank, Alpha: 2 * trainRank, Seed: 1})
			if err != nil {
				return report, err
			}
			defer t.Close()
			once = trainRound(t, m.Vocabulary, &report)
		}
	}
	took, err := median(ctx, once)
	if err != nil {
		return report, err
	}
	report.Engine, report.Threads, report.CPU = info.Name, info.Threads, info.Device
	report.Seconds = took.Seconds()
	report.TokensPerSec = float64(report.Tokens) / report.Seconds
	report.GFLOPS = flops / report.Seconds / 1e9
	return report, nil
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

// firstPlain is the lowest token id that no tokenizer uses for control.
const firstPlain = 100

// randomTokens are the same for the same seed.
func randomTokens(n, vocabulary int, seed uint64) []int32 {
	r := rand.New(rand.NewPCG(seed, 1))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(firstPlain + r.IntN(vocabulary-firstPlain))
	}
	return ids
}

// promptRound uses another prompt each time, so that nothing is cached.
func promptRound(r *model.Runner) round {
	return func(ctx context.Context, n int) (time.Duration, error) {
		result, err := r.Generate(ctx, model.Request{Prompt: randomTokens(promptTokens, r.Info().Vocabulary, uint64(n)), MaxTokens: 1}, nil)
		return result.PromptTime, err
	}
}

// decodeRound decodes greedily. A model may end its turn early behind random tokens;
// then another prompt serves.
func decodeRound(r *model.Runner) round {
	const tries = 32
	seed := uint64(0)
	return func(ctx context.Context, _ int) (time.Duration, error) {
		for range tries {
			seed++
			// The first token of an answer comes from the prompt: one more makes
			// decodedTokens steps.
			result, err := r.Generate(ctx, model.Request{Prompt: randomTokens(promptTokens, r.Info().Vocabulary, seed), MaxTokens: decodedTokens + 1}, nil)
			if err != nil {
				return 0, err
			}
			if len(result.IDs) == decodedTokens+1 {
				return result.AnswerTime, nil
			}
		}
		return 0, fmt.Errorf("the model ended its turn within %d tokens behind each of %d prompts", decodedTokens, tries)
	}
}

// trainRound takes steps on sequences that begin with different tokens, so that no
// work is shared between them. The report gets how the last one fitted into memory.
func trainRound(t *model.Training, vocabulary int, report *benchReport) round {
	items := make([]model.Item, trainSequences)
	for i := range items {
		ids := randomTokens(trainTokens, vocabulary, uint64(i))
		ids[0] = int32(firstPlain + i)
		items[i].Sequence = model.Sequence{Prompt: ids[:trainTokens-trainJudged], Answer: ids[trainTokens-trainJudged:]}
	}
	options := model.StepOptions{Rate: 1e-4, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1}
	return func(ctx context.Context, _ int) (time.Duration, error) {
		start := time.Now()
		taken, err := t.Step(ctx, items, crossEntropy, options)
		report.StepBytes, report.Parts, report.Recomputed = taken.Plan.Bytes, taken.Plan.Parts, taken.Plan.Recomputed
		return time.Since(start), err
	}
}

// crossEntropy is the mean over all judged tokens of -log p.
func crossEntropy(logp [][][]float32) (float64, [][][]float32, error) {
	n := 0
	for _, item := range logp {
		n += len(item)
	}
	loss := 0.0
	d := make([][][]float32, len(logp))
	for i, item := range logp {
		d[i] = make([][]float32, len(item))
		for j, candidates := range item {
			loss -= float64(candidates[0]) / float64(n)
			d[i][j] = []float32{-1 / float32(n)}
		}
	}
	return loss, d, nil
}

// productsPerRound makes a round of gemm long enough for the clock.
const productsPerRound = 20

// newProduct makes the operands of the product that gemm measures.
func newProduct(b compute.Backend) (round, func(), error) {
	r := rand.New(rand.NewPCG(1, 1))
	weights := make([]byte, 4*gemmOutputs*gemmInputs)
	for i := range gemmOutputs * gemmInputs {
		binary.LittleEndian.PutUint32(weights[4*i:], math.Float32bits(r.Float32()-0.5))
	}
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: gemmOutputs, Cols: gemmInputs, Data: weights})
	if err != nil {
		return nil, nil, err
	}
	memory, err := b.Alloc(gemmRows * (gemmInputs + gemmOutputs))
	if err != nil {
		w.Free()
		return nil, nil, err
	}
	free := func() { memory.Free(); w.Free() }
	x := compute.Tensor{Mem: memory, Rows: gemmRows, Cols: gemmInputs, Stride: gemmInputs}
	y := compute.Tensor{Mem: memory, Off: gemmRows * gemmInputs, Rows: gemmRows, Cols: gemmOutputs, Stride: gemmOutputs}
	values := make([]float32, gemmRows*gemmInputs)
	for i := range values {
		values[i] = r.Float32() - 0.5
	}
	if err := b.Write(x, values); err != nil {
		free()
		return nil, nil, err
	}
	last := make([]float32, gemmOutputs)
	return func(context.Context, int) (time.Duration, error) {
		start := time.Now()
		for range productsPerRound {
			if err := b.Linear(y, x, w, compute.Exact, false); err != nil {
				return 0, err
			}
		}
		// Reading waits for what is under way.
		if err := b.Read(last, y.Slice(gemmRows-1, gemmRows)); err != nil {
			return 0, err
		}
		return time.Since(start) / productsPerRound, nil
	}, free, nil
}
