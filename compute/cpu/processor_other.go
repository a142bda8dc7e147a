//go:build !linux && !darwin && !windows

package cpu

// processorName is what the machine calls its processor.
func processorName() string { return unnamedProcessor }
