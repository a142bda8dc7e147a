package cpu

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"

	"clara/compute"
)

// mapBytes returns n zeroed bytes off the heap, on a boundary of 64 KiB. Windows
// grants large pages only to accounts with a privilege that users do not have.
// Give them to unmapBytes.
func mapBytes(n int) ([]byte, error) {
	if n == 0 {
		return []byte{}, nil
	}
	if n < 0 || n > maxMapping {
		return nil, fmt.Errorf("map %d bytes: %w", n, compute.ErrMemory)
	}
	p, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_COMMIT|windows.MEM_RESERVE, windows.PAGE_READWRITE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w (%w)", n, compute.ErrMemory, err)
	}
	return unsafe.Slice((*byte)(addressOf(p)), n), nil
}

// unmapBytes gives back what mapBytes returned.
func unmapBytes(p []byte) {
	if cap(p) > 0 {
		_ = windows.VirtualFree(uintptr(unsafe.Pointer(unsafe.SliceData(p))), 0, windows.MEM_RELEASE) // fails only for what is no mapping
	}
}

// mapGuarded is mapFloats with a page behind the last value, and one before the
// first's page, that fault when touched.
func mapGuarded(n int) ([]float32, error) {
	const page = 4096
	size := (n*4 + page - 1) / page * page
	p, err := windows.VirtualAlloc(0, uintptr(size+2*page), windows.MEM_RESERVE, windows.PAGE_NOACCESS)
	if err != nil {
		return nil, fmt.Errorf("map %d guarded values: %w (%w)", n, compute.ErrMemory, err)
	}
	if size > 0 {
		if _, err := windows.VirtualAlloc(p+page, uintptr(size), windows.MEM_COMMIT, windows.PAGE_READWRITE); err != nil {
			return nil, fmt.Errorf("map %d guarded values: %w (%w)", n, compute.ErrMemory, err)
		}
	}
	return unsafe.Slice((*float32)(addressOf(p+page+uintptr(size-n*4))), n), nil
}

// unmapGuarded gives back what mapGuarded returned.
func unmapGuarded(data []float32) {
	const page = 4096
	size := (len(data)*4 + page - 1) / page * page
	start := uintptr(unsafe.Pointer(unsafe.SliceData(data))) + uintptr(len(data)*4) - uintptr(size+page)
	_ = windows.VirtualFree(start, 0, windows.MEM_RELEASE)
}

// addressOf turns an address of memory that Go does not manage into a pointer.
func addressOf(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
