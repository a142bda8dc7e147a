package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"clara/model"
)

// measureModel measures a work of the model.
func (c *program) measureModel(ctx context.Context, o Options, work string) (report benchReport, err error) {
	r, closeModel, err := c.Runner(ctx, o)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, closeModel()) }()
	m := r.Info()
	if err := c.checkVocabulary(m.Vocabulary); err != nil {
		return report, err
	}
	report.Work, report.Model = work, m.Path
	head := 2 * float64(m.Vocabulary) * float64(m.Width)
	body := 2*float64(m.Parameters) - head
	var once round
	var flops float64
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
	err = report.take(ctx, once, m.Engine, flops)
	return report, err
}

// firstPlain is the lowest token id that no tokenizer uses for control.
const firstPlain = 100

// checkVocabulary refuses a model that has too few tokens for the texts of the works: each
// sequence of a training begins with one of its own.
func (c *program) checkVocabulary(tokens int) error {
	if tokens >= firstPlain+trainSequences {
		return nil
	}
	return &toldError{failure{
		Code: "vocabulary", Exit: exitModel,
		Text: c.language.say("the model has %d tokens, and a measurement takes at least %d", "das Modell hat %d Token, eine Messung braucht mindestens %d", tokens, firstPlain+trainSequences),
	}}
}

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
