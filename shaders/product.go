//go:build cgo && (linux || windows)

package shaders

import (
	"fmt"
	"math/bits"
)

const (
	// tile is the side of the square of results that a work group computes, narrowTile the
	// width where there are no more columns; see product.glsl.
	tile, narrowTile = 64, 16
	// fewRows is up to how many rows, and fewColumns up to how many columns, a product is
	// one of fewrows.comp: a tile of 64 would be half empty, and there would be few of them.
	fewRows, fewColumns = 32, 64
	// fewGroups is how many work groups a card is to have of such a product before one of
	// them takes more outputs.
	fewGroups = 32
	// maxFlops bounds one dispatch: 50 ms on a card that does 40 GFLOP/s. A driver of
	// Windows resets a card that seems to hang.
	maxFlops = 2e9
)

// What a shader that uses product.glsl is compiled with for a width of its tile.
const wide, narrow = "COLUMNS 64", "COLUMNS 16"

// product is y = alpha x op(m), or y += ..., with op(m) = mᵀ, or m with backward: the
// products with a matrix that may be quantised.
type product struct {
	y, x       view
	m          matrix
	alpha      float32
	backward   bool
	accumulate bool
	lora       lowRank
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
			part, to := p, min(r+rows, p.y.rows)
			part.y, part.x, part.lora = p.y.slice(r, to), p.x.slice(r, to), p.lora.rows(r, to)
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
			if to < p.m.rows {
				part.lora = lowRank{}
			}
		} else {
			part.y = p.y.columns(r, to)
			part.lora = p.lora.columns(r, to, false)
		}
		b.multiplySeen(part)
	}
}

// productRows is how many rows of a result and its left operand one dispatch takes.
func (b *Backend) productRows(y, x view, depth int) int {
	short := int(b.flops/2/tile/float64(max(depth, 1))) / tile * tile
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
	block := 4                  // values of the depth that are read at once
	shape := []string{wide}
	switch {
	case p.backward:
		shape = append(shape, "BACKWARD 1")
	case p.x.rows <= fewRows || cols <= fewColumns:
		s.file, s.parts = "fewrows.comp", []string{"weight.glsl"}
		height, width, shape = fewShape(p.x.rows, cols, depth)
		block = 32
	}
	s.defines = append(s.defines, shape...)
	if p.x.fours() && depth%block == 0 {
		s.defines = append(s.defines, "FOURS 1")
	}
	if p.lora.is() {
		s.defines = append(s.defines, "LORA 1")
	}
	step := b.productColumns(p.y.rows, cols, depth, width)
	for j := 0; j < cols; j += step {
		to := min(j+step, cols)
		m := p.m
		if !p.backward {
			m = m.slice(j, to)
		}
		lora := p.lora.columns(j, to, p.backward)
		b.dispatch(dispatch{
			shader:   s,
			operands: append([]operand{p.y.columns(j, to).writes(), p.x.reads(), m.operand}, lora.operands()...),
			ints: []int32{
				int32(p.y.rows), int32(to - j), int32(depth), 0, 0, flag(p.accumulate), int32(m.halfWords),
				int32(j), int32(cols), int32(lora.low.cols),
			},
			floats: []float32{p.alpha, lora.scale},
			groups: [3]int{ceil(to-j, width), ceil(p.y.rows, height)},
			flops:  2 * float64(p.y.rows) * float64(to-j) * float64(depth+lora.low.cols),
		})
	}
}

// fewShape says how fewrows.comp divides a product: the rows and the outputs of a work
// group, and what it is compiled with for them.
func fewShape(rows, cols, depth int) (height, width int, defines []string) {
	height = min(1<<bits.Len(uint(rows-1)), 8)
	lanes := min(1<<bits.Len(uint(ceil(depth, 32)-1)), 8)
	outs, side := height, 64/lanes
	for outs > 1 && (outs*side > max(cols, side) || ceil(cols, outs*side)*ceil(rows, height) < fewGroups) {
		outs /= 2
	}
	return height, outs * side, []string{fmt.Sprintf("ROWS %d", height), fmt.Sprintf("OUTS %d", outs), fmt.Sprintf("LANES %d", lanes)}
}

// productColumns is how many columns of a result keep a dispatch short.
func (b *Backend) productColumns(rows, cols, depth, width int) int {
	short := int(min(b.flops/2/float64(max(depth, 1))/float64(rows), float64(cols+width))) / width * width
	return min(max(short, width), b.groups*width, max(cols, 1))
}
