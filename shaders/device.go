//go:build cgo && (linux || windows)

package shaders

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"clara/compute"
)

// limits are what a driver allows; the least that OpenGL 4.3 requires in brackets.
type limits struct {
	block     int // bytes of a buffer that a shader sees at once (2^24)
	alignment int // bytes to which the start of such a part is rounded down (256)
	groups    int // work groups of a dispatch along one axis (65,535)
	// flops bounds the work of a dispatch, so that it stays short: maxFlops.
	flops float64
}

// What the shaders themselves take: OpenGL 4.3 guarantees it, so a driver with less
// is refused at the start and not in the middle of a training.
const (
	maxInvocations = 512
	maxShared      = 32 << 10
	maxBuffers     = 8
)

// device is the OpenGL side of an engine. It belongs to one goroutine that is locked
// to its thread; everybody else sends that goroutine jobs.
type device struct {
	limits
	name     string // of the card, as the driver says it
	software bool
	resets   bool // the driver can tell that it lost the context
	programs map[string]uint32
	hazards  hazards
	bytes    int // of all buffers
	most     int // of those, in tests; 0: what the driver gives
	unsent   float64
	lost     error
	edit     func(file, text string) string // of sources, in tests; else nil
	watch    func(c dispatch, run func())   // stands around each dispatch, in tests; else nil

	meminfoNVX, meminfoATI bool // how the driver tells what memory is free
}

// initFunctions looks the functions of OpenGL up, once: go-gl keeps them in
// variables of its package, and they serve every context of a driver.
var initFunctions = sync.OnceValue(func() error { return gl.InitWithProcAddrFunc(procAddress) })

// serve opens a device, reports to opened and does jobs, until there will be no more.
func serve(o Options, jobs <-chan func(*device), opened chan<- error, d *device, done chan<- struct{}) {
	defer close(done)
	runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
	var refused []error
	var current *context
	err := openContexts(func(c *context) bool {
		err := d.examine(o)
		if err != nil {
			// Without a surface the same card shows up again.
			if len(refused) == 0 || refused[len(refused)-1].Error() != err.Error() {
				refused = append(refused, err)
			}
			return false
		}
		current = c
		return true
	})
	if current == nil {
		opened <- fmt.Errorf("start the opengl engine: %w: %w", ErrNoOpenGL, errors.Join(append(refused, err)...))
		return
	}
	defer current.close()
	opened <- nil
	d.work(jobs, current)
	gl.Finish()
	for _, p := range d.programs {
		gl.DeleteProgram(p)
	}
}

// work does jobs until there will be no more, and attends to the context meanwhile.
func (d *device) work(jobs <-chan func(*device), c *context) {
	var due <-chan time.Time // never
	if attendEvery > 0 {
		ticker := time.NewTicker(attendEvery)
		defer ticker.Stop()
		due = ticker.C
	}
	for {
		select {
		case job, more := <-jobs:
			if !more {
				return
			}
			job(d)
		case <-due:
			c.attend()
		}
	}
}

// softwareNames are parts of the names of what computes OpenGL on the processor.
var softwareNames = []string{"llvmpipe", "softpipe", "swrast", "swiftshader", "software", "microsoft basic render", "gdi generic"}

// examine fills d in from the current context, or says why that will not do.
func (d *device) examine(o Options) error {
	if err := initFunctions(); err != nil {
		return fmt.Errorf("find the functions of OpenGL: %w", err)
	}
	*d = device{programs: make(map[string]uint32), edit: o.edit, name: gl.GoStr(gl.GetString(gl.RENDERER))}
	for _, s := range softwareNames {
		d.software = d.software || strings.Contains(strings.ToLower(d.name), s)
	}
	if d.software && !o.Software {
		return fmt.Errorf("%s %w", d.name, ErrSoftware)
	}
	get := func(name uint32) int {
		var v int64
		gl.GetInteger64v(name, &v)
		return int(v)
	}
	for _, need := range []struct {
		what        string
		name        uint32
		least, axis int
	}{
		{"invocations in a work group", gl.MAX_COMPUTE_WORK_GROUP_INVOCATIONS, maxInvocations, 0},
		{"bytes of shared memory", gl.MAX_COMPUTE_SHARED_MEMORY_SIZE, maxShared, 0},
		{"buffers of a shader", gl.MAX_COMPUTE_SHADER_STORAGE_BLOCKS, maxBuffers, 0},
	} {
		if have := get(need.name); have < need.least {
			return fmt.Errorf("%s has %d %s, %d are needed", d.name, have, need.what, need.least)
		}
	}
	var groups int32
	gl.GetIntegeri_v(gl.MAX_COMPUTE_WORK_GROUP_COUNT, 1, &groups)
	d.limits = limits{
		// An index is a 32-bit integer: 2^31 bytes are 2^29 values.
		block:     min(get(gl.MAX_SHADER_STORAGE_BLOCK_SIZE), 1<<31),
		alignment: max(get(gl.SHADER_STORAGE_BUFFER_OFFSET_ALIGNMENT), 4),
		groups:    min(int(groups), 1<<15),
		flops:     maxFlops,
	}
	for i := range get(gl.NUM_EXTENSIONS) {
		switch gl.GoStr(gl.GetStringi(gl.EXTENSIONS, uint32(i))) {
		case "GL_ARB_robustness":
			d.resets = true
		case "GL_NVX_gpu_memory_info":
			d.meminfoNVX = true
		case "GL_ATI_meminfo":
			d.meminfoATI = true
		}
	}
	return nil
}

