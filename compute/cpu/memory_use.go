package cpu

import (
	"github.com/shirou/gopsutil/v4/mem"

	"clara/compute"
)

// MemoryUse counts what the engine mapped; a weight's bytes, which are the caller's, count
// only where they were laid out anew. What is free is what the system could give to
// programs without swapping.
func (b *Backend) MemoryUse() (compute.MemoryUse, error) {
	if err := b.begin("MemoryUse"); err != nil {
		return compute.MemoryUse{}, err
	}
	defer b.mu.Unlock()
	values := b.gemm.values() + b.rows.values() + len(b.partials.data)
	for m := range b.memories {
		values += m.n
	}
	u := compute.MemoryUse{Used: 4*int64(values) + b.strips.bytes, Free: -1}
	if system, err := mem.VirtualMemory(); err == nil {
		u.Free = int64(system.Available)
	}
	return u, nil
}

// values is the size of the room that products work in.
func (s *scratch) values() int {
	n := len(s.left) + len(s.logits) + len(s.narrow) + len(s.rounded) + len(s.roundedScales)
	for _, p := range s.workers {
		n += len(p.left) + len(p.right) + len(p.rows) + len(p.edge)
	}
	return n
}

func (s *rowScratch) values() (n int) {
	for _, p := range s.perWorker {
		n += len(p)
	}
	return n
}
