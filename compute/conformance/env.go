package conformance

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"clara/compute"
)

// eps is the distance from 1 to the next f32: twice the largest relative error
// of one rounding, which leaves room for operations that an engine approximates.
const eps = 1.0 / (1 << 23)

// tiny is the smallest normal f32: an engine may flush what is smaller to zero.
const tiny = 0x1p-126

// sentinel lies around all operands: a signalling NaN. Arithmetic on it, also a
// stray +=, gives a quiet one; only a copy keeps its bits.
const sentinel = 0x7fa0_c1a7

// env is what one case works with. Its first error ends the case.
type env struct {
	b        compute.Backend
	r        *rand.Rand
	operands []*operand
	weights  []compute.Weight
	err      error
}

func newEnv(b compute.Backend, name string) *env {
	return &env{b: b, r: randomOf(name)}
}

func (e *env) free() {
	for _, o := range e.operands {
		o.Mem.Free()
	}
	for _, w := range e.weights {
		w.Free()
	}
}

// operand is a tensor with sentinels around it, and the values that it began with.
type operand struct {
	compute.Tensor
	name   string
	host   []float32 // Rows*Cols
	whole  []float32 // the whole memory
	result bool      // its values may change
}

// layout says how an operand lies in its memory.
type layout struct{ lead, pad, tail int }

// randomLayout has no alignment, and every second time nothing behind the last
// value, where an engine under test may have put a guard page.
func (e *env) randomLayout() layout {
	pick := func(of ...int) int { return of[e.r.IntN(len(of))] }
	return layout{pick(0, 1, 3, 16), pick(0, 0, 1, 5, 16), pick(0, 9)}
}

// place makes an operand of the given values.
func (e *env) place(name string, rows, cols int, host []float32, l layout) *operand {
	o := &operand{name: name, host: host}
	stride := cols + l.pad
	n := l.lead + l.tail
	if rows > 0 {
		n += (rows-1)*stride + cols
	}
	n = max(n, 1)
	o.whole = make([]float32, n)
	for i := range o.whole {
		o.whole[i] = math.Float32frombits(sentinel)
	}
	for i := range rows {
		copy(o.whole[l.lead+i*stride:], host[i*cols:(i+1)*cols])
	}
	mem, err := e.b.Alloc(n)
	if err != nil {
		e.fail(fmt.Errorf("allocate %s: %w", name, err))
		mem = noMemory(n)
	}
	o.Tensor = compute.Tensor{Mem: mem, Off: l.lead, Rows: rows, Cols: cols, Stride: stride}
	if err == nil {
		if err := e.b.Write(compute.Tensor{Mem: mem, Rows: 1, Cols: n, Stride: n}, o.whole); err != nil {
			e.fail(fmt.Errorf("write %s: %w", name, err))
		}
	}
	e.operands = append(e.operands, o)
	return o
}

// noMemory stands in after an Alloc that failed, so that the case can go on to
// its error.
type noMemory int

func (n noMemory) Len() int { return int(n) }
func (noMemory) Free()      {}

func (e *env) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// in is an operand with normally distributed values.
func (e *env) in(name string, rows, cols int) *operand {
	return e.filled(name, rows, cols, func() float64 { return e.r.NormFloat64() })
}

// filled is an operand with values from f.
func (e *env) filled(name string, rows, cols int, f func() float64) *operand {
	host := make([]float32, rows*cols)
	for i := range host {
		host[i] = float32(f())
	}
	return e.place(name, rows, cols, host, e.randomLayout())
}

// of is an operand with the given values.
func (e *env) of(name string, m mat) *operand {
	host := make([]float32, len(m.v))
	for i, v := range m.v {
		host[i] = float32(v)
	}
	return e.place(name, m.rows, m.cols, host, e.randomLayout())
}

// out is a result, full of NaN before the call: an engine that adds to it or
// leaves a value out is found.
func (e *env) out(name string, rows, cols int) *operand {
	o := e.filled(name, rows, cols, math.NaN)
	o.result = true
	return o
}

// sum is a result that the call adds to, or overwrites.
func (e *env) sum(name string, rows, cols int, accumulate bool) *operand {
	if !accumulate {
		return e.out(name, rows, cols)
	}
	o := e.in(name, rows, cols)
	o.result = true
	return o
}

// before is what a result held before the call, for the reference of a sum.
func (o *operand) before(accumulate bool) mat {
	if accumulate {
		return o.mat()
	}
	return newMat(o.Rows, o.Cols)
}

