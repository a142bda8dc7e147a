package cpu

import (
	"fmt"
	"os"
	"strings"
)

// tierVariable forces an instruction-set tier: scalar, avx2 or avx512.
const tierVariable = "CLARA_CPU_TIER"

// tierNames are the values of tierVariable by the names of the tiers.
var tierNames = map[string]string{"portable": "scalar", "AVX2": "avx2", "AVX-512 VNNI": "avx512"}

// newKernels returns the best tier of this machine, or the one that
// CLARA_CPU_TIER names.
func newKernels() (*kernels, error) {
	have := tiers()
	want := strings.ToLower(os.Getenv(tierVariable))
	if want == "" {
		return have[0], nil
	}
	var names []string
	for _, k := range have {
		if tierNames[k.tier] == want {
			return k, nil
		}
		names = append(names, tierNames[k.tier])
	}
	return nil, fmt.Errorf("%s=%q: this machine has %s", tierVariable, want, strings.Join(names, ", "))
}
