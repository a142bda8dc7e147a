//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"embed"
	"fmt"
	"math"
	"unsafe"

	"clara/cuda/driver"

	"gorgonia.org/cu"
)

//go:embed kernels/*.ptx
var ptx embed.FS

const (
	threads = 256 // of a block: THREADS in kernels/device.h
	// freeShared is the dynamic shared memory that a launch may ask for without more ado.
	freeShared = 48 << 10
	// mostRows is the largest extent of a grid along y and z.
	mostRows = 65535
)

// kernel is a function on the device, with the shared memory that it may have.
type kernel struct {
	cu.Function
	shared int
}

// grid is the number of blocks of a launch along each axis, and the dynamic shared
// memory of each in bytes.
type grid struct{ x, y, z, shared int }

// launchArguments are those of one launch. Each lies in eight bytes, for that is what
// cu copies whatever the type.
type launchArguments struct {
	values   [24]uint64
	pointers [24]unsafe.Pointer
}

// kernel returns a function of a module, which is a file in kernels/: the driver
// compiles it when it is first asked for, and keeps what it made on disk.
func (b *Backend) kernel(module, name string) (*kernel, error) {
	if k, ok := b.kernels[name]; ok {
		return k, nil
	}
	m, ok := b.modules[module]
	if !ok {
		text, err := ptx.ReadFile("kernels/" + module + ".ptx")
		if err != nil {
			return nil, fmt.Errorf("load the kernels of %s: %w", module, err)
		}
		if m, err = cu.LoadData(string(text)); err != nil {
			return nil, fmt.Errorf("load the kernels of %s: %w", module, err)
		}
		b.modules[module] = m
	}
	f, err := m.Function(name)
	if err != nil {
		return nil, fmt.Errorf("find the kernel %s: %w", name, err)
	}
	k := &kernel{f, freeShared}
	b.kernels[name] = k
	return k, nil
}

// launch puts a kernel on the stream for operation op. An argument is given as its
// bits: f32 for floating-point values, word for others.
func (b *Backend) launch(op, module, name string, g grid, arguments ...uint64) error {
	k, err := b.kernel(module, name)
	if err != nil {
		return b.failed(op, "prepare", err)
	}
	if g.shared > k.shared {
		if err := driver.AllowShared(k.Function, g.shared); err != nil {
			return b.failed(op, name, err)
		}
		k.shared = g.shared
	}
	copy(b.call.values[:], arguments)
	for i := range arguments {
		b.call.pointers[i] = unsafe.Pointer(&b.call.values[i])
	}
	if err := k.Launch(g.x, max(g.y, 1), max(g.z, 1), threads, 1, 1, g.shared, b.stream, b.call.pointers[:len(arguments)]); err != nil {
		return b.failed(op, "launch "+name, err)
	}
	return nil
}

// f32 is an argument of type float.
func f32(v float32) uint64 { return uint64(math.Float32bits(v)) }

// flag is an argument that is read as a truth value.
func flag(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// word is an integer argument, of four or eight bytes: the low ones come first.
func word[T int | int32 | cu.DevicePtr](v T) uint64 { return uint64(v) }

// overValues is the grid for a kernel that takes a value of rows x cols each time.
func overValues(rows, cols int) grid {
	return grid{x: min(blocks(cols, threads), mostRows), y: min(rows, mostRows)}
}

// blocks is how many parts of the given size n has.
func blocks(n, size int) int { return (n + size - 1) / size }
