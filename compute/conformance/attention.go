package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"clara/compute"
)

// scene is one way in which rows look at keys.
type scene struct {
	name       string
	rows, keys int
	shape      compute.AttentionShape
	spans      func(r *rand.Rand) []compute.Span
}

func scenes() []scene {
	shape := func(heads, kvHeads, dim, window int) compute.AttentionShape {
		return compute.AttentionShape{Heads: heads, KVHeads: kvHeads, HeadDim: dim, Scale: float32(1 / math.Sqrt(float64(dim))), Window: window}
	}
	// causal: row t looks at the keys [0, past+t].
	causal := func(rows, past int) func(*rand.Rand) []compute.Span {
		return func(*rand.Rand) []compute.Span {
			spans := make([]compute.Span, rows)
			for t := range spans {
				spans[t] = compute.Span{To: int32(past + t + 1)}
			}
			return spans
		}
	}
	// packed: sequences of the given lengths behind a prefix that all share.
	packed := func(prefix int, lengths ...int) func(*rand.Rand) []compute.Span {
		return func(*rand.Rand) []compute.Span {
			var spans []compute.Span
			for t := range prefix {
				spans = append(spans, compute.Span{To: int32(t + 1)})
			}
			start := prefix
			for _, n := range lengths {
				for t := range n {
					spans = append(spans, compute.Span{PrefixTo: int32(prefix), From: int32(start), To: int32(start + t + 1)})
				}
				start += n
			}
			return spans
		}
	}
	// mixed: sequences behind the one or the other of two prefixes, and some behind none, side
	// by side in one call, as in a training step; each prefix lies before the first of its own.
	mixed := func(prefixes [2]int, sequences ...[2]int) func(*rand.Rand) []compute.Span {
		return func(*rand.Rand) []compute.Span {
			var spans []compute.Span
			var laid [2]compute.Span
			for _, s := range sequences { // which prefix, or none below 0, and the length
				span := compute.Span{}
				if which := s[0]; which >= 0 {
					if laid[which] == (compute.Span{}) {
						from := len(spans)
						for t := range prefixes[which] {
							spans = append(spans, compute.Span{From: int32(from), To: int32(from + t + 1)})
						}
						laid[which] = compute.Span{PrefixFrom: int32(from), PrefixTo: int32(len(spans))}
					}
					span = laid[which]
				}
				span.From = int32(len(spans))
				for range s[1] {
					span.To = int32(len(spans) + 1)
					spans = append(spans, span)
				}
			}
			return spans
		}
	}
	// apart: each row in a region of its own of the cache, as in decoding several
	// answers at once.
	apart := func(rows, prefix, region, used int) func(*rand.Rand) []compute.Span {
		return func(*rand.Rand) []compute.Span {
			spans := make([]compute.Span, rows)
			for t := range spans {
				from := prefix + t*region
				spans[t] = compute.Span{PrefixTo: int32(prefix), From: int32(from), To: int32(from + used - t)}
			}
			return spans
		}
	}
	anywhere := func(rows, keys int) func(*rand.Rand) []compute.Span {
		return func(r *rand.Rand) []compute.Span {
			pair := func() (int32, int32) {
				a, b := r.IntN(keys+1), r.IntN(keys+1)
				if r.IntN(4) == 0 {
					b = a
				}
				return int32(min(a, b)), int32(max(a, b))
			}
			spans := make([]compute.Span, rows)
			for t := range spans {
				s := &spans[t]
				s.PrefixFrom, s.PrefixTo = pair()
				s.From, s.To = pair()
			}
			return spans
		}
	}
	fixed := func(spans ...compute.Span) func(*rand.Rand) []compute.Span {
		return func(*rand.Rand) []compute.Span { return spans }
	}
	sharp := shape(3, 1, 16, 0)
	sharp.Scale = 5
	return []scene{
		{"one key", 1, 1, shape(1, 1, 1, 0), causal(1, 0)},
		{"decode", 1, 131, shape(9, 3, 64, 0), causal(1, 130)},
		{"decode far", 1, 2500, shape(4, 1, 32, 0), causal(1, 2499)},
		{"decode far behind a prefix", 1, 2300, shape(2, 2, 16, 0), fixed(compute.Span{PrefixFrom: 5, PrefixTo: 1100, From: 1150, To: 2300})},
		{"decode in a window", 1, 300, shape(4, 2, 48, 77), causal(1, 299)},
		{"decode apart", 5, 400, shape(6, 2, 24, 0), apart(5, 40, 60, 33)},
		{"causal", 70, 70, shape(4, 4, 8, 0), causal(70, 0)},
		{"causal, grouped, odd", 67, 67, shape(9, 3, 13, 0), causal(67, 0)},
		{"prompt behind a cache", 37, 200, shape(2, 1, 64, 0), causal(37, 150)},
		{"window", 131, 131, shape(4, 1, 32, 19), causal(131, 0)},
		{"packed", 120, 120, shape(6, 2, 16, 0), packed(0, 31, 1, 17, 40, 31)},
		{"packed behind a prefix", 151, 151, shape(3, 3, 20, 0), packed(29, 23, 37, 5, 57)},
		{"packed, prefix, window", 151, 151, shape(4, 2, 16, 31), packed(29, 23, 37, 5, 57)},
		{"packed, some alone", 153, 153, shape(6, 2, 16, 0), mixed([2]int{29}, [2]int{0, 23}, [2]int{-1, 31}, [2]int{0, 5}, [2]int{-1, 1}, [2]int{0, 64})},
		{"packed behind two prefixes", 163, 163, shape(3, 3, 20, 0), mixed([2]int{29, 17}, [2]int{-1, 12}, [2]int{0, 23}, [2]int{1, 37}, [2]int{0, 19}, [2]int{1, 26})},
		{"packed, two prefixes, window", 163, 163, shape(4, 2, 16, 31), mixed([2]int{29, 17}, [2]int{0, 23}, [2]int{-1, 12}, [2]int{1, 37}, [2]int{0, 19}, [2]int{1, 26})},
		{"packed, some alone, few", 30, 30, shape(2, 1, 16, 0), mixed([2]int{7}, [2]int{0, 5}, [2]int{-1, 9}, [2]int{0, 9})},
		{"rows without keys", 5, 9, shape(2, 1, 5, 0), fixed(compute.Span{}, compute.Span{To: 3}, compute.Span{PrefixFrom: 2, PrefixTo: 2, From: 9, To: 9}, compute.Span{PrefixFrom: 1, PrefixTo: 4}, compute.Span{From: 7, To: 7})},
		{"no row with keys", 2, 3, shape(2, 1, 5, 0), fixed(compute.Span{}, compute.Span{})},
		{"anywhere", 23, 50, shape(4, 2, 12, 0), anywhere(23, 50)},
		{"anywhere in a window", 40, 64, shape(2, 2, 7, 11), anywhere(40, 64)},
		{"sharp", 33, 33, sharp, causal(33, 0)},
		{"wide heads", 35, 35, shape(2, 1, 128, 0), causal(35, 0)},
		{"wider heads, packed", 37, 37, shape(2, 1, 256, 0), packed(5, 19, 13)},
		{"decode with wide heads", 1, 90, shape(2, 1, 256, 0), causal(1, 89)},
		{"no rows", 0, 5, shape(2, 1, 4, 0), fixed()},
		{"no keys", 1, 0, shape(2, 1, 4, 0), fixed(compute.Span{})},
	}
}

