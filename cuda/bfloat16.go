//go:build cuda && cgo && (linux || windows)

package cuda

import "gorgonia.org/cu"

const (
	slice     = 32  // SLICE in kernels/bfloat16.cu
	smallSide = 64  // of a tile
	largeSide = 128 // of a tile where there are enough of them to keep the device busy
	// tileBytes is the shared memory for each row and column of a tile: three slices.
	tileBytes = 3 * 2 * slice * bfloat16Bytes

	bfloat16Bytes = 2
)

// linearRounded is linear on the tensor cores: x and W are rounded to bfloat16, the
// sums are f32. W is unpacked for the call, which takes less than each tile of rows
// unpacking it again.
func (b *Backend) linearRounded(op string, y, x view, w *weight, accumulate bool) error {
	if y.empty() {
		return nil
	}
	inner := padded(x.cols, slice)
	left, right, err := b.roundedOperands(op, x, w.rows, inner)
	if err != nil {
		return err
	}
	err = b.launchOn(op, w, "unpack", overValues(w.rows, blocks(inner, 4)),
		word(right), word(w.data), word(w.stride()), word(w.rows), word(w.cols), word(inner))
	if err != nil {
		return err
	}
	return b.productRounded(op, y, left, right, inner, accumulate)
}

// linearBackwardRounded is linearBackward on the tensor cores.
func (b *Backend) linearBackwardRounded(op string, dx, dy view, w *weight, accumulate bool) error {
	if dx.empty() {
		return nil
	}
	inner := padded(dy.cols, slice)
	left, right, err := b.roundedOperands(op, dy, w.cols, inner)
	if err != nil {
		return err
	}
	err = b.launchOn(op, w, "unpack_transposed", grid{x: blocks(w.cols, slice), y: inner / slice},
		word(right), word(w.data), word(w.stride()), word(w.rows), word(w.cols), word(inner))
	if err != nil {
		return err
	}
	return b.productRounded(op, dx, left, right, inner, accumulate)
}

// roundedOperands makes room for both operands, with rows of inner values, and rounds
// the left one.
func (b *Backend) roundedOperands(op string, x view, columns, inner int) (left, right cu.DevicePtr, err error) {
	size := padded(x.rows, largeSide) * inner * bfloat16Bytes
	if left, err = b.room(op, roundedScratch, size+padded(columns, largeSide)*inner*bfloat16Bytes); err != nil {
		return 0, 0, err
	}
	err = b.launch(op, "bfloat16", "round_rows", overValues(x.rows, inner/2),
		word(left), word(x.data), word(x.stride), word(x.rows), word(x.cols), word(inner))
	return left, left + cu.DevicePtr(size), err
}

// productRounded multiplies operands that lie ready.
func (b *Backend) productRounded(op string, c view, left, right cu.DevicePtr, inner int, accumulate bool) error {
	kernel, side := "product_64", smallSide
	if blocks(c.rows, largeSide)*blocks(c.cols, largeSide) >= b.processors {
		kernel, side = "product_128", largeSide
	}
	return b.launch(op, "bfloat16", kernel, grid{x: blocks(c.cols, side), y: blocks(c.rows, side), shared: side * tileBytes},
		word(c.data), word(c.stride), word(left), word(right), word(c.rows), word(c.cols), word(inner), flag(accumulate))
}

// padded is n rounded up to a multiple of size.
func padded(n, size int) int { return blocks(n, size) * size }
