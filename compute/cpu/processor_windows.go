package cpu

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
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

// logicalProcessor is SYSTEM_LOGICAL_PROCESSOR_INFORMATION (winnt.h).
type logicalProcessor struct {
	mask         uintptr
	relationship uint32
	_            [2]uint64
}

// processorCores counts the cores of the machine, 0 where it does not tell.
func processorCores() int {
	const relationProcessorCore = 0
	get := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetLogicalProcessorInformation")
	if get.Find() != nil {
		return 0
	}
	// Some dozen entries a core: cores, caches, nodes.
	list := make([]logicalProcessor, 4096)
	size := uint32(len(list)) * uint32(unsafe.Sizeof(list[0]))
	ok, _, _ := get.Call(uintptr(unsafe.Pointer(unsafe.SliceData(list))), uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return 0
	}
	cores := 0
	for _, p := range list[:int(size)/int(unsafe.Sizeof(list[0]))] {
		if p.relationship == relationProcessorCore {
			cores++
		}
	}
	return cores
}
