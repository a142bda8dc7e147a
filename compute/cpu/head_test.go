package cpu

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"clara/compute"
)

// headCase is an output layer over several chunks with the last one cut short.
type headCase struct {
	b       *Backend
	w       compute.Weight
	h       compute.Tensor
	z       [][]float64 // the logits in f64
	bound   []float64   // of a row's logits' errors
	weights dense
}

func newHeadCase(t *testing.T, k *kernels, threads int, typ compute.Type, rows, vocabulary, width int, size float32) headCase {
	c := headCase{b: engine(t, k, threads)}
	r := rand.New(rand.NewPCG(31, 0))
	m := randomWeight(r, typ, vocabulary, width)
	w, err := c.b.NewWeight(m)
	must(t, err)
	c.w, c.weights = w, denseWeight(t, m)
	c.h = tensor(t, c.b, r, rows, width, 3)
	for i := range values(c.h) {
		values(c.h)[i] *= size
	}
	h := denseOf(c.h)
	for i := range rows {
		row := make([]float64, vocabulary)
		var bound float64
		for v := range row {
			var terms float64
			for d := range width {
				x := h.at(i, d) * c.weights.at(v, d)
				row[v] += x
				terms += math.Abs(x)
			}
			bound = max(bound, float64(width+2)*eps32*terms)
		}
		c.z, c.bound = append(c.z, row), append(c.bound, bound)
	}
	return c
}

// logSum is m and log sum exp(z - m) without the largest's own term rounded away.
func logSum(z []float64) (m, sum float64) {
	at := 0
	for v := range z {
		if z[v] > z[at] {
			at = v
		}
	}
	var others float64
	for v := range z {
		if v != at {
			others += math.Exp(z[v] - z[at])
		}
	}
	return z[at], math.Log1p(others)
}

func TestHead(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		for _, typ := range []compute.Type{compute.Q4_1, compute.Q8_0, compute.F16} {
			for _, size := range []float32{1, 40} { // flat rows, and rows of one sure token
				const rows, vocabulary, width, n = 5, 2*headChunk + 300, 64, 4
				c := newHeadCase(t, k, 3, typ, rows, vocabulary, width, size)
				r := source(t, 32)
				ids := make([]int32, rows*n)
				for i := range ids {
					ids[i] = int32(r.IntN(vocabulary))
				}
				for i := range rows { // the most probable, named twice, and one that is none
					m, _ := logSum(c.z[i])
					ids[i*n] = int32(slices.Index(c.z[i], m))
					ids[i*n+1] = ids[i*n]
				}
				ids[2*n+3] = -1
				logp, lse := tensor(t, c.b, r, rows, n, 1), tensor(t, c.b, r, rows, 2, 0)
				must(t, c.b.HeadLogProbs(logp, lse, c.h, c.w, ids))
				for i := range rows {
					m, sum := logSum(c.z[i])
					what := fmt.Sprintf("%v, size %v, row %d", typ, size, i)
					got := values(lse)[2*i : 2*i+2]
					if d := math.Abs(float64(got[0]) - m); !(d <= c.bound[i]+eps32*math.Abs(m)) {
						t.Fatalf("%s: the largest logit is %v, want %v", what, got[0], m)
					}
					// Relative: a sure token's sum keeps its digits.
					if d := math.Abs(float64(got[1]) - sum); !(d <= sum*(2*c.bound[i]+4*eps32*math.Abs(m)+1e-5)+0x1p-126) {
						t.Fatalf("%s: log sum is %v, want %v", what, got[1], sum)
					}
					for j := range n {
						got := float64(values(logp)[i*logp.Stride+j])
						want := 0.0
						if id := ids[i*n+j]; id >= 0 {
							want = c.z[i][id] - m - sum
						}
						if d := math.Abs(got - want); !(d <= 4*c.bound[i]+1e-5*math.Abs(want)+1e-5*sum) {
							t.Fatalf("%s: logp[%d] = %v, want %v", what, j, got, want)
						}
					}
				}

				dlogp, dh := tensor(t, c.b, r, rows, n, 0), tensor(t, c.b, r, rows, width, 2)
				must(t, c.b.HeadLogProbsBackward(dh, dlogp, lse, c.h, c.w, ids))
				for i := range rows {
					m, sum := logSum(c.z[i])
					var total float64
					direct := map[int32]float64{}
					for j, id := range ids[i*n : i*n+n] {
						if id >= 0 {
							g := float64(values(dlogp)[i*n+j])
							total += g
							direct[id] += g
						}
					}
					want, allowed := make([]float64, width), make([]float64, width)
					for v := range vocabulary {
						p := math.Exp(c.z[i][v] - m - sum)
						dz := direct[int32(v)] - total*p
						// A logit's error moves p by p (1-p) of it; the sums carry all terms.
						off := math.Abs(total)*min(p, -math.Expm1(c.z[i][v]-m-sum)+c.bound[i])*(4*c.bound[i]+1e-5) + 100*eps32*math.Abs(dz)
						for d := range width {
							want[d] += dz * c.weights.at(v, d)
							allowed[d] += off * math.Abs(c.weights.at(v, d))
						}
					}
					for d := range width {
						got := float64(values(dh)[i*dh.Stride+d])
						if diff := math.Abs(got - want[d]); !(diff <= allowed[d]+1e-12) {
							t.Fatalf("%v, size %v, row %d: dh[%d] = %v, want %v (off by %v, allowed %v)", typ, size, i, d, got, want[d], diff, allowed[d])
						}
					}
				}
			}
		}
	})
}

