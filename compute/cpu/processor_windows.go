package cpu

import (
	"strings"

	"golang.org/x/sys/windows/registry"
)

// processorName is what the machine calls its processor.
func processorName() string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `HARDWARE\DESCRIPTION\System\CentralProcessor\0`, registry.QUERY_VALUE)
	if err != nil {
		return unnamedProcessor
	}
	defer k.Close()
	name, _, err := k.GetStringValue("ProcessorNameString")
	if err != nil || name == "" {
		return unnamedProcessor
	}
	return strings.Join(strings.Fields(name), " ")
}
