package conformance

import (
	"errors"
	"fmt"
	"testing"

	"clara/compute"
)

// Alloc, Write and Read.
func memoryOperation() operation {
	return operation{
		name: "Memory",
		cases: []testCase{
			{"zeroed", func(e *env) error {
				for _, n := range []int{1, 17, 5000, 3 << 20} {
					m, err := e.b.Alloc(n)
					if err != nil {
						return fmt.Errorf("allocate %d values: %w", n, err)
					}
					got := make([]float32, n)
					for i := range got {
						got[i] = 1
					}
					err = e.b.Read(got, compute.Tensor{Mem: m, Rows: 1, Cols: n, Stride: n})
					if m.Len() != n {
						err = errors.Join(err, fmt.Errorf("%d values where %d were asked for", m.Len(), n))
					}
					m.Free()
					if err != nil {
						return err
					}
					for i, v := range got {
						if v != 0 {
							return fmt.Errorf("value %d of %d fresh ones is %v", i, n, v)
						}
					}
				}
				return nil
			}},
			{"too large", func(e *env) error {
				if _, err := e.b.Alloc(1 << 56); !errors.Is(err, compute.ErrMemory) {
					return fmt.Errorf("2^56 values: %v, want ErrMemory", err)
				}
				return nil
			}},
			{"written rows", func(e *env) error {
				for _, s := range [][2]int{{1, 1}, {3, 7}, {17, 33}, {5, 1}, {0, 4}} {
					x := e.out("x", s[0], s[1])
					want := newMat(s[0], s[1])
					src := make([]float32, len(want.v))
					for i := range src {
						src[i] = float32(e.r.NormFloat64())
						want.v[i] = float64(src[i])
					}
					if err := e.b.Write(x.Tensor, src); err != nil {
						return err
					}
					clear(src) // the call has read it
					if err := e.check(x, want, newMat(s[0], s[1])); err != nil {
						return err
					}
				}
				return nil
			}},
			{"read twice", func(e *env) error {
				x := e.in("x", 4, 5)
				return errors.Join(e.check(x, x.mat(), newMat(4, 5)), e.check(x, x.mat(), newMat(4, 5)))
			}},
		},
		misfits: func(e *env) []misfit {
			x := e.in("x", 3, 4)
			beyond := x.Tensor
			beyond.Rows = x.Mem.Len() + 1
			before := x.Tensor
			before.Off = -1
			narrow := x.Tensor
			narrow.Stride = narrow.Cols - 1
			huge := x.Tensor
			huge.Stride = 1 << 62
			negative := x.Tensor
			negative.Cols = -1
			freed := func(n int) compute.Tensor {
				m, err := e.b.Alloc(n)
				if err != nil {
					e.fail(fmt.Errorf("allocate %d values: %w", n, err))
					m = noMemory(n)
				}
				m.Free()
				return compute.Tensor{Mem: m, Rows: min(n, 1), Cols: n, Stride: n}
			}
			var misfits []misfit
			for _, m := range []struct {
				name string
				t    compute.Tensor
				n    int
			}{
				{"no tensor", compute.Tensor{}, 0},
				{"too few values", x.Tensor, 11},
				{"too many values", x.Tensor, 13},
				{"rows beyond the memory", beyond, beyond.Rows * 4},
				{"a negative offset", before, 12},
				{"overlapping rows", narrow, 12},
				{"a stride that overflows", huge, 12},
				{"negative columns", negative, 0},
				{"freed memory", freed(12), 12},
				{"freed memory without values", freed(0), 0},
			} {
				misfits = append(misfits,
					misfit{"write: " + m.name, func() error { return e.b.Write(m.t, make([]float32, m.n)) }},
					misfit{"read: " + m.name, func() error { return e.b.Read(make([]float32, m.n), m.t) }})
			}
			return misfits
		},
	}
}

// runMemoryUse requires that what is allocated, and only that, is counted as used.
func runMemoryUse(t *testing.T, b compute.Backend) {
	const values, page = 1 << 20, 4096
	use := func() compute.MemoryUse {
		t.Helper()
		u, err := b.MemoryUse()
		if err != nil {
			t.Fatal(err)
		}
		if u.Used < 0 || u.Free < -1 {
			t.Fatalf("%+v", u)
		}
		return u
	}
	before := use()
	m, err := b.Alloc(values)
	if err != nil {
		t.Fatal(err)
	}
	if grown := use().Used - before.Used; grown < 4*values || grown > 4*values+page {
		t.Errorf("%d values count as %d bytes", values, grown)
	}
	m.Free()
	m.Free() // a second time counts nothing
	if after := use(); after.Used != before.Used {
		t.Errorf("%d bytes in use, %d after memory that came and went", before.Used, after.Used)
	}
	data := make([]byte, 4*values)
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 1024, Cols: values / 1024, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	w.Free()
	if after := use(); after.Used != before.Used {
		t.Errorf("%d bytes in use, %d after a weight that came and went", before.Used, after.Used)
	}
}
