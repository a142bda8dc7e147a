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

// TestBFloat16RoundsOperandsOnly holds both directions of the engine that rounds
// against f64. Either operand is off by 2^-9 of itself at most, so that a product is by
// 2^-8 and a little; the sums are f32.
func TestBFloat16RoundsOperandsOnly(t *testing.T) {
	b, err := Open(Options{BFloat16: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, shape := range [][3]int{{5, 7, 3}, {70, 129, 100}, {140, 300, 64}} {
		rows, outputs, inputs := shape[0], shape[1], shape[2]
		r := rand.New(rand.NewPCG(1, uint64(rows)))
		x, dy, w := normal(r, rows*inputs), normal(r, rows*outputs), normal(r, outputs*inputs)
		weight, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: outputs, Cols: inputs, Data: bytesOf(w)})
		if err != nil {
			t.Fatal(err)
		}
		xs, ys := matrix(t, b, rows, inputs, x), matrix(t, b, rows, outputs, nil)
		if err := b.Linear(ys, xs, weight, compute.Exact, false); err != nil {
			t.Fatal(err)
		}
		within(t, fmt.Sprintf("%v forward", shape), b, ys, func(i, j int) (sum, terms float64) {
			for k := range inputs {
				p := float64(x[i*inputs+k]) * float64(w[j*inputs+k])
				sum, terms = sum+p, terms+math.Abs(p)
			}
			return sum, terms
		})
		dys := matrix(t, b, rows, outputs, dy)
		if err := b.LinearBackward(xs, dys, weight, true); err != nil {
			t.Fatal(err)
		}
		within(t, fmt.Sprintf("%v backward", shape), b, xs, func(i, j int) (sum, terms float64) {
			sum = float64(x[i*inputs+j])
			for k := range outputs {
				p := float64(dy[i*outputs+k]) * float64(w[k*inputs+j])
				sum, terms = sum+p, terms+math.Abs(p)
			}
			return sum, terms
		})
	}
}

// within requires that y is off by what rounding to bfloat16 costs, and by something:
// else nothing was rounded.
func within(t *testing.T, what string, b compute.Backend, y compute.Tensor, want func(i, j int) (sum, terms float64)) {
	t.Helper()
	got := make([]float32, y.Rows*y.Cols)
	if err := b.Read(got, y); err != nil {
		t.Fatal(err)
	}
	exact := true
	for n, v := range got {
		sum, terms := want(n/y.Cols, n%y.Cols)
		d := math.Abs(float64(v) - sum)
		if !(d <= terms*(0x1p-8+0x1p-16)+1e-6*math.Abs(sum)) {
			t.Fatalf("%s: value %d is %v, want %v, of terms of %v", what, n, v, sum, terms)
		}
		exact = exact && d <= 1e-6*terms
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
	}{{"bf16", compute.Rounded}, {"f32", compute.Exact}} {
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
