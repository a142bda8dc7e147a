package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"clara/compute"
)

// engine is a Backend on one tier whose memory ends at guard pages.
func engine(t testing.TB, k *kernels, threads int) *Backend {
	t.Helper()
	b, err := New(Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	b.k = k
	b.guarded = true
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// tensor is rows x cols random values in memory of its own, with gap unused values
// between the rows.
func tensor(t testing.TB, b *Backend, r *rand.Rand, rows, cols, gap int) compute.Tensor {
	t.Helper()
	stride := cols + gap
	m, err := b.Alloc(max((rows-1)*stride+cols, 0))
	if err != nil {
		t.Fatal(err)
	}
	fill(r, m.(*memory).data)
	return compute.Tensor{Mem: m, Rows: rows, Cols: cols, Stride: stride}
}

// values is the whole memory behind a tensor, gaps and all.
func values(x compute.Tensor) []float32 { return x.Mem.(*memory).data }

// dense is rows x cols in f64.
type dense struct {
	rows, cols int
	at         func(i, j int) float64
}

func denseOf(x compute.Tensor) dense {
	d := values(x)
	return dense{x.Rows, x.Cols, func(i, j int) float64 { return float64(d[x.Off+i*x.Stride+j]) }}
}

func denseWeight(t testing.TB, m compute.Matrix) dense {
	t.Helper()
	v := make([]float32, m.Rows*m.Cols)
	if err := compute.Dequantize(v, m.Type, m.Data); err != nil {
		t.Fatal(err)
	}
	return dense{m.Rows, m.Cols, func(i, j int) float64 { return float64(v[i*m.Cols+j]) }}
}

func (d dense) transposed() dense {
	return dense{d.cols, d.rows, func(i, j int) float64 { return d.at(j, i) }}
}

// checkProduct compares c with alpha*a*b (+ before) in f64, and the gaps between
// its rows with what was there.
func checkProduct(t *testing.T, what string, c compute.Tensor, before []float32, a, b dense, alpha float64, accumulate bool) {
	t.Helper()
	got := values(c)
	for o := range got {
		i, j := o/c.Stride, o%c.Stride
		if j >= c.Cols {
			if got[o] != before[o] {
				t.Fatalf("%s: wrote between the rows", what)
			}
			continue
		}
		var want, terms float64
		for p := range a.cols {
			v := alpha * a.at(i, p) * b.at(p, j)
			want, terms = want+v, terms+math.Abs(v)
		}
		if accumulate {
			want, terms = want+float64(before[o]), terms+math.Abs(float64(before[o]))
		}
		if d := math.Abs(float64(got[o]) - want); !(d <= float64(a.cols+4)*eps32*terms) {
			t.Fatalf("%s: [%d,%d] = %v, want %v", what, i, j, got[o], want)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMatMul(t *testing.T) {
	shapes := [][3]int{{1, 1, 1}, {3, 5, 7}, {14, 32, 16}, {15, 33, 17}, {64, 8, 96}, {8, 70, 33}, {29, 64, 700}, {97, 300, 64}, {130, 40, 1300}}
	forEachTier(t, func(t *testing.T, k *kernels) {
		b := engine(t, k, 3)
		r := source(t, 11)
		for _, s := range shapes {
			for flags := range 8 {
				transA, transB, accumulate := flags&1 > 0, flags&2 > 0, flags&4 > 0
				m, n, kk := s[0], s[1], s[2]
				if k.tier == "portable" && m*n*kk > 1e6 {
					continue
				}
				a, bm := tensor(t, b, r, m, kk, 3), tensor(t, b, r, kk, n, 1)
				da, db := denseOf(a), denseOf(bm)
				if transA {
					a = tensor(t, b, r, kk, m, 2)
					da = denseOf(a).transposed()
				}
				if transB {
					bm = tensor(t, b, r, n, kk, 0)
					db = denseOf(bm).transposed()
				}
				c := tensor(t, b, r, m, n, 5)
				before := append([]float32(nil), values(c)...)
				must(t, b.MatMul(c, a, bm, transA, transB, 0.5, accumulate))
				checkProduct(t, fmt.Sprintf("%v transA %v transB %v accumulate %v", s, transA, transB, accumulate), c, before, da, db, 0.5, accumulate)
				for _, x := range []compute.Tensor{a, bm, c} {
					x.Mem.Free()
				}
			}
		}
	})
}

func TestLinearExact(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		b := engine(t, k, 2)
		r := source(t, 12)
		for _, typ := range types() {
			unit, _ := typ.Block()
			for _, s := range [][3]int{{1, 5, 1}, {17, 40, 2}, {3, 33, 3}, {40, 100, 2}, {2, 70, 5}} {
				rows, n, cols := s[0], s[1], s[2]*unit
				if unit == 1 {
					cols = s[2] * 37
				}
				m := randomWeight(r, typ, n, cols)
				w, err := b.NewWeight(m)
				must(t, err)
				dw := denseWeight(t, m)
				for _, accumulate := range []bool{false, true} {
					x, y := tensor(t, b, r, rows, cols, 1), tensor(t, b, r, rows, n, 2)
					before := append([]float32(nil), values(y)...)
					must(t, b.Linear(y, x, w, compute.Exact, accumulate))
					checkProduct(t, fmt.Sprintf("Linear %v %v", typ, s), y, before, denseOf(x), dw.transposed(), 1, accumulate)

					dy, dx := tensor(t, b, r, rows, n, 1), tensor(t, b, r, rows, cols, 4)
					before = append([]float32(nil), values(dx)...)
					must(t, b.LinearBackward(dx, dy, w, accumulate))
					checkProduct(t, fmt.Sprintf("LinearBackward %v %v", typ, s), dx, before, denseOf(dy), dw, 1, accumulate)
					for _, x := range []compute.Tensor{x, y, dx, dy} {
						x.Mem.Free()
					}
				}
				w.Free()
			}
		}
	})
}

// The same product gives the same bits with any number of threads, and a row of it
// the same as by itself.
func TestProductIsDeterministic(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		const rows, n, cols = 45, 160, 704
		run := func(threads, from, to int) []float32 {
			b := engine(t, k, threads)
			r := rand.New(rand.NewPCG(13, 0))
			w, err := b.NewWeight(randomWeight(r, compute.Q4_1, n, cols))
			must(t, err)
			x := tensor(t, b, r, rows, cols, 0)
			y := tensor(t, b, r, rows, n, 0)
			must(t, b.Linear(y.Slice(from, to), x.Slice(from, to), w, compute.Exact, false))
			return append([]float32(nil), values(y)[from*n:to*n]...)
		}
		want := run(1, 0, rows)
		for _, threads := range []int{2, 5} {
			for i, v := range run(threads, 0, rows) {
				if v != want[i] {
					t.Fatalf("%d threads: value %d is %v, with one thread %v", threads, i, v, want[i])
				}
			}
		}
		for _, row := range []int{0, 14, 44} {
			for i, v := range run(2, row, row+1) {
				if v != want[row*n+i] {
					t.Fatalf("row %d alone: column %d is %v, among the others %v", row, i, v, want[row*n+i])
				}
			}
		}
	})
}

// benchmarkEngine is on the tier that CLARA_CPU_TIER names, or the best.
func benchmarkEngine(b *testing.B) *Backend {
	e, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	return e
}

// measure reports work per second of the fastest round as well: on a machine that
// others use too, the mean says more about them.
func measure(b *testing.B, work float64, unit string, round func() error) {
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		must(b, round())
		best = min(best, time.Since(start))
	}
	b.ReportMetric(work/best.Seconds()/1e9, "best-"+unit)
}