// keysOf lists the keys that a row looks at.
func keysOf(s compute.Span, window int) []int {
	var keys []int
	for i := s.PrefixFrom; i < s.PrefixTo; i++ {
		keys = append(keys, int(i))
	}
	for i := s.From; i < s.To; i++ {
		keys = append(keys, int(i))
	}
	if window > 0 && len(keys) > window {
		keys = keys[len(keys)-window:]
	}
	return keys
}

// attentionInputs are random q, k and v. Keys that no row looks at are NaN: an
// engine may not even multiply them by 0.
func (e *env) attentionInputs(s scene) (q, k, v *operand, spans []compute.Span) {
	spans = s.spans(e.r)
	used := make([]bool, s.keys)
	for _, span := range spans {
		for _, key := range keysOf(span, s.shape.Window) {
			used[key] = true
		}
	}
	keys := func(name string) *operand {
		cols, i := s.shape.KVHeads*s.shape.HeadDim, -1
		return e.filled(name, s.keys, cols, func() float64 {
			if i++; !used[i/cols] {
				return math.NaN()
			}
			return e.r.NormFloat64()
		})
	}
	return e.in("q", s.rows, s.shape.Heads*s.shape.HeadDim), keys("k"), keys("v"), spans
}

// Attention. A score s is off by sumError(HeadDim) of the sum of its absolute
// terms; a probability by twice the largest such error, relatively, and some eps
// for the exponential.
func attentionOperation() operation {
	op := operation{name: "Attention"}
	for _, s := range scenes() {
		for _, wantLSE := range []bool{true, false} {
			op.cases = append(op.cases, testCase{fmt.Sprintf("%s, lse %t", s.name, wantLSE), func(e *env) error {
				q, k, v, spans := e.attentionInputs(s)
				out := e.out("out", s.rows, q.Cols)
				want := attention(q.mat(), k.mat(), v.mat(), spans, s.shape)
				var lse *operand
				var lseTensor compute.Tensor
				if wantLSE {
					lse = e.out("lse", s.rows, s.shape.Heads)
					lseTensor = lse.Tensor
				}
				if e.err != nil {
					return e.err
				}
				asked := slices.Clone(spans)
				if err := e.b.Attention(out.Tensor, lseTensor, q.Tensor, k.Tensor, v.Tensor, asked, s.shape); err != nil {
					return err
				}
				clear(asked) // the call has read them
				if err := e.check(out, want.out, want.outTol); err != nil || !wantLSE {
					return err
				}
				return e.check(lse, want.lse, want.lseTol)
			}})
		}
	}
	op.misfits = func(e *env) []misfit {
		q, k, v, out, lse := e.in("q", 3, 12), e.in("k", 5, 6), e.in("v", 5, 6), e.in("out", 3, 12), e.in("lse", 3, 4)
		good := compute.AttentionShape{Heads: 4, KVHeads: 2, HeadDim: 3, Scale: 1}
		spans := []compute.Span{{To: 1}, {To: 2}, {To: 3}}
		call := func(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) func() error {
			return func() error { return e.b.Attention(out, lse, q, k, v, spans, a) }
		}
		with := func(change func(*compute.AttentionShape)) func() error {
			a := good
			change(&a)
			return call(out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans, a)
		}
		span := func(s compute.Span) func() error {
			return call(out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, []compute.Span{{}, {}, s}, good)
		}
		return []misfit{
			{"out", call(out.Slice(0, 2), lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans, good)},
			{"lse", call(out.Tensor, lse.Columns(0, 3), q.Tensor, k.Tensor, v.Tensor, spans, good)},
			{"q", call(out.Tensor, lse.Tensor, q.Columns(0, 11), k.Tensor, v.Tensor, spans, good)},
			{"k", call(out.Tensor, lse.Tensor, q.Tensor, k.Columns(0, 5), v.Tensor, spans, good)},
			{"v", call(out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Slice(0, 4), spans, good)},
			{"no k", call(out.Tensor, lse.Tensor, q.Tensor, compute.Tensor{}, v.Tensor, spans, good)},
			{"too few spans", call(out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans[:2], good)},
			{"span beyond the keys", span(compute.Span{To: 6})},
			{"span turned round", span(compute.Span{From: 3, To: 2})},
			{"negative span", span(compute.Span{From: -1, To: 2})},
			{"prefix beyond the keys", span(compute.Span{PrefixTo: 6})},
			{"no heads", with(func(a *compute.AttentionShape) { a.Heads = 0 })},
			{"no key heads", with(func(a *compute.AttentionShape) { a.KVHeads = 0 })},
			{"heads that do not share", with(func(a *compute.AttentionShape) { a.KVHeads = 3 })},
			{"no dimension", with(func(a *compute.AttentionShape) { a.HeadDim = 0 })},
			{"negative window", with(func(a *compute.AttentionShape) { a.Window = -1 })},
			{"a product that overflows", with(func(a *compute.AttentionShape) { a.Heads, a.KVHeads, a.HeadDim = 1<<32, 1<<32, 1<<32 })},
		}
	}
	for _, s := range benchScenes() {
		op.bench = append(op.bench, benchmark{s.name, func(e *env) (func() error, float64) {
			q, k, v, spans := e.attentionInputs(s)
			out, lse := e.out("out", s.rows, q.Cols), e.out("lse", s.rows, s.shape.Heads)
			return func() error {
				return e.b.Attention(out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans, s.shape)
			}, 4 * s.multiplies(spans)
		}})
	}
	return op
}

