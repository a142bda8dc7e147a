//go:build cgo && (linux || windows)

package shaders

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"clara/compute"
	"clara/compute/conformance"
)

// needed makes a test fail where it would be skipped for want of OpenGL.
const needed = "CLARA_NEED_OPENGL"

// options of the engines under test: any OpenGL will do.
var options = Options{Software: true}

// requireOpenGL skips a test on a machine without OpenGL 4.3.
func requireOpenGL(t testing.TB) {
	t.Helper()
	b, err := open(options)
	switch {
	case errors.Is(err, ErrNoOpenGL) && os.Getenv(needed) == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	must(t, b.Close())
}

func engine(t testing.TB) *Backend {
	t.Helper()
	requireOpenGL(t)
	b, err := open(options)
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	requireOpenGL(t)
	o := options
	if os.Getenv(planting) != "" {
		o.edit = plant
	}
	conformance.Run(t, func() (compute.Backend, error) { return New(o) })
}

func BenchmarkBackend(b *testing.B) {
	requireOpenGL(b)
	conformance.Bench(b, func() (compute.Backend, error) { return New(options) })
}

// planting is set in the process in which TestPlantedErrorsAreFound runs the suite.
const planting = "CLARA_PLANT_ERRORS"

// planted are errors in the shaders: the operation that has to fail, the file, and
// what is replaced in it by what.
var planted = []struct{ operation, file, right, wrong string }{
	{"MatMul", "product.glsl", "dot(l[i], r)", "dot(l[i].xyz, r.xyz)"},
	{"RMSNorm", "rmsnorm.comp", "float(cols) + f[0]", "float(cols)"},
	{"RoPE", "rope.comp", "turn.y = -turn.y", "turn.x = -turn.x"},
	{"Attention", "attention.comp", "exponential(before - m[i])", "1.0"},
	{"GLU", "math.glsl", "1.0 / 24.0", "1.0 / 23.0"},
	{"Add", "add.comp", "y[i] = x", "y[i + 1] = x"},
	{"AdamW", "adamw.comp", "f[2] * g", "f[1] * g"},
}

func plant(file, text string) string {
	for _, p := range planted {
		if p.file == file {
			text = strings.Replace(text, p.right, p.wrong, 1)
		}
	}
	return text
}

// The suite runs once more in a process whose shaders are wrong: it has to say so of
// each operation.
func TestPlantedErrorsAreFound(t *testing.T) {
	requireOpenGL(t)
	var names []string
	for _, p := range planted {
		names = append(names, p.operation)
		text, err := sources.ReadFile(p.file)
		must(t, err)
		if !strings.Contains(string(text), p.right) {
			t.Errorf("%s has no %q to replace", p.file, p.right)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConformance$/^("+strings.Join(names, "|")+")$", "-test.v")
	cmd.Env = append(os.Environ(), planting+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("the suite passed")
	}
	for _, name := range names {
		if !strings.Contains(string(out), "--- FAIL: TestConformance/"+name+" ") {
			t.Errorf("%s did not fail", name)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

func TestInfo(t *testing.T) {
	b := engine(t)
	if i := b.Info(); i.Name != "opengl" || i.Device == "" || i.Threads != 0 {
		t.Errorf("%+v", i)
	}
	t.Logf("%+v, %+v", b.Info(), b.limits)
}

// An OpenGL on the processor is refused with a reason, unless it is asked for.
func TestSoftwareIsRefused(t *testing.T) {
	b := engine(t)
	hardware, err := New(Options{})
	if err == nil {
		must(t, hardware.Close())
		if strings.Contains(b.info.Device, "llvmpipe") {
			t.Fatalf("%s was taken for a card", b.info.Device)
		}
		t.Skip("this machine has a card: ", hardware.Info().Device)
	}
	if !errors.Is(err, ErrNoOpenGL) || !strings.Contains(err.Error(), b.info.Device) {
		t.Errorf("the reason is %v", err)
	}
}

func TestFreedOperandsAreRefused(t *testing.T) {
	b := engine(t)
	x := filled(t, b, 2, 3)
	x.Mem.Free()
	x.Mem.Free() // a second time does nothing
	if err := b.Scale(x, 2); !errors.Is(err, compute.ErrShape) {
		t.Errorf("freed memory: %v", err)
	}
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 1, Cols: 1, Data: make([]byte, 4)})
	must(t, err)
	w.Free()
	w.Free()
	if err := b.Embedding(filled(t, b, 1, 1), w, []int32{0}, 1); !errors.Is(err, compute.ErrShape) {
		t.Errorf("freed weight: %v", err)
	}
	if n := inUse(t, b); n > 1<<21 {
		t.Errorf("%d bytes in use", n)
	}
}

// What was freed is the card's again; what a step has done once it does again without
// new memory.
func TestMemoryIsGivenBack(t *testing.T) {
	b := engine(t)
	before := inUse(t, b)
	m, err := b.Alloc(3 << 20)
	must(t, err)
	if n := inUse(t, b) - before; n != 12<<20 {
		t.Errorf("12 MiB took %d bytes", n)
	}
	m.Free()
	if n := inUse(t, b); n != before {
		t.Errorf("%d bytes more than before are in use", n-before)
	}
	x, y := filled(t, b, 8, 64), filled(t, b, 8, 64)
	spans := make([]compute.Span, 8)
	for i := range spans {
		spans[i].To = int32(i + 1)
	}
	step := func() {
		must(t, b.RoPE(x, make([]int32, 8), []float32{1, 0.1}, compute.Halves, false))
		must(t, b.Attention(y, compute.Tensor{}, x, x, x, spans, compute.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 64, Scale: 1}))
		must(t, b.CopyRows(y, []int32{1}, x.Slice(0, 1), nil, false))
		_, err := b.SumSquares(x)
		must(t, err)
	}
	step()
	once := inUse(t, b)
	for range 3 {
		step()
	}
	if n := inUse(t, b); n != once {
		t.Errorf("the same step took %d bytes more", n-once)
	}
}

// Each token of an answer has keys and a position of its own; memory for these is asked for
// until as much is there as is kept, and then no more.
func TestTokensAllocateNothing(t *testing.T) {
	b := engine(t)
	x, y, keys := filled(t, b, 1, 64), filled(t, b, 1, 64), filled(t, b, 200, 64)
	token := func(n int32) {
		must(t, b.RoPE(x, []int32{n}, []float32{1, 0.1}, compute.Halves, false))
		must(t, b.Attention(y, compute.Tensor{}, x, keys, keys, []compute.Span{{To: n}}, compute.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 64, Scale: 1}))
	}
	for n := range int32(keptPlans) {
		token(100 + n)
	}
	before := maps.Clone(b.buffers)
	for n := range int32(10) {
		token(100 + keptPlans + n)
	}
	if !maps.Equal(before, b.buffers) {
		t.Errorf("%d buffers became others", len(before))
	}
}

func inUse(t *testing.T, b *Backend) (bytes int) {
	t.Helper()
	must(t, b.wait(func(d *device) error { bytes = d.bytes; return nil }))
	return bytes
}

// filled is a tensor with the values 0, 1/7, 2/7, ... less one half of the last.
func filled(t testing.TB, b *Backend, rows, cols int) compute.Tensor {
	t.Helper()
	m, err := b.Alloc(rows * cols)
	must(t, err)
	x := compute.Tensor{Mem: m, Rows: rows, Cols: cols, Stride: cols}
	values := make([]float32, rows*cols)
	for i := range values {
		values[i] = float32(i%97)/7 - 48./7
	}
	must(t, b.Write(x, values))
	return x
}
