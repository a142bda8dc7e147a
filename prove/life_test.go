package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Many cycles prove something of adapters only if some answer: what trains them is taught early,
// changed, and never taken back as a whole.
func TestDriftHasAdaptersInUse(t *testing.T) {
	b, s := smallBench(t), smallSet()
	err := b.on(t.Context(), settings(1), func(p *subject) error {
		l := &life{subject: p, r: &result{}, rng: rngOf(1, 8), lived: lived{Live: make(map[int64]lesson), Untold: s.Manner[0].Corrections, Missed: slices.Clone(s.Lessons[:2])}}
		for _, e := range driftEvents {
			if err := e.do(l, t.Context()); err != nil {
				return err
			}
			if len(l.Kept) == 0 || len(l.Samples) == 0 && e.after >= 25 {
				t.Errorf("after %d %% there are %d corrections and %d lessons that are missed", e.after, len(l.Samples), len(l.Kept))
			}
		}
		if len(l.Samples) != mannerTaught-1 || len(l.Untold) != 0 || len(l.Kept) != 2 || len(l.Live) != 2 {
			t.Errorf("in the end: corrections %v, kept %v, live %v", l.Samples, l.Kept, l.Live)
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

// A life of many cycles takes minutes to an hour: it says how far it is. One that was killed goes
// on where it was kept, and ends as one that was not.
func TestALifeGoesOnWhereItWasKilled(t *testing.T) {
	b, s := smallBench(t), smallSet()
	b.unfinished, b.keepEvery = t.TempDir(), 0
	errKilled := errors.New("killed")
	live := func(kill bool) (result, error) {
		at := []driftEvent{{100, func(*life, context.Context) error {
			if kill {
				return errKilled
			}
			return nil
		}}, {0, func(l *life, ctx context.Context) error { return l.correctManner(ctx, mannerTaught/2) }}}
		r := result{Measurement: "drift", Seed: 1}
		err := drift(s, nil, s.Manner[0], 2, at)(t.Context(), b, &r)
		delete(r.Series, "cycle_seconds")
		return r, err
	}
	var told strings.Builder
	b.progress = &told
	whole, err := live(false)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told.String(), "cycle 2 of 2 after ") {
		t.Errorf("told: %q", &told)
	}
	if err := b.checkpointOf(&whole).drop(); err != nil { // as after a line that is written
		t.Fatal(err)
	}
	if _, err := live(true); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	told.Reset()
	gone, err := live(false)
	if err != nil {
		t.Fatal(err)
	}
	if gone.Seconds <= 0 || !strings.Contains(told.String(), "goes on after cycle 1 of 2") {
		t.Errorf("%g s before, and it said %q", gone.Seconds, &told)
	}
	gone.Seconds = 0
	if d := cmp.Diff(whole, gone, cmp.AllowUnexported(result{})); d != "" {
		t.Errorf("whole (-) and gone on (+):\n%s", d)
	}
	kept := keptLife{Result: result{Commit: "one", Base: "base", Reader: "reader"}}
	for _, r := range []result{{Commit: "another", Base: "base", Reader: "reader"}, {Commit: "one", Base: "another", Reader: "reader"}, {Commit: "one", Base: "base", Reader: "another"}} {
		if kept.same(&r) {
			t.Errorf("it would go on with %+v", r)
		}
	}
}
