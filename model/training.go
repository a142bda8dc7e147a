package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"clara/compute"
)

// TrainingOptions say what a training begins with.
type TrainingOptions struct {
	Rank  int            // 1 to 256; ignored with From or State
	Alpha float32        // > 0; likewise
	Seed  uint64         // of A's first values
	From  *Adapter       // to begin with; nil: a fresh one
	State *TrainingState // to go on with, whatever else is set; nil: a new training
}

// Training is a working copy of an adapter with the state of its optimiser. It
// works in the background: between two operations it lets answers go first. Not
// for concurrent use. Close it.
type Training struct {
	r       *Runner
	rank    int
	alpha   float32
	scale   float32
	on      *placement // nil: nowhere yet
	params  *lora
	grads   *lora
	moment1 *lora // AdamW's m and v
	moment2 *lora
	arena   *compute.Arena
	steps   int
	settled bool    // all of it lies there
	kept    *rescue // nil: no other engine could go on
	done    func()
}

// NewTraining begins a training: from an adapter, or from A uniform in
// ±1/sqrt(inputs) and B = 0, so that the first step starts from the base exactly. Or
// it goes on with one that was saved; the error wraps [ErrTrainingState] when that is
// of another model.
func (r *Runner) NewTraining(o TrainingOptions) (*Training, error) {
	t := &Training{r: r, rank: o.Rank, alpha: o.Alpha, scale: o.Alpha / float32(o.Rank)}
	if o.From != nil {
		t.rank, t.alpha, t.scale = o.From.rank, o.From.alpha, o.From.scale
	}
	if o.State != nil {
		t.rank, t.alpha, t.scale = o.State.rank, o.State.alpha, o.State.scale
	}
	if t.rank < 1 || t.rank > maxRank || !(t.alpha > 0) {
		return nil, fmt.Errorf("begin a training with rank %d and alpha %g; allowed are ranks 1 to %d and alpha > 0", t.rank, t.alpha, maxRank)
	}
	done, err := r.enter(Background)
	if err != nil {
		return nil, fmt.Errorf("begin a training: %w", err)
	}
	t.done = done
	if err := t.begin(o); err != nil {
		t.Close()
		return nil, fmt.Errorf("begin a training: %w", err)
	}
	return t, nil
}

// begin puts the training's first values on an engine that has room for them.
func (t *Training) begin(o TrainingOptions) error {
	for a := (attempts{}); ; {
		err := t.settle(func() error {
			if err := t.first(o); err != nil || t.r.options.Next == nil {
				return err
			}
			return t.keep()
		})
		if err == nil {
			return nil
		}
		if err = t.r.retreat(context.Background(), t.on, err, &a); err != nil {
			return err
		}
	}
}

