package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"clara/compute"
)

// eps32 is the unit roundoff of f32.
const eps32 = 1.0 / (1 << 24)

// forEachTier runs f on every tier that the machine has. Where
// CLARA_REQUIRE_TIER names one, its absence is a failure: a skip would look green.
func forEachTier(t *testing.T, f func(t *testing.T, k *kernels)) {
	t.Helper()
	missing := os.Getenv("CLARA_REQUIRE_TIER")
	for _, k := range tiers() {
		if tierNames[k.tier] == missing {
			missing = ""
		}
		t.Run(tierNames[k.tier], func(t *testing.T) { f(t, k) })
	}
	if missing != "" {
		t.Errorf("this machine lacks the tier %q that CLARA_REQUIRE_TIER asks for", missing)
	}
}

// source is the tests' seeded generator; the seed is in the log of a failure.
func source(t testing.TB, seed uint64) *rand.Rand {
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// guardedFloats are n values that end at a page that faults, so that a kernel
// that goes too far crashes; offset values stand unused behind them.
func guardedFloats(t testing.TB, n, offset int) []float32 {
	t.Helper()
	m, err := mapGuarded(n + offset)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unmapGuarded(m) })
	return m[:n:n]
}

func guardedBytes(t testing.TB, n int) []byte {
	f := guardedFloats(t, (n+3)/4, 0)
	return unsafe.Slice((*byte)(unsafe.Pointer(&f[0])), len(f)*4)[len(f)*4-n:]
}

func fill(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
}

// lengths are around every register and unroll boundary of both tiers.
var lengths = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 63, 64, 65, 96, 127, 128, 129, 200, 577}

func TestTiles(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 1)
		for _, tl := range k.tiles {
			for _, steps := range []int{1, 2, 3, 4, 5, 7, 8, 31, 64, 101} {
				for _, accumulate := range []bool{false, true} {
					rows, cols := tl.rows, k.tileCols
					ldc := cols + 3
					a, b := guardedFloats(t, rows*steps, 0), guardedFloats(t, cols*steps, 0)
					c := guardedFloats(t, (rows-1)*ldc+cols, 0)
					fill(r, a)
					fill(r, b)
					fill(r, c)
					before := append([]float32(nil), c...)
					const alpha = 0.75
					tl.run(steps, &a[0], &b[0], &c[0], ldc, alpha, accumulate)
					for o, got := range c {
						i, j := o/ldc, o%ldc
						if j >= cols {
							if got != before[o] {
								t.Fatalf("%dx%d: wrote between the rows", rows, cols)
							}
							continue
						}
						var want, terms float64
						for p := range steps {
							v := alpha * float64(a[p*rows+i]) * float64(b[p*cols+j])
							want += v
							terms += math.Abs(v)
						}
						if accumulate {
							want += float64(before[o])
							terms += math.Abs(float64(before[o]))
						}
						if d := math.Abs(float64(got) - want); !(d <= float64(steps+3)*eps32*terms) {
							t.Fatalf("%dx%d, %d steps, accumulate %v: c[%d,%d] = %v, want %v", rows, cols, steps, accumulate, i, j, got, want)
						}
					}
				}
			}
		}
	})
}

// A row's result may not depend on the tile that it falls into.
func TestTilesAgree(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 2)
		const steps = 77
		b := make([]float32, steps*k.tileCols)
		row := make([]float32, steps)
		fill(r, b)
		fill(r, row)
		var want []float32
		for _, tl := range k.tiles {
			a := make([]float32, steps*tl.rows)
			for p, v := range row {
				a[p*tl.rows+tl.rows-1] = v
			}
			c := make([]float32, tl.rows*k.tileCols)
			tl.run(steps, &a[0], &b[0], &c[0], k.tileCols, 1, false)
			got := c[(tl.rows-1)*k.tileCols:]
			if want == nil {
				want = got
			}
			for j := range got {
				if got[j] != want[j] {
					t.Fatalf("%d rows: column %d is %v, with %d rows %v", tl.rows, j, got[j], k.tiles[0].rows, want[j])
				}
			}
		}
	})
}

