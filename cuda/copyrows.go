//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"fmt"

	"clara/compute"

	"gorgonia.org/cu"
)

// CopyRows: dst[di[i]] = src[si[i]], or += with accumulate; a nil index stands
// for 0, 1, 2, ...
func (b *Backend) CopyRows(dst compute.Tensor, di []int32, src compute.Tensor, si []int32, accumulate bool) error {
	const op = "CopyRows"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	var d, s view
	if err := b.operands(op, named{"dst", dst, &d}, named{"src", src, &s}); err != nil {
		return err
	}
	n, err := compute.CheckCopyRows(dst, di, src, si)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if n == 0 || d.cols == 0 {
		return nil
	}
	b.words = append(append(b.words[:0], di...), si...)
	indices, err := b.upload(op, bytesOf(b.words))
	if err != nil {
		return err
	}
	var diAt, siAt cu.DevicePtr
	if di != nil {
		diAt = indices
	}
	if si != nil {
		siAt = indices + cu.DevicePtr(len(di)*wordBytes)
	}
	return b.launch(op, "copyrows", "copy_rows", overValues(n, d.cols),
		word(d.data), word(d.stride), word(diAt), word(s.data), word(s.stride), word(siAt), word(n), word(d.cols), flag(accumulate))
}
