package cpu

import (
	"testing"

	"clara/compute"
	"clara/compute/conformance"
)

// openGuarded starts an engine whose memories end at a page that faults when
// touched: what reads or writes past an operand crashes.
func openGuarded() (compute.Backend, error) {
	b, err := New(Options{Threads: 2})
	if err != nil {
		return nil, err
	}
	b.guarded = true
	return b, nil
}

func TestConformance(t *testing.T) { conformance.Run(t, openGuarded) }

func TestConformanceFindsFaults(t *testing.T) { conformance.Faults(t, openGuarded) }

func BenchmarkBackend(b *testing.B) {
	conformance.Bench(b, func() (compute.Backend, error) { return New(Options{}) })
}