func TestTransposes(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 3)
		for _, rows := range []int{1, 2, 3, 4, 6, 7, 8, 14, 15, 16, 19, 32} {
			for _, n := range []int{1, 2, 3, 4, 5, 8, 12, 13, 16, 31, 64} {
				lds, ldd := n+5, rows+2
				src := guardedFloats(t, (rows-1)*lds+n, 0)
				dst := guardedFloats(t, (n-1)*ldd+rows, 0)
				fill(r, src)
				fill(r, dst)
				before := append([]float32(nil), dst...)
				k.transposeRows(dst, ldd, src, lds, rows, n)
				for o, got := range dst {
					want := before[o]
					if i := o % ldd; i < rows {
						want = src[i*lds+o/ldd]
					}
					if got != want {
						t.Fatalf("%d rows of %d: dst[%d] = %v, want %v", rows, n, o, got, want)
					}
				}
			}
		}
	})
}

func TestCopyPanel(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 4)
		for cols := 1; cols <= k.tileCols; cols++ {
			for _, n := range []int{1, 2, 7} {
				lds, ldd := cols+3, cols+1
				src, dst := guardedFloats(t, (n-1)*lds+cols, 0), guardedFloats(t, (n-1)*ldd+cols, 0)
				fill(r, src)
				fill(r, dst)
				before := append([]float32(nil), dst...)
				k.copyPanel(&dst[0], ldd, &src[0], lds, cols, n)
				for o, got := range dst {
					want := before[o]
					if i := o % ldd; i < cols {
						want = src[o/ldd*lds+i]
					}
					if got != want {
						t.Fatalf("%d of %d columns: dst[%d] = %v, want %v", cols, k.tileCols, o, got, want)
					}
				}
			}
		}
	})
}

// types are all layouts of a weight.
func types() []compute.Type {
	var all []compute.Type
	for t := compute.F32; t.Valid(); t++ {
		all = append(all, t)
	}
	return all
}

// randomWeight is rows x cols values of type t whose scales are finite and near one
// over a row's length, which is how a trained matrix looks.
func randomWeight(r *rand.Rand, t compute.Type, rows, cols int) compute.Matrix {
	m := compute.Matrix{Type: t, Rows: rows, Cols: cols, Data: make([]byte, rows*t.RowBytes(cols))}
	randomBlocks(r, t, m.Data)
	return m
}

func randomBlocks(r *rand.Rand, t compute.Type, data []byte) {
	_, size := t.Block()
	half := func(at int) { // an f16 in about [2^-8, 2^-4), either sign
		h := uint16(r.UintN(1<<12)) + 7<<10 | uint16(r.UintN(2))<<15
		data[at], data[at+1] = byte(h), byte(h>>8)
	}
	for i := range data {
		data[i] = byte(r.UintN(256))
	}
	for o := 0; o < len(data); o += size {
		switch t {
		case compute.F32:
			bits := math.Float32bits(float32(r.NormFloat64()) / 16)
			for i := range 4 {
				data[o+i] = byte(bits >> (8 * i))
			}
		case compute.BF16:
			bits := math.Float32bits(float32(r.NormFloat64()) / 16)
			data[o], data[o+1] = byte(bits>>16), byte(bits>>24)
		case compute.Q6_K:
			half(o + 208)
		case compute.Q4_1, compute.Q5_1, compute.Q4_K, compute.Q5_K:
			half(o)
			half(o + 2)
		default:
			half(o)
		}
	}
}