// fail notes what ends the engine; the first cause stays.
func (d *device) fail(err error) {
	if d.lost == nil {
		d.lost = err
	}
}

// check asks the driver how it is. That may wait for everything under way, so it is
// done where the caller waits anyway.
func (d *device) check(doing string) {
	if d.lost != nil {
		return
	}
	if d.resets {
		if status := gl.GetGraphicsResetStatusARB(); status != gl.NO_ERROR {
			d.fail(fmt.Errorf("%s: the driver reset the card (%#x): %w", doing, status, compute.ErrLost))
			return
		}
	}
	switch code := gl.GetError(); code {
	case gl.NO_ERROR:
	case gl.OUT_OF_MEMORY:
		d.fail(fmt.Errorf("%s: out of memory, what was computed is undefined: %w", doing, compute.ErrLost))
	default:
		d.fail(fmt.Errorf("%s: OpenGL error %#x: %w", doing, code, compute.ErrLost))
	}
}

// padding lies behind the values of every buffer, so that a shader that reads four
// values at a time stays within.
const padding = 128

// allocate makes a buffer of some bytes, zeroed.
func (d *device) allocate(bytes int) (uint32, error) {
	d.check("before an allocation")
	if d.lost != nil {
		return 0, d.lost
	}
	if d.most > 0 && d.bytes+bytes > d.most {
		return 0, fmt.Errorf("no buffer of %d bytes beside %d in use: %w", bytes, d.bytes, compute.ErrMemory)
	}
	var name uint32
	gl.GenBuffers(1, &name)
	gl.BindBuffer(gl.SHADER_STORAGE_BUFFER, name)
	gl.BufferData(gl.SHADER_STORAGE_BUFFER, bytes+padding, nil, gl.DYNAMIC_COPY)
	if code := gl.GetError(); code != gl.NO_ERROR {
		gl.DeleteBuffers(1, &name)
		return 0, fmt.Errorf("%s gives no buffer of %d bytes beside %d in use (OpenGL error %#x): %w", d.name, bytes, d.bytes, code, compute.ErrMemory)
	}
	gl.ClearBufferData(gl.SHADER_STORAGE_BUFFER, gl.R32UI, gl.RED_INTEGER, gl.UNSIGNED_INT, nil)
	d.check("clear a buffer")
	d.bytes += bytes
	return name, nil
}

func (d *device) free(name uint32, bytes int) {
	gl.DeleteBuffers(1, &name)
	d.hazards.forget(name)
	d.bytes -= bytes
}

// upload copies data into a buffer. What shaders wrote there before is done first.
func (d *device) upload(name uint32, at int, data unsafe.Pointer, bytes int) {
	d.hazards.reveal(name, at, at+bytes)
	gl.BindBuffer(gl.SHADER_STORAGE_BUFFER, name)
	gl.BufferSubData(gl.SHADER_STORAGE_BUFFER, at, bytes, data)
}

// download waits for what shaders wrote and copies it out.
func (d *device) download(name uint32, at int, data unsafe.Pointer, bytes int) {
	d.hazards.reveal(name, at, at+bytes)
	gl.BindBuffer(gl.SHADER_STORAGE_BUFFER, name)
	gl.GetBufferSubData(gl.SHADER_STORAGE_BUFFER, at, bytes, data)
}
