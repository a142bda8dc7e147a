package cpu

import (
	"encoding/binary"
	"math"

	"clara/compute"
)

// stripRows is how many rows of a weight a strip interleaves: the lanes of a
// 512-bit register. Narrower registers take a strip in parts.
const stripRows = 16

// A weight of less than 32 bits a value is laid out in strips when it is first
// multiplied from the left: 16 rows interleaved, block by block of 32 columns. The
// layout is described in gen/strips.go; its bytes are the file's but for Q8_0, whose
// quants lose their sign, for the K types, whose nested scales are multiplied out to
// f32, and for quants of 5 and 6 bits, which get 8. The file's pages are then needed
// only by the backward pass and, of an embedding, for the rows of the tokens; the
// system may drop the others.

// stripLayout is the layout of one type.
type stripLayout struct {
	bits    int  // 4 or 8 to a quant; 16: the values themselves; 0: the type has no strips
	half    bool // scales are f16
	minimum bool // value = scale*q + minimum, else scale*(q-zero)
	zero    float32
	sub16   bool // a scale for each 16 columns
}

func layoutOf(t compute.Type) stripLayout {
	switch t {
	case compute.F16, compute.BF16:
		return stripLayout{bits: 16}
	case compute.Q4_0:
		return stripLayout{bits: 4, half: true, zero: 8}
	case compute.Q4_1:
		return stripLayout{bits: 4, half: true, minimum: true}
	case compute.Q5_0:
		return stripLayout{bits: 8, half: true, zero: 16}
	case compute.Q5_1:
		return stripLayout{bits: 8, half: true, minimum: true}
	case compute.Q8_0:
		return stripLayout{bits: 8, half: true, zero: 128}
	case compute.Q4_K:
		return stripLayout{bits: 4, minimum: true}
	case compute.Q5_K:
		return stripLayout{bits: 8, minimum: true}
	case compute.Q6_K:
		return stripLayout{bits: 8, zero: 32, sub16: true}
	}
	return stripLayout{}
}

// scaleBytes is the size of 16 scales, quants the offset of the quants in a block
// of 16 rows by 32 columns, size the block's.
func (l stripLayout) scaleBytes() int {
	if l.half {
		return 2 * stripRows
	}
	return 4 * stripRows
}

func (l stripLayout) quants() int {
	if l.bits == 16 {
		return 0
	}
	if l.minimum || l.sub16 {
		return 2 * l.scaleBytes()
	}
	return l.scaleBytes()
}

func (l stripLayout) size() int { return l.quants() + 64*l.bits }

// packedWeight is a weight in strips; the zero value is one not yet packed.
type packedWeight struct {
	stripLayout
	data   []byte
	chunk  *chunk
	strips int // the last one's missing rows are zero
	blocks int // of 32 columns
}

func (p *packedWeight) free() {
	if p.chunk != nil {
		p.chunk.release()
	}
	*p = packedWeight{}
}

// stripArena hands out the memory of strips in large pieces, which come in huge
// pages: weights are read once for a token, and with small pages a decoded token
// waits for the TLB. A piece goes back when all weights in it are gone.
type stripArena struct {
	last  *chunk
	bytes int64 // of all pieces
}

type chunk struct {
	arena *stripArena
	data  []byte
	used  int
	live  int
}

// chunkBytes is the size of a piece; a weight that is larger gets one of its own.
const chunkBytes = 32 << 20

// take gives p n bytes, which are not cleared.
func (a *stripArena) take(p *packedWeight, n int) error {
	if a.last == nil || a.last.live == 0 || n > len(a.last.data)-a.last.used {
		data, err := mapBytes(max(n, chunkBytes))
		if err != nil {
			return err
		}
		a.last = &chunk{arena: a, data: data}
		a.bytes += int64(len(data))
	}
	c := a.last
	p.chunk, p.data = c, c.data[c.used:c.used+n:c.used+n]
	c.used += (n + 63) / 64 * 64
	c.live++
	return nil
}

func (c *chunk) release() {
	if c.live--; c.live == 0 {
		c.arena.bytes -= int64(len(c.data))
		unmapBytes(c.data)
		c.data = nil
	}
}

// at returns strip s from block on.
func (p *packedWeight) at(s, block int) []byte {
	return p.data[(s*p.blocks+block)*p.size():]
}

// packable reports whether the tier has kernels for strips of w.
func (b *Backend) packable(w *weight) bool {
	return w.Rows > 0 && w.Cols > 0 && w.Cols%32 == 0 && b.k.strips[w.Type].unpack != nil
}

// pack lays w out in strips unless that is done.
func (b *Backend) pack(w *weight) error {
	if w.packed.data != nil {
		return nil
	}
	p := packedWeight{
		stripLayout: layoutOf(w.Type),
		strips:      (w.Rows + stripRows - 1) / stripRows,
		blocks:      w.Cols / 32,
	}
	if err := b.strips.take(&p, p.strips*p.blocks*p.size()); err != nil {
		return err
	}
	const atOnce = 4
	b.pool.run((p.strips+atOnce-1)/atOnce, func(_, i int) {
		for s := i * atOnce; s < min((i+1)*atOnce, p.strips); s++ {
			p.fill(s, w)
		}
	})
	w.packed = p
	return nil
}

