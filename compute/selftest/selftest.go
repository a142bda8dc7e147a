// Package selftest tries an engine before it is used: whether each operation computes what
// the CPU's does, and how fast it is. Drivers compile kernels on the machine that they run
// on, where no test of ours has seen them.
package selftest

import (
	"errors"
	"fmt"
	"math"

	"clara/compute"
	"clara/compute/cpu"
)

// Errors of an engine that starts and is still of no use.
var (
	ErrWrong = errors.New("the engine computes wrong results")
	ErrSlow  = errors.New("the engine is slower than the CPU")
)

// The largest distance of a result from the CPU's, over its norm. Kernels that a
// driver compiled wrongly are off by far more; tests are what holds an engine to the
// last digit.
const (
	exactLimit   = 1e-3
	roundedLimit = 3e-2 // with 8-bit or float16 operands
)

// Failure says which operation of an engine did not pass, and why.
type Failure struct {
	Operation string // a method of compute.Backend
	Engine    string
	Err       error // wraps ErrWrong, or is what the engine returned
}

func (e *Failure) Error() string {
	return fmt.Sprintf("test %s of %s: %v", e.Operation, e.Engine, e.Err)
}
func (e *Failure) Unwrap() error { return e.Err }

// Run runs each operation on small operands, on an engine and on the CPU, and returns a
// [*Failure] for the first that fails, which wraps [ErrWrong] when they disagree. It tries what
// answers and training of the model m run, and no more: that takes a tenth of a second, and what
// the driver takes to compile what it has not seen yet, as it would at the first use.
func Run(b compute.Backend, m Model) error {
	m = m.orSome()
	reference, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		return fmt.Errorf("test %s: %w", b.Info().Name, err)
	}
	for _, c := range operations {
		layouts := []compute.Type{compute.F32} // of no weight
		if c.layouts != nil {
			layouts = c.layouts(m)
		}
		for _, layout := range layouts {
			if err := c.compare(b, reference, layout, m.HeadDim); err != nil {
				return errors.Join(&Failure{c.name, b.Info().Name, err}, reference.Close())
			}
		}
	}
	return reference.Close()
}

// compare runs the trial on an engine and on the reference.
func (c trial) compare(b, reference compute.Backend, layout compute.Type, headDim int) error {
	want, err := c.on(reference, layout, headDim)
	if err != nil {
		return err
	}
	got, err := c.on(b, layout, headDim)
	if err != nil {
		return err
	}
	for i, w := range want {
		if d := distance(got[i], w); !(d <= c.limit) {
			of := ""
			if c.layouts != nil {
				of = fmt.Sprintf(", by weights as %v", layout)
			}
			return fmt.Errorf("result %d is off by %.3g of the norm%s: %w", i, d, of, ErrWrong)
		}
	}
	return nil
}

// distance is |got - want| / |want|; NaN where got has one.
func distance(got, want []float32) float64 {
	var d, norm float64
	for i, w := range want {
		d += math.Pow(float64(got[i])-float64(w), 2)
		norm += float64(w) * float64(w)
	}
	return math.Sqrt(d / norm)
}
