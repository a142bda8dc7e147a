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
// layout is described in gen/strips.go; its bytes are the file's but for the K types,
// whose nested scales are multiplied out to f32, and for quants of 5 and 6 bits,
// which get 8. The file's pages are then needed only by the backward pass, and the
// system may drop them.

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
	strips int // the last one's missing rows are zero
	blocks int // of 32 columns
}

func (p *packedWeight) free() {
	unmapBytes(p.data)
	*p = packedWeight{}
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
	data, err := mapBytes(p.strips * p.blocks * p.size())
	if err != nil {
		return err
	}
	p.data = data
	const atOnce = 4
	b.pool.run((p.strips+atOnce-1)/atOnce, func(_, i int) {
		for s := i * atOnce; s < min((i+1)*atOnce, p.strips); s++ {
			for r := range min(stripRows, w.Rows-s*stripRows) {
				p.putRow(s, r, w.Type, w.rowData(s*stripRows+r))
			}
		}
	})
	w.packed = p
	return nil
}

// putRow writes row r of strip s.
func (p *packedWeight) putRow(s, r int, t compute.Type, row []byte) {
	if p.bits == 16 {
		for k := range 32 * p.blocks {
			copy(p.at(s, 0)[32*k+2*r:][:2], row[2*k:])
		}
		return
	}
	values, bytes := t.Block()
	perBlock := values / 32
	var q quants
	for block := range p.blocks {
		q.read(t, row[block/perBlock*bytes:][:bytes], block%perBlock)
		dst := p.at(s, block)[:p.size()]
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
			continue
		}
		for k, v := range q.values {
			dst[k/4*64+4*r+k%4] = v
		}
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
		scale, minimum := scaleMin(part, s[4:16])
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

// scaleMin unpacks the j-th of the eight 6-bit scales and minimums in 12 bytes.
func scaleMin(j int, p []byte) (scale, minimum float32) {
	if j < 4 {
		return float32(p[j] & 63), float32(p[j+4] & 63)
	}
	return float32(p[j+4]&15 | p[j-4]>>6<<4), float32(p[j+4]>>4 | p[j]>>6<<4)
}
