//go:build cgo && (linux || windows)

package shaders

// lowRank is what LoRA adds to a product: scale low upᵀ, or scale low up to that of a
// backward pass. Without values it adds nothing.
type lowRank struct {
	low, up view // [rows, rank]; [cols, rank], backward [rank, cols]
	scale   float32
}

func (l lowRank) is() bool { return l.low.cols > 0 }

// rows is what it adds to rows [from, to) of the result.
func (l lowRank) rows(from, to int) lowRank {
	if l.is() {
		l.low = l.low.slice(from, to)
	}
	return l
}

// columns is what it adds to columns [from, to) of the result.
func (l lowRank) columns(from, to int, backward bool) lowRank {
	switch {
	case !l.is():
	case backward:
		l.up = l.up.columns(from, to)
	default:
		l.up = l.up.slice(from, to)
	}
	return l
}

// operands are bound behind those of the product.
func (l lowRank) operands() []operand {
	if !l.is() {
		return nil
	}
	return []operand{l.low.reads(), l.up.reads()}
}

// A linear layer with LoRA is two operations of the contract, Linear and a MatMul that adds
// to its result, or two of their backward. On a card the second is all overhead: a dispatch,
// a barrier and the result read and written once more, for a depth of 16. So the product of
// a linear layer is held until the next operation is known. If that adds a low-rank product
// to the very same result, both are one dispatch; all others send what is held first.

// hold keeps a product for the operation to come.
func (b *Backend) hold(p product) {
	b.held = &p
}

// sendHeld sends the product that is held, if there is one. It is called under the lock.
func (b *Backend) sendHeld() {
	if p := b.held; p != nil {
		b.held = nil
		b.multiply(*p)
	}
}

// fuse adds c += scale low op(up) to the product that is held and sends both, if it is what
// LoRA adds to that; transposed says that op(up) is upᵀ.
func (b *Backend) fuse(c, low, up view, transposed bool, scale float32) bool {
	p := b.held
	if p == nil || c.empty() || low.cols == 0 || p.y != c || p.x.empty() || transposed == p.backward ||
		b.rowsWithin(low) < low.rows || b.rowsWithin(up) < up.rows {
		return false
	}
	p.lora = lowRank{low, up, scale}
	b.sendHeld()
	return true
}