func TestHeadTopK(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		const rows, vocabulary, width, n = 6, headChunk + 700, 64, 40
		c := newHeadCase(t, k, 2, compute.Q4_1, rows, vocabulary, width, 3)
		ids, logp := make([]int32, rows*n), make([]float32, rows*n)
		must(t, c.b.HeadTopK(ids, logp, c.h, c.w, n))
		// The logits that the engine itself computes decide the order.
		z := tensor(t, c.b, source(t, 33), rows, vocabulary, 0)
		must(t, c.b.Linear(z, c.h, c.w, compute.Exact, false))
		for i := range rows {
			row := values(z)[i*vocabulary:][:vocabulary]
			order := make([]int32, vocabulary)
			for v := range order {
				order[v] = int32(v)
			}
			slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(row[b], row[a]) })
			if got := ids[i*n : i*n+n]; !slices.Equal(got, order[:n]) {
				t.Fatalf("row %d: best are %v, want %v", i, got, order[:n])
			}
			m, sum := logSum(c.z[i])
			for j, id := range ids[i*n : i*n+n] {
				want := c.z[i][id] - m - sum
				if d := math.Abs(float64(logp[i*n+j]) - want); !(d <= 4*c.bound[i]+1e-5*math.Abs(want)) {
					t.Fatalf("row %d: logp of %d is %v, want %v", i, id, logp[i*n+j], want)
				}
			}
		}
	})
}

// With equal logits the lower id comes first, also across chunks.
func TestHeadTopKTies(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		b := engine(t, k, 2)
		const vocabulary, n = 2*headChunk + 64, 9
		m := compute.Matrix{Type: compute.F32, Rows: vocabulary, Cols: 1, Data: make([]byte, vocabulary*4)}
		for _, id := range []int{5, 6, 100, 130, headChunk, headChunk + 1, 2*headChunk + 3} {
			m.Data[4*id+3], m.Data[4*id+2] = 0x3f, 0x80 // 1
		}
		w, err := b.NewWeight(m)
		must(t, err)
		h := tensor(t, b, source(t, 34), 1, 1, 0)
		values(h)[0] = 1
		ids, logp := make([]int32, n), make([]float32, n)
		must(t, b.HeadTopK(ids, logp, h, w, n))
		if want := []int32{5, 6, 100, 130, headChunk, headChunk + 1, 2*headChunk + 3, 0, 1}; !slices.Equal(ids, want) {
			t.Fatalf("best are %v, want %v", ids, want)
		}
	})
}

