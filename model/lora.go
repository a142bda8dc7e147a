package model

import "clara/compute"

// lora are the low-rank updates of all linear layers on the engine: y += scale *
// (x Aᵀ) Bᵀ (Hu et al. 2021). Projections that share their input share one matmul
// with A, so their A lie below one another; the B stay apart.
type lora struct {
	rank   int
	scale  float32
	layers []loraLayer
	memory compute.Memory // every value of layers, without a gap: what AdamW steps over
}

// inputs are the four places where a block's linear layers read.
type input int

const (
	inputAttention input = iota // q, k, v
	inputOutput                 // o
	inputMLP                    // gate, up
	inputDown                   // down
	inputs
)

// readers lists the projections behind an input, in the order of their A.
var readers = [inputs][]projection{{projQ, projK, projV}, {projO}, {projGate, projUp}, {projDown}}

// source is the input of a projection and its place among the readers.
func (p projection) source() (input, int) {
	for in, ps := range readers {
		for i, q := range ps {
			if q == p {
				return input(in), i
			}
		}
	}
	return 0, 0
}

type loraLayer struct {
	a [inputs]compute.Tensor      // [len(readers)*rank, in]
	b [projections]compute.Tensor // [out, rank]
}

// ranks is the number of columns that x Aᵀ has for an input.
func (l *lora) ranks(in input) int { return len(readers[in]) * l.rank }

// loraSize is the number of values of a lora of a rank.
func (c Config) loraSize(rank int) int {
	n := 0
	for p := range projections {
		out, in := c.shape(p)
		n += c.Layers * rank * (out + in)
	}
	return n
}

// newLoRA allocates a lora on the engine, all zero.
func (n *network) newLoRA(rank int, scale float32) (*lora, error) {
	mem, err := n.be.Alloc(n.loraSize(rank))
	if err != nil {
		return nil, err
	}
	return n.viewLoRA(mem, rank, scale), nil
}

// viewLoRA lays the tensors of a lora over a memory of loraSize values. Saved trainings
// hold this order (stateFormat).
func (n *network) viewLoRA(mem compute.Memory, rank int, scale float32) *lora {
	l := &lora{rank: rank, scale: scale, layers: make([]loraLayer, n.Layers), memory: mem}
	off := 0
	view := func(rows, cols int) compute.Tensor {
		t := compute.Tensor{Mem: mem, Off: off, Rows: rows, Cols: cols, Stride: cols}
		off += rows * cols
		return t
	}
	for i := range l.layers {
		for in, ps := range readers {
			_, width := n.shape(ps[0])
			l.layers[i].a[in] = view(len(ps)*rank, width)
			for _, p := range ps {
				out, _ := n.shape(p)
				l.layers[i].b[p] = view(out, rank)
			}
		}
	}
	return l
}

// aOf is the A of one projection: [rank, in].
func (l *lora) aOf(layer int, p projection) compute.Tensor {
	in, i := p.source()
	return l.layers[layer].a[in].Slice(i*l.rank, (i+1)*l.rank)
}

// flat sees all values as one row.
func (l *lora) flat() compute.Tensor {
	n := l.memory.Len()
	return compute.Tensor{Mem: l.memory, Rows: 1, Cols: n, Stride: n}
}
