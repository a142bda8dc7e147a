package main

import (
	"slices"
	"testing"
)

// Many cycles prove something of adapters only if some answer: what trains them is taught early,
// changed, and never taken back as a whole.
func TestDriftHasAdaptersInUse(t *testing.T) {
	b, s := smallBench(t), smallSet()
	err := b.on(t.Context(), settings(1), func(p *subject) error {
		l := &life{subject: p, r: &result{}, rng: rngOf(1, 8), live: make(map[int64]lesson), untold: s.Manner[0].Corrections, missed: slices.Clone(s.Lessons[:2])}
		for _, e := range driftEvents {
			if err := e.do(l, t.Context()); err != nil {
				return err
			}
			if len(l.kept) == 0 || len(l.samples) == 0 && e.after >= 25 {
				t.Errorf("after %d %% there are %d corrections and %d lessons that are missed", e.after, len(l.samples), len(l.kept))
			}
		}
		if len(l.samples) != mannerTaught-1 || len(l.untold) != 0 || len(l.kept) != 2 || len(l.live) != 2 {
			t.Errorf("in the end: corrections %v, kept %v, live %v", l.samples, l.kept, l.live)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if first, last := driftEvents[0].after, driftEvents[len(driftEvents)-1].after; first > 5 || last < 80 {
		t.Errorf("the first change comes after %d %%, the last after %d %%", first, last)
	}
}
