//go:build cgo && (linux || windows)

package shaders

import "fmt"

const (
	// rowChunk is how many keys of a row a work group takes; see attention_rows.comp.
	rowChunk = 256
	// squareGain is about how many times faster a score is made in a square, where 32
	// rows share a key that has been read, than in a row of its own.
	squareGain = 4
)

// byRows says whether the rows look at so different keys that squares of 32 by 32 scores
// would be mostly empty.
func (p *plan) byRows() bool {
	squares := 0
	for _, n := range p.work {
		squares += n
	}
	return squareGain*p.looked < squares*side*side
}

// attendRows is Attention row by row.
func (b *Backend) attendRows(o *attention, stats operand, wantLSE bool) error {
	chunks := max(1, ceil(o.plan.longest, rowChunk))
	parts := stats // bound, not written
	if chunks > 1 {
		room, err := b.roomFor(scratchSums, o.q.rows*o.Heads*chunks, o.HeadDim+2)
		if err != nil {
			return err
		}
		if err := b.seen("Attention", room); err != nil {
			return err
		}
		parts = room.writes()
	}
	s := shader{"attention_rows.comp", []string{"math.glsl"}, []string{fmt.Sprintf("WIDTH %d", o.width())}}
	if o.HeadDim%4 == 0 && o.k.fours() && o.v.fours() {
		s.defines = append(s.defines, "FOURS 1")
	}
	cost := 4 * float64(o.plan.longest*o.HeadDim) * float64(o.Heads)
	height := min(b.groups, max(1, int(b.flops/max(cost, 1))), o.q.rows)
	for r := 0; r < o.q.rows; r += height {
		rows := min(height, o.q.rows-r)
		b.dispatch(dispatch{
			shader:   s,
			operands: []operand{o.out.writes(), stats, o.q.reads(), o.k.reads(), o.v.reads(), o.plan.reads(), parts},
			ints:     []int32{int32(o.HeadDim), int32(o.Heads / o.KVHeads), int32(o.plan.spans), int32(r), int32(chunks), flag(wantLSE)},
			floats:   []float32{o.Scale},
			groups:   [3]int{rows, o.Heads, chunks},
			flops:    cost * float64(rows),
		})
		if chunks > 1 {
			read := parts
			read.write = false
			b.dispatch(dispatch{
				shader:   shader{file: "attention_join.comp", parts: []string{"math.glsl"}},
				operands: []operand{o.out.writes(), stats, read},
				ints:     []int32{int32(o.HeadDim), int32(chunks), int32(r), flag(wantLSE)},
				groups:   [3]int{ceil(o.HeadDim, 64), o.Heads, rows},
			})
		}
	}
	return nil
}
