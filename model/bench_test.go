package model

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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

// BenchmarkSideBySide gives so many answers of 64 tokens at once; tokens/s are those of all.
func BenchmarkSideBySide(b *testing.B) {
	r := openModel(b, "SmolLM2-135M-Instruct.Q4_1.gguf")
	for _, n := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var tokens atomic.Int64
			for b.Loop() {
				var all sync.WaitGroup
				for i := range n {
					prompt := make([]int32, 64)
					for j := range prompt {
						prompt[j] = int32(100 + (64*i+j)*7919%40000)
					}
					all.Go(func() {
						res, err := r.Generate(b.Context(), Request{Prompt: prompt, MaxTokens: 64}, nil)
						if err != nil {
							b.Error(err)
						}
						tokens.Add(int64(len(res.IDs)))
					})
				}
				all.Wait()
			}
			b.ReportMetric(float64(tokens.Load())/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// benchItems are the shapes of `clara bench train`.
func benchItems() (items []Item) {
	for i := range 8 {
		ids := make([]int32, 96)
		for j := range ids {
			ids[j] = int32(100 + (i*96+j)*104729%49000)
		}
		items = append(items, Item{Sequence: Sequence{Prompt: ids[:56], Answer: ids[56:]}})
	}
	return items
}

// trainUntil takes training steps until ctx ends, and counts them.
func trainUntil(ctx context.Context, r *Runner) (steps int, err error) {
	t, err := r.NewTraining(TrainingOptions{Rank: 16, Alpha: 32, Seed: 1})
	if err != nil {
		return 0, err
	}
	defer t.Close()
	items := benchItems()
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
