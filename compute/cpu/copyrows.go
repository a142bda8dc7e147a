package cpu

import (
	"fmt"

	"clara/compute"
)

// CopyRows: dst[di[i]] = src[si[i]], or += with accumulate; a nil index stands
// for 0, 1, 2, ...
func (b *Backend) CopyRows(dst compute.Tensor, di []int32, src compute.Tensor, si []int32, accumulate bool) error {
	const op = "CopyRows"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	d, err := b.operand(op, "dst", dst)
	if err != nil {
		return err
	}
	s, err := b.operand(op, "src", src)
	if err != nil {
		return err
	}
	n, err := compute.CheckCopyRows(dst, di, src, si)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	b.overRows(n, d.cols, func(_, from, to int) {
		for i := from; i < to; i++ {
			r, q := i, i
			if di != nil {
				r = int(di[i])
			}
			if si != nil {
				q = int(si[i])
			}
			if accumulate {
				b.k.axpy(d.row(r), s.row(q), 1)
			} else {
				copy(d.row(r), s.row(q))
			}
		}
	})
	return nil
}
