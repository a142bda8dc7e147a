package cpu

import (
	"testing"

	"clara/compute"
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

func TestResolveSpan(t *testing.T) {
	for _, c := range []struct {
		s      compute.Span
		window int
		want   keyRanges
		ok     bool
	}{
		{compute.Span{PrefixTo: 10, From: 20, To: 25}, 0, keyRanges{{0, 10}, {20, 25}}, true},
		{compute.Span{PrefixTo: 10, From: 20, To: 25}, 15, keyRanges{{0, 10}, {20, 25}}, true},
		{compute.Span{PrefixTo: 10, From: 20, To: 25}, 8, keyRanges{{7, 10}, {20, 25}}, true},
		{compute.Span{PrefixTo: 10, From: 20, To: 25}, 5, keyRanges{{10, 10}, {20, 25}}, true},
		{compute.Span{PrefixTo: 10, From: 20, To: 25}, 2, keyRanges{{10, 10}, {23, 25}}, true},
		{compute.Span{From: 7, To: 7}, 3, keyRanges{{0, 0}, {7, 7}}, true},
		{compute.Span{From: 20, To: 31}, 0, keyRanges{}, false},
		{compute.Span{PrefixFrom: -1, PrefixTo: 2}, 0, keyRanges{}, false},
		{compute.Span{From: 5, To: 4}, 0, keyRanges{}, false},
	} {
		got, ok := resolveSpan(c.s, c.window, 30)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%+v in a window of %d: %v %t, want %v %t", c.s, c.window, got, ok, c.want, c.ok)
		}
	}
}
