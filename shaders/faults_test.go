//go:build cgo && (linux || windows)

package shaders

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"clara/compute"
)

// inside says to a test that it runs in a process of its own.
const inside = "CLARA_OPENGL_TEST_INSIDE"

// Where there is no driver the engine says so, and nothing else happens.
func TestMissingDriverIsSaid(t *testing.T) {
	if os.Getenv(inside) == "" {
		if runtime.GOOS != "linux" {
			t.Skip("the drivers of EGL are hidden by its own variables")
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1", "__EGL_VENDOR_LIBRARY_FILENAMES="+os.DevNull)
		out, err := cmd.CombinedOutput()
		switch {
		case err != nil:
			t.Errorf("%v\n%s", err, out)
		case strings.Contains(string(out), "--- SKIP"):
			t.Skipf("%s", out)
		}
		return
	}
	b, err := New(options)
	if err == nil {
		must(t, b.Close())
		t.Skip("this EGL finds its driver without glvnd, and cannot be kept from it")
	}
	if !errors.Is(err, ErrNoOpenGL) {
		t.Errorf("without a driver: %v", err)
	}
}

// A card that gives no memory has not failed: what is there goes on working.
func TestRefusedMemory(t *testing.T) {
	b := engine(t)
	x := filled(t, b, 2, 3)
	if _, err := b.Alloc(1 << 37); !errors.Is(err, compute.ErrMemory) {
		t.Fatalf("512 GiB: %v", err)
	}
	must(t, b.Scale(x, 2))
	var got [1]float32
	must(t, b.Read(got[:], x.Slice(0, 1).Columns(0, 1)))
	if got[0] != -96./7 {
		t.Errorf("%v after memory was refused", got[0])
	}
}

// A failure behind the return of its operation is reported by the next call, and by
// all after it; nothing hangs.
func TestLostDevice(t *testing.T) {
	broken := func(file, text string) string {
		if file == "add.comp" {
			return "this is no shader"
		}
		return text
	}
	for name, lose := range map[string]func(b *Backend, x compute.Tensor){
		"a reset": func(b *Backend, _ compute.Tensor) {
			b.send(func(d *device) { d.fail(fmt.Errorf("reset: %w", compute.ErrLost)) })
		},
		"a shader that the driver refuses": func(b *Backend, x compute.Tensor) { must(t, b.Add(x, filled(t, b, 2, 3), 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			requireOpenGL(t)
			o := options
			o.edit = broken
			b, err := open(o)
			must(t, err)
			x := filled(t, b, 2, 3)
			lose(b, x)
			if err := b.Read(make([]float32, 6), x); !errors.Is(err, compute.ErrLost) {
				t.Errorf("reading from a lost device: %v", err)
			}
			if err := b.Scale(x, 2); !errors.Is(err, compute.ErrLost) {
				t.Errorf("an operation on it: %v", err)
			}
			if _, err := b.Alloc(1); !errors.Is(err, compute.ErrLost) {
				t.Errorf("memory of it: %v", err)
			}
			must(t, b.Close())
			must(t, b.Close())
			x.Mem.Free() // harmless
		})
	}
}

func TestNewWeightRefusesCraftedMatrices(t *testing.T) {
	b := engine(t)
	for _, m := range []compute.Matrix{
		{Type: compute.Q8_0, Rows: 2, Cols: 32, Data: make([]byte, 34)},
		{Type: compute.Q8_0, Rows: 1, Cols: 31, Data: make([]byte, 34)},
		{Type: compute.F32, Rows: -1, Cols: -1, Data: make([]byte, 4)},
	} {
		if _, err := b.NewWeight(m); !errors.Is(err, compute.ErrShape) {
			t.Errorf("%v %dx%d in %d bytes: %v", m.Type, m.Rows, m.Cols, len(m.Data), err)
		}
	}
	if _, err := b.NewWeight(compute.Matrix{Type: 200}); !errors.Is(err, compute.ErrUnsupported) {
		t.Errorf("an unknown type: %v", err)
	}
}
