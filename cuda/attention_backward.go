//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"fmt"
	"slices"

	"clara/compute"
)

// AttentionBackward recomputes the probabilities from lse, as FlashAttention-2
// does (Dao 2023), with D = dout·out = sum_j p_j dp_j:
//
//	out = sum_j p_j v_j               dv_j += p_j dout
//	                                  dp_j  = dout·v_j
//	p_j = exp(s_j - lse)              ds_j  = p_j (dp_j - D)
//	s_j = scale q·k_j                 dq    = scale sum_j ds_j k_j
//	                                  dk_j += scale ds_j q
//
// dq =; dk, dv += . Tiles of rows give dq, tiles of keys dk and dv: no two blocks write
// one value, so that the sums are the same from run to run.
func (b *Backend) AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	const op = "AttentionBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	o, err := b.attentionOperands(op, q, k, v, out, lse, spans, a)
	if err != nil {
		return err
	}
	var dqv, doutv, dkv, dvv view
	if err := b.operands(op, named{"dq", dq, &dqv}, named{"dout", dout, &doutv}, named{"dk", dk, &dkv}, named{"dv", dv, &dvv}); err != nil {
		return err
	}
	if err := compute.CheckAttentionBackward(dq, dk, dv, dout, lse, q, k); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if dqv.empty() {
		return nil
	}
	tiles := queryTiles(o.spans, o.side)
	at, err := b.uploadTiles(op, o, tiles, lookersOf(o.spans, o.k.rows, o.side))
	if err != nil {
		return err
	}
	rows := len(spans)
	delta, err := b.room(op, attentionScratch, rows*a.Heads*f32Bytes)
	if err != nil {
		return err
	}
	err = b.launch(op, "attention_backward", "attention_delta", grid{x: blocks(rows*a.Heads, warps)},
		word(delta), word(doutv.data), word(doutv.stride), word(o.out.data), word(o.out.stride), word(rows), word(a.Heads), word(a.HeadDim))
	if err != nil {
		return err
	}
	inputs := []uint64{
		word(doutv.data), word(doutv.stride), word(o.lse.data), word(o.lse.stride), word(delta), word(o.q.data), word(o.q.stride),
		word(o.k.data), word(o.k.stride), word(o.v.data), word(o.v.stride), word(at.spans),
	}
	shape := []uint64{word(a.Heads), word(a.Heads / a.KVHeads), word(a.HeadDim), f32(a.Scale)}
	err = b.launch(op, "attention_backward", fmt.Sprintf("attention_queries_%d", o.width),
		grid{x: a.Heads, y: at.shared + at.alone, shared: o.sharedBytes(4, 1)},
		slices.Concat([]uint64{word(dqv.data), word(dqv.stride)}, inputs, []uint64{word(at.tiles)}, shape)...)
	if err != nil || dkv.empty() {
		return err
	}
	return b.launch(op, "attention_backward", fmt.Sprintf("attention_keys_%d", o.width),
		grid{x: a.KVHeads, y: blocks(o.k.rows, o.side), shared: o.sharedBytes(4, 2)},
		slices.Concat([]uint64{word(dkv.data), word(dkv.stride), word(dvv.data), word(dvv.stride)}, inputs,
			[]uint64{word(at.lookers), word(o.k.rows)}, shape)...)
}
