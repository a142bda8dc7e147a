package cpu

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"

	"clara/compute"
)

func TestMappingsAreAlignedAndZero(t *testing.T) {
	for _, n := range []int{0, 1, 1000, hugeFrom/4 - 1, hugeFrom / 4, hugeFrom/4 + 1, 5 << 20} {
		p, err := mapFloats(n)
		if err != nil {
			t.Fatalf("%d values: %v", n, err)
		}
		if len(p) != n {
			t.Errorf("%d values, want %d", len(p), n)
		}
		align := uintptr(64)
		if n*4 >= hugeFrom {
			align = 4096
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(p))); n > 0 && at%align != 0 {
			t.Errorf("%d values start at %#x, no multiple of %d", n, at, align)
		}
		for i, v := range p {
			if v != 0 {
				t.Fatalf("value %d of %d is %v", i, n, v)
			}
			p[i] = 1
		}
		unmapFloats(p)
	}
}

// Memory that was given back leaves nothing on the collector's heap.
func TestMappingsLeaveNothingBehind(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	mappings := make([][]float32, 20000) // all at once: each has an address of its own
	before := heap()
	for i := range mappings {
		var err error
		if mappings[i], err = mapFloats(1024); err != nil {
			t.Fatal(err)
		}
	}
	for i := range mappings {
		unmapFloats(mappings[i])
		mappings[i] = nil
	}
	if grown := heap() - before; grown > 200_000 {
		t.Errorf("%d mappings that are gone take %d bytes of the heap", len(mappings), grown)
	}
	runtime.KeepAlive(mappings)
}

func TestMappingTooMuchFails(t *testing.T) {
	for _, n := range []int{1 << 45, 1 << 61, int(^uint(0) >> 1)} {
		if _, err := mapFloats(n); !errors.Is(err, compute.ErrMemory) {
			t.Errorf("%d values: %v", n, err)
		}
	}
}

// TestGuardPagesFault: the tests with guarded memory rest on it.
func TestGuardPagesFault(t *testing.T) {
	for _, n := range []int{1, 1023, 1024, 5000} {
		p, err := mapGuarded(n)
		if err != nil {
			t.Fatal(err)
		}
		p[0], p[n-1] = 1, 1
		if !faults(func() { *(*float32)(unsafe.Add(unsafe.Pointer(&p[0]), n*4)) = 1 }) {
			t.Errorf("writing behind %d values went unnoticed", n)
		}
		if !faults(func() { *(*float32)(unsafe.Add(unsafe.Pointer(&p[0]), -os.Getpagesize())) = 1 }) {
			t.Errorf("writing a page before %d values went unnoticed", n)
		}
		unmapGuarded(p)
	}
}

func faults(f func()) (faulted bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { faulted = recover() != nil }()
	f()
	return false
}

// TestScratchGrowsAndKeeps: working memory of one call serves the next.
func TestScratchGrowsAndKeeps(t *testing.T) {
	var rows rowScratch
	defer rows.free()
	for _, c := range [][2]int{{1, 10}, {3, 10}, {3, 5}, {2, 1000}} {
		if err := rows.reserve(c[0], c[1]); err != nil {
			t.Fatal(err)
		}
		for w := range c[0] {
			if got := rows.of(w, c[1]); len(got) != c[1] {
				t.Errorf("worker %d has %d values, want %d", w, len(got), c[1])
			}
		}
	}
	kept := &rows.perWorker[0][0]
	if err := rows.reserve(2, 500); err != nil || kept != &rows.perWorker[0][0] {
		t.Errorf("a smaller need moved the memory (%v)", err)
	}
}