// changes marks an operand whose values the call replaces.
func (o *operand) changes() *operand { o.result = true; return o }

// mat is the operand's first values in f64.
func (o *operand) mat() mat {
	m := newMat(o.Rows, o.Cols)
	for i, v := range o.host {
		m.v[i] = float64(v)
	}
	return m
}

// check compares a result with its reference: both are rows*cols.
func (e *env) check(o *operand, want, tol mat) error {
	if e.err != nil {
		return e.err
	}
	got := make([]float32, o.Rows*o.Cols)
	if err := e.b.Read(got, o.Tensor); err != nil {
		return fmt.Errorf("read %s: %w", o.name, err)
	}
	for i, w := range want.v {
		if d := math.Abs(float64(got[i]) - w); float64(got[i]) != w && !(d <= tol.v[i]) {
			return fmt.Errorf("%s[%d,%d] = %v, want %v ± %.3g", o.name, i/o.Cols, i%o.Cols, got[i], w, tol.v[i])
		}
	}
	return nil
}

// verify checks the sentinels of all operands, and the values of those that are
// no result.
func (e *env) verify() error {
	if e.err != nil {
		return e.err
	}
	for _, o := range e.operands {
		n := len(o.whole)
		got := make([]float32, n)
		if err := e.b.Read(got, compute.Tensor{Mem: o.Mem, Rows: 1, Cols: n, Stride: n}); err != nil {
			return fmt.Errorf("read %s: %w", o.name, err)
		}
		for i, v := range got {
			if math.Float32bits(v) != math.Float32bits(o.whole[i]) && !(o.result && o.holds(i)) {
				where := "a value that is no result"
				if !o.holds(i) {
					where = "a sentinel"
				}
				return fmt.Errorf("%s at %d of its memory (the tensor starts at %d, %dx%d, stride %d) became %v: %w",
					where, i, o.Off, o.Rows, o.Cols, o.Stride, v, errStray)
			}
		}
	}
	return nil
}

var errStray = errors.New("a call wrote where it may not")

// holds reports whether index i of the memory is one of the operand's values.
func (o *operand) holds(i int) bool {
	i -= o.Off
	return i >= 0 && o.Stride > 0 && i/o.Stride < o.Rows && i%o.Stride < o.Cols
}

// weight registers a matrix of random values, and returns its values too.
func (e *env) weight(t compute.Type, rows, cols int) (compute.Weight, mat) {
	m, values := randomMatrix(e.r, t, rows, cols)
	return e.register(m), values
}

func (e *env) register(m compute.Matrix) compute.Weight {
	w, err := e.b.NewWeight(m)
	if err != nil {
		e.fail(fmt.Errorf("register a %v weight: %w", m.Type, err))
		return nil
	}
	e.weights = append(e.weights, w)
	return w
}

// fixed registers the given values as an F32 weight.
func (e *env) fixed(m mat) compute.Weight {
	data := make([]byte, 0, 4*len(m.v))
	for _, v := range m.v {
		data = appendF32(data, float32(v))
	}
	return e.register(compute.Matrix{Type: compute.F32, Rows: m.rows, Cols: m.cols, Data: data})
}

// freedWeight is one that must not be used any more.
func (e *env) freedWeight(rows, cols int) compute.Weight {
	w, _ := e.weight(compute.F32, rows, cols)
	if w != nil {
		w.Free()
	}
	return w
}

// mat is a matrix in f64, row by row without gaps.
type mat struct {
	rows, cols int
	v          []float64
}

func newMat(rows, cols int) mat { return mat{rows, cols, make([]float64, rows*cols)} }

func (m mat) at(i, j int) float64     { return m.v[i*m.cols+j] }
func (m mat) set(i, j int, v float64) { m.v[i*m.cols+j] = v }
func (m mat) row(i int) []float64     { return m.v[i*m.cols : (i+1)*m.cols] }
func (m mat) clone() mat              { return mat{m.rows, m.cols, slices.Clone(m.v)} }

// transposed returns mᵀ, or m.
func (m mat) transposed(yes bool) mat {
	if !yes {
		return m
	}
	t := newMat(m.cols, m.rows)
	for i := range m.rows {
		for j := range m.cols {
			t.set(j, i, m.at(i, j))
		}
	}
	return t
}

// sumError is the relative rounding error of a sum of n products in f32: the
// errors of the single additions are a random walk, so that they grow with the
// root of n; 4 is for the products and what is done with the sum.
func sumError(n int) float64 { return (math.Sqrt(float64(n)) + 4) * eps }
