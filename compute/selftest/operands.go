package selftest

import (
	"math/rand/v2"

	"clara/compute"
)

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
