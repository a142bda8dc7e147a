//go:build !linux && !darwin && !windows

package cpu

// processorName is what the machine calls its processor.
func processorName() string { return unnamedProcessor }

// processorCores counts the cores of the machine, 0 where it does not tell.
func processorCores() int { return 0 }
