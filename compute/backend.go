package compute

// Backend is one engine. Every method below that computes is an operation:
//
//   - Tensors are f32, row-major; only rows may have a stride wider than their
//     columns. All operands must be memory of this very Backend.
//   - Operands may not overlap a result unless the method says so.
//   - A result is overwritten (=) unless the method says that it is added to (+=).
//   - Host slices ([]int32, []float32, []Span) are read before the call returns;
//     the caller may reuse them.
//   - An operation may return before it has finished. Operations of one Backend
//     take effect in the order of the calls. Read, SumSquares and HeadTopK
//     return host values and therefore wait.
//   - An error wraps [ErrShape], [ErrMemory], [ErrLost] or, of NewWeight and of attention,
//     [ErrUnsupported]. A failure found after the return of its operation is reported by
//     the next call.
//   - A Backend is safe for concurrent use; each operation is atomic with
//     respect to the others, and no lock is held between two operations. That is
//     what lets an answer overtake a training step.
//
// Sums are accumulated in f32 at least; a matrix product may be reassociated.
type Backend interface {
	// Info describes the engine; it does not change.
	Info() Info
	// MemoryUse says what the engine holds now and what is left for it.
	MemoryUse() (MemoryUse, error)
	// Alloc returns n zeroed values. It fails with [ErrMemory].
	Alloc(n int) (Memory, error)
	// Write copies src, row by row, into dst: len(src) = dst.Rows*dst.Cols.
	Write(dst Tensor, src []float32) error
	// Read waits and copies src, row by row, into dst: len(dst) = src.Rows*src.Cols.
	Read(dst []float32, src Tensor) error
	// NewWeight registers a frozen matrix. The engine may keep a reference to
	// m.Data (a mapped file) until Weight.Free and must not change it.
	NewWeight(m Matrix) (Weight, error)
	// Close waits for what is under way and frees the engine.
	Close() error

	// Embedding: dst[i] = scale * row ids[i] of w. dst is [len(ids), w.Cols].
	Embedding(dst Tensor, w Weight, ids []int32, scale float32) error

	// Linear: y = x Wᵀ, or y += x Wᵀ with accumulate. x is [T, w.Cols], y is
	// [T, w.Rows]. With Rounded the engine may round x to 8 bits per block of 32
	// values (scale amax/127), as llama.cpp does, or both to float16, as tensor
	// cores take them; with Exact it computes with the f32 values of x and the
	// dequantised W.
	Linear(y, x Tensor, w Weight, p Precision, accumulate bool) error
	// LinearBackward: dx = dy W, or dx += dy W with accumulate. Exact. dy is [T, w.Rows].
	LinearBackward(dx, dy Tensor, w Weight, accumulate bool) error
	// MatMul: c = alpha * op(a) op(b), or c += with accumulate; op(m) is mᵀ where
	// its flag is set. c is [M, N], op(a) [M, K], op(b) [K, N]. It serves LoRA's A
	// and B and their gradients.
	MatMul(c, a, b Tensor, transA, transB bool, alpha float32, accumulate bool) error

	// RMSNorm: y[t] = gain * x[t] / sqrt(mean(x[t]^2) + eps). gain is [1, Cols].
	// y may be x. (Zhang & Sennrich 2019.)
	RMSNorm(y, x, gain Tensor, eps float32) error
	// RMSNormBackward: dx (= or += with accumulate) the gradient with respect to
	// x; the gain is frozen. dx may be dy when accumulate is false.
	RMSNormBackward(dx, dy, x, gain Tensor, eps float32, accumulate bool) error

	// RoPE rotates x in place. x is [T, heads*headDim] with headDim =
	// 2*len(freqs); positions[t] is the position of row t. Pair i of each head is
	// turned by positions[t]*freqs[i]; backward turns by the negative angle, which
	// is the transpose. (Su et al. 2021.)
	RoPE(x Tensor, positions []int32, freqs []float32, style RoPEStyle, backward bool) error

	// Attention: out = softmax(scale * q kᵀ) v for each row over the keys that its
	// Span names. q and out are [T, Heads*HeadDim], k and v [S, KVHeads*HeadDim],
	// lse (none, or [T, Heads]) receives the log-sum-exp of the scaled scores for
	// the backward pass. An empty span gives a row of zeros and lse -Inf.
	Attention(out, lse, q, k, v Tensor, spans []Span, a AttentionShape) error
	// AttentionBackward: dq =; dk, dv += (so that keys outside the spans keep what
	// they have; the caller clears them). It recomputes the probabilities from lse.
	AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v Tensor, spans []Span, a AttentionShape) error

	// GLU: y = act(gate) * up. y may be gate or up. (Shazeer 2020: SwiGLU, GeGLU.)
	GLU(y, gate, up Tensor, act Activation) error
	// GLUBackward: dgate =, dup =. dgate may be gate or dy, dup may be up or dy,
	// but not both dy.
	GLUBackward(dgate, dup, dy, gate, up Tensor, act Activation) error

	// Add: y = x * alpha + y.
	Add(y, x Tensor, alpha float32) error
	// Scale: y = y * alpha; alpha 0 clears, whatever was there.
	Scale(y Tensor, alpha float32) error
	// CopyRows: dst[di[i]] = src[si[i]], or += with accumulate. A nil index stands
	// for 0, 1, 2, ...; both nil copies whole tensors of equal shape. An index in di
	// occurs once at most.
	CopyRows(dst Tensor, di []int32, src Tensor, si []int32, accumulate bool) error

	// HeadLogProbs is the fused output layer: for row i of h [n, D] and the logits
	// z = h[i] Wᵀ it writes lse[i] = (m, log sum exp(z - m)) with m the largest
	// logit, and logp[i,j] = (z[ids[i*k+j]] - m) - lse[i][1] for each of the k =
	// logp.Cols candidates; a negative id is skipped and its logp is 0. lse is
	// [n, 2]: in one f32 the sum of both would round away 1 - p of a sure token. The
	// [n, vocabulary] matrix is never whole in memory. Exact.
	HeadLogProbs(logp, lse, h Tensor, w Weight, ids []int32) error
	// HeadLogProbsBackward: dh = sum_j dlogp[i,j] * d logp[i,j] / d h[i], that is
	// dh[i] = sum_j dlogp[i,j] W[ids[i*k+j]] - (sum_j dlogp[i,j]) softmax(z) W.
	HeadLogProbsBackward(dh, dlogp, lse, h Tensor, w Weight, ids []int32) error
	// HeadTopK waits and returns, for each row of h, the k most probable ids in
	// descending order (ties: lower id first) and their log-probabilities:
	// len(ids) = len(logp) = h.Rows*k. Exact.
	HeadTopK(ids []int32, logp []float32, h Tensor, w Weight, k int) error

	// AdamW is one step of decoupled-weight-decay Adam (Loshchilov & Hutter 2019)
	// on param, with m and v as its state: all four of one shape and contiguous.
	// The gradient is scaled by s.GradScale (clipping) when it is read.
	AdamW(param, grad, m, v Tensor, s AdamWStep) error
	// SumSquares waits and returns sum x^2, accumulated in f64.
	SumSquares(x Tensor) (float64, error)
}

