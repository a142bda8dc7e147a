//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"unsafe"

	"clara/compute"
)

// packing says how the blocks of a layout lie in their buffer. Shaders read 32-bit
// words, but blocks of 18, 22, 34 or 210 bytes do not begin on one: so the 16-bit
// values of a row's blocks come first, then what is left of each, which always is whole
// words. It takes no more room than the file.
type packing struct {
	halves   int // 16-bit values of a block
	halvesAt int // their place in the block
	words    int // the rest
	wordsAt  int
}

var packings = map[compute.Type]packing{
	compute.F32:  {words: 1},
	compute.F16:  {halves: 1},
	compute.BF16: {halves: 1},
	compute.Q4_0: {halves: 1, words: 4, wordsAt: 2},
	compute.Q4_1: {halves: 2, words: 4, wordsAt: 4},
	compute.Q5_0: {halves: 1, words: 5, wordsAt: 2},
	compute.Q5_1: {halves: 2, words: 5, wordsAt: 4},
	compute.Q8_0: {halves: 1, words: 8, wordsAt: 2},
	compute.Q4_K: {halves: 2, words: 35, wordsAt: 4},
	compute.Q5_K: {halves: 2, words: 43, wordsAt: 4},
	compute.Q6_K: {halves: 1, halvesAt: 208, words: 52},
}

// weight is a frozen matrix in a buffer of the card.
type weight struct {
	*buffer
	typ        compute.Type
	rows, cols int
	halfWords  int // 32-bit words of a row that hold its halves
	rowWords   int
}

// uploaded is about how many bytes of a weight are packed at a time.
const uploaded = 4 << 20

// NewWeight copies m to the card; m.Data is the caller's again when it returns.
func (b *Backend) NewWeight(m compute.Matrix) (compute.Weight, error) {
	const op = "NewWeight"
	if err := b.begin(op); err != nil {
		return nil, err
	}
	defer b.mu.Unlock()
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	p := packings[m.Type]
	values, size := m.Type.Block()
	blocks := m.Cols / values
	w := &weight{typ: m.Type, rows: m.Rows, cols: m.Cols, halfWords: ceil(blocks*p.halves, 2)}
	w.rowWords = w.halfWords + blocks*p.words
	if 4*w.rowWords > b.block-b.alignment-padding {
		return nil, fmt.Errorf("%s: a row of %d bytes, a shader sees %d: %w", op, 4*w.rowWords, b.block, compute.ErrMemory)
	}
	var err error
	if w.buffer, err = b.newBuffer(4 * w.rowWords * m.Rows); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	step := max(1, uploaded/max(1, 4*w.rowWords))
	for r := 0; r < m.Rows && w.rowWords > 0; r += step {
		rows := min(step, m.Rows-r)
		packed := make([]byte, 4*w.rowWords*rows)
		for i := range rows {
			w.pack(packed[4*w.rowWords*i:], m.Data[(r+i)*blocks*size:], p, blocks, size)
		}
		name, offset := w.name, 4*w.rowWords*r
		b.send(func(d *device) { d.upload(name, offset, unsafe.Pointer(&packed[0]), len(packed)) })
	}
	if err := b.wait(func(d *device) error { d.check("upload a weight"); return nil }); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return w, nil
}

// pack lays out one row.
func (w *weight) pack(dst, src []byte, p packing, blocks, size int) {
	words := dst[4*w.halfWords:]
	for i := range blocks {
		block := src[i*size : (i+1)*size]
		copy(dst[2*i*p.halves:], block[p.halvesAt:p.halvesAt+2*p.halves])
		copy(words[4*i*p.words:], block[p.wordsAt:p.wordsAt+4*p.words])
	}
}

// Shape is rows (outputs) x cols (inputs).
func (w *weight) Shape() (rows, cols int) { return w.rows, w.cols }

// Free gives the memory on the card back; a second time does nothing.
func (w *weight) Free() { w.free() }

// weight resolves the weight of operation op.
func (b *Backend) weight(op string, cw compute.Weight) (*weight, error) {
	w, ok := cw.(*weight)
	if !ok || w == nil || w.owner != b {
		return nil, b.misfit(op, "the weight is of another engine")
	}
	if w.name == 0 {
		return nil, b.misfit(op, "the weight was freed")
	}
	return w, nil
}

// matrix is what a shader sees of a weight: some of its rows, or the rows of an f32
// tensor, which lie just as those of an F32 weight do.
type matrix struct {
	operand
	typ        compute.Type
	rows, cols int
	halfWords  int
}

// all sees the whole weight.
func (w *weight) all() matrix {
	return matrix{
		w.part(0, 4*w.rowWords*w.rows, w.rowWords),
		w.typ, w.rows, w.cols, w.halfWords,
	}
}

// matrix sees the rows of v as those of a weight.
func (v view) matrix() matrix { return matrix{v.reads(), compute.F32, v.rows, v.cols, 0} }

// slice returns rows [from, to).
func (m matrix) slice(from, to int) matrix {
	m.to = m.from + 4*m.stride*(to-1) + 4*m.stride
	m.from += 4 * m.stride * from
	m.rows = to - from
	return m
}

// matrixRows is how many rows of m a shader can see at a time.
func (b *Backend) matrixRows(m matrix) int {
	return max(1, (b.block-b.alignment-padding)/max(4, 4*m.stride))
}

// defines are the constants by which a shader unpacks m, bound to a buffer.
func (m matrix) defines(binding int) []string {
	return append(typeNumbers,
		fmt.Sprintf("WEIGHT %d", binding), "TYPE "+m.typ.String(), fmt.Sprintf("WORDS %d", packings[m.typ].words))
}

// typeNumbers name the layouts for the preprocessor.
var typeNumbers = func() (d []string) {
	for t := compute.F32; t.Valid(); t++ {
		d = append(d, fmt.Sprintf("%s %d", t, t))
	}
	return d[:len(d):len(d)]
}()
