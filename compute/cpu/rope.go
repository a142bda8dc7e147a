package cpu

import (
	"fmt"
	"math"
	"slices"

	"clara/compute"
)

// Sines cost more than the rotation itself, and every layer of a step asks for
// the same: they are kept for positions below tabulated, and for the keptTables
// frequency vectors used last (a model has one or two).
const (
	tabulated  = 1 << 17
	keptTables = 4
)

// rotationTable holds cos and sin of position*freqs[i], a row per position.
type rotationTable struct {
	freqs     []float32
	positions int
	cos, sin  []float32
}

// rotationTables has the table used last at its end.
type rotationTables struct{ tables []*rotationTable }

// table returns the table of freqs with its rows up to position at least.
func (r *rotationTables) table(freqs []float32, position int) *rotationTable {
	i := slices.IndexFunc(r.tables, func(t *rotationTable) bool { return slices.Equal(t.freqs, freqs) })
	var t *rotationTable
	if i >= 0 {
		t = r.tables[i]
		r.tables = slices.Delete(r.tables, i, i+1)
	} else {
		t = &rotationTable{freqs: slices.Clone(freqs)}
		if len(r.tables) == keptTables {
			r.tables = slices.Delete(r.tables, 0, 1)
		}
	}
	r.tables = append(r.tables, t)
	if position >= t.positions {
		n := min(tabulated, max(512, 2*position))
		t.cos = slices.Grow(t.cos, (n-t.positions)*len(freqs))[:n*len(freqs)]
		t.sin = slices.Grow(t.sin, (n-t.positions)*len(freqs))[:n*len(freqs)]
		for p := t.positions; p < n; p++ {
			from, to := p*len(freqs), (p+1)*len(freqs)
			angles(t.cos[from:to], t.sin[from:to], freqs, int32(p))
		}
		t.positions = n
	}
	return t
}

// angles computes one row of a table. The angle is formed in f64: at position
// 100,000 an f32 angle would be off by half a hundredth.
func angles(cos, sin, freqs []float32, position int32) {
	for i, f := range freqs {
		s, c := math.Sincos(float64(position) * float64(f))
		cos[i], sin[i] = float32(c), float32(s)
	}
}

// RoPE (Su et al. 2021) turns each pair (x, y) of a head by a = position *
// freqs[i], in place:
//
//	x' = x cos a - y sin a
//	y' = x sin a + y cos a
//
// The rotation is orthogonal, so its backward is the turn by -a.
func (b *Backend) RoPE(x compute.Tensor, positions []int32, freqs []float32, style compute.RoPEStyle, backward bool) error {
	const op = "RoPE"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	xv, err := b.operand(op, "x", x)
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
	highest := int32(-1)
	for _, p := range positions {
		if p < tabulated {
			highest = max(highest, p)
		}
	}
	table := b.rotation.table(freqs, int(highest))
	if err := b.rows.reserve(b.pool.size(), 2*pairs); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	b.overRows(xv.rows, xv.cols, func(worker, from, to int) {
		own := b.rows.of(worker, 2*pairs)
		for t := from; t < to; t++ {
			var cos, sin []float32
			if p := int(positions[t]); p >= 0 && p < table.positions {
				cos, sin = table.cos[p*pairs:][:pairs], table.sin[p*pairs:][:pairs]
			} else {
				cos, sin = own[:pairs], own[pairs:]
				angles(cos, sin, freqs, positions[t])
			}
			if backward {
				negative := own[pairs:]
				for i, s := range sin {
					negative[i] = -s
				}
				sin = negative
			}
			for row := xv.row(t); len(row) > 0; row = row[2*pairs:] {
				if style == compute.Halves {
					b.k.rotateHalves(row[:pairs], row[pairs:2*pairs], cos, sin)
				} else {
					b.k.rotateInterleaved(row[:2*pairs], cos, sin)
				}
			}
		}
	})
	return nil
}