// Info describes an engine.
type Info struct {
	Name    string // "cpu", "opengl", "cuda"
	Device  string // what the machine calls it, with the kernel tier: "Intel Xeon, AVX-512 VNNI"
	Threads int    // worker threads; 0 where the word has no meaning
}

// MemoryUse is the memory of an engine at one moment, in bytes.
type MemoryUse struct {
	Used int64 // allocated by this engine: tensors, weights as it lays them out, working memory
	Free int64 // that the machine could give besides; -1 where it does not tell
}

// Precision says what a [Backend.Linear] may do to its activations.
type Precision uint8

const (
	Exact   Precision = iota // f32 activations
	Rounded                  // 8-bit activations or float16 allowed: decoding and prompts
)

// RoPEStyle says which values of a head form the pairs that RoPE turns.
type RoPEStyle uint8

const (
	Interleaved RoPEStyle = iota // (0,1), (2,3), ...: GGUF files of the llama architecture
	Halves                       // (0, n/2), (1, n/2+1), ...: GPT-NeoX, Gemma, Qwen
)

// Activation is the gate's function in a GLU.
type Activation uint8

const (
	SiLU     Activation = iota // x / (1 + exp(-x))
	GELUTanh                   // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
)

// Span names the keys that one query row may look at: [PrefixFrom, PrefixTo)
// followed by [From, To), in this order of position. The prefix is what packed
// sequences share (a system prompt), the second part is the row's own past up to
// and including itself.
type Span struct {
	PrefixFrom, PrefixTo int32
	From, To             int32
}

// Within returns what a window leaves of a span, its last keys; 0 leaves all. ok is false if
// the span is not within so many keys.
func (s Span) Within(window, keys int) (left Span, ok bool) {
	prefix, own := int(s.PrefixTo)-int(s.PrefixFrom), int(s.To)-int(s.From)
	if s.PrefixFrom < 0 || prefix < 0 || int(s.PrefixTo) > keys || s.From < 0 || own < 0 || int(s.To) > keys {
		return s, false
	}
	if window > 0 { // the prefix lies before the row's own keys
		gone := min(max(0, prefix+own-window), prefix)
		s.PrefixFrom += int32(gone)
		s.From += int32(min(max(0, prefix-gone+own-window), own))
	}
	return s, true
}

// AttentionShape are the constants of an attention layer. Window > 0 limits each
// row to the last Window keys of its span (sliding window). Query head h reads
// key head h / (Heads/KVHeads): grouped-query attention, Ainslie et al. 2023.
type AttentionShape struct {
	Heads, KVHeads, HeadDim int
	Scale                   float32
	Window                  int
}

// AdamWStep are the constants of one optimiser step. Step counts from 1 and
// drives the bias correction.
type AdamWStep struct {
	Rate, Beta1, Beta2, Eps, Decay float32
	GradScale                      float32
	Step                           int
}
