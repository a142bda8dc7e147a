//go:build cgo && (linux || windows)

package shaders

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/go-gl/gl/v4.3-core/gl"

	"clara/compute"
	"clara/model"
)

// planned are the dispatches that do asks for. They do not run.
func planned(t *testing.T, b *Backend, do func()) (all []dispatch) {
	t.Helper()
	watch := func(f func(dispatch, func())) { must(t, b.wait(func(d *device) error { d.watch = f; return nil })) }
	watch(func(c dispatch, _ func()) { all = append(all, c) })
	do()
	_, err := b.MemoryUse() // the next operation sends what is held for it
	must(t, err)
	watch(nil)
	return all
}

// longPast is an attention of 64 rows behind 8,000 keys, as the prompt of a long conversation
// asks for, with the heads of a large model.
func longPast() (compute.AttentionShape, []compute.Span) {
	spans := make([]compute.Span, 64)
	for i := range spans {
		spans[i].To = int32(8000 + i)
	}
	return compute.AttentionShape{Heads: 32, KVHeads: 1, HeadDim: 128, Scale: 0.1}, spans
}

// A driver resets a card that computes for too long at a time, so that no dispatch is
// planned with more than maxFlops.
func TestDispatchesStayShort(t *testing.T) {
	b := engine(t)
	w, err := b.NewWeight(compute.Matrix{Type: compute.F16, Rows: 3000, Cols: 2048, Data: make([]byte, 2*3000*2048)})
	must(t, err)
	x, y, wide := filled(t, b, 700, 2048), filled(t, b, 700, 3000), filled(t, b, 700, 2048)
	logp, lse := filled(t, b, 700, 1), filled(t, b, 700, 2)
	a, spans := longPast()
	q, keys, sums := filled(t, b, 64, 32*128), filled(t, b, 8064, 128), filled(t, b, 64, 32)
	dq, dk := filled(t, b, 64, 32*128), filled(t, b, 8064, 128)
	for name, call := range map[string]func() error{
		"Linear":               func() error { return b.Linear(y, x, w, compute.Exact, false) },
		"LinearBackward":       func() error { return b.LinearBackward(wide, y, w, false) },
		"MatMul":               func() error { return b.MatMul(y, x, filled(t, b, 3000, 2048), false, true, 1, false) },
		"HeadLogProbs":         func() error { return b.HeadLogProbs(logp, lse, x, w, make([]int32, 700)) },
		"HeadLogProbsBackward": func() error { return b.HeadLogProbsBackward(wide, logp, lse, x, w, make([]int32, 700)) },
		"Attention":            func() error { return b.Attention(dq, sums, q, keys, keys, spans, a) },
		"Attention, one row": func() error {
			return b.Attention(dq.Slice(0, 1), compute.Tensor{}, q.Slice(0, 1), keys, keys, spans[:1], a)
		},
		"AttentionBackward": func() error { return b.AttentionBackward(dq, dk, dk, q, q, sums, q, keys, keys, spans, a) },
	} {
		all := planned(t, b, func() { must(t, call()) })
		var sum float64
		for _, c := range all {
			sum += c.flops
			if !(c.flops <= maxFlops) {
				t.Errorf("%s: %s has %.3g operations in %v groups", name, c.shader.file, c.flops, c.groups)
			}
		}
		if sum == 0 {
			t.Errorf("%s: no work in %d dispatches", name, len(all))
		}
	}
}

// Whatever an attention is cut into, down to one tile and head at a time, it gives the same.
func TestAttentionInParts(t *testing.T) {
	const rows, heads, keyHeads, dim = 70, 6, 2, 20
	spans := make([]compute.Span, rows)
	for i := range spans {
		spans[i].To = int32(i + 1)
	}
	a := compute.AttentionShape{Heads: heads, KVHeads: keyHeads, HeadDim: dim, Scale: 0.1}
	var want [][]float32
	for _, flops := range []float64{maxFlops, 8 * side * side * dim * 4, 1} {
		b := engine(t)
		b.flops = flops
		q, k, v := filled(t, b, rows, heads*dim), filled(t, b, rows, keyHeads*dim), filled(t, b, rows, keyHeads*dim)
		out, lse, dq := filled(t, b, rows, heads*dim), filled(t, b, rows, heads), filled(t, b, rows, heads*dim)
		dk, dv := filled(t, b, rows, keyHeads*dim), filled(t, b, rows, keyHeads*dim)
		must(t, b.Attention(out, lse, q, k, v, spans, a))
		must(t, b.AttentionBackward(dq, dk, dv, q, out, lse, q, k, v, spans, a))
		var got [][]float32
		for _, x := range []compute.Tensor{out, lse, dq, dk, dv} {
			values := make([]float32, x.Rows*x.Cols)
			must(t, b.Read(values, x))
			got = append(got, values)
		}
		if want == nil {
			want = got
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) { // no sum is divided
				t.Errorf("with %.3g operations in a dispatch result %d differs", flops, i)
			}
		}
	}
}

// BenchmarkLongestDispatch takes a training step of the model that CLARA_MODEL names, and
// waits behind each dispatch: the longest one shows whether maxFlops is right for a card.
func BenchmarkLongestDispatch(b *testing.B) {
	path := os.Getenv("CLARA_MODEL")
	if path == "" {
		b.Skip("set CLARA_MODEL to the model to measure")
	}
	e := engine(b)
	r, err := model.Open(b.Context(), path, e, model.Options{})
	must(b, err)
	defer r.Close()
	training, err := r.NewTraining(model.TrainingOptions{Rank: 16, Alpha: 32, Seed: 1})
	must(b, err)
	defer training.Close()
	random := rand.New(rand.NewPCG(1, 1))
	items := make([]model.Item, 8)
	for i := range items {
		ids := make([]int32, 96)
		for j := range ids {
			ids[j] = int32(100 + random.IntN(r.Info().Vocabulary-100))
		}
		items[i].Sequence = model.Sequence{Prompt: ids[:56], Answer: ids[56:]}
	}
	step := func() {
		_, err := training.Step(b.Context(), items, negativeLogLikelihood, model.StepOptions{Rate: 1e-4, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1})
		must(b, err)
	}
	step() // what is compiled is compiled now
	var longest time.Duration
	var of dispatch
	must(b, e.wait(func(d *device) error {
		d.watch = func(c dispatch, run func()) {
			gl.Finish()
			began := time.Now()
			run()
			gl.Finish()
			if took := time.Since(began); took > longest {
				longest, of = took, c
			}
		}
		return nil
	}))
	for b.Loop() {
		step()
	}
	b.Logf("%s %v in %v groups, %.3g operations", of.shader.file, of.shader.defines, of.groups, of.flops)
	b.ReportMetric(float64(longest.Microseconds())/1e3, "ms/longest")
}
