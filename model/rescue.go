package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clara/compute"
)

// rescue is what a training needs in order to go on when its engine fails: a copy in
// host memory, and the steps since, which are taken again.
type rescue struct {
	values [3][]float32 // parameters, AdamW's m and v
	steps  int
	since  []taken
}

// taken is a step as it was asked for.
type taken struct {
	items   []Item
	loss    Loss
	options StepOptions
}

// rescueSteps is how many steps a failure repeats at most. A copy has 12 bytes for each
// parameter and makes the host wait for the engine.
const rescueSteps = 16

// note adds a step that was taken to what a rescue repeats, or copies anew.
func (t *Training) note(ctx context.Context, s taken) error {
	t.kept.since = append(t.kept.since, s)
	if len(t.kept.since) < rescueSteps {
		return nil
	}
	return t.survive(ctx, t.keep)
}

// keep copies the training to the host.
func (t *Training) keep() error {
	values, err := t.values()
	if err == nil {
		t.kept = &rescue{values: values, steps: t.steps}
	}
	return err
}

// values are the values of state, read from the engine.
func (t *Training) values() (all [3][]float32, err error) {
	for i, l := range t.state() {
		all[i] = make([]float32, l.memory.Len())
		if err := t.on.net.be.Read(all[i], l.flat()); err != nil {
			return all, err
		}
		if slices.ContainsFunc(all[i], isNoNumber) {
			return all, fmt.Errorf("%s: the values of a training: %w", t.on.net.be.Info().Name, ErrNoNumbers)
		}
	}
	return all, nil
}

// state are the parts of a training that outlive a step.
func (t *Training) state() [3]*lora { return [3]*lora{t.params, t.moment1, t.moment2} }

// settle puts the training where the model lies now: what it had elsewhere is freed, and
// fill writes its values.
func (t *Training) settle(fill func() error) (err error) {
	t.free()
	t.on, t.most = t.r.pin(), unlimited
	for _, l := range []**lora{&t.params, &t.grads, &t.moment1, &t.moment2} {
		if *l, err = t.on.net.newLoRA(t.rank, t.scale); err != nil {
			return err
		}
	}
	if err := fill(); err != nil {
		return err
	}
	t.settled = true
	return nil
}

// write puts values, in the order of state, on the engine.
func (t *Training) write(values [3][]float32, steps int) error {
	for i, l := range t.state() {
		if err := t.on.net.be.Write(l.flat(), values[i]); err != nil {
			return err
		}
	}
	t.steps = steps
	return nil
}

// survive does work. When the engine fails, the training is made again on the next one,
// up to the step that it had reached, and the work is done there. Where no numbers come out
// though the engine computes some with the base alone, and none once more, it is the training
// that diverged.
func (t *Training) survive(ctx context.Context, work func() error) error {
	err := errUnsettled
	if t.settled {
		err = work()
	}
	if t.kept == nil {
		if errors.Is(err, ErrNoNumbers) && t.r.sound(ctx, t.on) {
			return t.diverged()
		}
		return err
	}
	for a := (attempts{adapted: true}); err != nil; {
		if err = t.r.retreat(ctx, t.on, err, &a); a.beyond {
			return t.diverged()
		}
		if err != nil {
			return err
		}
		if err = t.settle(func() error { return t.redo(ctx) }); err == nil {
			err = work()
		}
	}
	return nil
}

// diverged is what a training ends with that goes beyond the numbers on an engine that is sound.
func (t *Training) diverged() error {
	return fmt.Errorf("%s computes numbers without the adapter in training, and none with it: %w", t.on.net.be.Info().Name, ErrDiverged)
}

// errUnsettled says that a training has found no engine after the one that failed.
var errUnsettled = fmt.Errorf("the training lies nowhere: %w", compute.ErrLost)

// redo brings the training to the step that it had reached.
func (t *Training) redo(ctx context.Context) error {
	if err := t.write(t.kept.values, t.kept.steps); err != nil {
		return err
	}
	for i, s := range t.kept.since {
		if _, err := t.step(ctx, s.items, s.loss, s.options); err != nil {
			if !unusable(err) { // it ends here, at a step that it was at before
				t.kept.since, t.settled = t.kept.since[:i], true
			}
			return err
		}
	}
	return nil
}
