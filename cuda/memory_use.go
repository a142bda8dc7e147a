//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"clara/compute"

	"gorgonia.org/cu"
)

// MemoryUse counts what the engine has on the device. What is free there, other
// programs may take as well.
func (b *Backend) MemoryUse() (compute.MemoryUse, error) {
	const op = "MemoryUse"
	if err := b.begin(op); err != nil {
		return compute.MemoryUse{}, err
	}
	defer b.end()
	used := b.uploads.size
	for m := range b.memories {
		used += m.n * f32Bytes
	}
	for w := range b.weights {
		if w.memory != 0 {
			used += weightHead + w.rows*w.stride()
		}
	}
	for _, s := range b.scratch {
		used += s.size
	}
	free, _, err := cu.MemInfo()
	if err != nil {
		return compute.MemoryUse{}, b.failed(op, "ask the device for its memory", err)
	}
	return compute.MemoryUse{Used: int64(used), Free: free}, nil
}
