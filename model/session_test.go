package model

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"clara/compute"
	"clara/model/gguf"
)

// openLong opens the tiny model with a context of several times the grain of a cache.
func openLong(t *testing.T, arch string, wrap func(compute.Backend) compute.Backend) *Runner {
	t.Helper()
	return openTinyOn(t, arch, Options{}, wrap, gguf.KV{Key: arch + ".context_length", Value: uint32(4096)})
}

// counted is a text of n tokens that does not repeat itself.
func counted(name string, n int) []int32 {
	text := name
	for i := 0; len(text) < n; i++ {
		text += fmt.Sprint(" ", i)
	}
	return tokensOf(text[:n-1])
}

// A conversation that outgrows its cache takes along what was read of it, and the other one
// beside it keeps its own.
func TestAConversationOutgrowsItsCache(t *testing.T) {
	for _, arch := range tinyArchitectures {
		t.Run(arch, func(t *testing.T) {
			r := openLong(t, arch, nil)
			turn := func(prompt []int32) Result {
				t.Helper()
				res, err := r.Generate(t.Context(), Request{Prompt: prompt, MaxTokens: 8, Exact: true}, nil)
				if err != nil {
					t.Fatal(err)
				}
				return res
			}
			other := counted("another", 300)
			otherAnswer := turn(other)
			one := counted("one", 1000)
			answer := turn(one)
			for range 2 {
				one = slices.Concat(one, answer.IDs, counted(" and", 1024)[1:])
				answer = turn(one)
				if answer.CachedTokens < len(one)-1024 {
					t.Errorf("of %d tokens %d are cached: all that was read before is read again", len(one), answer.CachedTokens)
				}
				fresh, err := r.GenerateAll(t.Context(), []Request{{Prompt: one, MaxTokens: 8, Exact: true}}, Foreground)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(answer.IDs, fresh[0].IDs) {
					t.Errorf("behind %d cached tokens %v, fresh %v", answer.CachedTokens, answer.IDs, fresh[0].IDs)
				}
			}
			other = slices.Concat(other, otherAnswer.IDs, tokensOf(" and?")[1:])
			if got := turn(other); got.CachedTokens < 300 {
				t.Errorf("the other conversation has %d of %d tokens in its cache", got.CachedTokens, len(other))
			}
			if n := len(r.at.sessions.free); n != 2 {
				t.Errorf("%d caches lie idle: the smaller ones are kept", n)
			}
		})
	}
}

// Where there is no room for a larger cache beside the one that was outgrown, one that lies
// idle and is large enough serves.
func TestAConversationOutgrowsTheMemory(t *testing.T) {
	be := &frugal{most: math.MaxInt}
	r := openLong(t, "llama", func(b compute.Backend) compute.Backend { be.Backend = b; return be })
	plenty := openLong(t, "llama", nil)
	q := Request{Prompt: counted("another", 1500), MaxTokens: 8, Exact: true}
	if _, err := r.Generate(t.Context(), q, nil); err != nil {
		t.Fatal(err)
	}
	q.Prompt = counted("one", 1000)
	res, err := r.Generate(t.Context(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Prompt = slices.Concat(q.Prompt, res.IDs, counted(" and", 100)[1:])
	want, err := plenty.Generate(t.Context(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	be.most = 1 << 20
	got, err := r.Generate(t.Context(), q, nil)
	if err != nil || !slices.Equal(got.IDs, want.IDs) {
		t.Errorf("%v (%v), want %v", got.IDs, err, want.IDs)
	}
}
