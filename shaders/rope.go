//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"clara/compute"
)

// rotations are the tables of cosines and sines used last: every layer of a step asks
// for the same ones, of which a model has one or two.
type rotations struct{ tables []rotation } // the one used last at the end

type rotation struct {
	freqs     []float32
	positions []int32
	table     *buffer // [len(positions), len(freqs)] pairs
}

// keptRotations is how many tables are kept.
const keptRotations = 4

// rotation returns the table for freqs and positions.
func (b *Backend) rotation(freqs []float32, positions []int32) (*buffer, error) {
	kept := &b.rotated.tables
	i := slices.IndexFunc(*kept, func(r rotation) bool {
		return slices.Equal(r.freqs, freqs) && slices.Equal(r.positions, positions)
	})
	if i < 0 {
		var old *buffer
		if len(*kept) == keptRotations {
			old = (*kept)[0].table
			*kept = slices.Delete(*kept, 0, 1)
		}
		turns := make([]float32, 0, 2*len(positions)*len(freqs))
		for _, p := range positions {
			for _, f := range freqs {
				sin, cos := math.Sincos(float64(p) * float64(f))
				turns = append(turns, float32(cos), float32(sin))
			}
		}
		m, err := b.another(old, 4*len(turns))
		if err != nil {
			return nil, err
		}
		name := m.name
		b.send(func(d *device) { d.upload(name, 0, unsafe.Pointer(&turns[0]), 4*len(turns)) })
		*kept = append(*kept, rotation{slices.Clone(freqs), slices.Clone(positions), m})
		return m, nil
	}
	r := (*kept)[i]
	*kept = append(slices.Delete(*kept, i, i+1), r)
	return r.table, nil
}

// RoPE turns each pair of a head by position * freqs[i], in place; backward turns
// it the other way.
func (b *Backend) RoPE(x compute.Tensor, positions []int32, freqs []float32, style compute.RoPEStyle, backward bool) error {
	const op = "RoPE"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	xv, err := b.tensor(op, "x", x)
	if err != nil {
		return err
	}
	pairs := len(freqs)
	if pairs == 0 || xv.cols%(2*pairs) != 0 || xv.rows != len(positions) {
		return b.misfit(op, "x is %v, with %d positions and %d frequencies", xv, len(positions), pairs)
	}
	if style != compute.Interleaved && style != compute.Halves {
		return b.misfit(op, "style %d is unknown", style)
	}
	if xv.empty() {
		return nil
	}
	table, err := b.rotation(freqs, positions)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	turns := view{m: table, rows: xv.rows, cols: 2 * pairs, stride: 2 * pairs}
	height := min(b.groups, b.rowsWithin(xv, turns))
	for r := 0; r < xv.rows; r += height {
		part := xv.slice(r, min(r+height, xv.rows))
		b.dispatch(dispatch{
			shader:   shader{file: "rope.comp"},
			operands: []operand{part.writes(), turns.slice(r, r+part.rows).reads()},
			ints:     []int32{int32(part.rows), int32(xv.cols), int32(pairs), flag(style == compute.Halves), flag(backward)},
			groups:   [3]int{ceil(xv.cols/2, elementGroup), part.rows},
		})
	}
	return nil
}
