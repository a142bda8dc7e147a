//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"testing"

	"clara/compute"
	"clara/compute/conformance"
)

func open32() (compute.Backend, error) { return Open(Options{}) }

// open16 is the engine that rounds to float16.
func open16() (compute.Backend, error) { return Open(Options{Float16: true}) }

func TestConformance(t *testing.T) { conformance.Run(t, open32) }

func TestConformanceFindsFaults(t *testing.T) { conformance.Faults(t, open32) }

func BenchmarkBackend(b *testing.B) { conformance.Bench(b, open32) }
