//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"slices"

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
	var d, s view
	if err := b.tensors(op, named{"dst", dst, &d}, named{"src", src, &s}); err != nil {
		return err
	}
	n, err := compute.CheckCopyRows(dst, di, src, si)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if n == 0 || d.cols == 0 {
		return nil
	}
	if di != nil {
		if err := b.seen(op, d); err != nil {
			return err
		}
	}
	if si != nil {
		if err := b.seen(op, s); err != nil {
			return err
		}
	}
	height := min(b.groups, b.rowsWithin(d, s))
	for r := 0; r < n; r += height {
		rows := min(height, n-r)
		to, from := d, s
		var index []int32
		if di != nil {
			index = slices.Concat(index, di[r:r+rows])
		} else {
			to = d.slice(r, r+rows)
		}
		if si != nil {
			index = slices.Concat(index, si[r:r+rows])
		} else {
			from = s.slice(r, r+rows)
		}
		part := dispatch{
			shader:   shader{file: "copyrows.comp"},
			operands: []operand{to.writes(), from.reads()},
			ints:     []int32{int32(rows), int32(d.cols), flag(di != nil), flag(si != nil), flag(accumulate)},
			groups:   [3]int{ceil(d.cols, elementGroup), rows},
		}
		if index != nil {
			which, err := b.indices(index)
			if err != nil {
				return fmt.Errorf("%s: %w", op, err)
			}
			part.operands = append(part.operands, which)
		}
		b.dispatch(part)
	}
	return nil
}

// flag is a boolean as shaders get it.
func flag(v bool) int32 {
	if v {
		return 1
	}
	return 0
}
