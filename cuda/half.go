//go:build cuda && cgo && (linux || windows)

package cuda

import "gorgonia.org/cu"

const (
	slice     = 32  // SLICE in kernels/half.cu
	smallSide = 64  // of a tile
	largeSide = 128 // of a tile where there are enough of them to keep the device busy
	// tileBytes is the shared memory for each row and column of a tile: three slices.
	tileBytes = 3 * 2 * slice * halfBytes

	halfBytes = 2
)

// linearRounded is linear on the tensor cores: x and W are rounded to float16, as
// kernels/half.h says, the sums are f32. W is unpacked for the call, which with several
// tiles of rows takes less than each unpacking it again; with one it costs a pass over W.
func (b *Backend) linearRounded(op string, y, x view, w *weight, accumulate bool) error {
	if y.empty() {
		return nil
	}
	inner := padded(x.cols, slice)
	o, err := b.roundedOperands(op, x, w.rows, inner)
	if err != nil {
		return err
	}
	err = b.launchOn(op, w, "unpack", overValues(w.rows, blocks(inner, 4)),
		word(o.right), word(w.largest), word(w.data), word(w.stride()), word(w.rows), word(w.cols), word(inner))
	if err != nil {
		return err
	}
	return b.productRounded(op, y, o, w, inner, accumulate)
}

// linearBackwardRounded is linearBackward on the tensor cores.
func (b *Backend) linearBackwardRounded(op string, dx, dy view, w *weight, accumulate bool) error {
	if dx.empty() {
		return nil
	}
	inner := padded(dy.cols, slice)
	o, err := b.roundedOperands(op, dy, w.cols, inner)
	if err != nil {
		return err
	}
	err = b.launchOn(op, w, "unpack_transposed", grid{x: blocks(w.cols, slice), y: inner / slice},
		word(o.right), word(w.largest), word(w.data), word(w.stride()), word(w.rows), word(w.cols), word(inner))
	if err != nil {
		return err
	}
	return b.productRounded(op, dx, o, w, inner, accumulate)
}

// rounded are the operands of a product on the tensor cores, with rows of as many values.
type rounded struct {
	left, right cu.DevicePtr
	exponents   cu.DevicePtr // of the rows of left
}

// roundedOperands makes room for both operands, with rows of inner values, and rounds
// the left one.
func (b *Backend) roundedOperands(op string, x view, columns, inner int) (rounded, error) {
	left := padded(x.rows, largeSide) * inner * halfBytes
	right := padded(columns, largeSide) * inner * halfBytes
	at, err := b.room(op, leftScratch, left+x.rows*wordBytes)
	if err != nil {
		return rounded{}, err
	}
	unpacked, err := b.room(op, rightScratch, right)
	if err != nil {
		return rounded{}, err
	}
	o := rounded{at, unpacked, at + cu.DevicePtr(left)}
	return o, b.launch(op, "half", "round_rows", grid{x: x.rows},
		word(o.left), word(o.exponents), word(x.data), word(x.stride), word(x.cols), word(inner))
}

// productRounded multiplies operands that lie ready, of which the right one is w's.
func (b *Backend) productRounded(op string, c view, o rounded, w *weight, inner int, accumulate bool) error {
	kernel, side := "product_64", smallSide
	if blocks(c.rows, largeSide)*blocks(c.cols, largeSide) >= b.processors {
		kernel, side = "product_128", largeSide
	}
	return b.launch(op, "half", kernel, grid{x: blocks(c.cols, side), y: blocks(c.rows, side), shared: side * tileBytes},
		word(c.data), word(c.stride), word(o.left), word(o.exponents), word(o.right), word(w.largest),
		word(c.rows), word(c.cols), word(inner), flag(accumulate))
}

// padded is n rounded up to a multiple of size.
func padded(n, size int) int { return blocks(n, size) * size }
