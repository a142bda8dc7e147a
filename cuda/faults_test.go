//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clara/compute"
	"clara/cuda/driver"
)

// again runs tests of this package in a process of its own, with more variables in
// its environment: the driver is loaded once in a process, and a device that failed
// stays lost for all engines of the process.
func again(t *testing.T, tests string, variables ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+tests, "-test.v", "-test.count=1")
	cmd.Env = slices.Concat(os.Environ(), []string{inside + "=1"}, variables)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// inside says to a test that it runs in a process of its own.
const inside = "CLARA_CUDA_TEST_INSIDE"

// onEmulator leaves out what only the emulator can play.
func onEmulator(t *testing.T) {
	t.Helper()
	if !strings.HasSuffix(os.Getenv(driver.LibraryVariable), ".so") {
		t.Skip("a real device is tested; faults are played by the emulator")
	}
}

func TestMissingDriverIsSaid(t *testing.T) {
	if os.Getenv(inside) != "" {
		_, err := Open(Options{})
		if !errors.Is(err, driver.ErrUnavailable) {
			t.Fatalf("without a driver: %v", err)
		}
		if _, again := Open(Options{}); again == nil || again.Error() != err.Error() {
			t.Errorf("the second time: %v, want %v", again, err)
		}
		return
	}
	for _, library := range []string{
		filepath.Join(t.TempDir(), "missing.so"),
		"/dev/null",
	} {
		if out, err := again(t, "^"+t.Name()+"$", driver.LibraryVariable+"="+library); err != nil {
			t.Errorf("with %s for a driver: %v\n%s", library, err, out)
		}
	}
}