// Shapes of SmolLM2-135M: outputs x inputs of its linear layers.
var modelShapes = [][2]int{{576, 576}, {192, 576}, {1536, 576}, {576, 1536}}

func BenchmarkLinearExact(b *testing.B)    { benchmarkLinear(b, false) }
func BenchmarkLinearBackward(b *testing.B) { benchmarkLinear(b, true) }

func benchmarkLinear(b *testing.B, backward bool) {
	for _, rows := range []int{1, 4, 16, 64, 300, 800} {
		for _, s := range modelShapes {
			b.Run(fmt.Sprintf("T%d/%dx%d", rows, s[0], s[1]), func(b *testing.B) {
				e := benchmarkEngine(b)
				r := rand.New(rand.NewPCG(1, 0))
				w, err := e.NewWeight(randomWeight(r, compute.Q4_1, s[0], s[1]))
				must(b, err)
				x, y := tensor(b, e, r, rows, s[1], 0), tensor(b, e, r, rows, s[0], 0)
				measure(b, 2*float64(rows*s[0]*s[1]), "GFLOP/s", func() error {
					if backward {
						return e.LinearBackward(x, y, w, false)
					}
					return e.Linear(y, x, w, compute.Exact, false)
				})
			})
		}
	}
}

// The products of LoRA with rank 8 and 300 tokens.
func BenchmarkMatMulLoRA(b *testing.B) {
	const tokens, rank, in, out = 300, 8, 576, 1536
	e := benchmarkEngine(b)
	r := rand.New(rand.NewPCG(1, 0))
	x, dy := tensor(b, e, r, tokens, in, 0), tensor(b, e, r, tokens, out, 0)
	u, a, bb := tensor(b, e, r, tokens, rank, 0), tensor(b, e, r, rank, in, 0), tensor(b, e, r, out, rank, 0)
	for _, c := range []struct {
		name           string
		c, a, b        compute.Tensor
		transA, transB bool
	}{
		{"u=xAt", u, x, a, false, true},
		{"y+=uBt", dy, u, bb, false, true},
		{"du=dyB", u, dy, bb, false, false},
		{"dB+=dyTu", bb, dy, u, true, false},
		{"dA+=uTx", a, u, x, true, false},
		{"dx+=duA", x, u, a, false, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			k := c.a.Cols
			if c.transA {
				k = c.a.Rows
			}
			measure(b, 2*float64(c.c.Rows*c.c.Cols*k), "GFLOP/s", func() error {
				return e.MatMul(c.c, c.a, c.b, c.transA, c.transB, 1e-6, true)
			})
		})
	}
}

// LoRA for one decoded token: hundreds of such products a token.
func BenchmarkDecodeLoRA(b *testing.B) {
	const rank, in, out = 8, 576, 576
	e := benchmarkEngine(b)
	r := rand.New(rand.NewPCG(1, 0))
	x, y, u := tensor(b, e, r, 1, in, 0), tensor(b, e, r, 1, out, 0), tensor(b, e, r, 1, rank, 0)
	a, bb := tensor(b, e, r, rank, in, 0), tensor(b, e, r, out, rank, 0)
	for b.Loop() {
		must(b, e.MatMul(u, x, a, false, true, 1, false))
		must(b, e.MatMul(y, u, bb, false, true, 0.5, true))
	}
}
