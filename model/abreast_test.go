package model

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clara/compute"
	"clara/compute/cpu"
)

// counting is an engine that counts forward passes.
type counting struct {
	compute.Backend
	passes atomic.Int64
}

func (c *counting) Embedding(dst compute.Tensor, w compute.Weight, ids []int32, scale float32) error {
	c.passes.Add(1)
	runtime.Gosched() // as in the milliseconds that a pass of a real model takes: others come meanwhile
	return c.Backend.Embedding(dst, w, ids, scale)
}

func openCounting(t *testing.T, arch string) (*Runner, *counting) {
	t.Helper()
	path := filepath.Join(t.TempDir(), arch+".gguf")
	if err := os.WriteFile(path, tinyModel(t, arch), 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	be := &counting{Backend: engine}
	r, err := Open(t.Context(), path, be, Options{Context: 256})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), engine.Close()); err != nil {
			t.Error(err)
		}
	})
	return r, be
}

// asAlone are requests of different lengths with different adapters and samplings, and
// what each is answered with alone.
func asAlone(t *testing.T, r *Runner, n int) ([]Request, []Result) {
	t.Helper()
	adapters := []*Adapter{nil, randomAdapter(r, 2, 1), randomAdapter(r, 5, 2), randomAdapter(r, 3, 3)}
	qs := make([]Request, n)
	alone := make([]Result, n)
	for i := range qs {
		prompt := fmt.Sprintf("Question %d: ", i)
		for len(prompt) < 8+7*i {
			prompt += string(rune('a' + (i+len(prompt))%26))
		}
		qs[i] = Request{Prompt: tokensOf(prompt), MaxTokens: 12 + i%5, Exact: true, Adapters: []*Adapter{adapters[i%4]}}
		if i%3 == 2 {
			qs[i].Sampling = Sampling{Temperature: 1, Seed: uint64(i)}
		}
		var err error
		if alone[i], err = r.Generate(t.Context(), qs[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	return qs, alone
}

// Answers that are given side by side share their passes, and each is what it is alone,
// by its own adapters; one whose reader is slow holds up nobody, and one that is cancelled
// goes.
func TestAnswersSideBySide(t *testing.T) {
	for _, arch := range tinyArchitectures {
		t.Run(arch, func(t *testing.T) {
			r, be := openCounting(t, arch)
			const n = 12
			qs, alone := asAlone(t, r, n)
			tokens := 0
			for _, a := range alone {
				tokens += len(a.IDs)
			}
			be.passes.Store(0)
			p := r.pin()
			p.abreast.patience = 200 * time.Millisecond // so that the passes are shared on a slow machine, too
			r.unpin(p)
			slow := make(chan struct{})
			gone, cancel := context.WithCancel(t.Context())
			var all, others sync.WaitGroup
			for i, q := range qs {
				one := func() {
					res, err := r.Generate(t.Context(), q, nil)
					if err != nil || !slices.Equal(res.IDs, alone[i].IDs) || res.Finish != alone[i].Finish {
						t.Errorf("answer %d is %v (%v), alone %v", i, res.IDs, err, alone[i].IDs)
					}
				}
				others.Go(one)
			}
			all.Go(func() { // waits for the others at its first token
				res, err := r.Generate(t.Context(), qs[0], func(Piece) { <-slow })
				if err != nil || !slices.Equal(res.IDs, alone[0].IDs) {
					t.Errorf("the slow one is %v (%v), alone %v", res.IDs, err, alone[0].IDs)
				}
			})
			all.Go(func() {
				long := qs[1]
				long.MaxTokens = 200
				if _, err := r.Generate(gone, long, func(Piece) { cancel() }); !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled: %v", err)
				}
			})
			others.Wait()
			close(slow)
			all.Wait()
			cancel()
			if passes := be.passes.Load(); passes > int64(tokens)/3 {
				t.Errorf("%d passes for %d tokens", passes, tokens)
			}
			p = r.pin()
			defer r.unpin(p)
			if len(p.abreast.expected) != 0 || len(p.abreast.waiting) != 0 || p.abreast.leading {
				t.Errorf("left over: %+v", p.abreast)
			}
		})
	}
}

// panicking is an engine with an error of the program in it.
type panicking struct {
	compute.Backend
	now atomic.Bool
}

func (p *panicking) Embedding(dst compute.Tensor, w compute.Weight, ids []int32, scale float32) error {
	if p.now.Load() {
		panic("index out of range")
	}
	return p.Backend.Embedding(dst, w, ids, scale)
}

// A pass that panics ends the request of its leader by that, as whoever outlives it may see,
// and the others in it by an error; those after it are answered.
func TestAPassThatPanicsHoldsUpNoOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "llama.gguf")
	if err := os.WriteFile(path, tinyModel(t, "llama"), 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	be := &panicking{Backend: engine}
	r, err := Open(t.Context(), path, be, Options{Context: 256})
	if err != nil {
		t.Fatal(err)
	}
	q := Request{Prompt: tokensOf("Who are you?"), MaxTokens: 8, Exact: true}
	alone, err := r.Generate(t.Context(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	be.now.Store(true)
	const n = 6
	ended := make(chan error, n)
	for range n {
		go func() {
			var err error
			defer func() {
				if recover() != nil {
					err = ErrPass
				}
				ended <- err
			}()
			_, err = r.Generate(t.Context(), q, nil)
		}()
	}
	soon := time.After(20 * time.Second)
	for range n {
		select {
		case err := <-ended:
			if !errors.Is(err, ErrPass) {
				t.Errorf("an answer ends with %v", err)
			}
		case <-soon:
			t.Fatal("an answer waits for a pass that nobody leads")
		}
	}
	be.now.Store(false)
	again := make(chan Result, 1)
	go func() {
		res, err := r.Generate(t.Context(), q, nil)
		if err != nil {
			t.Error(err)
		}
		again <- res
	}()
	select {
	case res := <-again:
		if !slices.Equal(res.IDs, alone.IDs) {
			t.Errorf("the next answer is %v, alone %v", res.IDs, alone.IDs)
		}
	case <-soon:
		t.Fatal("the next answer does not come")
	}
	if r.at.users != 0 {
		t.Errorf("%d are said to use the engine still", r.at.users)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
