//go:build !amd64 || purego

package cpu

// tiers are the tiers of this build that the machine can run, best first.
func tiers() []*kernels { return []*kernels{portable()} }

// pause is a hint that the processor is waiting; here there is none to give.
func pause(int) {}
