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

// processorCores counts the cores of the machine, 0 where it does not tell.
func processorCores() int {
	n, err := unix.SysctlUint32("hw.physicalcpu")
	if err != nil {
		return 0
	}
	return int(n)
}