func TestDequantize(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 5)
		for _, typ := range types() {
			values, _ := typ.Block()
			for _, n := range []int{1, 2, 3, 5, 32, 33, 64, 65, 100} {
				n *= values
				if values > 1 && n > 8*values {
					continue
				}
				src := guardedBytes(t, typ.RowBytes(n))
				randomBlocks(r, typ, src)
				dst := guardedFloats(t, n, 0)
				k.dequantize(typ, dst, src)
				want := make([]float32, n)
				if err := compute.Dequantize(want, typ, src); err != nil {
					t.Fatal(err)
				}
				for i := range want {
					if dst[i] != want[i] {
						t.Fatalf("%v: value %d of %d is %v, want %v", typ, i, n, dst[i], want[i])
					}
				}
				if n%32 != 0 {
					continue
				}
				// The same in panels.
				unit, _ := groupBlock(typ)
				half, step := 48, 100
				panels := guardedFloats(t, (n/32-1)*step+half+16, 0)
				k.groups[typ](&panels[0], &src[0], n/unit, half, step)
				for i := range want {
					if got := panels[i/32*step+i%32/16*half+i%16]; got != want[i] {
						t.Fatalf("%v in panels: value %d of %d is %v, want %v", typ, i, n, got, want[i])
					}
				}
			}
		}
	})
}

// within checks got against want with a bound of c roundings of the terms. What
// is lost to subnormals on the way is allowed on top.
func within(t *testing.T, what string, got, want, c, terms float64) {
	t.Helper()
	if d := math.Abs(got - want); !(d <= c*eps32*terms+0x1p-116) {
		t.Fatalf("%s = %v, want %v (off by %.3g, allowed %.3g)", what, got, want, d, c*eps32*terms)
	}
}

func TestReductions(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 6)
		for _, n := range lengths {
			for offset := range 3 {
				x, y, z := guardedFloats(t, n, offset), guardedFloats(t, n, offset), guardedFloats(t, n, offset)
				fill(r, x)
				fill(r, y)
				fill(r, z)
				var dot, dotTerms, dot3, dot3Terms, squares float64
				largest := math.Inf(-1)
				for i := range x {
					a, b, c := float64(x[i]), float64(y[i]), float64(z[i])
					dot, dotTerms = dot+a*b, dotTerms+math.Abs(a*b)
					dot3, dot3Terms = dot3+a*b*c, dot3Terms+math.Abs(a*b*c)
					squares += a * a
					largest = max(largest, a)
				}
				within(t, fmt.Sprintf("dot of %d", n), float64(k.dot(x, y)), dot, float64(n+2), dotTerms)
				within(t, fmt.Sprintf("dot3 of %d", n), float64(k.dot3(x, y, z)), dot3, float64(n+3), dot3Terms)
				within(t, fmt.Sprintf("sumSquares of %d", n), k.sumSquares(x), squares, 1e-6, squares)
				if got := float64(k.max(x)); got != largest {
					t.Fatalf("max of %d = %v, want %v", n, got, largest)
				}
			}
		}
	})
}

func TestRowsOfMatrix(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 7)
		for _, n := range []int{1, 7, 8, 16, 33, 64, 80, 128, 200, 256} {
			for _, rows := range []int{0, 1, 3, 4, 5, 11} {
				stride := n + 3
				m := guardedFloats(t, max(rows-1, 0)*stride+n, 0)
				x, w, y := guardedFloats(t, n, 0), guardedFloats(t, rows, 0), guardedFloats(t, rows, 0)
				fill(r, m)
				fill(r, x)
				fill(r, w)
				k.dotRows(y, m, stride, x)
				sum := append([]float32(nil), x...)
				k.axpyRows(x, m, stride, w)
				for j := range rows {
					var want, terms float64
					for i := range n {
						v := float64(m[j*stride+i]) * float64(sum[i])
						want, terms = want+v, terms+math.Abs(v)
					}
					within(t, fmt.Sprintf("dotRows of %d", n), float64(y[j]), want, float64(n+2), terms)
				}
				for i := range n {
					want := float64(sum[i])
					terms := math.Abs(want)
					for j := range rows {
						v := float64(w[j]) * float64(m[j*stride+i])
						want, terms = want+v, terms+math.Abs(v)
					}
					within(t, fmt.Sprintf("axpyRows of %dx%d", rows, n), float64(x[i]), want, float64(rows+2), terms)
				}
			}
		}
	})
}

