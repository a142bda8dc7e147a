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
// [*Failure] for the first that fails, which wraps [ErrWrong] when they disagree. It takes a
// few milliseconds, and what the driver takes to compile what it has not seen yet.
func Run(b compute.Backend) error {
	reference, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		return fmt.Errorf("test %s: %w", b.Info().Name, err)
	}
	for _, c := range operations {
		var want, got []float32
		if want, err = c.on(reference); err == nil {
			got, err = c.on(b)
		}
		if err == nil {
			if d := distance(got, want); !(d <= c.limit) {
				err = fmt.Errorf("off by %.3g of the norm: %w", d, ErrWrong)
			}
		}
		if err != nil {
			err = &Failure{c.name, b.Info().Name, err}
			break
		}
	}
	return errors.Join(err, reference.Close())
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