// benchScenes are those of SmolLM2-135M: 9 heads of 64 on 3.
func benchScenes() []scene {
	shape := compute.AttentionShape{Heads: 9, KVHeads: 3, HeadDim: 64, Scale: 0.125}
	row := func(to int) []compute.Span { return []compute.Span{{To: int32(to)}} }
	spans := func(length int) []compute.Span {
		s := make([]compute.Span, 768)
		for t := range s {
			s[t] = compute.Span{From: int32(t / length * length), To: int32(t + 1)}
		}
		return s
	}
	return []scene{
		{"1 row, 128 keys", 1, 128, shape, func(*rand.Rand) []compute.Span { return row(128) }},
		{"1 row, 2048 keys", 1, 2048, shape, func(*rand.Rand) []compute.Span { return row(2048) }},
		{"768 rows, causal", 768, 768, shape, func(*rand.Rand) []compute.Span { return spans(768) }},
		{"768 rows, packed by 64", 768, 768, shape, func(*rand.Rand) []compute.Span { return spans(64) }},
	}
}

// multiplies is the number of products of one pass over all scores.
func (s scene) multiplies(spans []compute.Span) float64 {
	var n int
	for _, span := range spans {
		n += len(keysOf(span, s.shape.Window))
	}
	return float64(n * s.shape.Heads * s.shape.HeadDim)
}

