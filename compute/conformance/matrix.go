package conformance

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"clara/compute"
)

// types are all layouts that an engine must hold.
var types = []compute.Type{
	compute.F32, compute.F16, compute.BF16,
	compute.Q4_0, compute.Q4_1, compute.Q5_0, compute.Q5_1, compute.Q8_0,
	compute.Q4_K, compute.Q5_K, compute.Q6_K,
}

// randomMatrix makes a matrix of random bits, so that every bit of a block
// counts, with factors of about 2^-6 of either sign.
func randomMatrix(r *rand.Rand, t compute.Type, rows, cols int) (compute.Matrix, mat) {
	m := compute.Matrix{Type: t, Rows: rows, Cols: cols}
	switch t {
	case compute.F32:
		for range rows * cols {
			m.Data = appendF32(m.Data, float32(r.NormFloat64()))
		}
	case compute.F16:
		for range rows * cols {
			m.Data = appendHalf(m.Data, r)
		}
	case compute.BF16:
		for range rows * cols {
			m.Data = binary.LittleEndian.AppendUint16(m.Data, uint16(math.Float32bits(float32(r.NormFloat64()))>>16))
		}
	default:
		_, bytes := t.Block()
		m.Data = make([]byte, rows*t.RowBytes(cols))
		for i := range m.Data {
			m.Data[i] = byte(r.Uint32())
		}
		for o := 0; o < len(m.Data); o += bytes {
			for _, h := range t.Halves() {
				copy(m.Data[o+h:], appendHalf(nil, r))
			}
		}
	}
	return m, dequantized(m)
}

// appendHalf appends an f16 between 2^-8 and 2^-4 of either sign.
func appendHalf(to []byte, r *rand.Rand) []byte {
	exponent := 15 - 8 + r.UintN(4)
	return binary.LittleEndian.AppendUint16(to, uint16(r.UintN(2)<<15|exponent<<10|r.UintN(1<<10)))
}

func appendF32(to []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(to, math.Float32bits(v))
}

// dequantized are the values of m.
func dequantized(m compute.Matrix) mat {
	values := make([]float32, m.Rows*m.Cols)
	if err := compute.Dequantize(values, m.Type, m.Data); err != nil {
		panic(err) // randomMatrix made it of whole blocks
	}
	w := newMat(m.Rows, m.Cols)
	for i, v := range values {
		w.v[i] = float64(v)
	}
	return w
}

// columnsFor rounds cols up to whole blocks of t.
func columnsFor(t compute.Type, cols int) int {
	values, _ := t.Block()
	return (cols + values - 1) / values * values
}