// first writes the values that the options ask for.
func (t *Training) first(o TrainingOptions) error {
	n := t.on.net
	if o.State != nil {
		return t.restore(o.State)
	}
	if o.From != nil {
		unscaled := *o.From
		unscaled.scale = t.scale // write multiplies by scale / lo.scale = 1
		return n.write(t.params, []*Adapter{&unscaled})
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x6c6f7261)) // a stream of its own: "lora"
	for l := range n.Layers {
		for p := range projections {
			_, in := n.shape(p)
			bound := 1 / math.Sqrt(float64(in))
			a := make([]float32, t.rank*in)
			for i := range a {
				a[i] = float32((2*rng.Float64() - 1) * bound)
			}
			if err := n.be.Write(t.params.aOf(l, p), a); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxRank keeps a crafted adapter from claiming absurd amounts of memory.
const maxRank = 256

// Item is one sequence of a step.
type Item struct {
	Sequence
	// Candidates are, for each answer token, the ids whose log-probabilities the
	// loss wants; nil: the answer token itself.
	Candidates [][]int32
}

// Loss is an objective: from the log-probabilities [item][answer token][candidate]
// it computes the loss and its derivative with respect to each of them. It depends on
// nothing else: a step whose engine failed calls it again.
type Loss func(logp [][][]float32) (loss float64, dlogp [][][]float32, err error)

// StepOptions are AdamW's constants and the bound of the gradient's norm.
type StepOptions struct {
	Rate, Beta1, Beta2, Eps, Decay float32
	Clip                           float32 // 0 = none
}

// StepReport says what a step did.
type StepReport struct {
	Loss     float64
	GradNorm float64 // before clipping
	Tokens   int     // rows that went through the network
	Time     time.Duration
}

// ErrDiverged says that a loss or a gradient is no longer a number; the parameters
// are as they were before the step.
var ErrDiverged = errors.New("the training diverged")

// Step runs the items forward and backward and takes one step of AdamW.
func (t *Training) Step(ctx context.Context, items []Item, loss Loss, o StepOptions) (StepReport, error) {
	start := time.Now()
	var report StepReport
	err := t.survive(ctx, func() (err error) {
		report, err = t.step(ctx, items, loss, o)
		return err
	})
	if err == nil && t.kept != nil {
		err = t.note(ctx, taken{items, loss, o})
	}
	if err != nil {
		return report, fmt.Errorf("training step %d: %w", t.steps+1, err)
	}
	report.Time = time.Since(start)
	return report, nil
}

// step is Step on the engine where the training lies.
func (t *Training) step(ctx context.Context, items []Item, loss Loss, o StepOptions) (StepReport, error) {
	e := t.r.exec(ctx, t.on, Background)
	report, err := t.gradients(e, items, loss)
	if err != nil {
		return report, err
	}
	clip := float32(1)
	if o.Clip > 0 && report.GradNorm > float64(o.Clip) {
		clip = float32(float64(o.Clip) / report.GradNorm)
	}
	e.do(e.AdamW(t.params.flat(), t.grads.flat(), t.moment1.flat(), t.moment2.flat(), compute.AdamWStep{
		Rate: o.Rate, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, Decay: o.Decay, GradScale: clip, Step: t.steps + 1,
	}))
	if e.err != nil {
		return report, e.err
	}
	t.steps++
	return report, nil
}

// gradients fills t.grads with the derivative of the loss.
func (t *Training) gradients(e *exec, items []Item, loss Loss) (StepReport, error) {
	n := t.on.net
	seqs := make([]Sequence, len(items))
	for i, it := range items {
		seqs[i] = it.Sequence
	}
	if len(items) == 0 {
		return StepReport{}, errors.New("no items")
	}
	pk, err := n.pack(seqs, t.params)
	if err != nil {
		return StepReport{}, err
	}
	ids, width, err := candidates(items)
	if err != nil {
		return StepReport{}, err
	}
	rows, outs := len(pk.ids), len(pk.out)
	rank := t.rank
	need := n.forwardValues(rows, outs, rank, true) + n.backwardValues(rows, outs, rank) + 2*(outs*width+16) + 2*outs + 16 + outs*n.Width + 16
	if err := t.room(need); err != nil {
		return StepReport{}, err
	}
	tp := &tape{}
	h := n.forward(e, &pk.batch, nil, t.arena, tp, compute.Exact)
	logp, lse := e.take(t.arena, outs, width), e.take(t.arena, outs, 2)
	values := make([]float32, outs*width)
	if e.err == nil {
		e.do(e.HeadLogProbs(logp, lse, h, n.head, ids))
		e.do(e.Read(values, logp))
	}
	if e.err != nil {
		return StepReport{}, e.err
	}
	view := unpack(items, values, width)
	value, dview, err := loss(view)
	if err != nil {
		return StepReport{}, fmt.Errorf("compute the loss: %w", err)
	}
	report := StepReport{Loss: value, Tokens: rows}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return report, fmt.Errorf("the loss is %g: %w", value, ErrDiverged)
	}
	derivatives, err := repack(items, dview, width)
	if err != nil {
		return report, err
	}
	dlogp, dh := e.take(t.arena, outs, width), e.take(t.arena, outs, n.Width)
	if e.err == nil {
		e.do(e.Write(dlogp, derivatives))
		e.do(e.HeadLogProbsBackward(dh, dlogp, lse, h, n.head, ids))
		e.do(e.Scale(t.grads.flat(), 0))
		n.backward(e, &pk.batch, tp, dh, t.grads, t.arena)
	}
	if e.err != nil {
		return report, e.err
	}
	sum, err := e.SumSquares(t.grads.flat())
	if err != nil {
		return report, err
	}
	report.GradNorm = math.Sqrt(sum)
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return report, fmt.Errorf("the gradient's norm is %g: %w", report.GradNorm, ErrDiverged)
	}
	return report, nil
}

