package trainer

import (
	"encoding/json"
	"testing"

	"clara/store"
)

// The curves are those of the last cycles that trained, however many only asked since.
func TestLossesOfTheLastCyclesThatTrained(t *testing.T) {
	b := newBench(t)
	ended := func(n, steps int) {
		t.Helper()
		for range n {
			c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Job: []byte(`{"samples":[]}`)})
			if err != nil {
				t.Fatal(err)
			}
			report, err := json.Marshal(Report{Losses: make([]LossPoint, steps)})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{Cycle: c.ID, State: CycleChecked, Report: report}); err != nil {
				t.Fatal(err)
			}
		}
	}
	ended(1, 3)
	ended(1, 5)
	ended(30, 0)
	ended(1, 7)
	for n, want := range [][]int{{}, {7}, {7, 5}, {7, 5, 3}, {7, 5, 3}} {
		got, err := b.Losses(t.Context(), n)
		if err != nil || len(got) != len(want) {
			t.Fatalf("of %d cycles: %v, %v", n, got, err)
		}
		for i := range want {
			if len(got[i]) != want[i] {
				t.Errorf("curve %d of %d has %d steps, want %d", i+1, n, len(got[i]), want[i])
			}
		}
	}
	reports, err := b.store.CycleReports(t.Context(), 2)
	if err != nil || len(reports) != 2 || reports[0].Job != nil || len(reports[0].Report) == 0 {
		t.Errorf("the reports are %+v, %v", reports, err)
	}
}
