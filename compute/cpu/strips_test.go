package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"clara/compute"
)

// quantized are the layouts that are multiplied in strips.
func quantized() []compute.Type {
	return slices.DeleteFunc(types(), func(t compute.Type) bool { return layoutUnit(t) == 1 })
}

// striped are all layouts that are laid out in strips.
func striped() []compute.Type {
	return slices.DeleteFunc(types(), func(t compute.Type) bool { return layoutOf(t).bits == 0 })
}

// packedIn lays m out in memory that ends at a guard page.
func packedIn(t *testing.T, m compute.Matrix) packedWeight {
	b := engine(t, portable(), 1)
	w := &weight{Matrix: m, owner: b}
	must(t, b.pack(w))
	t.Cleanup(w.packed.free)
	guarded := guardedBytes(t, len(w.packed.data))
	copy(guarded, w.packed.data)
	p := w.packed
	p.data = guarded
	return p
}

// A strip unpacked is the matrix dequantised, bit by bit.
func TestUnpack(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 20)
		for _, typ := range striped() {
			m := randomWeight(r, typ, 21, 512)
			p := packedIn(t, m)
			want := make([]float32, m.Rows*m.Cols)
			must(t, compute.Dequantize(want, typ, m.Data))
			for s := range p.strips {
				panel := guardedFloats(t, (m.Cols-1)*k.tileCols+stripRows, 0)
				k.strips[typ].unpack(p.blocks, &p.at(s, 0)[0], &panel[0])
				for row := s * stripRows; row < min((s+1)*stripRows, m.Rows); row++ {
					for c := range m.Cols {
						if got := panel[c*k.tileCols+row%stripRows]; got != want[row*m.Cols+c] {
							t.Fatalf("%v: [%d,%d] = %v, want %v", typ, row, c, got, want[row*m.Cols+c])
						}
					}
				}
			}
		}
	})
}

// The short way for a few rows gives the bits of the long one.
func TestGemvIsProduct(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		b := engine(t, k, 2)
		r := source(t, 25)
		for _, typ := range striped() {
			for _, n := range []int{16, 90, 150} {
				const cols, rows = 1280, gemvRows + 1
				w, err := b.NewWeight(randomWeight(r, typ, n, cols))
				must(t, err)
				for _, accumulate := range []bool{false, true} {
					x, y := tensor(t, b, r, rows, cols, 0), tensor(t, b, r, rows, n, 0)
					before := append([]float32(nil), values(y)...)
					must(t, b.Linear(y, x, w, compute.Exact, accumulate))
					want := append([]float32(nil), values(y)...)
					copy(values(y), before)
					must(t, b.Linear(y.Slice(0, 1), x.Slice(0, 1), w, compute.Exact, accumulate))
					must(t, b.Linear(y.Slice(1, rows), x.Slice(1, rows), w, compute.Exact, accumulate))
					for i, v := range values(y) {
						if v != want[i] {
							t.Fatalf("%v, %d rows of weight: value %d is %v, in the larger product %v", typ, n, i, v, want[i])
						}
					}
				}
			}
		}
	})
}

// Weights come and go; the strips of those that stay are left alone, and those that
// follow do not see what was there before.
func TestStripArena(t *testing.T) {
	b := engine(t, tiers()[0], 2)
	r := source(t, 26)
	const rows, cols = 21, 256
	x, y := tensor(t, b, r, 2, cols, 0), tensor(t, b, r, 2, rows, 0)
	results := map[compute.Weight][]float32{}
	var alive []compute.Weight
	check := func() {
		t.Helper()
		for _, w := range alive {
			must(t, b.Linear(y, x, w, compute.Rounded, false))
			if want, ok := results[w]; ok && !slices.Equal(values(y), want) {
				t.Fatal("a weight gives another result than before")
			}
			results[w] = slices.Clone(values(y))
		}
	}
	for range 12 {
		for _, typ := range quantized() {
			m := randomWeight(r, typ, rows, cols)
			w, err := b.NewWeight(m)
			must(t, err)
			must(t, b.Linear(y, x, w, compute.Exact, false))
			checkProduct(t, typ.String(), y, values(y), denseOf(x), denseWeight(t, m).transposed(), 1, false)
			alive = append(alive, w)
		}
		check()
		for range len(alive) / 2 {
			i := r.IntN(len(alive))
			alive[i].Free()
			alive = slices.Delete(alive, i, i+1)
		}
		check()
	}
	for _, w := range alive {
		w.Free()
	}
	if b.strips.last.live != 0 || b.strips.last.data != nil {
		t.Errorf("all weights are gone, and %d still hold %d bytes", b.strips.last.live, len(b.strips.last.data))
	}
}