// TestWrongKernelIsFound plants an error in a kernel, and requires that the suite
// finds it.
func TestWrongKernelIsFound(t *testing.T) {
	onEmulator(t)
	kernels := t.TempDir()
	if err := os.CopyFS(kernels, os.DirFS("kernels")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(kernels, "*.cu"))
	if err != nil {
		t.Fatal(err)
	}
	planted := false
	for _, file := range files {
		var text []byte // nothing of what the operations below do not launch: all takes long to compile
		if slices.Contains([]string{"rmsnorm.cu", "add.cu", "copyrows.cu"}, filepath.Base(file)) {
			if text, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
		wrong := bytes.Replace(text, []byte("/ columns + eps"), []byte("/ (columns + 1) + eps"), 1)
		planted = planted || !bytes.Equal(wrong, text)
		if err := os.WriteFile(file, wrong, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !planted {
		t.Fatal("the place for the error is gone")
	}
	library, err := buildEmulator(kernels)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(library)
	out, err := again(t, "^TestConformance$/^(RMSNorm|RMSNormBackward|Add)$", driver.LibraryVariable+"="+library)
	if err == nil {
		t.Fatalf("the suite passes with a wrong kernel:\n%s", out)
	}
	for _, op := range []string{"RMSNorm", "RMSNormBackward"} {
		if !strings.Contains(out, "--- FAIL: TestConformance/"+op+" ") {
			t.Errorf("%s did not fail:\n%s", op, out)
		}
	}
	if !strings.Contains(out, "--- PASS: TestConformance/Add ") {
		t.Errorf("what is right did not pass:\n%s", out)
	}
}

func TestRefusedMemoryLeavesTheEngineWhole(t *testing.T) {
	onEmulator(t)
	b, x := engineWith(t)
	t.Setenv("CLARA_EMULATOR_MEMORY", "1000")
	if _, err := b.Alloc(1000); !errors.Is(err, compute.ErrMemory) {
		t.Errorf("memory that is not there: %v", err)
	}
	w := compute.Matrix{Type: compute.F32, Rows: 100, Cols: 100, Data: make([]byte, 40000)}
	if _, err := b.NewWeight(w); !errors.Is(err, compute.ErrMemory) {
		t.Errorf("a weight that has no room: %v", err)
	}
	// SumSquares needs working memory of its own.
	if _, err := b.SumSquares(x); !errors.Is(err, compute.ErrMemory) {
		t.Errorf("working memory that is not there: %v", err)
	}
	t.Setenv("CLARA_EMULATOR_MEMORY", "1000000000")
	if s, err := b.SumSquares(x); err != nil || s != 6 {
		t.Errorf("afterwards the sum of squares is %v, %v", s, err)
	}
}

// Lists that are longer than the ring for uploads need a larger one; without memory for it
// the one that there is goes on serving.
func TestRefusedRingLeavesTheEngineWhole(t *testing.T) {
	onEmulator(t)
	e, x := engineWith(t)
	b := e.(*Backend)
	list := make([]byte, uploadBytes/2+1)
	upload := func() error {
		if err := b.begin("upload"); err != nil {
			return err
		}
		defer b.end()
		_, err := b.upload("upload", list)
		return err
	}
	t.Setenv("CLARA_EMULATOR_MEMORY", "1000")
	if err := upload(); !errors.Is(err, compute.ErrMemory) {
		t.Errorf("a list that has no room: %v", err)
	}
	if err := b.Write(x, []float32{2, 2, 2, 2, 2, 2}); err != nil {
		t.Errorf("a write afterwards: %v", err)
	}
	t.Setenv("CLARA_EMULATOR_MEMORY", "1000000000")
	if err := upload(); err != nil {
		t.Errorf("with room: %v", err)
	}
	if s, err := b.SumSquares(x); err != nil || s != 24 {
		t.Errorf("afterwards the sum of squares is %v, %v", s, err)
	}
}

func TestLostDeviceIsSaid(t *testing.T) {
	onEmulator(t)
	if os.Getenv(inside) == "" {
		if out, err := again(t, "^"+t.Name()+"$"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	b, x := engineWith(t)
	t.Setenv("CLARA_EMULATOR_LOST", "1")
	if err := b.Scale(x, 2); err != nil {
		t.Errorf("an operation that fails later: %v", err)
	}
	got := make([]float32, 6)
	if err := b.Read(got, x); !errors.Is(err, compute.ErrLost) {
		t.Errorf("the result of an operation that failed: %v", err)
	}
	if err := os.Unsetenv("CLARA_EMULATOR_LOST"); err != nil {
		t.Fatal(err)
	}
	// Nothing brings a device back that CUDA gave up.
	if err := b.Scale(x, 2); !errors.Is(err, compute.ErrLost) {
		t.Errorf("an operation afterwards: %v", err)
	}
	x.Mem.Free()
	if _, err := Open(Options{}); err == nil {
		t.Error("an engine starts on a lost device")
	}
}

// engineWith is an engine with a matrix of ones.
func engineWith(t *testing.T) (compute.Backend, compute.Tensor) {
	t.Helper()
	b, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	m, err := b.Alloc(6)
	if err != nil {
		t.Fatal(err)
	}
	x := compute.Tensor{Mem: m, Rows: 2, Cols: 3, Stride: 3}
	if err := b.Write(x, []float32{1, 1, 1, 1, 1, 1}); err != nil {
		t.Fatal(err)
	}
	return b, x
}

func TestFreedOperandsAreRefused(t *testing.T) {
	b, x := engineWith(t)
	x.Mem.Free()
	x.Mem.Free() // a second time does nothing
	if err := b.Scale(x, 2); !errors.Is(err, compute.ErrShape) {
		t.Errorf("freed memory: %v", err)
	}
	_, y := engineWith(t)
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: 1, Cols: 3, Data: make([]byte, 12)})
	if err != nil {
		t.Fatal(err)
	}
	w.Free()
	w.Free()
	if err := b.Linear(y, y, w, compute.Exact, false); !errors.Is(err, compute.ErrShape) {
		t.Errorf("freed weight: %v", err)
	}
}

func TestHeadsThatNoKernelHasRoomFor(t *testing.T) {
	b, _ := engineWith(t)
	m, err := b.Alloc(1 << 10)
	if err != nil {
		t.Fatal(err)
	}
	x := compute.Tensor{Mem: m, Rows: 1, Cols: 257, Stride: 257}
	y := compute.Tensor{Mem: m, Off: 512, Rows: 1, Cols: 257, Stride: 257}
	err = b.Attention(y, compute.Tensor{}, x, x, x, []compute.Span{{To: 1}}, compute.AttentionShape{Heads: 1, KVHeads: 1, HeadDim: 257, Scale: 1})
	if !errors.Is(err, compute.ErrUnsupported) {
		t.Errorf("heads of 257 values: %v", err)
	}
}