// attended is what the reference computes.
type attended struct {
	out, outTol, lse, lseTol mat
}

// scores are those of one row and head: the keys, their probabilities, the
// log-sum-exp, and the bound of a score's error.
type scores struct {
	keys       []int
	p          []float64
	lse, bound float64
}

func scoresOf(q, k mat, t, head int, span compute.Span, a compute.AttentionShape) scores {
	s := scores{keys: keysOf(span, a.Window), lse: math.Inf(-1)}
	s.p = make([]float64, len(s.keys))
	keyHead := head / (a.Heads / a.KVHeads)
	m := math.Inf(-1)
	for j, key := range s.keys {
		var terms float64
		for d := range a.HeadDim {
			product := float64(a.Scale) * q.at(t, head*a.HeadDim+d) * k.at(key, keyHead*a.HeadDim+d)
			s.p[j] += product
			terms += math.Abs(product)
		}
		m = max(m, s.p[j])
		s.bound = max(s.bound, sumError(a.HeadDim)*terms)
	}
	if len(s.keys) == 0 {
		return s
	}
	var sum float64
	for _, score := range s.p {
		sum += math.Exp(score - m)
	}
	s.lse = m + math.Log(sum)
	for j, score := range s.p {
		s.p[j] = math.Exp(score - s.lse)
	}
	return s
}

// attention is the reference.
func attention(q, k, v mat, spans []compute.Span, a compute.AttentionShape) attended {
	r := attended{newMat(q.rows, q.cols), newMat(q.rows, q.cols), newMat(q.rows, a.Heads), newMat(q.rows, a.Heads)}
	for t := range q.rows {
		for head := range a.Heads {
			s := scoresOf(q, k, t, head, spans[t], a)
			r.lse.set(t, head, s.lse)
			r.lseTol.set(t, head, s.bound+sumError(len(s.keys))+4*eps*math.Abs(s.lse))
			keyHead := head / (a.Heads / a.KVHeads)
			for d := range a.HeadDim {
				var sum, terms float64
				for j, key := range s.keys {
					product := s.p[j] * v.at(key, keyHead*a.HeadDim+d)
					sum += product
					terms += math.Abs(product)
				}
				r.out.set(t, head*a.HeadDim+d, sum)
				// Twice: in the probabilities, and in the sum that makes them.
				r.outTol.set(t, head*a.HeadDim+d, terms*(2*s.bound+2*sumError(len(s.keys))+8*eps))
			}
		}
	}
	return r
}
