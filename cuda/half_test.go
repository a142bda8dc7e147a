//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"clara/compute"
)

// TestFloat16RoundsOperandsOnly holds both directions of the engine that rounds against
// f64, on values as they are and on some that float16 itself could not hold: nothing may
// overflow or vanish. All that is off is what within allows.
func TestFloat16RoundsOperandsOnly(t *testing.T) {
	e, err := open16()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	b := e.(*Backend)
	for _, shape := range [][3]int{{5, 7, 3}, {70, 129, 100}, {140, 300, 64}} {
		for i, sizes := range [][2]float64{{1, 1}, {0x1p100, 0x1p-90}, {0x1p-100, 0x1p110}, {0x1p-40, 0x1p-70}, {0x1p60, 0x1p50}} {
			// Large tiles are for products that keep the device busy: to one of a single
			// processor all do so, to one of very many none.
			b.processors = []int{1, 1 << 20}[i%2]
			rows, outputs, inputs := shape[0], shape[1], shape[2]
			r := rand.New(rand.NewPCG(1, uint64(rows)))
			x, w := hostMatrix{normal(r, rows*inputs), inputs}, hostMatrix{normal(r, outputs*inputs), inputs}
			dy := hostMatrix{normal(r, rows*outputs), outputs}
			w.multiply(0, outputs, sizes[1])
			x.multiply(0, rows, sizes[0])
			dy.multiply(0, rows, sizes[0])
			// Rows have ranges of their own, and one is empty.
			for _, m := range []hostMatrix{x, dy} {
				m.multiply(1, 2, 0x1p-20)
				m.multiply(2, 3, 0)
				m.multiply(3, 4, 0x1p7)
			}
			weight, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: outputs, Cols: inputs, Data: bytesOf(w.v)})
			if err != nil {
				t.Fatal(err)
			}
			xs, ys := matrix(t, b, rows, inputs, x.v), matrix(t, b, rows, outputs, nil)
			if err := b.Linear(ys, xs, weight, compute.Exact, false); err != nil {
				t.Fatal(err)
			}
			within(t, fmt.Sprintf("%v of %v forward", shape, sizes), b, ys, 1, x, w)
			dys, dxs := matrix(t, b, rows, outputs, dy.v), matrix(t, b, rows, inputs, nil)
			for _, accumulate := range []bool{false, true} {
				if err := b.LinearBackward(dxs, dys, weight, accumulate); err != nil {
					t.Fatal(err)
				}
			}
			within(t, fmt.Sprintf("%v of %v backward", shape, sizes), b, dxs, 2, dy, w.transposed())
			weight.Free()
		}
	}
}

// TestFloat16KeepsWhatIsNoNumber: a step that has diverged must not look like one that went well.
func TestFloat16KeepsWhatIsNoNumber(t *testing.T) {
	b, err := open16()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 2, Cols: 3, Data: bytesOf([]float32{1, 2, 3, 4, 5, 6})})
	if err != nil {
		t.Fatal(err)
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := matrix(t, b, 5, 3, []float32{1, nan, 2, inf, 1, 1, 1, 1, 1, nan, nan, nan, 1, -inf, inf})
	y := matrix(t, b, 5, 2, nil)
	if err := b.Linear(y, x, w, compute.Exact, false); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 10)
	if err := b.Read(got, y); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if finite := !math.IsInf(float64(v), 0) && !math.IsNaN(float64(v)); finite != (i/2 == 2) {
			t.Errorf("row %d has %v", i/2, v)
		}
	}
}

// The unpacked weight of a rounded product is kept for the next one, and the largest is the
// head's: it takes its own size and no more.
func TestUnpackedWeightTakesItsSize(t *testing.T) {
	b, err := open32()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const outputs, inputs = 2048, 256
	w, err := b.NewWeight(compute.Matrix{Type: compute.F16, Rows: outputs, Cols: inputs, Data: make([]byte, outputs*inputs*halfBytes)})
	if err != nil {
		t.Fatal(err)
	}
	x, y := matrix(t, b, 5, inputs, nil), matrix(t, b, 5, outputs, nil)
	used := func() int64 {
		use, err := b.MemoryUse()
		if err != nil {
			t.Fatal(err)
		}
		return use.Used
	}
	before := used()
	if err := b.Linear(y, x, w, compute.Rounded, false); err != nil {
		t.Fatal(err)
	}
	const rows = largeSide * inputs * halfBytes // those of x
	if took := used() - before; took < outputs*inputs*halfBytes || took > outputs*inputs*halfBytes+2*rows {
		t.Errorf("a weight of %d bytes takes %d", outputs*inputs*halfBytes, took)
	}
}