func TestQuantize(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 21)
		const blocks = 7
		x := guardedFloats(t, 32*blocks, 0)
		fill(r, x)
		clear(x[32:64])
		x[64] = float32(math.NaN())
		x[97] = float32(math.Inf(-1))
		for i := range 32 {
			x[128+i] = float32(i) - 16 // ties, and a scale that is no power of two
			x[160+i] *= 0x1p-60
		}
		q := make([]int8, len(x))
		scales := guardedFloats(t, 4*blocks, 0)
		k.quantize(blocks, &q[0], &scales[0], &x[0])
		for b := range blocks {
			s := scales[4*b : 4*b+4]
			switch b {
			case 2, 3:
				if finite := !(math.IsNaN(float64(s[0])) || math.IsInf(float64(s[0]), 0)); finite {
					t.Errorf("block %d with a value that is not finite has the scale %v", b, s[0])
				}
				continue
			}
			var largest float64
			for _, v := range x[32*b : 32*b+32] {
				largest = max(largest, math.Abs(float64(v)))
			}
			within(t, "scale", float64(s[0]), largest/127, 1, largest/127)
			var sums [2]float64
			for i, v := range x[32*b : 32*b+32] {
				got := float64(q[32*b+i])
				sums[i/16] += got
				if largest == 0 {
					if got != 0 {
						t.Fatalf("block of zeros: %v", got)
					}
					continue
				}
				// At most half a step off, and a rounding or two.
				if d := math.Abs(got - float64(v)*127/largest); !(d <= 0.5+1e-4) {
					t.Fatalf("block %d: %v became %v of 127 where the largest is %v", b, v, got, largest)
				}
			}
			for i, want := range []float64{sums[0] + sums[1], sums[0], sums[1]} {
				within(t, "scaled sum", float64(s[1+i]), want*float64(s[0]), 1, math.Abs(want)*float64(s[0]))
			}
		}
	})
}

func TestStripTiles(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		r := source(t, 22)
		for _, typ := range quantized() {
			unit, _ := typ.Block()
			for _, cols := range []int{unit, 3 * unit} {
				m := randomWeight(r, typ, 48, cols)
				p := packedIn(t, m)
				w := denseWeight(t, m)
				for _, tile := range k.strips[typ].tiles {
					for _, accumulate := range []bool{false, true} {
						x := make([]float32, tile.tokens*cols)
						fill(r, x)
						// Operands at guard pages, with gaps between the rows.
						ldx, lds, ldy := cols+32, p.blocks*4+3, 48+5
						qf := guardedFloats(t, ((tile.tokens-1)*ldx+cols)/4, 0)
						q := (&scratch{rounded: qf}).quants()
						scales := guardedFloats(t, (tile.tokens-1)*lds+p.blocks*4, 0)
						for i := range tile.tokens {
							k.quantize(p.blocks, &q[i*ldx], &scales[i*lds], &x[i*cols])
						}
						y := guardedFloats(t, (tile.tokens-1)*ldy+48, 0)
						fill(r, y)
						before := append([]float32(nil), y...)
						tile.run(p.strips, p.blocks, &p.data[0], &q[0], ldx, &scales[0], lds, &y[0], ldy, accumulate)
						for o, got := range y {
							i, row := o/ldy, o%ldy
							if row >= 48 {
								if got != before[o] {
									t.Fatalf("%v: wrote between the rows", typ)
								}
								continue
							}
							// The parts of scale*q + minimum are added up one by one.
							var want, terms float64
							for c := range cols {
								xv := float64(q[i*ldx+c]) * float64(scales[i*lds+c/32*4])
								want += w.at(row, c) * xv
								terms += (math.Abs(w.at(row, c)) + 2*largestPart(typ, m, row, c)) * math.Abs(xv)
							}
							if accumulate {
								want += float64(before[o])
								terms += math.Abs(float64(before[o]))
							}
							if d := math.Abs(float64(got) - want); !(d <= float64(6*p.blocks+6)*eps32*terms) {
								t.Fatalf("%v, %d tokens: [%d,%d] = %v, want %v", typ, tile.tokens, i, row, got, want)
							}
						}
					}
				}
			}
		}
	})
}

// largestPart bounds scale*q and the minimum that make up a value.
func largestPart(t compute.Type, m compute.Matrix, row, col int) float64 {
	values, bytes := t.Block()
	var q quants
	block := m.Data[row*t.RowBytes(m.Cols)+col/values*bytes:][:bytes]
	q.read(t, block, col%values/32)
	l := layoutOf(t)
	bits := func(i int) float64 {
		if l.half {
			return math.Abs(float64(compute.Float16(uint16(q.scales[i]))))
		}
		return math.Abs(float64(math.Float32frombits(q.scales[i])))
	}
	scale := bits(0)
	if l.sub16 {
		scale = max(scale, bits(1))
	}
	largest := scale * max(float64(l.zero), float64(int(1)<<l.bits-1))
	if l.minimum {
		largest = max(largest, bits(1))
	}
	return largest
}

