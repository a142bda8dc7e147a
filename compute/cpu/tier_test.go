package cpu

import (
	"strings"
	"testing"
)

func TestTierIsForced(t *testing.T) {
	for _, k := range tiers() {
		t.Setenv(tierVariable, strings.ToUpper(tierNames[k.tier]))
		got, err := newKernels()
		if err != nil || got.tier != k.tier {
			t.Errorf("%s=%s: tier %v, error %v", tierVariable, tierNames[k.tier], got, err)
		}
	}
	t.Setenv(tierVariable, "sse9")
	if _, err := newKernels(); err == nil || !strings.Contains(err.Error(), "scalar") {
		t.Errorf("an unknown tier: error %v, want one that names those there are", err)
	}
	t.Setenv(tierVariable, "")
	if got, err := newKernels(); err != nil || got.tier != tiers()[0].tier {
		t.Errorf("no tier named: %v, error %v, want the best", got, err)
	}
}