// Neither threads nor the other rows change a bit.
func TestHeadIsDeterministic(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		const rows, vocabulary, width = 7, 3 * headChunk, 64
		ids := make([]int32, rows)
		for i := range ids {
			ids[i] = int32(i * 800)
		}
		run := func(threads, from, to int) (logp, dh []float32) {
			c := newHeadCase(t, k, threads, compute.Q4_1, rows, vocabulary, width, 1)
			r := rand.New(rand.NewPCG(35, 0))
			l, lse := tensor(t, c.b, r, rows, 1, 0), tensor(t, c.b, r, rows, 2, 0)
			d, g := tensor(t, c.b, r, rows, width, 0), tensor(t, c.b, r, rows, 1, 0)
			h := c.h.Slice(from, to)
			must(t, c.b.HeadLogProbs(l.Slice(from, to), lse.Slice(from, to), h, c.w, ids[from:to]))
			must(t, c.b.HeadLogProbsBackward(d.Slice(from, to), g.Slice(from, to), lse.Slice(from, to), h, c.w, ids[from:to]))
			return slices.Clone(values(l)[from:to]), slices.Clone(values(d)[from*width : to*width])
		}
		logp, dh := run(1, 0, rows)
		again, dhAgain := run(4, 0, rows)
		if !slices.Equal(logp, again) || !slices.Equal(dh, dhAgain) {
			t.Error("4 threads give other bits than one")
		}
		again, dhAgain = run(2, 3, 4)
		if !slices.Equal(logp[3:4], again) || !slices.Equal(dh[3*width:4*width], dhAgain) {
			t.Error("a row alone gives other bits than among the others")
		}
	})
}

// The output layer of SmolLM2-135M: for a decoded token, and in a training step.
func BenchmarkDecodeHeadTopK(b *testing.B) {
	e, w, m := benchmarkHead(b)
	h := tensor(b, e, rand.New(rand.NewPCG(2, 0)), 1, m.Cols, 0)
	ids, logp := make([]int32, 40), make([]float32, 40)
	measure(b, float64(len(m.Data)), "GB/s", func() error { return e.HeadTopK(ids, logp, h, w, 40) })
}

func BenchmarkHeadLogProbs(b *testing.B) { benchmarkHeadLogProbs(b, false) }

func BenchmarkHeadLogProbsBackward(b *testing.B) { benchmarkHeadLogProbs(b, true) }

func benchmarkHeadLogProbs(b *testing.B, backward bool) {
	e, w, m := benchmarkHead(b)
	const rows = 400
	r := rand.New(rand.NewPCG(2, 0))
	h, dh := tensor(b, e, r, rows, m.Cols, 0), tensor(b, e, r, rows, m.Cols, 0)
	logp, lse := tensor(b, e, r, rows, 1, 0), tensor(b, e, r, rows, 2, 0)
	ids := make([]int32, rows)
	must(b, e.HeadLogProbs(logp, lse, h, w, ids))
	flops := 2 * float64(rows*m.Rows*m.Cols)
	if !backward {
		measure(b, flops, "GFLOP/s", func() error { return e.HeadLogProbs(logp, lse, h, w, ids) })
		return
	}
	measure(b, 2*flops, "GFLOP/s", func() error { return e.HeadLogProbsBackward(dh, logp, lse, h, w, ids) })
}

func benchmarkHead(b *testing.B) (*Backend, compute.Weight, compute.Matrix) {
	e := benchmarkEngine(b)
	m := randomWeight(rand.New(rand.NewPCG(1, 0)), compute.Q4_1, 49152, 576)
	w, err := e.NewWeight(m)
	must(b, err)
	return e, w, m
}