// TestElementwise checks the loops that write a vector against their formula in
// f64: each operand at several alignments, ending at a guard page.
func TestElementwise(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	gelu := func(x float64) (value, derivative float64) {
		u := math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x)
		du := math.Sqrt(2/math.Pi) * (1 + 3*0.044715*x*x)
		s := sigmoid(2 * u) // (1 + tanh u)/2 without its cancellation
		return x * s, s + x*s*(1-s)*2*du
	}
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 8)
		for _, n := range lengths {
			for offset := range 2 {
				operand := func() []float32 {
					x := guardedFloats(t, n, offset)
					fill(r, x)
					return x
				}
				x, y, g, u, d := operand(), operand(), operand(), operand(), operand()
				for i := range g {
					g[i] *= 4
				}
				y0 := append([]float32(nil), y...)
				k.axpy(y, x, 0.3)
				for i := range y {
					within(t, "axpy", float64(y[i]), float64(y0[i])+float64(float32(0.3))*float64(x[i]), 3, math.Abs(float64(y0[i]))+math.Abs(float64(x[i])))
				}
				k.scale(y0, -2)
				k.scaleMul(y, x, u, 0.5)
				for i := range y {
					within(t, "scaleMul", float64(y[i]), float64(x[i])*0.5*float64(u[i]), 3, math.Abs(float64(y[i])))
				}
				k.softmaxGrad(y, x, u, 0.25, 2)
				for i := range y {
					want := float64(x[i]) * (float64(u[i]) - 0.25) * 2
					within(t, "softmaxGrad", float64(y[i]), want, 4, math.Abs(want))
				}
				sum := k.expSum(y, x, 0.5)
				var want float64
				for i := range y {
					e := math.Exp(float64(x[i] - 0.5))
					want += e
					within(t, "expSum value", float64(y[i]), e, 4, e)
				}
				within(t, "expSum", float64(sum), want, float64(n+4), want)

				k.swiglu(y, g, u)
				for i := range y {
					w := float64(g[i]) * sigmoid(float64(g[i])) * float64(u[i])
					within(t, "swiglu", float64(y[i]), w, 10, math.Abs(w))
				}
				k.geglu(y, g, u)
				for i := range y {
					// 2u carries a few roundings of its own, which exp multiplies by |2u|.
					v, _ := gelu(float64(g[i]))
					steep := 1 + math.Abs(float64(g[i]))*(1+0.05*float64(g[i])*float64(g[i]))*1.6
					within(t, "geglu", float64(y[i]), v*float64(u[i]), 10*steep, math.Abs(v*float64(u[i])))
				}
				dg := operand()
				k.swigluBackward(dg, y, d, g, u)
				for i := range y {
					a, s := float64(g[i]), sigmoid(float64(g[i]))
					within(t, "swiglu dup", float64(y[i]), float64(d[i])*a*s, 10, math.Abs(float64(d[i])*a*s))
					f := float64(d[i]) * float64(u[i])
					within(t, "swiglu dgate", float64(dg[i]), f*s*(1+a*(1-s)), 20, math.Abs(f)*s*(1+math.Abs(a)))
				}
				k.gegluBackward(dg, y, d, g, u)
				for i := range y {
					v, dv := gelu(float64(g[i]))
					a := math.Abs(float64(g[i]))
					steep := 1 + a*(1+0.05*a*a)*1.6
					s := math.Abs(v) / max(a, 1e-30)
					within(t, "geglu dup", float64(y[i]), v*float64(d[i]), 10*steep, math.Abs(v*float64(d[i])))
					f := float64(d[i]) * float64(u[i])
					within(t, "geglu dgate", float64(dg[i]), f*dv, 20*steep, math.Abs(f)*s*(1+a*1.6*(1+0.15*a*a)))
				}
				// Aliases as GLUBackward allows them.
				alias, up := append([]float32(nil), g...), append([]float32(nil), u...)
				k.gegluBackward(alias, up, d, alias, up)
				for i := range y {
					if alias[i] != dg[i] || up[i] != y[i] {
						t.Fatalf("geglu backward in place differs at %d of %d", i, n)
					}
				}
			}
		}
	})
}

