//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"clara/cuda/driver"

	"gorgonia.org/cu"
)

const (
	// uploadBytes is the size of the ring that host values go to the device through.
	uploadBytes = 8 << 20
	// uploadAlign keeps each upload where kernels can read any type.
	uploadAlign = 16
	// keptUploads is how many uploads are looked through for one of the same bytes: all
	// layers of a step ask for the same positions and spans, which each of up to 32 answers
	// side by side has for itself, and twice where some layers have a window. What is kept
	// is where they lie in the ring, no memory of its own.
	keptUploads = 80
)

// uploads is a ring of page-locked host memory with the same on the device. A copy is
// put on the stream and runs when its turn comes; the host bytes have to stay until
// then. The ring has two halves: before one is used again, the event is waited for
// that stands behind the copies out of it, which has nearly always come to pass.
type uploads struct {
	host   unsafe.Pointer
	device cu.DevicePtr
	size   int
	at     int // where the next upload goes
	left   [2]struct {
		event cu.Event
		made  bool
		used  bool // the event stands on the stream
	}
	kept []kept // the latest last
}

// kept is an upload whose bytes are still in the ring.
type kept struct{ at, n int }

// newUploads makes a ring of size bytes, rounded up.
func newUploads(size int) (u uploads, err error) {
	size = (size + 2*uploadAlign - 1) / (2 * uploadAlign) * (2 * uploadAlign)
	if u.host, err = driver.HostAlloc(size); err != nil {
		return uploads{}, err
	}
	if u.device, err = cu.MemAlloc(int64(size)); err != nil {
		return uploads{}, errors.Join(fmt.Errorf("allocate %d bytes for uploads: %w", size, err), u.free())
	}
	for i := range u.left {
		if u.left[i].event, err = cu.MakeEvent(cu.DisableTiming); err != nil {
			return uploads{}, errors.Join(fmt.Errorf("make an event: %w", err), u.free())
		}
		u.left[i].made = true
	}
	u.size = size
	return u, nil
}

// grow puts a larger ring in the place of this one, whose uploads are lost; where there is
// no memory for it this one stays.
func (u *uploads) grow(stream cu.Stream, size int) error {
	larger, err := newUploads(size)
	if err != nil {
		return err
	}
	if err := errors.Join(stream.Synchronize(), u.free()); err != nil {
		return errors.Join(err, larger.free())
	}
	*u = larger
	return nil
}

func (u *uploads) free() error {
	var errs []error
	if u.host != nil {
		errs = append(errs, cu.MemFreeHost(u.host))
	}
	if u.device != 0 {
		errs = append(errs, cu.MemFree(u.device))
	}
	for i := range u.left {
		if u.left[i].made {
			errs = append(errs, cu.DestroyEvent(&u.left[i].event))
		}
	}
	*u = uploads{}
	return errors.Join(errs...)
}

// place makes room for n bytes, which fit one half.
func (u *uploads) place(stream cu.Stream, n int) (int, error) {
	half := u.size / 2
	now := u.at / half
	if u.at == u.size || u.at%half+n > half || u.at%half == 0 && u.at > 0 {
		if u.at%half == 0 {
			now-- // the half was filled to its end
		}
		if err := u.left[now].event.Record(stream); err != nil {
			return 0, fmt.Errorf("record an event: %w", err)
		}
		u.left[now].used = true
		next := 1 - now
		if u.left[next].used {
			if err := u.left[next].event.Synchronize(); err != nil {
				return 0, fmt.Errorf("wait for uploads: %w", err)
			}
		}
		still := u.kept[:0]
		for _, k := range u.kept {
			if k.at/half != next {
				still = append(still, k)
			}
		}
		u.kept = still
		u.at = next * half
	}
	at := u.at
	u.at += (n + uploadAlign - 1) / uploadAlign * uploadAlign
	return at, nil
}

// bytes are n host bytes of the ring.
func (u *uploads) bytes(at, n int) []byte { return unsafe.Slice((*byte)(unsafe.Add(u.host, at)), n) }

// upload puts data on the device for the kernels that follow, and returns where: an
// operation calls it once, for the next call may reuse the place.
func (b *Backend) upload(op string, data []byte) (cu.DevicePtr, error) {
	u := &b.uploads
	if len(data) == 0 {
		return u.device, nil
	}
	for i := len(u.kept) - 1; i >= 0; i-- {
		if k := u.kept[i]; k.n == len(data) && bytes.Equal(u.bytes(k.at, k.n), data) {
			return u.device + cu.DevicePtr(k.at), nil
		}
	}
	if len(data) > u.size/2 {
		if err := u.grow(b.stream, 4*len(data)); err != nil {
			return 0, b.failed(op, "make room for uploads", err)
		}
	}
	at, err := u.place(b.stream, len(data))
	if err != nil {
		return 0, b.failed(op, "upload", err)
	}
	copy(u.bytes(at, len(data)), data)
	to := u.device + cu.DevicePtr(at)
	if err := cu.MemcpyHtoDAsync(to, unsafe.Pointer(unsafe.SliceData(u.bytes(at, len(data)))), int64(len(data)), b.stream); err != nil {
		return 0, b.failed(op, fmt.Sprintf("copy %d bytes to the device", len(data)), err)
	}
	if len(u.kept) == keptUploads {
		u.kept = append(u.kept[:0], u.kept[1:]...)
	}
	u.kept = append(u.kept, kept{at, len(data)})
	return to, nil
}

// send copies data to a place on the device, by way of the ring's host memory.
func (b *Backend) send(op string, to cu.DevicePtr, data []byte) error {
	u := &b.uploads
	for len(data) > 0 {
		n := min(len(data), u.size/2)
		at, err := u.place(b.stream, n)
		if err != nil {
			return b.failed(op, "upload", err)
		}
		copy(u.bytes(at, n), data)
		if err := cu.MemcpyHtoDAsync(to, unsafe.Pointer(unsafe.SliceData(u.bytes(at, n))), int64(n), b.stream); err != nil {
			return b.failed(op, fmt.Sprintf("copy %d bytes to the device", n), err)
		}
		to += cu.DevicePtr(n)
		data = data[n:]
	}
	return nil
}

// scratches are the kinds of working memory, each kept from call to call.
const (
	readScratch = iota
	attentionScratch
	logitScratch
	headScratch
	leftScratch
	rightScratch
	sumScratch
	scratches
)

// buffer is working memory on the device.
type buffer struct {
	data cu.DevicePtr
	size int
}

func (s *buffer) free() error {
	data := s.data
	*s = buffer{}
	if data == 0 {
		return nil
	}
	return cu.MemFree(data)
}

// room returns size bytes of working memory of one kind, not cleared.
func (b *Backend) room(op string, kind, size int) (cu.DevicePtr, error) {
	s := &b.scratch[kind]
	if s.size < size {
		// The driver waits for what works on it.
		if err := s.free(); err != nil {
			return 0, b.failed(op, "free working memory", err)
		}
		// Half as much again, so that a growing span does not ask anew each time. An unpacked
		// weight has one size, and the head's may be a gigabyte.
		if kind != rightScratch {
			size += size / 2
		}
		data, err := cu.MemAlloc(int64(size))
		if err != nil {
			return 0, b.failed(op, fmt.Sprintf("allocate %d bytes of working memory", size), err)
		}
		*s = buffer{data, size}
	}
	return s.data, nil
}
