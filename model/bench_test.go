package model

import (
	"context"
	"testing"
)

// BenchmarkAnswer decodes 64 tokens, alone and while a training runs that gives
// way: tokens/s of both are what a person who chats during a cycle feels.
func BenchmarkAnswer(b *testing.B) {
	r := openModel(b, "SmolLM2-135M-Instruct.Q4_1.gguf")
	prompt := make([]int32, 64)
	for i := range prompt {
		prompt[i] = int32(100 + i*7919%40000)
	}
	answer := func(b *testing.B) {
		tokens, first := 0, 0.0
		for b.Loop() {
			res, err := r.Generate(b.Context(), Request{Prompt: prompt, MaxTokens: 64}, nil)
			if err != nil {
				b.Fatal(err)
			}
			tokens += len(res.IDs)
			first += res.PromptTime.Seconds()
		}
		b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
		b.ReportMetric(1000*first/float64(b.N), "ms-to-first")
	}
	b.Run("idle", answer)
	b.Run("training", func(b *testing.B) {
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan int)
		go func() {
			n, err := trainUntil(ctx, r)
			if err != nil {
				b.Error(err)
			}
			done <- n
		}()
		answer(b)
		cancel()
		<-done
	})
}

// trainUntil takes training steps until ctx ends, and counts them.
func trainUntil(ctx context.Context, r *Runner) (steps int, err error) {
	t, err := r.NewTraining(TrainingOptions{Rank: 16, Alpha: 32, Seed: 1})
	if err != nil {
		return 0, err
	}
	defer t.Close()
	var items []Item
	for i := range 8 {
		ids := make([]int32, 96)
		for j := range ids {
			ids[j] = int32(100 + (i*96+j)*104729%49000)
		}
		items = append(items, Item{Sequence: Sequence{Prompt: ids[:56], Answer: ids[56:]}})
	}
	o := StepOptions{Rate: 1e-4, Beta1: .9, Beta2: .99, Eps: 1e-8, Clip: 1}
	for {
		if _, err := t.Step(ctx, items, nll, o); ctx.Err() != nil {
			return steps, nil
		} else if err != nil {
			return steps, err
		}
		steps++
	}
}
