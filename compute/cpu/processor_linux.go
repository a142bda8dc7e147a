package cpu

import (
	"bufio"
	"os"
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
