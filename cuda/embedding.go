//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"fmt"

	"clara/compute"
)

// Embedding: dst[i] = scale * row ids[i] of w.
func (b *Backend) Embedding(dst compute.Tensor, cw compute.Weight, ids []int32, scale float32) error {
	const op = "Embedding"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	d, err := b.operand(op, "dst", dst)
	if err != nil {
		return err
	}
	if err := compute.CheckEmbedding(dst, w, ids); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if d.empty() {
		return nil
	}
	rows, err := b.upload(op, bytesOf(ids))
	if err != nil {
		return err
	}
	return b.launchOn(op, w, "embedding", overValues(d.rows, blocks(d.cols, 4)),
		word(d.data), word(d.stride), word(w.data), word(w.stride()), word(rows), word(d.rows), word(d.cols), f32(scale))
}
