package cpu

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"clara/compute"
)

const (
	// headChunk is how many logits of a row are added up together: the chunks of a
	// row are combined in their order, however many there were at a time.
	headChunk = 2048
	// headRoom is how many logits are in memory at a time, about: they stay in the
	// cache.
	headRoom = 1 << 20
)

// HeadLogProbs: z = h Wᵀ; lse[i] = (m, log sum exp(z - m)), m the largest logit of
// row i; logp[i,j] = (z[ids[i*k+j]] - m) - lse[i][1], or 0 for a negative id.
func (b *Backend) HeadLogProbs(logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbs"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	l, s, hv, w, err := b.headOperands(op, logp, lse, h, cw, ids)
	if err != nil {
		return err
	}
	where := newCandidates(ids, w.Rows)
	sums := newChunkSums(hv.rows, w.Rows)
	err = b.logits(hv, w, max(1, headRoom/headChunk/max(hv.rows, 1)), func(v0 int, z view) error {
		b.sumChunks(sums, z, v0)
		for c := v0 / headChunk; c*headChunk < v0+z.cols; c++ {
			for _, at := range where.in(c) {
				i, j := int(at)/l.cols, int(at)%l.cols
				l.row(i)[j] = z.row(i)[int(ids[at])-v0]
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range hv.rows {
		m, sum := sums.combine(i)
		s.row(i)[0], s.row(i)[1] = m, sum
		for j := range l.cols {
			if ids[i*l.cols+j] < 0 {
				l.row(i)[j] = 0
			} else {
				l.row(i)[j] = (l.row(i)[j] - m) - sum
			}
		}
	}
	return nil
}

// HeadLogProbsBackward, with g = sum_j dlogp[i,j] and p = exp(z - m - sum):
//
//	dlogp[i,j] goes to logit ids[i*k+j]   from   z[ids[i*k+j]]
//	-g p       goes to every logit        from   - log sum exp z
//	dh[i] = sum_v dz[v] W[v]              from   z = h Wᵀ
func (b *Backend) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, cw compute.Weight, ids []int32) error {
	const op = "HeadLogProbsBackward"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	l, s, hv, w, err := b.headOperands(op, dlogp, lse, h, cw, ids)
	if err != nil {
		return err
	}
	d, err := b.operand(op, "dh", dh)
	if err != nil {
		return err
	}
	if !d.is(hv.rows, hv.cols) {
		return b.misfit(op, "dh is %v, h %v", d, hv)
	}
	where := newCandidates(ids, w.Rows)
	return b.logits(hv, w, 1, func(v0 int, z view) error {
		candidates := where.in(v0 / headChunk)
		b.overRows(z.rows, z.cols, func(_, from, to int) {
			first, _ := slices.BinarySearch(candidates, int32(from*l.cols))
			for i := from; i < to; i++ {
				// p of a sure token is 1 but for its last digits, and what counts is 1 - p:
				// so a candidate's derivative is taken as (its dlogp - g) + g (1 - p).
				var total float64
				for j, id := range ids[i*l.cols:][:l.cols] {
					if id >= 0 {
						total += float64(l.row(i)[j])
					}
				}
				m, sum := s.row(i)[0], s.row(i)[1]
				last := first
				for last < len(candidates) && int(candidates[last]) < (i+1)*l.cols {
					last++
				}
				mine := candidates[first:last]
				first = last
				exact := make([]float32, len(mine))
				for n, at := range mine {
					var direct float64 // of all that name this id
					for _, other := range mine {
						if ids[other] == ids[at] {
							direct += float64(l.row(i)[int(other)%l.cols])
						}
					}
					x := float64(z.row(i)[int(ids[at])-v0]) - float64(m) - float64(sum)
					exact[n] = float32(direct - total - total*math.Expm1(x))
				}
				dz := z.row(i)
				b.k.expSum(dz, dz, m)
				b.k.scale(dz, float32(-total*math.Exp(-float64(sum))))
				for n, at := range mine {
					dz[int(ids[at])-v0] = exact[n]
				}
			}
		})
		return b.product(d, z, false, w.right(false, v0), z.cols, 1, v0 > 0)
	})
}

// HeadTopK returns the k most probable ids of each row.
func (b *Backend) HeadTopK(ids []int32, logp []float32, h compute.Tensor, cw compute.Weight, k int) error {
	const op = "HeadTopK"
	if err := b.begin(op); err != nil {
		return err
	}
	defer b.mu.Unlock()
	w, err := b.weight(op, cw)
	if err != nil {
		return err
	}
	hv, err := b.operand(op, "h", h)
	if err != nil {
		return err
	}
	if err := compute.CheckHeadTopK(ids, logp, h, w, k); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	sums := newChunkSums(hv.rows, w.Rows)
	best := make([]topK, hv.rows)
	err = b.logits(hv, w, max(1, headRoom/headChunk/max(hv.rows, 1)), func(v0 int, z view) error {
		b.sumChunks(sums, z, v0)
		b.overRows(z.rows, z.cols, func(_, from, to int) {
			for i := from; i < to; i++ {
				best[i].offer(b.k, z.row(i), v0, k)
			}
		})
		return nil
	})
	if err != nil {
		return err
	}
	for i := range best {
		m, sum := sums.combine(i)
		best[i].sort()
		for j, c := range best[i] {
			ids[i*k+j] = c.id
			logp[i*k+j] = (c.z - m) - sum
		}
	}
	return nil
}

// headOperands resolves what HeadLogProbs and its backward share; logp may be dlogp.
func (b *Backend) headOperands(op string, logp, lse, h compute.Tensor, cw compute.Weight, ids []int32) (l, s, hv view, w *weight, err error) {
	if l, err = b.operand(op, "log-probabilities", logp); err != nil {
		return
	}
	if s, err = b.operand(op, "lse", lse); err != nil {
		return
	}
	if hv, err = b.operand(op, "h", h); err != nil {
		return
	}
	if w, err = b.weight(op, cw); err != nil {
		return
	}
	if err = compute.CheckHead(logp, lse, h, w, ids); err != nil {
		err = fmt.Errorf("%s: %w", op, err)
	}
	return
}

// logits computes h Wᵀ, chunks columns of headChunk at a time, and hands them to f
// with the first column's id. f may overwrite them.
func (b *Backend) logits(h view, w *weight, chunks int, f func(v0 int, z view) error) error {
	if h.rows == 0 {
		return nil
	}
	span := min(chunks*headChunk, w.Rows)
	stride := (span+15)/16*16 + 16 // not a power of two: rows would share their sets of the cache
	if err := grow(&b.gemm.logits, h.rows*stride); err != nil {
		return err
	}
	for v0 := 0; v0 < w.Rows; v0 += span {
		z := view{b.gemm.logits, h.rows, min(span, w.Rows-v0), stride}
		if err := b.product(z, h, false, w.right(true, v0), w.Cols, 1, false); err != nil {
			return err
		}
		if err := f(v0, z); err != nil {
			return err
		}
	}
	return nil
}

// chunkSums are, for each row and chunk of logits, the largest and the sum of
// exp(z - largest) over all others.
type chunkSums struct {
	chunks  int
	largest []float32
	others  []float32
}

func newChunkSums(rows, vocabulary int) *chunkSums {
	n := (vocabulary + headChunk - 1) / headChunk
	return &chunkSums{n, make([]float32, rows*n), make([]float32, rows*n)}
}

// sumChunks fills in the chunks of z, whose first column is v0.
func (b *Backend) sumChunks(s *chunkSums, z view, v0 int) {
	chunks := (z.cols + headChunk - 1) / headChunk
	b.overRows(z.rows*chunks, min(headChunk, z.cols), func(worker, from, to int) {
		y := b.gemm.workers[worker].right[:headChunk]
		for t := from; t < to; t++ {
			i, c := t/chunks, t%chunks
			x := z.row(i)[c*headChunk : min((c+1)*headChunk, z.cols)]
			m := b.k.max(x)
			others := b.k.expSum(y[:len(x)], x, m) - 1
			if others < 1 {
				// A sum near 1 has lost the digits of the others: leave the largest out.
				if at := slices.Index(x, m); at >= 0 {
					x[at] = float32(math.Inf(-1))
					others = b.k.expSum(y[:len(x)], x, m)
					x[at] = m
				}
			}
			s.largest[i*s.chunks+v0/headChunk+c] = m
			s.others[i*s.chunks+v0/headChunk+c] = others
		}
	})
}

// combine returns the largest logit m of row i and log sum exp(z - m).
func (s *chunkSums) combine(i int) (m, sum float32) {
	largest, others := s.largest[i*s.chunks:][:s.chunks], s.others[i*s.chunks:][:s.chunks]
	at := 0
	for c, v := range largest {
		if v > largest[at] {
			at = c
		}
	}
	m = largest[at]
	var rest float64
	for c, v := range largest {
		terms := float64(others[c])
		if c != at {
			terms++
		}
		rest += terms * math.Exp(float64(v)-float64(m))
	}
	return m, float32(math.Log1p(rest))
}

// candidates are the places of a list of ids by the chunk that their id falls
// into, in ascending order.
type candidates struct {
	places []int32
	start  []int32
}

func newCandidates(ids []int32, vocabulary int) candidates {
	c := candidates{start: make([]int32, (vocabulary+headChunk-1)/headChunk+1)}
	for _, id := range ids {
		if id >= 0 {
			c.start[id/headChunk+1]++
		}
	}
	for i := 1; i < len(c.start); i++ {
		c.start[i] += c.start[i-1]
	}
	c.places = make([]int32, c.start[len(c.start)-1])
	next := slices.Clone(c.start)
	for at, id := range ids {
		if id >= 0 {
			c.places[next[id/headChunk]] = int32(at)
			next[id/headChunk]++
		}
	}
	return c
}

// in returns the places whose ids fall into a chunk.
func (c candidates) in(chunk int) []int32 { return c.places[c.start[chunk]:c.start[chunk+1]] }

// topK are the best logits so far: a heap whose root is the worst of them, which
// with equal logits is the highest id.
type topK []scored

type scored struct {
	z  float32
	id int32
}

func worse(a, b scored) bool { return a.z < b.z || a.z == b.z && a.id > b.id }

// topKSpan values are looked at together: most spans hold none of the best.
const topKSpan = 128

// offer goes through logits v0, v0+1, ...; earlier ones came before.
func (t *topK) offer(k *kernels, z []float32, v0, count int) {
	for s := 0; s < len(z); s += topKSpan {
		span := z[s:min(s+topKSpan, len(z))]
		if len(*t) == count && !(k.max(span) > (*t)[0].z) {
			continue
		}
		for i, v := range span {
			c := scored{v, int32(v0 + s + i)}
			switch {
			case len(*t) < count:
				*t = append(*t, c)
				t.up(len(*t) - 1)
			case v > (*t)[0].z:
				(*t)[0] = c
				t.down()
			}
		}
	}
}

func (t topK) up(i int) {
	for i > 0 && worse(t[i], t[(i-1)/2]) {
		t[i], t[(i-1)/2] = t[(i-1)/2], t[i]
		i = (i - 1) / 2
	}
}

func (t topK) down() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(t) {
			return
		}
		if child+1 < len(t) && worse(t[child+1], t[child]) {
			child++
		}
		if !worse(t[child], t[i]) {
			return
		}
		t[i], t[child] = t[child], t[i]
		i = child
	}
}

// sort puts the best first.
func (t topK) sort() {
	slices.SortFunc(t, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.z, a.z), cmp.Compare(a.id, b.id))
	})
}
