//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"math/bits"
)

const (
	// tile is the side of the square of results that a work group computes; see
	// product.glsl.
	tile = 64
	// fewRows is up to how many rows a product reads the weight for every 4 of them
	// (fewrows.comp): beyond that a tile of 64, mostly empty, is faster.
	fewRows = 16
	// maxFlops bounds one dispatch: 50 ms on a card that does 40 GFLOP/s. A driver of
	// Windows resets a card that seems to hang.
	maxFlops = 2e9
)

// product is y = alpha x op(m), or y += ..., with op(m) = mᵀ, or m with backward: the
// products with a matrix that may be quantised.
type product struct {
	y, x       view
	m          matrix
	alpha      float32
	backward   bool
	accumulate bool
}

// multiply computes a product, in as many dispatches as it takes to keep each short
// and its operands within what a shader sees.
func (b *Backend) multiply(p product) {
	if p.y.empty() {
		return
	}
	if p.x.empty() { // nothing to add up, and no buffer to bind
		if !p.accumulate {
			b.elements(shader{file: "scale.comp"}, []float32{0}, written(p.y))
		}
		return
	}
	if rows := b.productRows(p.y, p.x, p.x.cols); rows < p.y.rows {
		for r := 0; r < p.y.rows; r += rows {
			part := p
			part.y, part.x = p.y.slice(r, min(r+rows, p.y.rows)), p.x.slice(r, min(r+rows, p.y.rows))
			b.multiply(part)
		}
		return
	}
	seen := b.matrixRows(p.m)
	for r := 0; r < max(p.m.rows, 1); r += seen {
		part, to := p, min(r+seen, p.m.rows)
		part.m = p.m.slice(r, to)
		if p.backward {
			part.x = p.x.columns(r, to)
			part.accumulate = p.accumulate || r > 0
		} else {
			part.y = p.y.columns(r, to)
		}
		b.multiplySeen(part)
	}
}

// productRows is how many rows of a result and its left operand one dispatch takes.
func (b *Backend) productRows(y, x view, depth int) int {
	short := int(maxFlops/2/tile/float64(max(depth, 1))) / tile * tile
	return min(b.groups*4, max(short, tile), b.rowsWithin(y, x))
}

// multiplySeen sends the dispatches of a product whose operands a shader can see.
func (b *Backend) multiplySeen(p product) {
	cols, depth := p.m.rows, p.m.cols
	if p.backward {
		cols, depth = depth, cols
	}
	s := shader{"linear.comp", []string{"product.glsl", "store.glsl", "weight.glsl"}, append(p.m.defines(2), "HALVES 6")}
	height, width := tile, tile // of the results of a work group
	switch {
	case p.backward:
		s.defines = append(s.defines, "BACKWARD 1")
	case p.x.rows <= fewRows:
		s.file, s.parts = "fewrows.comp", []string{"weight.glsl"}
		height, width = min(1<<bits.Len(uint(p.x.rows-1)), 4), 8 // of 1, 2 or 4 rows
		s.defines = append(s.defines, fmt.Sprintf("ROWS %d", height))
		if x := p.x; x.off%4 == 0 && x.stride%4 == 0 && depth%32 == 0 {
			s.defines = append(s.defines, "FOURS 1")
		}
	}
	step := b.productColumns(p.y.rows, cols, depth, width)
	for j := 0; j < cols; j += step {
		to := min(j+step, cols)
		m := p.m
		if !p.backward {
			m = m.slice(j, to)
		}
		b.dispatch(dispatch{
			shader:   s,
			operands: []operand{p.y.columns(j, to).writes(), p.x.reads(), m.operand},
			ints: []int32{
				int32(p.y.rows), int32(to - j), int32(depth), 0, 0, flag(p.accumulate), int32(m.halfWords),
				int32(j), int32(cols),
			},
			floats: []float32{p.alpha},
			groups: [3]int{ceil(to-j, width), ceil(p.y.rows, height)},
			flops:  2 * float64(p.y.rows) * float64(to-j) * float64(depth),
		})
	}
}

// productColumns is how many columns of a result keep a dispatch short.
func (b *Backend) productColumns(rows, cols, depth, width int) int {
	short := int(min(maxFlops/2/float64(max(depth, 1))/float64(rows), float64(cols+width))) / width * width
	return min(max(short, width), b.groups*width, max(cols, 1))
}
