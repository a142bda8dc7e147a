//go:build cgo && (linux || windows)

package shaders

import "github.com/go-gl/gl/v4.3-core/gl"

// touched is a part of a buffer that a dispatch reads or writes.
type touched struct {
	buffer   uint32
	from, to int // bytes
	write    bool
}

// hazards are the parts that dispatches have touched since the last barrier. OpenGL
// lets dispatches overlap: one needs a barrier before it when it reads what an
// earlier one writes, or writes what an earlier one touches, and only then.
type hazards struct{ open []touched }

// maxOpen parts are compared with those of each new dispatch, at most.
const maxOpen = 64

// before puts a barrier before a dispatch that touches parts, if it needs one.
func (h *hazards) before(parts []touched) {
	if h.conflict(parts) || len(h.open)+len(parts) > maxOpen {
		h.settle()
	}
	h.open = append(h.open, parts...)
}

func (h *hazards) conflict(parts []touched) bool {
	for _, p := range parts {
		for _, o := range h.open {
			if (p.write || o.write) && p.buffer == o.buffer && p.from < o.to && o.from < p.to {
				return true
			}
		}
	}
	return false
}

// reveal makes what was written to a part visible to a copy from or into it. Copies
// wait for shaders that read by themselves.
func (h *hazards) reveal(buffer uint32, from, to int) {
	if h.conflict([]touched{{buffer, from, to, false}}) {
		h.settle()
	}
}

// settle makes all that was written visible, to shaders and to copies.
func (h *hazards) settle() {
	if len(h.open) > 0 {
		gl.MemoryBarrier(gl.SHADER_STORAGE_BARRIER_BIT | gl.BUFFER_UPDATE_BARRIER_BIT)
		h.open = h.open[:0]
	}
}

// forget drops a buffer that is no more: its name may come again.
func (h *hazards) forget(buffer uint32) {
	kept := h.open[:0]
	for _, o := range h.open {
		if o.buffer != buffer {
			kept = append(kept, o)
		}
	}
	h.open = kept
}