// fill writes strip s, a block of all its rows after the other, so that what is
// written stays in the first-level cache until it is whole.
func (p *packedWeight) fill(s int, w *weight) {
	rows := min(stripRows, w.Rows-s*stripRows)
	values, bytes := groupBlock(w.Type)
	parts := values / 32
	at := sameOrder(w.Type)
	var q quants
	for block := range p.blocks {
		dst := p.at(s, block)[:p.size()]
		clear(dst) // the arena gives out what was used before
		for r := range rows {
			src := w.rowData(s*stripRows + r)[block/parts*bytes:][:bytes]
			switch {
			case p.bits == 16:
				for k := range 32 {
					binary.LittleEndian.PutUint16(dst[32*k+2*r:], binary.LittleEndian.Uint16(src[2*k:]))
				}
			case at > 0:
				p.copyQuants(dst, r, w.Type, src, at)
			default:
				q.read(w.Type, src, block%parts)
				p.putQuants(dst, r, &q)
			}
		}
	}
}

// putQuants writes row r of a block.
func (p *packedWeight) putQuants(dst []byte, r int, q *quants) {
	for i, scale := range q.scales[:p.quants()/p.scaleBytes()] {
		if p.half {
			binary.LittleEndian.PutUint16(dst[i*32+2*r:], uint16(scale))
		} else {
			binary.LittleEndian.PutUint32(dst[i*64+4*r:], scale)
		}
	}
	dst = dst[p.quants():]
	if p.bits == 4 {
		for k := range 16 {
			dst[k/4*64+4*r+k%4] = q.values[k] | q.values[k+16]<<4
		}
		return
	}
	for g := range 8 {
		copy(dst[64*g+4*r:][:4], q.values[4*g:])
	}
}

// sameOrder is where the quants start in a block of the layouts whose quants lie in
// the order of a strip's, or 0: such rows are copied and not taken
// apart.
func sameOrder(t compute.Type) int {
	switch t {
	case compute.Q4_0, compute.Q8_0:
		return 2
	case compute.Q4_1:
		return 4
	}
	return 0
}

// copyQuants is putQuants for a block with its scales, two bytes each, before its
// quants at byte at.
func (p *packedWeight) copyQuants(dst []byte, r int, t compute.Type, src []byte, at int) {
	var flip uint32
	if t == compute.Q8_0 {
		flip = 0x80808080 // signed to unsigned with zero point 128
	}
	for i := range at / 2 {
		binary.LittleEndian.PutUint16(dst[32*i+2*r:], binary.LittleEndian.Uint16(src[2*i:]))
	}
	dst, src = dst[p.quants()+4*r:], src[at:]
	for g := range len(src) / 4 {
		binary.LittleEndian.PutUint32(dst[64*g:], binary.LittleEndian.Uint32(src[4*g:])^flip)
	}
}

// quants are 32 unsigned quants and the bits of their scale and of their minimum
// or second scale: f16 where the file has f16, else f32.
type quants struct {
	values [32]byte
	scales [2]uint32
}

// read takes apart the part-th 32 values of the block s of type t. The layouts are
// those of ggml/src/ggml-common.h; compute.Dequantize says what they mean.
func (q *quants) read(t compute.Type, s []byte, part int) {
	half := func(at int) uint32 { return uint32(binary.LittleEndian.Uint16(s[at:])) }
	widened := func(at int) float32 { return compute.Float16(binary.LittleEndian.Uint16(s[at:])) }
	q.scales = [2]uint32{half(0), half(2)}
	nibbles := func(p []byte) {
		for i, v := range p[:16] {
			q.values[i], q.values[i+16] = v&15, v>>4
		}
	}
	fifth := func(bits uint32) {
		for i := range q.values {
			q.values[i] |= byte(bits >> i & 1 << 4)
		}
	}
	switch t {
	case compute.Q4_0:
		nibbles(s[2:])
	case compute.Q4_1:
		nibbles(s[4:])
	case compute.Q5_0:
		nibbles(s[6:])
		fifth(binary.LittleEndian.Uint32(s[2:]))
	case compute.Q5_1:
		nibbles(s[8:])
		fifth(binary.LittleEndian.Uint32(s[4:]))
	case compute.Q8_0:
		for i, v := range s[2:34] {
			q.values[i] = v ^ 0x80 // signed to unsigned with zero point 128
		}
	case compute.Q4_K, compute.Q5_K:
		scale, minimum := compute.ScaleMin(part, s[4:16])
		q.scales[0] = math.Float32bits(widened(0) * scale)
		q.scales[1] = math.Float32bits(-(widened(2) * minimum))
		low := s[16:]
		if t == compute.Q5_K {
			low = s[48:]
		}
		for i, v := range low[part/2*32:][:32] {
			q.values[i] = v >> (part % 2 * 4) & 15
			if t == compute.Q5_K {
				q.values[i] |= s[16+i] >> part & 1 << 4
			}
		}
	case compute.Q6_K:
		d := widened(208)
		for i := range q.scales {
			q.scales[i] = math.Float32bits(d * float32(int8(s[192+2*part+i])))
		}
		n, g := part/4, part%4
		for i := range q.values {
			q.values[i] = s[64*n+g%2*32+i]>>(g/2*4)&15 | s[128+32*n+i]>>(2*g)&3<<4
		}
	}
}
