//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"math"
	"testing"

	"clara/compute"
)

// A linear layer and what LoRA adds to its result are one dispatch; the result is that of
// two, which they are where something comes between them.
func TestLoRAIsFusedIntoItsProduct(t *testing.T) {
	b := engine(t)
	const in, out, rank = 96, 160, 17
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: out, Cols: in, Data: make([]byte, 4*in*out)})
	must(t, err)
	for _, rows := range []int{1, 3, 8, 33, 130} {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d rows, backward %v", rows, backward), func(t *testing.T) {
				from, to := in, out
				up := filled(t, b, out, rank)
				if backward {
					from, to, up = out, in, filled(t, b, rank, in)
				}
				x, low := filled(t, b, rows, from), filled(t, b, rows, 2*rank).Columns(rank, 2*rank)
				product := func(y compute.Tensor, between func()) (values []float32, together bool) {
					if backward {
						must(t, b.LinearBackward(y, x, w, true))
					} else {
						must(t, b.Linear(y, x, w, compute.Exact, true))
					}
					between()
					held := b.held != nil
					must(t, b.MatMul(y, low, up, false, !backward, 0.5, true))
					values = make([]float32, rows*to)
					must(t, b.Read(values, y))
					return values, held
				}
				want, apart := product(filled(t, b, rows, to), func() { must(t, b.Scale(filled(t, b, 1, 1), 2)) })
				got, together := product(filled(t, b, rows, to), func() {})
				if apart || !together {
					t.Errorf("held with something between: %v; without: %v", apart, together)
				}
				for i := range want {
					if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-4*math.Max(1, math.Abs(float64(want[i])))) {
						t.Fatalf("value %d is %v, want %v", i, got[i], want[i])
					}
				}
			})
		}
	}
}

// What is held is computed before memory that it reads is another's.
func TestHeldProductOutlivesItsOperands(t *testing.T) {
	b := engine(t)
	data := make([]byte, 4*32*32)
	for i := range 32 {
		data[4*33*i+2], data[4*33*i+3] = 0x80, 0x3f // 1.0: the identity
	}
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 32, Cols: 32, Data: data})
	must(t, err)
	x, y := filled(t, b, 4, 32), filled(t, b, 4, 32)
	must(t, b.Scale(y, 0))
	must(t, b.Linear(y, x, w, compute.Exact, false))
	x.Mem.Free()
	w.Free()
	got, want := make([]float32, 4*32), make([]float32, 4*32)
	must(t, b.Read(got, y))
	must(t, b.Read(want, filled(t, b, 4, 32)))
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("value %d is %v, want %v", i, got[i], want[i])
		}
	}
}
