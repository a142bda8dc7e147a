package compute_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"

	"clara/compute"
)

var types = []compute.Type{
	compute.F32, compute.F16, compute.BF16,
	compute.Q4_0, compute.Q4_1, compute.Q5_0, compute.Q5_1, compute.Q8_0,
	compute.Q4_K, compute.Q5_K, compute.Q6_K,
}

// TestDequantizeLikeGGML compares with what ggml itself decodes, bit by bit:
// testdata/quant.py made the file.
func TestDequantizeLikeGGML(t *testing.T) {
	text, err := os.ReadFile("testdata/quant.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		GGML  string
		Cases []struct {
			Type         string
			Data, Values []byte
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"F32": true} // nothing to decode
	for _, c := range file.Cases {
		for _, typ := range types {
			if typ.String() != c.Type {
				continue
			}
			seen[c.Type] = true
			got := make([]float32, len(c.Values)/4)
			if err := compute.Dequantize(got, typ, c.Data); err != nil {
				t.Fatal(err)
			}
			for i, v := range got {
				if want := binary.LittleEndian.Uint32(c.Values[4*i:]); math.Float32bits(v) != want {
					t.Errorf("%v value %d is %v, %s has %v", typ, i, v, file.GGML, math.Float32frombits(want))
					break
				}
			}
		}
	}
	for _, typ := range types {
		if !seen[typ.String()] {
			t.Errorf("no case for %v", typ)
		}
	}
}

func TestDequantizeF32(t *testing.T) {
	want := []float32{0, -1.5, float32(math.Inf(1)), 1e-44}
	var data []byte
	for _, v := range want {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	got := make([]float32, len(want))
	if err := compute.Dequantize(got, compute.F32, data); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if v != want[i] {
			t.Errorf("value %d is %v, want %v", i, v, want[i])
		}
	}
}

// TestFloat16 holds the conversion of every finite f16 against its definition.
func TestFloat16(t *testing.T) {
	for h := range 1 << 16 {
		exponent, fraction := h>>10&31, float64(h&1023)
		var want float64
		switch exponent {
		case 0:
			want = fraction * 0x1p-24
		case 31:
			want = math.Inf(1)
			if fraction != 0 {
				want = math.NaN()
			}
		default:
			want = (1 + fraction/1024) * math.Pow(2, float64(exponent-15))
		}
		if h>>15 == 1 {
			want = -want
		}
		got := compute.Float16(uint16(h))
		same := float64(got) == want && math.Signbit(float64(got)) == (h>>15 == 1)
		if math.IsNaN(want) {
			same = got != got
		}
		if !same {
			t.Fatalf("f16 %#04x is %v, want %v", h, got, want)
		}
	}
}

func TestRowBytes(t *testing.T) {
	for _, c := range []struct {
		t          compute.Type
		cols, want int
	}{
		{compute.F32, 3, 12},
		{compute.BF16, 5, 10},
		{compute.Q4_1, 64, 40},
		{compute.Q8_0, 32, 34},
		{compute.Q6_K, 512, 420},
		{compute.Q4_K, 0, 0},
		{compute.Q4_0, 33, -1},
		{compute.Q5_K, 32, -1},
		{compute.F16, -1, -1},
		{compute.Type(99), 32, -1},
		{compute.F32, math.MaxInt, -1},
	} {
		if got := c.t.RowBytes(c.cols); got != c.want {
			t.Errorf("%v: %d values in %d bytes, want %d", c.t, c.cols, got, c.want)
		}
	}
}

func TestMatrixCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		m    compute.Matrix
		want error
	}{
		{"fits", compute.Matrix{Type: compute.Q8_0, Rows: 2, Cols: 64, Data: make([]byte, 136)}, nil},
		{"nothing", compute.Matrix{Type: compute.F32}, nil},
		{"no such type", compute.Matrix{Type: 77, Rows: 1, Cols: 1, Data: make([]byte, 4)}, compute.ErrUnsupported},
		{"half a block", compute.Matrix{Type: compute.Q8_0, Rows: 1, Cols: 48, Data: make([]byte, 51)}, compute.ErrShape},
		{"too little data", compute.Matrix{Type: compute.F16, Rows: 2, Cols: 3, Data: make([]byte, 11)}, compute.ErrShape},
		{"too much data", compute.Matrix{Type: compute.F16, Rows: 2, Cols: 3, Data: make([]byte, 13)}, compute.ErrShape},
		{"negative rows", compute.Matrix{Type: compute.F32, Rows: -1, Cols: 1}, compute.ErrShape},
		{"a product that overflows", compute.Matrix{Type: compute.F32, Rows: math.MaxInt / 2, Cols: 1 << 20}, compute.ErrShape},
	} {
		if err := c.m.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestDequantizeRefusesPartsOfBlocks(t *testing.T) {
	for _, typ := range types {
		values, bytes := typ.Block()
		for _, c := range [][2]int{{values + 1, bytes}, {values, bytes - 1}, {values, bytes + 1}, {2 * values, bytes}, {0, bytes}} {
			dst := make([]float32, c[0])
			if err := compute.Dequantize(dst, typ, make([]byte, c[1])); !errors.Is(err, compute.ErrShape) {
				t.Errorf("%v: %d values from %d bytes: %v", typ, c[0], c[1], err)
			}
		}
	}
	if err := compute.Dequantize(nil, 99, nil); !errors.Is(err, compute.ErrUnsupported) {
		t.Errorf("an unknown type: %v", err)
	}
}

// FuzzDequantize: any bytes of whole blocks decode without a panic.
func FuzzDequantize(f *testing.F) {
	f.Add(uint8(compute.Q6_K), make([]byte, 420))
	f.Fuzz(func(t *testing.T, typ uint8, data []byte) {
		values, bytes := compute.Type(typ).Block()
		if bytes == 0 {
			return
		}
		n := len(data) / bytes
		if err := compute.Dequantize(make([]float32, n*values), compute.Type(typ), data[:n*bytes]); err != nil {
			t.Fatal(err)
		}
	})
}
