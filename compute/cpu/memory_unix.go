//go:build unix

package cpu

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"clara/compute"
)

// mapBytes returns n zeroed bytes off the heap, on a page boundary; on a huge
// page's where there are enough of them. Give them to unmapBytes.
func mapBytes(n int) ([]byte, error) {
	if n == 0 {
		return []byte{}, nil
	}
	if n < 0 || n > maxMapping {
		return nil, fmt.Errorf("map %d bytes: %w", n, compute.ErrMemory)
	}
	// Not unix.Mmap, which notes each mapping until unix.Munmap, and that takes whole ones only.
	if n < hugeFrom {
		p, err := unix.MmapPtr(-1, 0, nil, uintptr(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return nil, fmt.Errorf("map %d bytes: %w (%w)", n, compute.ErrMemory, err)
		}
		return unsafe.Slice((*byte)(p), n), nil
	}
	// Huge pages start at their multiples: take one more and give back what lies
	// before and after.
	size := (n + hugePage - 1) / hugePage * hugePage
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(size+hugePage), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w (%w)", n, compute.ErrMemory, err)
	}
	lead := (hugePage - int(uintptr(p)%hugePage)) % hugePage
	if lead > 0 {
		_ = unix.MunmapPtr(p, uintptr(lead)) // a failure costs address space, no memory
	}
	start := unsafe.Add(p, lead)
	if rest := hugePage - lead; rest > 0 {
		_ = unix.MunmapPtr(unsafe.Add(start, size), uintptr(rest))
	}
	adviseHuge(unsafe.Slice((*byte)(start), size))
	return unsafe.Slice((*byte)(start), n), nil
}

// unmapBytes gives back what mapBytes returned.
func unmapBytes(p []byte) {
	if cap(p) == 0 {
		return
	}
	n := cap(p)
	if n >= hugeFrom {
		n = (n + hugePage - 1) / hugePage * hugePage
	}
	_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(p)), uintptr(n)) // fails only for what is no mapping
}

// mapGuarded is mapFloats with a page behind the last value, and one before the
// first's page, that fault when touched: a kernel that reads or writes past its
// operand crashes the test.
func mapGuarded(n int) ([]float32, error) {
	page := unix.Getpagesize()
	size := (n*4 + page - 1) / page * page
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(size+2*page), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %d guarded values: %w (%w)", n, compute.ErrMemory, err)
	}
	whole := unsafe.Slice((*byte)(p), size+2*page)
	for _, guard := range [][]byte{whole[:page], whole[page+size:]} {
		if err := unix.Mprotect(guard, unix.PROT_NONE); err != nil {
			_ = unix.MunmapPtr(p, uintptr(len(whole)))
			return nil, fmt.Errorf("protect a guard page: %w", err)
		}
	}
	return unsafe.Slice((*float32)(unsafe.Add(p, page+size-n*4)), n), nil
}

// unmapGuarded gives back what mapGuarded returned.
func unmapGuarded(data []float32) {
	page := unix.Getpagesize()
	size := (len(data)*4 + page - 1) / page * page
	start := unsafe.Add(unsafe.Pointer(unsafe.SliceData(data)), len(data)*4-size-page)
	_ = unix.MunmapPtr(start, uintptr(size+2*page))
}
