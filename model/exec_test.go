package model

import (
	"context"
	"errors"
	"testing"

	"clara/compute"
)

// ending is an engine that ends a context in one of its matrix products, and counts those that
// come after it.
type ending struct {
	compute.Backend
	left, after int
	end         func()
}

func (e *ending) product() {
	if e.left--; e.left == 0 {
		e.end()
	}
	if e.left < 0 {
		e.after++
	}
}

func (e *ending) Linear(y, x compute.Tensor, w compute.Weight, p compute.Precision, accumulate bool) error {
	e.product()
	return e.Backend.Linear(y, x, w, p, accumulate)
}

func (e *ending) LinearBackward(dx, dy compute.Tensor, w compute.Weight, accumulate bool) error {
	e.product()
	return e.Backend.LinearBackward(dx, dy, w, accumulate)
}

func (e *ending) HeadLogProbs(logp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	e.product()
	return e.Backend.HeadLogProbs(logp, lse, h, w, ids)
}

func (e *ending) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	e.product()
	return e.Backend.HeadLogProbsBackward(dh, dlogp, lse, h, w, ids)
}

// A step that is called off computes no more than the rest of half a block: three products
// behind the one that it was at.
func TestACancelledStepEndsWithinHalfABlock(t *testing.T) {
	for _, recomputed := range []bool{false, true} {
		be := &ending{end: func() {}}
		r := openTinyOn(t, "gemma3", Options{Context: 256}, func(b compute.Backend) compute.Backend { be.Backend = b; return be })
		items := tinyItems()
		if recomputed {
			var none *MemoryError
			if _, err := r.at.net.divide(items, 3, 2, 0); !errors.As(err, &none) {
				t.Fatal(err)
			}
			r.options.TrainingMemory = r.config.trainedBytes(2) + none.Least
		}
		tr, err := r.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		be.left = 0
		if _, err := tr.Step(t.Context(), items, nll, steps()); err != nil {
			t.Fatal(err)
		}
		most, products := 0, -be.left
		for n := 1; n <= products; n += 1 + products/50 {
			ctx, cancel := context.WithCancel(t.Context())
			be.left, be.after, be.end = n, 0, cancel
			if _, err := tr.Step(ctx, items, nll, steps()); !errors.Is(err, context.Canceled) {
				t.Errorf("called off in product %d of %d: %v", n, products, err)
			}
			most = max(most, be.after)
			cancel()
		}
		if most > 3 {
			t.Errorf("recomputed %v: %d products after the one in which a step was called off", recomputed, most)
		}
	}
}
