//go:build cgo && (linux || windows)

package shaders

import (
	"slices"
	"unsafe"

	"clara/compute"
)

// side is the number of query rows, and of keys, in a square of scores that a work
// group makes at a time; see attention.glsl.
const side = 32

// plan says which squares of scores the rows of an attention need. It is the same for
// all layers of a step, forward and backward, and kept from call to call.
type plan struct {
	asked  []compute.Span
	window int
	keys   int
	table  *buffer

	// The parts of the table, by the index of their first value.
	spans  int // 4 for each row: the two ranges of keys that it looks at
	tiles  int // 2 for each 32 rows: which of the blocks are theirs, from and to
	blocks int // 2 for each block of keys: the first, and how many
	// From the keys' side, for their gradients.
	keyTiles int // 3 for each 32 keys that anybody looks at: their place, and which of
	rowTiles int // these, the places of 32 rows, look at them

	work            []int // blocks of each query tile
	keyWork         []int // row tiles of each key tile
	looked, longest int   // keys of all rows, and of the one with the most
}

// plans are those used last, the newest at the end.
type plans struct{ kept []*plan }

// keptPlans: answers side by side, of which there are 32 at most, ask for a plan each in every
// layer, and where some layers have a window for two; a training step beside them for two more.
// With fewer kept than are asked for in turn, each would be made anew in each layer. A row
// behind 8,192 keys has a table of 6 KiB, a step of 2,048 rows one of 60 KiB.
const keptPlans = 2*32 + 2

// leastPlan is room for the table of a row behind 5,000 keys: the plan of one token takes the
// place of that of an earlier one, which has fewer keys.
const leastPlan = 4 << 10

// keyRange is the keys [from, to).
type keyRange struct{ from, to int }

func (r keyRange) len() int { return r.to - r.from }

// plan returns the plan for spans that have been resolved to ranges.
func (b *Backend) plan(spans []compute.Span, ranges [][2]keyRange, window, keys int) (*plan, error) {
	kept := &b.plans.kept
	i := slices.IndexFunc(*kept, func(p *plan) bool {
		return p.window == window && p.keys == keys && slices.Equal(p.asked, spans)
	})
	if i >= 0 {
		p := (*kept)[i]
		*kept = append(slices.Delete(*kept, i, i+1), p)
		return p, nil
	}
	var old *buffer
	if len(*kept) == keptPlans {
		old = (*kept)[0].table
		*kept = slices.Delete(*kept, 0, 1)
	}
	p := &plan{asked: slices.Clone(spans), window: window, keys: keys}
	table := p.lay(ranges)
	var err error
	if p.table, err = b.another(old, max(4*len(table), leastPlan)); err != nil {
		return nil, err
	}
	name := p.table.name
	b.send(func(d *device) { d.upload(name, 0, unsafe.Pointer(&table[0]), 4*len(table)) })
	*kept = append(*kept, p)
	return p, nil
}

// lay makes the plan's table.
func (p *plan) lay(rows [][2]keyRange) []int32 {
	var table []int32
	for _, r := range rows {
		table = append(table, int32(r[0].from), int32(r[0].to), int32(r[1].from), int32(r[1].to))
		p.looked += r[0].len() + r[1].len()
		p.longest = max(p.longest, r[0].len()+r[1].len())
	}
	queryTiles := ceil(len(rows), side)
	var starts, blocks []int32
	looking := make([][]int32, ceil(p.keys, side)) // the row tiles of each key tile
	for t := range queryTiles {
		starts = append(starts, int32(len(blocks)/2))
		for _, r := range union(rows[t*side : min((t+1)*side, len(rows))]) {
			for k := r.from; k < r.to; k += side {
				blocks = append(blocks, int32(k), int32(min(side, r.to-k)))
			}
			for k := r.from / side; k*side < r.to; k++ {
				if l := looking[k]; len(l) == 0 || l[len(l)-1] != int32(t) {
					looking[k] = append(l, int32(t))
				}
			}
		}
		p.work = append(p.work, len(blocks)/2-int(starts[t]))
	}
	p.tiles = len(table)
	for t := range queryTiles {
		end := int32(len(blocks) / 2)
		if t+1 < queryTiles {
			end = starts[t+1]
		}
		table = append(table, starts[t], end)
	}
	p.blocks = len(table)
	table = append(table, blocks...)
	p.keyTiles = len(table)
	var rowTiles []int32
	for k, l := range looking {
		if len(l) > 0 {
			table = append(table, int32(k), int32(len(rowTiles)), int32(len(rowTiles)+len(l)))
			rowTiles = append(rowTiles, l...)
			p.keyWork = append(p.keyWork, len(l))
		}
	}
	p.rowTiles = len(table)
	return append(table, rowTiles...)
}

// union is all keys that some row looks at, as ranges in ascending order with gaps
// between them.
func union(rows [][2]keyRange) []keyRange {
	var all []keyRange
	for _, r := range rows {
		for _, part := range r {
			if part.len() > 0 {
				all = append(all, part)
			}
		}
	}
	slices.SortFunc(all, func(a, b keyRange) int { return a.from - b.from })
	var merged []keyRange
	for _, r := range all {
		if n := len(merged); n > 0 && r.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, r.to)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}
