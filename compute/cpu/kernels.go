package cpu

import (
	"unsafe"

	"clara/compute"
)

//go:generate go run -C gen . -out ../kernels_amd64.s -stubs ../stubs_amd64.go -pkg cpu

// kernels are the leaf loops of one instruction-set tier. The portable tier is
// the specification of all others: each kernel there is the scalar twin of the
// assembly.
type kernels struct {
	tier string // for Info.Device

	// The f32 matrix product: register tiles over packed panels, tallest first;
	// the last one has a single row. All are tileCols wide.
	tiles    []tile
	tileCols int

	// transposes move rows into k-major panels, tallest first.
	transposes []transpose
	// copyPanel copies cols <= tileCols values of n rows.
	copyPanel func(dst *float32, ldd int, src *float32, lds, cols, n int)

	// groups decode whole blocks of a layout; see dequantGroups.
	groups [compute.Q6_K + 1]groupDecoder

	// strips multiply the quantised layouts by rounded activations; empty for the
	// float types. quantize rounds blocks of 32 activations: see the stubs.
	strips   [compute.Q6_K + 1]stripKernels
	quantize func(blocks int, q *int8, scales *float32, x *float32)

	// Vectors: the first operand's length counts, and the others have at least it.
	dot               func(x, y []float32) float32                  // sum x*y
	dot3              func(x, y, z []float32) float32               // sum x*y*z
	sumSquares        func(x []float32) float64                     // sum x^2, in f64
	max               func(x []float32) float32                     // -Inf when empty
	axpy              func(y, x []float32, alpha float32)           // y += alpha*x
	scale             func(y []float32, alpha float32)              // y *= alpha
	scaleMul          func(y, x, g []float32, s float32)            // y = x*s*g
	expSum            func(y, x []float32, shift float32) float32   // y = exp(x-shift); their sum
	softmaxGrad       func(ds, p, dp []float32, d, scale float32)   // ds = p*(dp-d)*scale
	dotRows           func(y, m []float32, stride int, x []float32) // y[j] = dot(x, m[j*stride:])
	axpyRows          func(y, m []float32, stride int, w []float32) // y += sum_j w[j] * m[j*stride:]
	swiglu            func(y, gate, up []float32)                   // y = silu(gate)*up
	geglu             func(y, gate, up []float32)                   // y = gelu_tanh(gate)*up
	swigluBackward    func(dgate, dup, dy, gate, up []float32)      // aliasing as compute.Backend.GLUBackward
	gegluBackward     func(dgate, dup, dy, gate, up []float32)      // likewise
	rotateHalves      func(x, y, cos, sin []float32)                // len(cos) pairs (x[i], y[i])
	rotateInterleaved func(x, cos, sin []float32)                   // len(cos) pairs (x[2i], x[2i+1])
	adamw             func(param, grad, m, v []float32, c *adamwConstants)
}

// tile is one register tile of the matrix product: see the stubs.
type tile struct {
	rows int
	run  func(k int, a, b, c *float32, ldc int, alpha float32, accumulate bool)
}

// transpose turns rows of n values into columns: see the stubs.
type transpose struct {
	rows, multiple int
	run            func(dst *float32, ldd int, src *float32, lds, n int)
}

// groupDecoder decodes blocks > 0 blocks; value i goes to
// dst[i/32*step+i%32/16*half+i%16].
type groupDecoder func(dst *float32, src *byte, blocks, half, step int)

// stripKernels read a weight in strips: see strips.go.
type stripKernels struct {
	tiles  []stripTile // most tokens first; the last has a single one
	unpack func(blocks int, w *byte, dst *float32)
	gemv   func(strips, blocks int, w *byte, ldw int, x, y *float32, accumulate bool)
}

// stripTile multiplies tokens rows of activations by strips: see the stubs.
type stripTile struct {
	tokens int
	run    func(strips, blocks int, w *byte, x *int8, ldx int, scales *float32, lds int, y *float32, ldy int, accumulate bool)
}

// groupBlock is the number of values, and their bytes, that a groupDecoder takes
// as one block: the float types have none of their own and are taken 32 at a time.
func groupBlock(t compute.Type) (values, bytes int) {
	values, bytes = t.Block()
	if values == 1 {
		return 32, 32 * bytes
	}
	return values, bytes
}

// dequantize decodes len(dst) values from src: whole blocks, or any number of
// values of a float type.
func (k *kernels) dequantize(t compute.Type, dst []float32, src []byte) {
	values, bytes := groupBlock(t)
	blocks := len(dst) / values
	if blocks > 0 {
		_ = src[blocks*bytes-1]
		k.groups[t](&dst[0], &src[0], blocks, 16, 32)
	}
	if rest := dst[blocks*values:]; len(rest) > 0 {
		// A valid type and fitting sizes, which are its only errors.
		_ = compute.Dequantize(rest, t, src[blocks*bytes:][:t.RowBytes(len(rest))])
	}
}

// bytesAt and floatsAt give the portable kernels the operands of the assembly's
// signature.
func bytesAt(p *byte, n int) []byte        { return unsafe.Slice(p, n) }
func floatsAt(p *float32, n int) []float32 { return unsafe.Slice(p, n) }

// adamwConstants are the constants of one optimiser step, in the order that the
// assembly reads them:
//
//	g = grad*gradScale
//	m = beta1*m + oneMinusBeta1*g
//	v = beta2*v + oneMinusBeta2*g*g
//	param = param*decay - step*m/(sqrt(v*invBias2)+eps)
type adamwConstants struct {
	gradScale, beta1, oneMinusBeta1, beta2, oneMinusBeta2 float32
	decay, step, invBias2, eps                            float32
}