// hostMatrix is an operand of a product, row by row.
type hostMatrix struct {
	v    []float32
	cols int
}

func (m hostMatrix) row(i int) []float32 { return m.v[i*m.cols : (i+1)*m.cols] }

// multiply multiplies rows [from, to).
func (m hostMatrix) multiply(from, to int, by float64) {
	for i := from * m.cols; i < to*m.cols; i++ {
		m.v[i] *= float32(by)
	}
}

func (m hostMatrix) transposed() hostMatrix {
	rows := len(m.v) / m.cols
	t := hostMatrix{make([]float32, len(m.v)), rows}
	for i, v := range m.v {
		t.v[i%m.cols*rows+i/m.cols] = v
	}
	return t
}

func largest(v []float32) (most float64) {
	for _, x := range v {
		most = max(most, math.Abs(float64(x)))
	}
	return most
}

// within requires that y = a bᵀ, the given times, is off by what rounding to float16 costs,
// and by something: else nothing was rounded. Either value of a product is off by 2^-11 of
// itself, and by 2^-39 of the largest of its row, or of b (kernels/half.h), at most; each
// of n additions by 2^-23 of all terms, for tensor cores may cut off; the result by the
// least f32.
func within(t *testing.T, what string, e compute.Backend, y compute.Tensor, times float32, a, b hostMatrix) {
	t.Helper()
	got := make([]float32, y.Rows*y.Cols)
	if err := e.Read(got, y); err != nil {
		t.Fatal(err)
	}
	const relative, least = 0x1p-11, 0x1p-39
	exact, most := true, largest(b.v)
	for i := range y.Rows {
		left := a.row(i)
		mostLeft := largest(left)
		for j := range y.Cols {
			var sum, terms, off float64
			for k, v := range b.row(j) {
				l, r := float64(left[k]), float64(v)
				sum, terms = sum+l*r, terms+math.Abs(l*r)
				offLeft, offRight := math.Abs(l)*relative+mostLeft*least, math.Abs(r)*relative+most*least
				off += offLeft*math.Abs(r) + math.Abs(l)*offRight + offLeft*offRight
			}
			v := got[i*y.Cols+j] / times
			d := math.Abs(float64(v) - sum)
			if !(d <= off+float64(a.cols)*0x1p-23*terms+0x1p-149) {
				t.Fatalf("%s: value %d of row %d is %v, want %v, of terms of %v", what, j, i, v, sum, terms)
			}
			exact = exact && d <= 1e-6*terms
		}
	}
	if exact {
		t.Errorf("%s: nothing was rounded", what)
	}
}

func normal(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// matrix is a tensor of values, or of zeros.
func matrix(t testing.TB, b compute.Backend, rows, cols int, values []float32) compute.Tensor {
	t.Helper()
	m, err := b.Alloc(rows * cols)
	if err != nil {
		t.Fatal(err)
	}
	x := compute.Tensor{Mem: m, Rows: rows, Cols: cols, Stride: cols}
	if values != nil {
		if err := b.Write(x, values); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// BenchmarkLinear4096 is the product that bench/peers/gpu_gemm.py gives to cuBLAS.
func BenchmarkLinear4096(b *testing.B) {
	const n = 4096
	for _, precision := range []struct {
		name string
		p    compute.Precision
	}{{"f16", compute.Rounded}, {"f32", compute.Exact}} {
		b.Run(precision.name, func(b *testing.B) {
			e, err := Open(Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			data := make([]byte, 2*n*n)
			r := rand.New(rand.NewPCG(1, 1))
			for i := range n * n {
				binary.LittleEndian.PutUint16(data[2*i:], uint16(math.Float32bits(float32(r.NormFloat64()))>>16))
			}
			w, err := e.NewWeight(compute.Matrix{Type: compute.BF16, Rows: n, Cols: n, Data: data})
			if err != nil {
				b.Fatal(err)
			}
			x, y := matrix(b, e, n, n, normal(r, n*n)), matrix(b, e, n, n, nil)
			var one [1]float32
			call := func() {
				if err := e.Linear(y, x, w, precision.p, false); err != nil {
					b.Fatal(err)
				}
			}
			wait := func() {
				if err := e.Read(one[:], y.Slice(0, 1).Columns(0, 1)); err != nil {
					b.Fatal(err)
				}
			}
			call()
			wait()
			for b.Loop() {
				call()
			}
			wait() // an operation returns before it is done
			b.ReportMetric(2*n*n*n*float64(b.N)/b.Elapsed().Seconds()/1e12, "TFLOP/s")
		})
	}
}
