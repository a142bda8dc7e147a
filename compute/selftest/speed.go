package selftest

import (
	"errors"
	"fmt"
	"time"

	"clara/compute"
	"clara/compute/cpu"
)

// The shape of the product that is timed, and the floating-point operations that it takes.
const (
	timedRows, timedOutputs, timedInputs = 256, 1536, 576
	timedFlops                           = 2 * timedRows * timedOutputs * timedInputs
)

// Compare returns an error that wraps [ErrSlow] for an engine that is slower than the CPU
// with so many threads (0: one a core) is.
func Compare(b compute.Backend, threads int) error {
	processor, err := cpu.New(cpu.Options{Threads: threads})
	if err != nil {
		return fmt.Errorf("compare %s with the CPU: %w", b.Info().Name, err)
	}
	var took [2]time.Duration
	for i, e := range []compute.Backend{b, processor} {
		if took[i], err = timed(e, time.Now); err != nil {
			break
		}
	}
	if err == nil && took[0] > took[1] {
		err = fmt.Errorf("%v for a product that takes the CPU %v: %w", took[0], took[1], ErrSlow)
	}
	if err != nil {
		err = fmt.Errorf("compare %s with the CPU: %w", b.Info().Name, err)
	}
	return errors.Join(err, processor.Close())
}

// GFLOPS is how many billions of floating-point operations a second an engine does in a
// layer's product as training has it.
func GFLOPS(b compute.Backend) (float64, error) {
	took, err := timed(b, time.Now)
	if err != nil {
		return 0, err
	}
	return timedFlops / took.Seconds() / 1e9, nil
}

// timedSpan is what is timed at least: on Windows the clock moves only every 0.5 to 15.6 ms,
// and one product may take less.
const timedSpan = 100 * time.Millisecond

// timed is the time of a layer's product as training has it: of so many at once as timedSpan
// takes, and the shorter one of two such times, for what else the machine does only makes them
// longer.
func timed(b compute.Backend, now func() time.Time) (time.Duration, error) {
	o := newOperands(b, compute.Q8_0, 0)
	defer o.free()
	w, x, y := o.weight(timedOutputs, timedInputs), o.tensor(timedRows, timedInputs), o.tensor(timedRows, timedOutputs)
	of := func(n int) time.Duration {
		start := now()
		for range n {
			o.do(o.b.Linear(y, x, w, compute.Exact, false))
		}
		var one [1]float32
		if o.err == nil {
			o.err = b.Read(one[:], y.Slice(0, 1).Columns(0, 1)) // waits for what is under way
		}
		return now().Sub(start)
	}
	n, took := 1, of(1) // which also does what an engine does once
	for ; took < timedSpan && o.err == nil; took = of(n) {
		n *= 2
	}
	if o.err == nil {
		took = min(took, of(n))
	}
	return took / time.Duration(n), o.err
}
