package shaders

// This file needs no cgo, unlike the rest: so a build for Windows on another system
// checks it.

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	gdi32    = windows.NewLazySystemDLL("gdi32.dll")
	opengl32 = windows.NewLazySystemDLL("opengl32.dll")

	createWindowEx    = user32.NewProc("CreateWindowExW")
	destroyWindow     = user32.NewProc("DestroyWindow")
	peekMessage       = user32.NewProc("PeekMessageW")
	dispatchMessage   = user32.NewProc("DispatchMessageW")
	getDC             = user32.NewProc("GetDC")
	choosePixelFormat = gdi32.NewProc("ChoosePixelFormat")
	setPixelFormat    = gdi32.NewProc("SetPixelFormat")
	wglCreateContext  = opengl32.NewProc("wglCreateContext")
	wglDeleteContext  = opengl32.NewProc("wglDeleteContext")
	wglMakeCurrent    = opengl32.NewProc("wglMakeCurrent")
	wglGetProcAddress = opengl32.NewProc("wglGetProcAddress")
)

// Constants of WGL_ARB_create_context, its profile and its robustness.
const (
	contextMajorVersion = 0x2091
	contextMinorVersion = 0x2092
	contextProfileMask  = 0x9126
	contextCoreProfile  = 1
	contextFlags        = 0x2094
	contextRobust       = 4
	contextResets       = 0x8256
	contextLoseOnReset  = 0x8252
)

// pixelFormatDescriptor is PIXELFORMATDESCRIPTOR.
type pixelFormatDescriptor struct {
	size, version               uint16
	flags                       uint32
	pixelType, colorBits        uint8
	_                           [6]uint8
	alphaBits, _, _, _, _, _, _ uint8
	depthBits, stencilBits      uint8
	_, _, _                     uint8
	_, _, _                     uint32
}

const (
	drawToWindow  = 0x4
	supportOpenGL = 0x20
)

// context is an OpenGL core context on a window that is never shown. It belongs to
// the thread that opened it.
type context struct{ window, dc, handle uintptr }

// openContexts makes a context current on the card that Windows gives to new
// windows and shows it to use; if that returns true, it stays open.
func openContexts(use func(*context) bool) error {
	if err := opengl32.Load(); err != nil {
		return fmt.Errorf("load OpenGL: %w", err)
	}
	c, err := newContext()
	if err != nil {
		c.close()
		return err
	}
	if !use(c) {
		c.close()
	}
	return nil
}

func newContext() (*context, error) {
	c := &context{}
	class, err := windows.UTF16PtrFromString("STATIC") // every process has this class
	if err != nil {
		return c, err
	}
	if c.window, _, err = createWindowEx.Call(0, uintptr(unsafe.Pointer(class)), 0, 0, 0, 0, 1, 1, 0, 0, 0, 0); c.window == 0 {
		return c, fmt.Errorf("make a hidden window: %w", err)
	}
	c.dc, _, _ = getDC.Call(c.window)
	format := pixelFormatDescriptor{version: 1, flags: drawToWindow | supportOpenGL, colorBits: 24, alphaBits: 8}
	format.size = uint16(unsafe.Sizeof(format))
	chosen, _, err := choosePixelFormat.Call(c.dc, uintptr(unsafe.Pointer(&format)))
	if chosen == 0 {
		return c, fmt.Errorf("choose a pixel format: %w", err)
	}
	if ok, _, err := setPixelFormat.Call(c.dc, chosen, uintptr(unsafe.Pointer(&format))); ok == 0 {
		return c, fmt.Errorf("set the pixel format: %w", err)
	}
	// What makes a core context is itself found with a context of the old kind.
	old, _, err := wglCreateContext.Call(c.dc)
	if old == 0 {
		return c, fmt.Errorf("make a first context: %w", err)
	}
	defer wglDeleteContext.Call(old)
	if ok, _, err := wglMakeCurrent.Call(c.dc, old); ok == 0 {
		return c, fmt.Errorf("make the first context current: %w", err)
	}
	create := uintptr(procAddress("wglCreateContextAttribsARB"))
	if create == 0 {
		return c, errors.New("the driver has no wglCreateContextAttribsARB")
	}
	attributes := [...]int32{
		contextMajorVersion, 4, contextMinorVersion, 3, contextProfileMask, contextCoreProfile,
		contextFlags, contextRobust, contextResets, contextLoseOnReset, 0,
	}
	for _, end := range []int{len(attributes) - 1, 6} { // without resets where they are unknown
		attributes[end] = 0
		if c.handle, _, err = syscallN(create, c.dc, 0, unsafe.Pointer(&attributes[0])); c.handle != 0 {
			break
		}
	}
	if c.handle == 0 {
		return c, fmt.Errorf("make a context of OpenGL 4.3: %w", err)
	}
	if ok, _, err := wglMakeCurrent.Call(c.dc, c.handle); ok == 0 {
		return c, fmt.Errorf("make the context current: %w", err)
	}
	return c, nil
}

// attendEvery is how often a thread that owns a window has to attend to it.
const attendEvery = 100 * time.Millisecond

// message is MSG.
type message struct {
	window        uintptr
	kind          uint32
	first, second uintptr
	time          uint32
	x, y          int32
}

// attend handles what came for the window, as its thread has to: a window that is never
// shown is sent what is sent to all, and who sent it may wait for that.
func (c *context) attend() {
	const remove = 1
	for m := (message{}); ; {
		if some, _, _ := peekMessage.Call(uintptr(unsafe.Pointer(&m)), c.window, 0, 0, remove); some == 0 {
			return
		}
		_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

func syscallN(function, dc, share uintptr, attributes unsafe.Pointer) (uintptr, uintptr, error) {
	r, s, code := syscall.SyscallN(function, dc, share, uintptr(attributes))
	runtime.KeepAlive(attributes)
	return r, s, code
}

// close unbinds and destroys what there is of the context.
func (c *context) close() {
	_, _, _ = wglMakeCurrent.Call(0, 0)
	if c.handle != 0 {
		_, _, _ = wglDeleteContext.Call(c.handle)
	}
	if c.window != 0 {
		_, _, _ = destroyWindow.Call(c.window)
	}
}

// procAddress finds a function of OpenGL: those of 1.1 are in the library itself.
func procAddress(name string) unsafe.Pointer {
	s, err := windows.BytePtrFromString(name)
	if err != nil {
		return nil
	}
	p, _, _ := wglGetProcAddress.Call(uintptr(unsafe.Pointer(s)))
	if p <= 3 || p == ^uintptr(0) { // so drivers say that they do not know it
		p = 0
		if f := opengl32.NewProc(name); f.Find() == nil {
			p = f.Addr()
		}
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&p)) // an address of the library, not of Go's heap
}