func TestExpExtremes(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	forEachTier(t, func(t *testing.T, k *kernels) {
		x := []float32{-inf, -1000, -104, -103, -100, -88, -87.4, -1e-8, 0, 1, 88, 88.72, 88.73, 100, inf, nan, 5}
		y := make([]float32, len(x))
		k.expSum(y, x, 0)
		for i, v := range x {
			want := float32(math.Exp(float64(v)))
			if v != v {
				if y[i] == y[i] {
					t.Errorf("exp(NaN) = %v", y[i])
				}
				continue
			}
			if want == y[i] {
				continue
			}
			// 3 units in the last place, which are at least a subnormal.
			if d := math.Abs(float64(y[i]) - float64(want)); !(d <= 3*max(2*eps32*float64(want), 0x1p-149)) {
				t.Errorf("exp(%v) = %v, want %v", v, y[i], want)
			}
		}
	})
}

func TestRotations(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 9)
		for _, n := range []int{1, 2, 3, 4, 5, 8, 16, 31, 32, 64} {
			cos, sin := guardedFloats(t, n, 0), guardedFloats(t, n, 0)
			x, y, xy := guardedFloats(t, n, 0), guardedFloats(t, n, 0), guardedFloats(t, 2*n, 0)
			fill(r, x)
			fill(r, y)
			for i := range n {
				s, c := math.Sincos(r.Float64() * 7)
				cos[i], sin[i] = float32(c), float32(s)
				xy[2*i], xy[2*i+1] = x[i], y[i]
			}
			x0, y0 := append([]float32(nil), x...), append([]float32(nil), y...)
			k.rotateHalves(x, y, cos, sin)
			k.rotateInterleaved(xy, cos, sin)
			for i := range n {
				a, b, c, s := float64(x0[i]), float64(y0[i]), float64(cos[i]), float64(sin[i])
				for _, got := range []float32{x[i], xy[2*i]} {
					within(t, "x", float64(got), a*c-b*s, 3, math.Abs(a*c)+math.Abs(b*s))
				}
				for _, got := range []float32{y[i], xy[2*i+1]} {
					within(t, "y", float64(got), a*s+b*c, 3, math.Abs(a*s)+math.Abs(b*c))
				}
			}
		}
	})
}

func TestAdamWKernel(t *testing.T) {
	c := adamwConstants{gradScale: 0.5, beta1: 0.9, oneMinusBeta1: 0.1, beta2: 0.99, oneMinusBeta2: 0.01, decay: 0.999, step: 0.01, invBias2: 1.5, eps: 1e-6}
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 10)
		for _, n := range lengths {
			p, g, m, v := guardedFloats(t, n, 0), guardedFloats(t, n, 0), guardedFloats(t, n, 0), guardedFloats(t, n, 0)
			fill(r, p)
			fill(r, g)
			fill(r, m)
			for i := range v {
				v[i] = r.Float32()
			}
			type state struct{ p, m, v float64 }
			before := make([]state, n)
			for i := range before {
				before[i] = state{float64(p[i]), float64(m[i]), float64(v[i])}
			}
			k.adamw(p, g, m, v, &c)
			for i, s := range before {
				gr := float64(g[i]) * 0.5
				wm := float64(c.beta1)*s.m + float64(c.oneMinusBeta1)*gr
				wv := float64(c.beta2)*s.v + float64(c.oneMinusBeta2)*gr*gr
				update := float64(c.step) * wm / (math.Sqrt(wv*1.5) + float64(c.eps))
				within(t, "m", float64(m[i]), wm, 4, math.Abs(s.m)+math.Abs(gr))
				within(t, "v", float64(v[i]), wv, 6, wv)
				within(t, "param", float64(p[i]), s.p*float64(c.decay)-update, 10, math.Abs(s.p)+0.01*(math.Abs(s.m)+math.Abs(gr))/math.Sqrt(wv))
			}
		}
	})
}
