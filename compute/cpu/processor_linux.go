package cpu

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// processorName is what the machine calls its processor.
func processorName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return unnamedProcessor
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if key = strings.TrimSpace(key); key == "model name" || key == "Model" {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return unnamedProcessor
}

// processorCores counts the cores of the machine, 0 where it does not tell: the
// logical processors of a core name the same siblings.
func processorCores() int {
	files, err := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list")
	if err != nil {
		return 0
	}
	cores := make(map[string]bool)
	for _, f := range files {
		if siblings, err := os.ReadFile(f); err == nil {
			cores[string(siblings)] = true
		}
	}
	return len(cores)
}
