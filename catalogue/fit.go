package catalogue

import (
	"github.com/shirou/gopsutil/v4/mem"
)

// How a model fits into memory.
const (
	FitsWell  = "well"
	FitsTight = "tight"
	FitsNot   = "not"
)

// workingBytes is what an answer takes beside weights and cache. Measured on the CPU
// engine, peak memory less the mapped file: 242 MB for a file of 98 MB, 363 MB for 253 MB.
const workingBytes = 150 << 20

// tightFrom is the share of the free memory from which on a model is a tight fit: the
// system and a training want some too.
const tightFrom = 0.7

// Weigh says what memory the model takes with a conversation of context tokens, and how
// that fits into the free bytes; -1 where these are not known.
func (o *Offer) Weigh(context int, free int64) {
	o.Free = free
	if o.Bytes == 0 || o.CacheBytes == 0 {
		return
	}
	// The engine lays the weights out anew; the mapped file itself can leave memory.
	o.Needs = o.Bytes + o.CacheBytes*int64(context) + workingBytes
	switch {
	case free < 0:
	case o.Needs > free:
		o.Fit = FitsNot
	case float64(o.Needs) > tightFrom*float64(free):
		o.Fit = FitsTight
	default:
		o.Fit = FitsWell
	}
}

// FreeMemory is how many bytes the system could give to programs; -1 where it does not tell.
func FreeMemory() int64 {
	m, err := mem.VirtualMemory()
	if err != nil {
		return -1
	}
	return int64(m.Available)
}
