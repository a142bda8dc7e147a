//go:build cuda && cgo && (linux || windows)

package cuda

// keyRange is the keys [from, to).
type keyRange struct{ from, to int32 }

func (r keyRange) len() int { return int(r.to - r.from) }

// keyRanges are the keys of a row, the shared ones and its own.
type keyRanges [2]keyRange

func (r keyRanges) len() int { return r[0].len() + r[1].len() }

// queryTile is the rows [from, to) with the hulls of their two ranges: every key of a
// hull is one that a row of the tile looks at.
type queryTile struct {
	from, to int
	hull     keyRanges
	useful   int // scores that are asked for, of rows()*keys()
}

func (t queryTile) rows() int { return t.to - t.from }
func (t queryTile) keys() int { return t.hull.len() }

// queryTiles cuts the rows into tiles of side rows at most. A row joins the tile before
// it if its keys leave no gap in the hulls (a key outside all spans may hold anything,
// even NaN, and must not be multiplied by 0) and if the tile does not get much emptier:
// a causal triangle wastes half of its scores, sequences in different parts of a cache
// nearly all.
func queryTiles(spans []keyRanges, side int) []queryTile {
	var tiles []queryTile
	for i, s := range spans {
		if n := len(tiles); n > 0 {
			if t, ok := tiles[n-1].with(s, side); ok {
				tiles[n-1] = t
				continue
			}
		}
		tiles = append(tiles, queryTile{i, i + 1, s, s.len()})
	}
	return tiles
}

// with returns the tile with one more row, and whether that is worth it.
func (t queryTile) with(s keyRanges, side int) (queryTile, bool) {
	for i, r := range s {
		h := &t.hull[i]
		switch {
		case r.len() == 0:
		case h.len() == 0:
			*h = r
		case r.from > h.to || r.to < h.from:
			return t, false
		default:
			h.from, h.to = min(h.from, r.from), max(h.to, r.to)
		}
	}
	t.to++
	t.useful += s.len()
	return t, t.rows() <= side && t.rows()*t.keys() <= 2*t.useful+t.rows()*side
}

// lookersOf returns, for each tile of side keys, the hull [from, to) of the rows that
// look at one of them.
func lookersOf(spans []keyRanges, keys, side int) []int32 {
	rows := make([]int32, 2*blocks(keys, side))
	for i, s := range spans {
		for _, r := range s {
			if r.len() == 0 {
				continue
			}
			for t := int(r.from) / side; t <= int(r.to-1)/side; t++ {
				if rows[2*t+1] == 0 {
					rows[2*t] = int32(i)
				}
				rows[2*t+1] = int32(i + 1)
			}
		}
	}
	return rows
}
