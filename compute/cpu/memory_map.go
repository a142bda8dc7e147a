package cpu

import "unsafe"

// maxMapping bounds one mapping in bytes, so that sizes computed from a crafted
// shape cannot overflow.
const maxMapping = 1 << 46

// mapFloats returns n zeroed values off the heap, aligned to 64 bytes at least.
func mapFloats(n int) ([]float32, error) {
	if n > maxMapping/4 {
		n = maxMapping/4 + 1 // refused by mapBytes
	}
	p, err := mapBytes(n * 4)
	if err != nil || n == 0 {
		return []float32{}, err
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(p))), n), nil
}

// unmapFloats gives back what mapFloats returned.
func unmapFloats(data []float32) {
	if cap(data) > 0 {
		unmapBytes(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), cap(data)*4))
	}
}