// room makes the arena large enough for a step.
func (t *Training) room(values int) error {
	if t.arena != nil && t.arena.Len() >= values {
		t.arena.Release(0)
		return nil
	}
	if t.arena != nil {
		t.arena.Free()
		t.arena = nil
	}
	a, err := compute.NewArena(t.on.net.be, values)
	if err != nil {
		return err
	}
	t.arena = a
	return nil
}

// candidates lays the ids of all items side by side, width to a row, padded with -1.
func candidates(items []Item) (ids []int32, width int, err error) {
	width = 1
	for i, it := range items {
		if it.Candidates == nil {
			continue
		}
		if len(it.Candidates) != len(it.Answer) {
			return nil, 0, fmt.Errorf("item %d has candidates for %d of %d answer tokens", i+1, len(it.Candidates), len(it.Answer))
		}
		for _, c := range it.Candidates {
			width = max(width, len(c))
		}
	}
	for _, it := range items {
		for j, id := range it.Answer {
			row := []int32{id}
			if it.Candidates != nil {
				row = it.Candidates[j]
			}
			ids = append(ids, row...)
			for range width - len(row) {
				ids = append(ids, -1)
			}
		}
	}
	return ids, width, nil
}

// unpack sees the padded rows as [item][answer token][candidate].
func unpack(items []Item, values []float32, width int) [][][]float32 {
	out := make([][][]float32, len(items))
	for i, it := range items {
		out[i] = make([][]float32, len(it.Answer))
		for j := range it.Answer {
			n := 1
			if it.Candidates != nil {
				n = len(it.Candidates[j])
			}
			out[i][j], values = values[:n:n], values[width:]
		}
	}
	return out
}

// repack is the inverse of unpack for the derivatives.
func repack(items []Item, d [][][]float32, width int) ([]float32, error) {
	if len(d) != len(items) {
		return nil, fmt.Errorf("the loss has derivatives for %d of %d items", len(d), len(items))
	}
	var values []float32
	for i, it := range items {
		if len(d[i]) != len(it.Answer) {
			return nil, fmt.Errorf("the loss has derivatives for %d of %d tokens of item %d", len(d[i]), len(it.Answer), i+1)
		}
		for _, row := range d[i] {
			at := len(values)
			values = append(values, make([]float32, width)...)
			copy(values[at:], row)
		}
	}
	return values, nil
}

// Adapter is a snapshot of the present parameters.
func (t *Training) Adapter() (*Adapter, error) {
	var layers [][projections]pair
	err := t.survive(context.Background(), func() (err error) {
		layers, err = t.on.net.read(t.params)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the trained adapter: %w", err)
	}
	return newAdapter(&t.r.config, t.rank, t.alpha, t.scale, layers), nil
}

// read copies a lora to the host.
func (n *network) read(lo *lora) ([][projections]pair, error) {
	layers := make([][projections]pair, n.Layers)
	for l := range layers {
		for p := range projections {
			out, in := n.shape(p)
			pr := pair{a: make([]float32, lo.rank*in), b: make([]float32, out*lo.rank)}
			if err := n.be.Read(pr.a, lo.aOf(l, p)); err != nil {
				return nil, err
			}
			if err := n.be.Read(pr.b, lo.layers[l].b[p]); err != nil {
				return nil, err
			}
			layers[l][p] = pr
		}
	}
	return layers, nil
}

// Close frees the training's memory.
func (t *Training) Close() {
	t.free()
	if t.done != nil {
		t.done()
		t.done = nil
	}
}

// free gives back what the training has on its engine.
func (t *Training) free() {
	for _, l := range []*lora{t.params, t.grads, t.moment1, t.moment2} {
		if l != nil {
			l.memory.Free()
		}
	}
	if t.arena != nil {
		t.arena.Free()
	}
	t.params, t.grads, t.moment1, t.moment2, t.arena = nil, nil, nil, nil, nil
	t.settled = false
	if t.on != nil {
		t.r.unpin(t.on)
		t.on = nil
	}
}
