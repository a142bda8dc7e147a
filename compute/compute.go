// Package compute is the contract between the language model and the machine
// it runs on: tensors, the frozen weights and the [Backend] with the operations
// that a transformer with LoRA needs.
//
// The engines live in rooms of their own (compute/cpu, cuda, shaders) and know only
// this package. Package compute/conformance holds the suite that
// every engine has to pass.
package compute

import (
	"errors"
	"fmt"
)

// Errors that a caller may have to tell apart with [errors.Is].
var (
	// ErrShape says that an operation was called with operands that do not fit
	// together. It is a programming error of the caller; nothing was written.
	ErrShape = errors.New("operands do not fit together")
	// ErrMemory says that the engine has no memory left for what was asked.
	ErrMemory = errors.New("the engine has not enough memory")
	// ErrLost says that the device stopped working. The engine is of no more use.
	ErrLost = errors.New("the engine was lost")
	// ErrUnsupported says that the engine does not compute this: a weight of a type that it does
	// not know, or attention of heads that are too wide for it.
	ErrUnsupported = errors.New("the engine does not support this")
)

// Memory is a region of f32 values that an engine owns. Only the engine that
// made it can look inside.
type Memory interface {
	// Len is the number of f32 values in the region.
	Len() int
	// Free gives the region back. No tensor over it may be used afterwards.
	Free()
}

// Tensor is a row-major f32 matrix: a view into a [Memory]. Copying a Tensor
// copies the view, not the values. The zero Tensor stands for "none" where an
// operation allows that.
type Tensor struct {
	Mem    Memory
	Off    int // index of the first value in Mem
	Rows   int
	Cols   int
	Stride int // distance between the first values of two rows; >= Cols
}

// IsZero reports whether t is the zero Tensor, "none".
func (t Tensor) IsZero() bool { return t.Mem == nil }

// Contiguous reports whether the rows follow one another without a gap.
func (t Tensor) Contiguous() bool { return t.Stride == t.Cols || t.Rows <= 1 }

// Fits reports whether t is sound and lies within n values: what every engine checks of an
// operand, whatever a caller made of it.
func (t Tensor) Fits(n int) bool {
	if t.Rows < 0 || t.Cols < 0 || t.Off < 0 || t.Off > n || t.Rows > 1 && t.Stride < t.Cols {
		return false
	}
	if t.Rows == 0 || t.Cols == 0 {
		return true
	}
	left := n - t.Off // for all but the last row, then for that
	if t.Rows > 1 {
		if t.Stride > left/(t.Rows-1) {
			return false
		}
		left -= (t.Rows - 1) * t.Stride
	}
	return t.Cols <= left
}

// Slice returns rows [from, to) of t.
func (t Tensor) Slice(from, to int) Tensor {
	if from < 0 || to < from || to > t.Rows {
		panic(fmt.Sprintf("compute: rows [%d, %d) of a tensor with %d", from, to, t.Rows))
	}
	t.Off += from * t.Stride
	t.Rows = to - from
	return t
}

// Columns returns columns [from, to) of t.
func (t Tensor) Columns(from, to int) Tensor {
	if from < 0 || to < from || to > t.Cols {
		panic(fmt.Sprintf("compute: columns [%d, %d) of a tensor with %d", from, to, t.Cols))
	}
	t.Off += from
	t.Cols = to - from
	return t
}

// Reshape returns the values of a contiguous t as rows x cols.
func (t Tensor) Reshape(rows, cols int) Tensor {
	if !t.Contiguous() || rows*cols != t.Rows*t.Cols {
		panic(fmt.Sprintf("compute: %dx%d (stride %d) cannot be seen as %dx%d", t.Rows, t.Cols, t.Stride, rows, cols))
	}
	t.Rows, t.Cols, t.Stride = rows, cols, cols
	return t
}

// Arena hands out tensors from one [Memory] in the order of a stack, so that the
// activations of one step land where those of the step before lay. The memory
// grows only between steps, by [FitArena]. Not for concurrent use.
type Arena struct {
	mem  Memory
	used int
}

// ArenaAlign is the multiple, in values, that each tensor of an arena begins at: it has
// cache lines of its own (64 bytes).
const ArenaAlign = 16

// NewArena makes an arena of n values (rounded up) on b.
func NewArena(b Backend, n int) (*Arena, error) {
	m, err := b.Alloc(n)
	if err != nil {
		return nil, fmt.Errorf("make an arena of %d values: %w", n, err)
	}
	return &Arena{mem: m}, nil
}

// FitArena returns an empty arena of at least n values on b: a, where it is large enough,
// else a new one in place of a, which is freed; a may be nil. With an error there is none
// any more.
func FitArena(a *Arena, b Backend, n int) (*Arena, error) {
	if a != nil && a.Len() >= n {
		a.Release(0)
		return a, nil
	}
	if a != nil {
		a.Free()
	}
	return NewArena(b, n)
}

// Take returns the next rows x cols values, contiguous, not cleared. The error
// wraps [ErrMemory] when the arena is used up.
func (a *Arena) Take(rows, cols int) (Tensor, error) {
	n := (rows*cols + ArenaAlign - 1) / ArenaAlign * ArenaAlign
	if a.used+n > a.mem.Len() {
		return Tensor{}, fmt.Errorf("take %dx%d from an arena with %d of %d values left: %w", rows, cols, a.mem.Len()-a.used, a.mem.Len(), ErrMemory)
	}
	t := Tensor{Mem: a.mem, Off: a.used, Rows: rows, Cols: cols, Stride: cols}
	a.used += n
	return t, nil
}

// Mark returns the present height of the stack, for [Arena.Release].
func (a *Arena) Mark() int { return a.used }

// Release gives back everything taken since mark.
func (a *Arena) Release(mark int) { a.used = mark }

// Len is the number of values that the arena can hold.
func (a *Arena) Len() int { return a.mem.Len() }

// Free gives the memory back.
func (a *Arena) Free() { a.mem.Free() }
