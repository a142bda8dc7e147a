//go:build cgo && (linux || windows)

package shaders

import (
	"testing"

	"clara/compute"
)

// BenchmarkLinear4096 is the product that bench/peers/gpu_gemm.py says the card's peak for.
func BenchmarkLinear4096(b *testing.B) {
	const n = 4096
	e := engine(b)
	w, err := e.NewWeight(compute.Matrix{Type: compute.F32, Rows: n, Cols: n, Data: make([]byte, 4*n*n)})
	must(b, err)
	x, y := filled(b, e, n, n), filled(b, e, n, n)
	var one [1]float32
	wait := func() { must(b, e.Read(one[:], y.Slice(0, 1).Columns(0, 1))) } // an operation returns before it is done
	must(b, e.Linear(y, x, w, compute.Exact, false))
	wait()
	for b.Loop() {
		must(b, e.Linear(y, x, w, compute.Exact, false))
	}
	wait()
	b.ReportMetric(2*n*n*n*float64(b.N)/b.Elapsed().Seconds()/1e12, "TFLOP/s")
}
