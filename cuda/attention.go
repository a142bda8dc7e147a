//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"fmt"

	"clara/compute"

	"gorgonia.org/cu"
)

// Attention: with s_j = scale q·k_j over the keys j that the row's span names,
//
//	lse = log sum_j exp s_j      p_j = exp(s_j - lse)      out = sum_j p_j v_j
//
// Rows that look at much the same keys form a tile (see queryTiles), which passes over
// its keys with an online softmax. A row of its own, as in decoding, has its keys
// shared out to several blocks.
func (b *Backend) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	const op = "Attention"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.end()
	o, err := b.attentionOperands(op, q, k, v, out, lse, spans, a)
	if err != nil || o.out.empty() {
		return err
	}
	tiles := queryTiles(o.spans, o.side)
	at, err := b.uploadTiles(op, o, tiles, nil)
	if err != nil {
		return err
	}
	common := []uint64{
		word(o.out.data), word(o.out.stride), word(o.lse.data), word(o.lse.stride), word(o.q.data), word(o.q.stride),
		word(o.k.data), word(o.k.stride), word(o.v.data), word(o.v.stride), word(at.spans),
	}
	group, scale := word(a.Heads/a.KVHeads), f32(a.Scale)
	if at.shared > 0 {
		err := b.launch(op, "attention", fmt.Sprintf("attention_%d", o.width), grid{x: a.Heads, y: at.shared, shared: o.sharedBytes(3, 1)},
			append(common, word(at.tiles), group, word(a.HeadDim), scale)...)
		if err != nil {
			return err
		}
	}
	if at.alone == 0 {
		return nil
	}
	shares := min(max(1, blocks(at.longest, keyShare)), mostRows)
	share := max(1, blocks(at.longest, shares))
	var partial cu.DevicePtr
	if shares > 1 {
		if partial, err = b.room(op, attentionScratch, at.alone*a.Heads*shares*(a.HeadDim+2)*f32Bytes); err != nil {
			return err
		}
	}
	err = b.launch(op, "attention", "attention_row", grid{x: a.Heads, y: at.alone, z: shares},
		append(common, word(at.rows), group, word(a.HeadDim), scale, word(share), word(partial))...)
	if err != nil || shares == 1 {
		return err
	}
	return b.launch(op, "attention", "attention_join", grid{x: a.Heads, y: at.alone},
		word(o.out.data), word(o.out.stride), word(o.lse.data), word(o.lse.stride), word(at.rows), word(a.HeadDim), word(shares), word(partial))
}

// keyShare is how many keys of a row of its own a block goes over: each of its threads
// scores two.
const keyShare = 2 * threads

// attention are the operands of one call, resolved, and the tile of the kernels that
// have room for such heads: side rows by side keys, width values of a head.
type attention struct {
	compute.AttentionShape
	q, k, v, out view
	lse          view // no rows when the caller does not want it
	spans        []keyRanges
	side, width  int
}

// sharedBytes is what a tile takes with some copies of its heads' values and some of
// its scores (Shape in kernels/attention.h).
func (o *attention) sharedBytes(values, scores int) int {
	return (values*o.side*(o.width+1) + scores*o.side*(o.side+1)) * f32Bytes
}

// attentionOperands resolves and checks what both directions have in common.
func (b *Backend) attentionOperands(op string, q, k, v, out, lse compute.Tensor, spans []compute.Span, a compute.AttentionShape) (*attention, error) {
	o := &attention{AttentionShape: a}
	if err := b.operands(op, named{"q", q, &o.q}, named{"k", k, &o.k}, named{"v", v, &o.v}, named{"out", out, &o.out}); err != nil {
		return nil, err
	}
	kept, err := compute.CheckAttention(out, lse, q, k, v, spans, a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	switch {
	case a.HeadDim <= 64:
		o.side, o.width = 32, 64
	case a.HeadDim <= 128:
		o.side, o.width = 32, 128
	case a.HeadDim <= 256:
		o.side, o.width = 16, 256
	default:
		return nil, fmt.Errorf("%s: heads of %d values, more than 256: %w", op, a.HeadDim, compute.ErrUnsupported)
	}
	if !lse.IsZero() {
		if o.lse, err = b.operand(op, "lse", lse); err != nil {
			return nil, err
		}
	}
	o.spans = make([]keyRanges, len(spans))
	for i, s := range kept {
		o.spans[i] = keyRanges{{s.PrefixFrom, s.PrefixTo}, {s.From, s.To}}
	}
	return o, nil
}

// uploaded is where an attention's lists lie on the device: the rows' spans, the tiles,
// of which those of several rows come first, and the rows that are alone.
type uploaded struct {
	spans, tiles, rows, lookers cu.DevicePtr
	shared, alone               int // tiles of several rows, and of one
	longest                     int // keys of a row that is alone
}

// uploadTiles puts the lists on the device, and lookers behind them.
func (b *Backend) uploadTiles(op string, o *attention, tiles []queryTile, lookers []int32) (uploaded, error) {
	var at uploaded
	words := b.words[:0]
	ranges := func(r keyRanges) {
		words = append(words, r[0].from, r[1].from, r[0].to, r[1].to)
	}
	for _, s := range o.spans {
		ranges(s)
	}
	tilesAt := len(words)
	for _, alone := range []bool{false, true} {
		for _, t := range tiles {
			if (t.rows() == 1) == alone {
				words = append(words, int32(t.from), int32(t.to))
				ranges(t.hull)
			}
		}
	}
	rowsAt := len(words)
	for _, t := range tiles {
		if t.rows() > 1 {
			at.shared++
			continue
		}
		words = append(words, int32(t.from))
		at.alone++
		at.longest = max(at.longest, t.keys())
	}
	lookersAt := len(words)
	b.words = append(words, lookers...)
	data, err := b.upload(op, bytesOf(b.words))
	at.spans = data
	at.tiles = data + cu.DevicePtr(tilesAt*wordBytes)
	at.rows = data + cu.DevicePtr(rowsAt*wordBytes)
	at.lookers = data + cu.DevicePtr(lookersAt*wordBytes)
	return at, err
}
