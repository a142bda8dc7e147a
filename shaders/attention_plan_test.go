//go:build cgo && (linux || windows)

package shaders

import (
	"testing"

	"clara/compute"
)

// The plans that 32 answers ask for in turn in every layer, with a window and without one, and
// those of a training step beside them, are made in the first layer only.
func TestPlansSideBySideAreKept(t *testing.T) {
	b := engine(t)
	layer := func() (all []*plan) {
		for i := range 33 {
			keys := 100 + i
			for _, window := range []int{0, 16} {
				spans := []compute.Span{{To: int32(keys)}}
				p, err := b.plan(spans, [][2]keyRange{{{}, {0, keys}}}, window, keys)
				must(t, err)
				all = append(all, p)
			}
		}
		return all
	}
	first := layer()
	for i, p := range layer() {
		if p != first[i] {
			t.Fatalf("plan %d was made anew", i)
		}
	}
}
