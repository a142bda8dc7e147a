package selftest

import (
	"math/rand/v2"

	"clara/compute"
)

// Shapes of the self-test; the widths are whole blocks of every layout. Engines have kernels of
// their own for a row, for some and for many, for many outputs and for many keys.
const (
	testWidth, testOutputs, testRank = 256, 512, 8
	testVocabulary                   = 300
	testHeads, testKeyHeads          = 4, 2
	testRows, manyKeys               = 40, 600
)

// rowsOf are the rows of a token, of answers side by side, of two short prompts and a longer one.
var rowsOf = []int{1, 3, 9, 32, testRows}

// Model is what of a model drivers compile kernels of their own for. What is left out is as in
// some model.
type Model struct {
	Vocabulary []compute.Type // the layouts of the embedding and of the head
	Layers     []compute.Type // the layouts of the layers' weights
	HeadDim    int
}

// orSome is m with nothing left out.
func (m Model) orSome() Model {
	if len(m.Vocabulary) == 0 {
		m.Vocabulary = []compute.Type{compute.Q8_0}
	}
	if len(m.Layers) == 0 {
		m.Layers = []compute.Type{compute.Q8_0}
	}
	if m.HeadDim == 0 {
		m.HeadDim = 64
	}
	return m
}

// The layouts that a trial is run with.
func vocabulary(m Model) []compute.Type { return m.Vocabulary }
func layers(m Model) []compute.Type     { return m.Layers }

// operands makes and frees what one trial works with. Its first error stays.
type operands struct {
	b       compute.Backend
	layout  compute.Type // of weights
	headDim int
	r       *rand.Rand
	memory  []compute.Memory
	weights []compute.Weight
	err     error
}

// trial is a call with operands that are the same on every engine; it returns the
// tensors that hold its results.
type trial struct {
	name    string
	limit   float64
	layouts func(m Model) []compute.Type // of its weights; nil: it has none
	call    func(o *operands) []compute.Tensor
}

// on runs the trial on an engine, with weights of a layout, and returns its results.
func (c trial) on(b compute.Backend, layout compute.Type, headDim int) (all [][]float32, err error) {
	o := newOperands(b, layout, headDim)
	defer o.free()
	for _, t := range c.call(o) {
		values := make([]float32, t.Rows*t.Cols)
		if o.err == nil {
			o.err = b.Read(values, t)
		}
		all = append(all, values)
	}
	return all, o.err
}

func newOperands(b compute.Backend, layout compute.Type, headDim int) *operands {
	return &operands{b: b, layout: layout, headDim: headDim, r: rand.New(rand.NewPCG(1, 1))} // the same on every engine
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

// weight has random bits with factors, or values, of either sign of about 2^-7.
func (o *operands) weight(rows, cols int) compute.Weight {
	data := make([]byte, rows*o.layout.RowBytes(cols))
	for i := range data {
		data[i] = byte(o.r.Uint32())
	}
	_, block := o.layout.Block()
	for at := 0; at < len(data); at += block {
		if halves := o.layout.Halves(); halves != nil {
			for _, h := range halves {
				data[at+h+1] = data[at+h+1]&0x83 | 0x20 // an f16 between 2^-7 and 2^-6, by its last byte
			}
		} else {
			data[at+block-1] = data[at+block-1]&0x80 | 0x3c // an f32 or bf16 between 2^-7 and 2^-5
		}
	}
	if o.err != nil {
		return nil
	}
	w, err := o.b.NewWeight(compute.Matrix{Type: o.layout, Rows: rows, Cols: cols, Data: data})
	if err != nil {
		o.err = err
		return nil
	}
	o.weights = append(o.weights, w)
	return w
}
