package cpu

import "golang.org/x/sys/unix"

// processorName is what the machine calls its processor.
func processorName() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil || name == "" {
		return unnamedProcessor
	}
	return name
}
