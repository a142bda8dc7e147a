//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"

	"clara/compute"
)

// AttentionBackward: dq =; dk, dv += .
func (b *Backend) AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	const op = "AttentionBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	o, err := b.attentionOperands(op, q, k, v, out, lse, spans, a)
	if err != nil {
		return err
	}
	var dqv, dkv, dvv, doutv view
	if err := b.tensors(op, named{"dq", dq, &dqv}, named{"dk", dk, &dkv}, named{"dv", dv, &dvv}, named{"dout", dout, &doutv}); err != nil {
		return err
	}
	if err := compute.CheckAttentionBackward(dq, dk, dv, dout, lse, q, k); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := b.seen(op, dqv, dkv, dvv, doutv); err != nil {
		return err
	}
	if o.q.empty() {
		return nil
	}
	if o.k.empty() {
		b.elements(shader{file: "scale.comp"}, []float32{0}, written(dqv))
		return nil
	}
	r := o.q.rows
	stats, err := b.roomFor(scratchStats, r, 2*a.Heads)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	b.dispatch(dispatch{
		shader:   shader{file: "attention_stats.comp"},
		operands: []operand{stats.writes(), o.lse.reads(), o.out.reads(), doutv.reads()},
		ints:     []int32{int32(a.HeadDim), int32(r), int32(a.Heads)},
		groups:   [3]int{ceil(r*a.Heads, 64)},
	})
	arguments := []operand{stats.reads(), o.q.reads(), o.k.reads(), o.v.reads(), doutv.reads(), o.plan.reads()}
	b.squares(o, o.plan.work, a.Heads, 6, dispatch{
		shader:   o.shader("attention_backward.comp", 7),
		operands: append([]operand{dqv.writes(), dqv.writes()}, arguments...),
		ints:     append(o.ints(o.plan.tiles, o.plan.blocks), int32(a.Heads)),
	})
	b.squares(o, o.plan.keyWork, a.KVHeads, 8*a.Heads/a.KVHeads, dispatch{
		shader:   o.shader("attention_backward.comp", 7, "KEYS_SIDE 1"),
		operands: append([]operand{dkv.writes(), dvv.writes()}, arguments...),
		ints:     append(o.ints(o.plan.keyTiles, o.plan.rowTiles), int32(a.Heads)),
	})
	return nil
}