// Rounding x to 8 bits is all that Rounded may add to Exact.
func TestLinearRounded(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		b := engine(t, k, 3)
		r := source(t, 23)
		for _, typ := range types() {
			unit := max(32, layoutUnit(typ))
			for _, s := range [][3]int{{1, 16, 1}, {1, 37, 2}, {3, 160, 3}, {9, 40, 2}, {40, 21, 1}, {33, 64, 5}} {
				rows, n, cols := s[0], s[1], s[2]*unit
				m := randomWeight(r, typ, n, cols)
				w, err := b.NewWeight(m)
				must(t, err)
				dw := denseWeight(t, m)
				for _, accumulate := range []bool{false, true} {
					x, y := tensor(t, b, r, rows, cols, 1), tensor(t, b, r, rows, n, 2)
					dx := denseOf(x)
					before := append([]float32(nil), values(y)...)
					must(t, b.Linear(y, x, w, compute.Rounded, accumulate))
					for o, got := range values(y) {
						i, j := o/y.Stride, o%y.Stride
						if j >= n {
							if got != before[o] {
								t.Fatalf("%v: wrote between the rows", typ)
							}
							continue
						}
						var want, allowed float64
						for c := 0; c < cols; c += 32 {
							var largest, terms float64
							for p := c; p < c+32; p++ {
								want += dx.at(i, p) * dw.at(j, p)
								largest = max(largest, math.Abs(dx.at(i, p)))
								terms += math.Abs(dw.at(j, p))
							}
							// Half a step of 127 each, and f32's share.
							allowed += largest * terms * (0.5/127 + 64*eps32)
						}
						if accumulate {
							want += float64(before[o])
							allowed += 4 * eps32 * math.Abs(float64(before[o]))
						}
						if d := math.Abs(float64(got) - want); !(d <= allowed+1e-5) {
							t.Fatalf("%v %v: [%d,%d] = %v, want %v", typ, s, i, j, got, want)
						}
					}
					x.Mem.Free()
					y.Mem.Free()
				}
				w.Free()
			}
		}
	})
}

func layoutUnit(t compute.Type) int {
	values, _ := t.Block()
	return values
}

// A row gives the same bits alone, among others and on any number of threads.
func TestRoundedIsDeterministic(t *testing.T) {
	forEachTier(t, func(t *testing.T, k *kernels) {
		const rows, n, cols = 21, 160, 256
		for _, typ := range quantized() {
			run := func(threads, from, to int) []float32 {
				b := engine(t, k, threads)
				r := rand.New(rand.NewPCG(24, 0))
				w, err := b.NewWeight(randomWeight(r, typ, n, cols))
				must(t, err)
				x, y := tensor(t, b, r, rows, cols, 0), tensor(t, b, r, rows, n, 0)
				must(t, b.Linear(y.Slice(from, to), x.Slice(from, to), w, compute.Rounded, false))
				return append([]float32(nil), values(y)[from*n:to*n]...)
			}
			want := run(1, 0, rows)
			if !slices.Equal(run(4, 0, rows), want) {
				t.Errorf("%v: 4 threads give other bits than one", typ)
			}
			for _, row := range []int{0, 7, 20} {
				if !slices.Equal(run(2, row, row+1), want[row*n:(row+1)*n]) {
					t.Errorf("%v: row %d alone gives other bits than among the others", typ, row)
				}
			}
		}
	})
}

// A decoded token passes every weight of SmolLM2-135M's 30 layers once: 66 MB that
// no cache near the cores holds.
func BenchmarkDecode(b *testing.B) {
	for _, typ := range striped() {
		for _, tokens := range []int{1, 4} {
			b.Run(fmt.Sprintf("%v/T%d", typ, tokens), func(b *testing.B) { benchmarkLayers(b, typ, tokens) })
		}
	}
}

// A prompt passes the same layers with many tokens at once.
func BenchmarkPrompt(b *testing.B) {
	for _, tokens := range []int{16, 64, 256, 512} {
		b.Run(fmt.Sprintf("%v/T%d", compute.Q4_1, tokens), func(b *testing.B) { benchmarkLayers(b, compute.Q4_1, tokens) })
	}
}

func benchmarkLayers(b *testing.B, typ compute.Type, tokens int) {
	e := benchmarkEngine(b)
	r := rand.New(rand.NewPCG(1, 0))
	const layers = 30
	shapes := [][2]int{{576, 576}, {192, 576}, {192, 576}, {576, 576}, {1536, 576}, {1536, 576}, {576, 1536}}
	type product struct {
		w    compute.Weight
		x, y compute.Tensor
	}
	var products []product
	var bytes, flops float64
	for _, s := range shapes {
		cols := (s[1] + layoutUnit(typ) - 1) / layoutUnit(typ) * layoutUnit(typ)
		m := randomWeight(r, typ, s[0], cols)
		x, y := tensor(b, e, r, tokens, cols, 0), tensor(b, e, r, tokens, s[0], 0)
		for range layers {
			w, err := e.NewWeight(m)
			must(b, err)
			products = append(products, product{w, x, y})
			bytes += float64(len(m.Data))
			flops += 2 * float64(tokens*s[0]*cols)
		}
	}
	round := func() error {
		for _, p := range products {
			if err := e.Linear(p.y, p.x, p.w, compute.Rounded, false); err != nil {
				return err
			}
		}
		return nil
	}
	must(b, round())
	if tokens <= 4 {
		measure(b, bytes, "GB/s", round)
	} else {
		measure(b, flops, "GOP/s", round)
	}
	b.ReportMetric(float64(tokens*b.N)/b.Elapsed().Seconds(), "token/s")
}
