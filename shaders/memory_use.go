//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"

	"github.com/go-gl/gl/v4.3-core/gl"

	"clara/compute"
)

// The questions for free memory, which OpenGL itself does not have. Both are answered in
// KiB: GL_NVX_gpu_memory_info, and GL_ATI_meminfo with four numbers, the first of which is
// all that is free for buffers. NVIDIA's driver answers the first, AMD's the second.
const (
	currentAvailableNVX = 0x9049
	bufferFreeATI       = 0x87FB
)

// MemoryUse counts the engine's buffers. What is free is what the driver says.
func (b *Backend) MemoryUse() (compute.MemoryUse, error) {
	const op = "MemoryUse"
	if err := b.begin(op); err != nil {
		return compute.MemoryUse{}, err
	}
	defer b.mu.Unlock()
	var u compute.MemoryUse
	for m := range b.buffers {
		u.Used += int64(m.bytes)
	}
	if err := b.wait(func(d *device) error { u.Free = d.freeMemory(); return nil }); err != nil {
		return compute.MemoryUse{}, fmt.Errorf("%s: %w", op, err)
	}
	return u, nil
}

// freeMemory is what the driver says is free, in bytes; -1 where it says nothing.
func (d *device) freeMemory() int64 {
	var kib [4]int32
	switch {
	case d.meminfoNVX:
		gl.GetIntegerv(currentAvailableNVX, &kib[0])
	case d.meminfoATI:
		gl.GetIntegerv(bufferFreeATI, &kib[0])
	default:
		return -1
	}
	return int64(kib[0]) << 10
}
