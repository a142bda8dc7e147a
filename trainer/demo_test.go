package trainer

import (
	"encoding/json"
	"strings"
	"testing"
)

// Scripts of others read these names.
func TestNamesOfTheDemoReportAreKept(t *testing.T) {
	text, err := json.Marshal(DemoReport{})
	if err != nil {
		t.Fatal(err)
	}
	var has map[string]any
	if err := json.Unmarshal(text, &has); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(`lessons exact_before exact_instant exact_after reworded reworded_before reworded_instant
		reworded_after neighbours neighbour_leaks unrelated unrelated_kept unrelated_leaks manner_prompts manner_before manner_after
		canary_nll_before canary_nll_after promoted reason cycle_seconds engine`) {
		if _, ok := has[name]; !ok {
			t.Errorf("there is no %s in %s", name, text)
		}
	}
}
