package compute_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"clara/compute"
)

// Every finite f16 comes back from f32 as it was, what lies between two goes to the
// nearer one, and a tie to the even one.
func TestToFloat16(t *testing.T) {
	for h := range 0x7c00 {
		low := compute.Float16(uint16(h))
		if got := compute.ToFloat16(low); got != uint16(h) {
			t.Fatalf("%g becomes %#x, wanted %#x", low, got, h)
		}
		if got := compute.ToFloat16(-low); got != uint16(h)|0x8000 {
			t.Fatalf("%g becomes %#x, wanted %#x", -low, got, h|0x8000)
		}
		if h == 0x7bff {
			break
		}
		high := compute.Float16(uint16(h + 1))
		tie := low + (high-low)/2 // exact
		for x, want := range map[float32]int{
			tie: h + h&1, math.Nextafter32(tie, 0): h, math.Nextafter32(tie, high): h + 1,
		} {
			if got := compute.ToFloat16(x); got != uint16(want) {
				t.Fatalf("%g becomes %#x, wanted %#x", x, got, want)
			}
		}
	}
	for x, want := range map[float32]uint16{65519.99: 0x7bff, 65520: 0x7c00, float32(math.Inf(-1)): 0xfc00, 1e30: 0x7c00} {
		if got := compute.ToFloat16(x); got != want {
			t.Errorf("%g becomes %#x, wanted %#x", x, got, want)
		}
	}
	if got := compute.Float16(compute.ToFloat16(float32(math.NaN()))); got == got {
		t.Errorf("NaN becomes %g", got)
	}
}

// A value is off by half a step, and by what rounding the step to f16 makes of 127 of
// them: 127 * d * 2^-11, or 127 * 2^-25 where d is subnormal there. Another 2^-20 of the
// value is for the roundings in f32.
func TestQuantizeQ8_0(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	src, dst, back := make([]float32, 64), make([]byte, 68), make([]float32, 64)
	for n := range 2000 {
		scale := math.Exp2(float64(n%40) - 24)
		for i := range src {
			src[i] = float32(rng.NormFloat64() * scale)
		}
		if n%7 == 0 {
			clear(src[:32])
		}
		if err := compute.QuantizeQ8_0(dst, src); err != nil {
			t.Fatal(err)
		}
		if err := compute.Dequantize(back, compute.Q8_0, dst); err != nil {
			t.Fatal(err)
		}
		for b := range 2 {
			most := 0.0
			for _, x := range src[32*b : 32*b+32] {
				most = max(most, math.Abs(float64(x)))
			}
			d := most / 127
			tolerance := d/2 + 127*max(d*0x1p-11, 0x1p-25) + most*0x1p-20
			for i := 32 * b; i < 32*b+32; i++ {
				if diff := math.Abs(float64(src[i]) - float64(back[i])); !(diff <= tolerance) {
					t.Fatalf("seed %d: %g comes back as %g, off by more than %g", seed, src[i], back[i], tolerance)
				}
			}
		}
	}
	if d := binary.LittleEndian.Uint16(dst); d == 0 {
		t.Error("the last block has no step")
	}
}

func TestQuantizeRefuses(t *testing.T) {
	block := make([]float32, 32)
	if err := compute.QuantizeQ8_0(make([]byte, 33), block); !errors.Is(err, compute.ErrShape) {
		t.Errorf("33 bytes: %v", err)
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e9} {
		block[7] = float32(x)
		if err := compute.QuantizeQ8_0(make([]byte, 34), block); !errors.Is(err, compute.ErrValue) {
			t.Errorf("%g: %v", x, err)
		}
	}
}
