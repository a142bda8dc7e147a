//go:build cuda && cgo && (linux || windows)

package driver

/*
#cgo LDFLAGS: -L${SRCDIR}
#cgo linux LDFLAGS: -ldl
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"gorgonia.org/cu"
)

// ErrUnavailable says that this machine has no NVIDIA driver that works.
var ErrUnavailable = errors.New("there is no NVIDIA driver that works")

// LibraryVariable names an environment variable with the driver library to load
// instead of the system's. Tests put the emulator there.
const LibraryVariable = "CLARA_CUDA_LIBRARY"

func library() string {
	switch path := os.Getenv(LibraryVariable); {
	case path != "":
		return path
	case runtime.GOOS == "windows":
		return "nvcuda.dll"
	default:
		return "libcuda.so.1"
	}
}

// Open loads the driver and starts it, which takes a fraction of a second; a second
// call says the same as the first. The error wraps [ErrUnavailable]. It is safe for
// concurrent use.
var Open = sync.OnceValue(func() error {
	name := library()
	path := C.CString(name)
	defer C.free(unsafe.Pointer(path))
	var result C.CUresult
	var reason [256]C.char
	if C.shim_open(path, &result, &reason[0], C.size_t(len(reason))) != C.SHIM_OK {
		return fmt.Errorf("load the NVIDIA driver %s: %s: %w", name, C.GoString(&reason[0]), ErrUnavailable)
	}
	switch n, err := cu.NumDevices(); {
	case err != nil:
		return fmt.Errorf("count the devices of %s: %w: %w", name, err, ErrUnavailable)
	case n == 0:
		return fmt.Errorf("%s has no device: %w", name, ErrUnavailable)
	}
	return nil
})

// AllowShared lets a launch of fn ask for up to n bytes of dynamic shared memory;
// without it 48 KiB are the limit. gorgonia.org/cu has no cuFuncSetAttribute.
func AllowShared(fn cu.Function, n int) error {
	f := *(*C.CUfunction)(unsafe.Pointer(&fn)) // its only field
	if r := C.cuFuncSetAttribute(f, C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, C.int(n)); r != C.CUDA_SUCCESS {
		return fmt.Errorf("allow %d bytes of shared memory: cuFuncSetAttribute: %w", n, failure(r))
	}
	return nil
}

// cu.Function is a structure of one CUfunction; the build fails when it is no more.
var _ [unsafe.Sizeof(cu.Function{})]byte = [unsafe.Sizeof(C.CUfunction(nil))]byte{}

// HostAlloc returns n bytes of page-locked host memory, which copies to and from the
// device need in order to run beside the host. [cu.MemFreeHost] gives them back.
func HostAlloc(n int) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	if r := C.cuMemHostAlloc(&p, C.size_t(n), 0); r != C.CUDA_SUCCESS {
		return nil, fmt.Errorf("allocate %d bytes of page-locked memory: cuMemHostAlloc: %w", n, failure(r))
	}
	return p, nil
}

// failure is the error that cu has for a result, to be found by [errors.Is].
func failure(r C.CUresult) error { return as(cu.Success, int(r)) }

// as gives v the type of another value: cu exports its results, but not their type.
func as[T ~int](_ T, v int) T { return T(v) }
