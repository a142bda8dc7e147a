//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"math"

	"clara/compute"

	"gorgonia.org/cu"
)

// RoPE (Su et al. 2021) turns each pair (x, y) of a head by a = position *
// freqs[i], in place:
//
//	x' = x cos a - y sin a
//	y' = x sin a + y cos a
//
// The rotation is orthogonal, so its backward is the turn by -a.
func (b *Backend) RoPE(x compute.Tensor, positions []int32, freqs []float32, style compute.RoPEStyle, backward bool) error {
	const op = "RoPE"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	xv, err := b.operand(op, "x", x)
	if err != nil {
		return err
	}
	pairs := len(freqs)
	if pairs == 0 || xv.cols%(2*pairs) != 0 || xv.rows != len(positions) {
		return b.misfit(op, "x is %v, with %d positions and %d frequencies", xv, len(positions), pairs)
	}
	if style != compute.Interleaved && style != compute.Halves {
		return b.misfit(op, "style %d is unknown", style)
	}
	if xv.empty() {
		return nil
	}
	b.words = append(b.words[:0], positions...)
	for _, f := range freqs {
		b.words = append(b.words, int32(math.Float32bits(f)))
	}
	at, err := b.upload(op, bytesOf(b.words))
	if err != nil {
		return err
	}
	return b.launch(op, "rope", "rope", overValues(xv.rows, pairs),
		word(xv.data), word(xv.stride), word(at), word(at+cu.DevicePtr(len(positions)*wordBytes)),
		word(xv.rows), word(xv.cols/(2*pairs)), word(pairs), flag(style == compute.Halves), flag(backward))
}
