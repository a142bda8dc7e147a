package cpu

import (
	"testing"
)

// TestQueryTiles: the tiles take the rows in order, each key of a hull is one
// that a row of the tile looks at, and a row's columns are its keys.
func TestQueryTiles(t *testing.T) {
	r := source(t, 3)
	for range 2000 {
		keys := 1 + r.IntN(300)
		spans := make([]keyRanges, r.IntN(200))
		at := 0
		for i := range spans {
			for j := range spans[i] {
				from := at
				if r.IntN(8) == 0 {
					from = r.IntN(keys)
				}
				spans[i][j] = keyRange{from, min(keys, from+r.IntN(40))}
				if r.IntN(3) == 0 {
					spans[i][j].to = from
				}
			}
			at = min(keys-1, at+r.IntN(3))
		}
		row := 0
		for _, tile := range queryTiles(spans) {
			if tile.from != row || tile.to <= tile.from || tile.rows() > tileRows {
				t.Fatalf("tile %+v follows row %d", tile, row)
			}
			row = tile.to
			for hull, h := range tile.hull {
				seen := make([]bool, keys+1)
				for _, s := range spans[tile.from:tile.to] {
					for key := s[hull].from; key < s[hull].to; key++ {
						seen[key] = true
					}
				}
				for key := h.from; key < h.to; key++ {
					if !seen[key] {
						t.Fatalf("no row of tile %+v looks at key %d", tile, key)
					}
				}
			}
			for _, s := range spans[tile.from:tile.to] {
				columns := tile.columns(s)
				for j, c := range columns {
					if c.len() != s[j].len() || c.from < 0 || c.to > tile.keys() {
						t.Fatalf("ranges %v have the columns %v of tile %+v", s, columns, tile)
					}
					if shift := j * tile.hull[0].len(); c.len() > 0 && c.from-shift+tile.hull[j].from != s[j].from {
						t.Fatalf("ranges %v begin at the columns %v of tile %+v", s, columns, tile)
					}
				}
			}
		}
		if row != len(spans) {
			t.Fatalf("%d of %d rows are in a tile", row, len(spans))
		}
	}
}

// TestTilesSpareEmptyScores: sequences in different parts of a cache must not be
// multiplied with each other's keys.
func TestTilesSpareEmptyScores(t *testing.T) {
	causal := make([]keyRanges, 640)
	apart := make([]keyRanges, 16)
	for i := range causal {
		causal[i][1] = keyRange{0, i + 1}
	}
	for i := range apart {
		apart[i] = keyRanges{{0, 100}, {200 + 1000*i, 300 + 1000*i}}
	}
	if n := len(queryTiles(causal)); n != len(causal)/tileRows {
		t.Errorf("%d causal rows are cut into %d tiles", len(causal), n)
	}
	if n := len(queryTiles(apart)); n != len(apart) {
		t.Errorf("%d rows apart are cut into %d tiles", len(apart), n)
	}
}
