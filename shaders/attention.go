//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"

	"clara/compute"
)

// attention are the operands of one call, resolved.
type attention struct {
	compute.AttentionShape
	q, k, v, out view
	lse          view // no rows when the caller does not want it
	plan         *plan
}

// Attention: out = softmax(scale * q kᵀ) v over the keys that the rows' spans name.
func (b *Backend) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	const op = "Attention"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	o, err := b.attentionOperands(op, q, k, v, out, lse, spans, a)
	if err != nil {
		return err
	}
	if o.q.empty() {
		return nil
	}
	if o.k.empty() { // no keys, and no buffer that could be bound
		b.elements(shader{file: "scale.comp"}, []float32{0}, written(o.out))
		if !lse.IsZero() {
			b.elements(shader{file: "nokeys.comp", parts: []string{"math.glsl"}}, nil, written(o.lse))
		}
		return nil
	}
	statsTo := o.out.writes() // bound, not written
	if !lse.IsZero() {
		statsTo = o.lse.writes()
	}
	if o.plan.byRows() {
		if err := b.attendRows(o, statsTo, !lse.IsZero()); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		return nil
	}
	b.squares(o, o.plan.work, a.Heads, 4, dispatch{
		shader:   o.shader("attention.comp", 5),
		operands: []operand{o.out.writes(), statsTo, o.q.reads(), o.k.reads(), o.v.reads(), o.plan.reads()},
		ints:     append(o.ints(o.plan.tiles, o.plan.blocks), flag(!lse.IsZero())),
	})
	return nil
}

// attentionOperands resolves and checks what both directions have in common.
func (b *Backend) attentionOperands(op string, q, k, v, out, lse compute.Tensor, spans []compute.Span, a compute.AttentionShape) (*attention, error) {
	o := &attention{AttentionShape: a}
	if err := b.tensors(op, named{"q", q, &o.q}, named{"k", k, &o.k}, named{"v", v, &o.v}, named{"out", out, &o.out}); err != nil {
		return nil, err
	}
	kept, err := compute.CheckAttention(out, lse, q, k, v, spans, a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if !lse.IsZero() {
		if o.lse, err = b.tensor(op, "lse", lse); err != nil {
			return nil, err
		}
	}
	ranges := make([][2]keyRange, len(spans))
	for i, s := range kept {
		ranges[i] = [2]keyRange{{int(s.PrefixFrom), int(s.PrefixTo)}, {int(s.From), int(s.To)}}
	}
	if err := b.seen(op, o.q, o.k, o.v, o.out); err != nil || o.q.empty() || o.k.empty() {
		return o, err
	}
	if o.plan, err = b.plan(spans, ranges, a.Window, o.k.rows); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return o, nil
}

// width is the head's dimension, rounded up to a power of two from 64 on.
func (o *attention) width() int {
	width := 64
	for width < o.HeadDim {
		width *= 2
	}
	return width
}

// shader is one of the attention shaders for the head's dimension, with the plan bound
// to a buffer.
func (o *attention) shader(file string, plan int, defines ...string) shader {
	width := o.width()
	tx := min(width/8, 32)
	return shader{file, []string{"math.glsl", "attention.glsl"}, append(defines,
		fmt.Sprintf("WIDTH %d", width), fmt.Sprintf("TX %d", tx), fmt.Sprintf("THREADS %d", 8*tx), fmt.Sprintf("PLAN %d", plan))}
}

// ints are the constants that the attention shaders share; tiles and blocks are places
// in the plan.
func (o *attention) ints(tiles, blocks int) []int32 {
	return []int32{
		int32(o.HeadDim), int32(o.q.rows), int32(o.k.rows), int32(o.Heads / o.KVHeads),
		int32(o.plan.spans), int32(tiles), int32(blocks), 0, 0, // what a dispatch begins with: see squares
	}
}

// reads binds the plan.
func (p *plan) reads() operand { return p.table.part(0, p.table.bytes, 1) }

// squares runs c with a work group for each tile and head, some tiles at a time so that
// a dispatch stays short, and some heads of a tile that alone has too many squares. work
// is the number of squares of each tile, products how many operations each value of the
// head takes in a square.
func (b *Backend) squares(o *attention, work []int, heads, products int, c dispatch) {
	cost := float64(products*side*side*o.HeadDim) * float64(heads)
	for from := 0; from < len(work); {
		to, flops := from, 0.0
		for to < len(work) && to-from < b.groups && (to == from || flops+cost*float64(work[to]) <= b.flops) {
			flops += cost * float64(work[to])
			to++
		}
		step := heads
		if flops > b.flops {
			step = max(1, int(b.flops/flops*float64(heads)))
		}
		for head := 0; head < heads; head += step {
			part := c
			part.ints = append([]int32(nil), c.ints...)
			part.ints[7], part.ints[8] = int32(from), int32(head)
			part.floats = []float32{o.Scale}
			part.groups = [3]int{to - from, min(step, heads-head)}
			part.flops = flops / float64(heads) * float64(part.groups[1])
			b.dispatch(part)
		}
		from = to
	}
}
