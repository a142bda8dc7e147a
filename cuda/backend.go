//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"clara/compute"
	"clara/cuda/driver"

	"gorgonia.org/cu"
)

// oldest is the compute capability, major number, that the kernels are compiled for:
// Ampere, of 2020.
const oldest = 8

// Backend is the engine. It implements [compute.Backend].
type Backend struct {
	info    compute.Info
	device  cu.Device
	context cu.CUContext // the device's primary one, which every engine shares
	stream  cu.Stream

	processors int  // that can each work on a block
	rounds     bool // what is to be exact goes to the tensor cores all the same

	// mu is held by one operation at a time; it guards everything below.
	mu       sync.Mutex
	closed   bool
	lost     error // what the device failed with; it is of no more use
	memories map[*memory]struct{}
	weights  map[*weight]struct{}
	modules  map[string]cu.Module
	kernels  map[string]*kernel
	call     launchArguments
	uploads  uploads
	words    []int32 // what an operation puts together for its upload
	scratch  [scratches]buffer
}

var _ compute.Backend = (*Backend)(nil)

// Open starts an engine on the first device. Close it. The error wraps
// [ErrUnavailable] where there is no driver or no GPU that fits, [compute.ErrMemory]
// where other programs have left no memory of it.
func Open(o Options) (compute.Backend, error) {
	b, err := open(o)
	switch {
	case errors.Is(err, driver.ErrUnavailable):
		return nil, fmt.Errorf("start the cuda engine: %w: %w", ErrUnavailable, err)
	case errors.Is(err, cu.OutOfMemory):
		return nil, fmt.Errorf("start the cuda engine: %w: %w", err, compute.ErrMemory)
	case err != nil:
		return nil, fmt.Errorf("start the cuda engine: %w", err)
	}
	return b, nil
}

func open(o Options) (_ *Backend, err error) {
	if err := driver.Open(); err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	device, err := cu.GetDevice(0)
	if err != nil {
		return nil, fmt.Errorf("take the first device: %w", err)
	}
	name, err := device.Name()
	if err != nil {
		return nil, fmt.Errorf("name the device: %w", err)
	}
	major, err := device.Attribute(cu.ComputeCapabilityMajor)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its compute capability: %w", name, err)
	}
	minor, err := device.Attribute(cu.ComputeCapabilityMinor)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its compute capability: %w", name, err)
	}
	if major < oldest {
		return nil, fmt.Errorf("%s has compute capability %d.%d, below %d.0: %w", name, major, minor, oldest, driver.ErrUnavailable)
	}
	processors, err := device.Attribute(cu.MultiprocessorCount)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its processors: %w", name, err)
	}
	info := compute.Info{Name: "cuda", Device: fmt.Sprintf("%s, compute capability %d.%d", name, major, minor)}
	if o.Float16 {
		info = compute.Info{Name: "cuda-f16", Device: info.Device + ", float16"}
	}
	b := &Backend{
		info:   info,
		device: device, processors: processors, rounds: o.Float16,
		memories: make(map[*memory]struct{}),
		weights:  make(map[*weight]struct{}),
		modules:  make(map[string]cu.Module),
		kernels:  make(map[string]*kernel),
	}
	if b.context, err = device.RetainPrimaryCtx(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.release())
		}
	}()
	if err := cu.SetCurrentContext(b.context); err != nil {
		return nil, fmt.Errorf("use %s: %w", name, err)
	}
	if b.stream, err = cu.MakeStream(cu.NonBlocking); err != nil {
		return nil, fmt.Errorf("make a stream on %s: %w", name, err)
	}
	if b.uploads, err = newUploads(uploadBytes); err != nil {
		return nil, err
	}
	// A kernel that the driver cannot compile shows now, not in the middle of an answer.
	if _, err := b.kernel("add", "add"); err != nil {
		return nil, err
	}
	return b, nil
}

// Info describes the engine; it does not change.
func (b *Backend) Info() compute.Info { return b.info }

// Close waits for what is under way and gives back all memory, also that which was
// not freed. Closing twice does nothing.
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(b.context); err != nil {
		return fmt.Errorf("close the cuda engine: %w", err)
	}
	if b.lost != nil {
		_ = b.release() // a device that failed refuses this too, and its owner knows
		return nil
	}
	if err := errors.Join(b.stream.Synchronize(), b.release()); err != nil {
		return fmt.Errorf("close the cuda engine: %w", err)
	}
	return nil
}

// release gives back all that the engine has on the device.
func (b *Backend) release() error {
	var errs []error
	for m := range b.memories {
		errs = append(errs, m.release())
	}
	for w := range b.weights {
		errs = append(errs, w.release())
	}
	for i := range b.scratch {
		errs = append(errs, b.scratch[i].free())
	}
	errs = append(errs, b.uploads.free())
	for _, m := range b.modules {
		errs = append(errs, m.Unload())
	}
	if b.stream != cu.NoStream {
		errs = append(errs, b.stream.Destroy())
	}
	return errors.Join(append(errs, b.device.ReleasePrimaryCtx())...)
}

// begin locks the engine for operation op and ties it to this thread, which the
// driver wants. Without an error the caller calls end.
func (b *Backend) begin(op string) error {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return fmt.Errorf("%s on a closed cuda engine: %w", op, compute.ErrLost)
	case b.lost != nil:
		defer b.mu.Unlock()
		return fmt.Errorf("%s: %w", op, b.lost)
	}
	runtime.LockOSThread()
	if err := cu.SetCurrentContext(b.context); err != nil {
		defer b.end()
		return b.failed(op, "use the device", err)
	}
	return nil
}

func (b *Backend) end() {
	runtime.UnlockOSThread()
	b.mu.Unlock()
}

// misfit is the error of an operation whose operands do not fit together.
func (b *Backend) misfit(op, format string, args ...any) error {
	return fmt.Errorf("%s: "+format+": %w", append(append([]any{op}, args...), compute.ErrShape)...)
}

// failed is the error of an operation that the driver refused. Only want of memory
// leaves the engine of any use: CUDA's other errors come back at every later call.
func (b *Backend) failed(op, doing string, err error) error {
	if errors.Is(err, cu.OutOfMemory) {
		return fmt.Errorf("%s: %s: %w: %w", op, doing, err, compute.ErrMemory)
	}
	b.lost = fmt.Errorf("%s: %w: %w", doing, err, compute.ErrLost)
	return fmt.Errorf("%s: %w", op, b.lost)
}

// wait returns when all that was asked for is done.
func (b *Backend) wait(op string) error {
	if err := b.stream.Synchronize(); err != nil {
		return b.failed(op, "wait for the device", err)
	}
	return nil
}
