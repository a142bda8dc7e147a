//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"testing"

	"clara/compute/conformance"
)

func TestConformance(t *testing.T) { conformance.Run(t, Open) }

func TestConformanceFindsFaults(t *testing.T) { conformance.Faults(t, Open) }

func BenchmarkBackend(b *testing.B) { conformance.Bench(b, Open) }
