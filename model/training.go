package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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
	most    int64 // bytes that a step gets, less than unlimited where more were refused
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
	t := &Training{r: r, rank: o.Rank, alpha: o.Alpha, scale: loraScale(o.Alpha, o.Rank, false)}
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
		return n.write(t.params, []*Adapter{o.From}) // whose scale the parameters have: nothing is rounded
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
	// ForwardOnly says that the loss looks at the item and has no derivative there: it needs
	// no backward pass.
	ForwardOnly bool
}

// Loss is an objective: from the log-probabilities [item][answer token][candidate]
// it computes the loss and its derivative with respect to each of them. It depends on
// nothing else: a step that failed for want of memory, or whose engine did, calls it again.
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
	Tokens   int     // rows that went through the network, each counted once
	Plan     Plan    // how they went through it
	Time     time.Duration
}

// ErrDiverged says that a loss or a gradient is no longer a number, and that the engine is
// not the reason; the parameters are as they were before the step.
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
	err = e.AdamW(t.params.flat(), t.grads.flat(), t.moment1.flat(), t.moment2.flat(), compute.AdamWStep{
		Rate: o.Rate, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, Decay: o.Decay, GradScale: clip, Step: t.steps + 1,
	})
	if err != nil {
		return report, err
	}
	t.steps++
	// Answers go first here, too. That the caller has gone meanwhile is no failure: the
	// parameters have moved, and a training that is saved now must say so.
	_ = e.gate.pass(ctx)
	return report, nil
}

// Adapter is a snapshot of the present parameters.
func (t *Training) Adapter() (*Adapter, error) {
	var layers [][projections]pair
	err := t.survive(context.Background(), func() (err error) {
		if layers, err = t.on.net.read(t.params); err != nil {
			return err
		}
		for _, l := range layers {
			for _, p := range l {
				if slices.ContainsFunc(p.a, isNoNumber) || slices.ContainsFunc(p.b, isNoNumber) {
					return fmt.Errorf("%s: the values of the adapter: %w", t.on.net.be.Info().Name, ErrNoNumbers)
				}
			}
		}
		return nil
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
	t.drop()
	t.params, t.grads, t.moment1, t.moment2 = nil, nil, nil, nil
	t.settled = false
	if t.on != nil {
		t.r.unpin(t.on)
		t.on = nil
	}
}
