package main

import (
	"errors"
	"path/filepath"
	"testing"
)

// What was measured is far from the bounds, and nothing learnt is below them.
func TestFloorsTellBrokenLearningFromSoundOne(t *testing.T) {
	lines, _, err := readResults(filepath.Join("..", "docs", "learning", resultsFile))
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	if err := judgeFloors(lines); err != nil {
		t.Error(err)
	}
	for _, f := range floors {
		some, n := 0, 0
		if f.most {
			n = 10
		}
		for _, r := range lines {
			if _, counted := r.Counts[f.count]; counted && r.Measurement == f.measurement {
				some++
			}
		}
		if some == 0 {
			t.Errorf("no line of %s has %s", f.measurement, f.count)
		}
		broken := result{Measurement: f.measurement, Counts: map[string]count{f.count: {n, 10}}}
		if err := judgeFloors([]result{broken}); !errors.Is(err, errBroken) {
			t.Errorf("%s of %s is %d of 10: %v", f.count, f.measurement, n, err)
		}
	}
}
