package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"clara/compute"
	"clara/compute/cpu"
)

// Errors of an engine that starts and is still of no use.
var (
	errWrong = errors.New("the engine computes wrong results")
	errSlow  = errors.New("the engine is slower than the CPU")
)

// The largest distance of a result from the CPU's, over its norm. Kernels that a
// driver compiled wrongly are off by far more; tests are what holds an engine to the
// last digit.
const (
	exactLimit   = 1e-3
	roundedLimit = 3e-2 // with 8-bit or float16 operands
)

// trialError says which operation of an engine did not pass, and why.
type trialError struct {
	operation, engine string
	err               error
}

func (e *trialError) Error() string {
	return fmt.Sprintf("test %s of %s: %v", e.operation, e.engine, e.err)
}
func (e *trialError) Unwrap() error { return e.err }

// selfTest runs each operation on small operands, on an engine and on the CPU, and
// returns a [*trialError] for the first that fails, which wraps errWrong when they disagree. It takes a few milliseconds,
// and what the driver takes to compile what it has not seen yet.
func selfTest(b compute.Backend) error {
	reference, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		return fmt.Errorf("test %s: %w", b.Info().Name, err)
	}
	for _, c := range selfTests {
		var want, got []float32
		if want, err = c.on(reference); err == nil {
			got, err = c.on(b)
		}
		if err == nil {
			if d := distance(got, want); !(d <= c.limit) {
				err = fmt.Errorf("off by %.3g of the norm: %w", d, errWrong)
			}
		}
		if err != nil {
			err = &trialError{c.name, b.Info().Name, err}
			break
		}
	}
	return errors.Join(err, reference.Close())
}

// proven says what speaks against an engine, or nil: wrong results, or, where the user
// did not ask for it, less speed than the CPU with as many threads has.
func proven(b compute.Backend, threads int, auto bool) error {
	if err := selfTest(b); err != nil || !auto {
		return err
	}
	processor, err := cpu.New(cpu.Options{Threads: threads})
	if err != nil {
		return fmt.Errorf("compare %s with the CPU: %w", b.Info().Name, err)
	}
	var took [2]time.Duration
	for i, e := range []compute.Backend{b, processor} {
		if took[i], err = timed(e); err != nil {
			break
		}
	}
	if err == nil && took[0] > took[1] {
		err = fmt.Errorf("%v for a product that takes the CPU %v: %w", took[0], took[1], errSlow)
	}
	if err != nil {
		err = fmt.Errorf("compare %s with the CPU: %w", b.Info().Name, err)
	}
	return errors.Join(err, processor.Close())
}

// The shape of the product that is timed, and the floating-point operations that it takes.
const (
	timedRows, timedOutputs, timedInputs = 256, 1536, 576
	timedFlops                           = 2 * timedRows * timedOutputs * timedInputs
)

// timed is the time of a layer's product as training has it: the shortest of a few,
// for what else the machine does only makes them longer.
func timed(b compute.Backend) (time.Duration, error) {
	const rounds = 4
	o := newOperands(b)
	defer o.free()
	w, x, y := o.weight(timedOutputs, timedInputs), o.tensor(timedRows, timedInputs), o.tensor(timedRows, timedOutputs)
	best := time.Duration(math.MaxInt64)
	for range rounds {
		start := time.Now()
		o.do(o.b.Linear(y, x, w, compute.Exact, false))
		var one [1]float32
		if o.err == nil {
			o.err = b.Read(one[:], y.Slice(0, 1).Columns(0, 1)) // waits for what is under way
		}
		best = min(best, time.Since(start))
	}
	return best, o.err
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

// Shapes of the self-test: a few rows of a layer with grouped heads.
const (
	testRows, testWidth, testVocabulary = 9, 64, 300
	testHeads, testKeyHeads, testDim    = 4, 2, 16
)

// operands makes and frees what one trial works with. Its first error stays.
type operands struct {
	b       compute.Backend
	r       *rand.Rand
	memory  []compute.Memory
	weights []compute.Weight
	err     error
}

// trial is a call with operands that are the same on every engine; it returns the
// tensors that hold its results.
type trial struct {
	name  string
	limit float64
	call  func(o *operands) []compute.Tensor
}

// on runs the trial on an engine and returns its results one after another.
func (c trial) on(b compute.Backend) ([]float32, error) {
	o := newOperands(b)
	defer o.free()
	var all []float32
	for _, t := range c.call(o) {
		values := make([]float32, t.Rows*t.Cols)
		if o.err == nil {
			o.err = b.Read(values, t)
		}
		all = append(all, values...)
	}
	return all, o.err
}

func newOperands(b compute.Backend) *operands {
	return &operands{b: b, r: rand.New(rand.NewPCG(1, 1))} // the same on every engine
}

func (o *operands) free() {
	for _, m := range o.memory {
		m.Free()
	}
	for _, w := range o.weights {
		w.Free()
	}
}

func (o *operands) do(err error) {
	if o.err == nil {
		o.err = err
	}
}

// tensor has random values; without an engine that works it is none.
func (o *operands) tensor(rows, cols int) compute.Tensor {
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(o.r.NormFloat64())
	}
	if o.err != nil {
		return compute.Tensor{}
	}
	m, err := o.b.Alloc(len(values))
	if err != nil {
		o.err = err
		return compute.Tensor{}
	}
	o.memory = append(o.memory, m)
	t := compute.Tensor{Mem: m, Rows: rows, Cols: cols, Stride: cols}
	o.do(o.b.Write(t, values))
	return t
}

// weight has random 8-bit values with factors of about 2^-7.
func (o *operands) weight(rows, cols int) compute.Weight {
	data := make([]byte, rows*compute.Q8_0.RowBytes(cols))
	for i := range data {
		data[i] = byte(o.r.Uint32())
	}
	_, block := compute.Q8_0.Block()
	for i := 0; i < len(data); i += block {
		data[i+1] = 0x20 // an f16 between 2^-7 and 2^-6, by its first byte
	}
	if o.err != nil {
		return nil
	}
	w, err := o.b.NewWeight(compute.Matrix{Type: compute.Q8_0, Rows: rows, Cols: cols, Data: data})
	if err != nil {
		o.err = err
		return nil
	}
	o.weights = append(o.weights, w)
	return w
}
