//go:build cgo

package shaders

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// The few types and constants of EGL that are used, from its specification: no
// header of it is needed to build, no library to start.
typedef void *EGLDisplay, *EGLConfig, *EGLContext, *EGLSurface, *EGLDevice;
typedef int32_t EGLint;
typedef unsigned EGLBoolean, EGLenum;

enum {
	EGL_SUCCESS = 0x3000, EGL_NONE = 0x3038, EGL_OPENGL_API = 0x30A2, EGL_OPENGL_BIT = 8,
	EGL_RENDERABLE_TYPE = 0x3040, EGL_SURFACE_TYPE = 0x3033, EGL_PBUFFER_BIT = 1,
	EGL_CONTEXT_MAJOR_VERSION = 0x3098, EGL_CONTEXT_MINOR_VERSION = 0x30FB,
	EGL_CONTEXT_OPENGL_PROFILE_MASK = 0x30FD, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT = 1,
	EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY = 0x31BD, EGL_LOSE_CONTEXT_ON_RESET = 0x31BF,
	EGL_PLATFORM_DEVICE = 0x313F, EGL_PLATFORM_SURFACELESS = 0x31DD,
};

static struct {
	void *(*getProcAddress)(const char *);
	EGLint (*getError)(void);
	EGLBoolean (*initialize)(EGLDisplay, EGLint *, EGLint *);
	EGLBoolean (*bindAPI)(EGLenum);
	EGLBoolean (*chooseConfig)(EGLDisplay, const EGLint *, EGLConfig *, EGLint, EGLint *);
	EGLContext (*createContext)(EGLDisplay, EGLConfig, EGLContext, const EGLint *);
	EGLBoolean (*destroyContext)(EGLDisplay, EGLContext);
	EGLBoolean (*makeCurrent)(EGLDisplay, EGLSurface, EGLSurface, EGLContext);
	EGLBoolean (*releaseThread)(void);
	EGLDisplay (*getPlatformDisplay)(EGLenum, void *, const EGLint *);
	EGLBoolean (*queryDevices)(EGLint, EGLDevice *, EGLint *); // NULL where EGL cannot tell
} egl;

// eglLoad finds EGL's functions; what is missing otherwise.
static const char *eglLoad(void) {
	void *lib = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!lib) return "libEGL.so.1";
#define FIND(field, name) if (!(*(void **)&egl.field = dlsym(lib, name))) return name
	FIND(getProcAddress, "eglGetProcAddress");
	FIND(getError, "eglGetError");
	FIND(initialize, "eglInitialize");
	FIND(bindAPI, "eglBindAPI");
	FIND(chooseConfig, "eglChooseConfig");
	FIND(createContext, "eglCreateContext");
	FIND(destroyContext, "eglDestroyContext");
	FIND(makeCurrent, "eglMakeCurrent");
	FIND(releaseThread, "eglReleaseThread");
	*(void **)&egl.getPlatformDisplay = egl.getProcAddress("eglGetPlatformDisplayEXT");
	*(void **)&egl.queryDevices = egl.getProcAddress("eglQueryDevicesEXT");
	return egl.getPlatformDisplay ? 0 : "eglGetPlatformDisplayEXT";
}

static void *eglProc(const char *name) { return egl.getProcAddress(name); }

static int eglDevices(EGLDevice *devices, int room) {
	EGLint n = 0;
	return egl.queryDevices && egl.queryDevices(room, devices, &n) ? n : 0;
}

// eglOpen makes an OpenGL 4.3 core context, if possible one that reports a reset.
static EGLint eglOpen(EGLenum platform, void *native, EGLDisplay *display, EGLContext *context) {
	EGLint major, minor, n = 0;
	*display = egl.getPlatformDisplay(platform, native, 0);
	if (!*display || !egl.initialize(*display, &major, &minor) || !egl.bindAPI(EGL_OPENGL_API)) return egl.getError();
	EGLint want[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
	EGLConfig config = 0; // EGL_NO_CONFIG_KHR where none has pbuffers
	if (!egl.chooseConfig(*display, want, &config, 1, &n) || !n) config = 0;
	EGLint attributes[] = {
		EGL_CONTEXT_MAJOR_VERSION, 4, EGL_CONTEXT_MINOR_VERSION, 3,
		EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
		EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET, EGL_NONE};
	*context = egl.createContext(*display, config, 0, attributes);
	if (!*context) {
		attributes[6] = EGL_NONE;
		*context = egl.createContext(*display, config, 0, attributes);
	}
	return *context ? EGL_SUCCESS : egl.getError();
}

static int eglCurrent(EGLDisplay display, EGLContext context) { return egl.makeCurrent(display, 0, 0, context); }

static void eglClose(EGLDisplay display, EGLContext context) {
	egl.makeCurrent(display, 0, 0, 0);
	egl.destroyContext(display, context);
	egl.releaseThread();
}
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// context is an OpenGL core context without a surface. It belongs to the thread
// that opened it. The display is not terminated at the end: EGL hands the same one
// to everybody in the process, the window included.
type context struct {
	display C.EGLDisplay
	handle  C.EGLContext
}

var loadEGL = sync.OnceValue(func() error {
	if missing := C.eglLoad(); missing != nil {
		return fmt.Errorf("load EGL: %s is missing", C.GoString(missing))
	}
	return nil
})

// openContexts tries every EGL device, then Mesa's platform without a surface. Each
// context is made current and shown to use, until that returns true; it then stays
// open. Otherwise the errors say why none would do.
func openContexts(use func(*context) bool) error {
	if err := loadEGL(); err != nil {
		return err
	}
	var devices [16]C.EGLDevice
	n := int(C.eglDevices(&devices[0], C.int(len(devices))))
	var errs []error
	for i := range n + 1 {
		c, where := &context{}, fmt.Sprintf("EGL device %d of %d", i+1, n)
		platform, native := C.EGLenum(C.EGL_PLATFORM_DEVICE), unsafe.Pointer(nil)
		if i < n {
			native = unsafe.Pointer(devices[i])
		} else {
			where, platform = "EGL without a surface", C.EGL_PLATFORM_SURFACELESS
		}
		if code := C.eglOpen(platform, native, &c.display, &c.handle); code != C.EGL_SUCCESS {
			errs = append(errs, fmt.Errorf("%s: error %#x", where, int(code)))
			continue
		}
		if C.eglCurrent(c.display, c.handle) == 0 {
			errs = append(errs, fmt.Errorf("%s: the context cannot be made current", where))
		} else if use(c) {
			return nil
		}
		c.close()
	}
	return errors.Join(errs...)
}

// close unbinds and destroys the context.
func (c *context) close() { C.eglClose(c.display, c.handle) }

// attendEvery is how often a context has to be attended to: there is no window here.
const attendEvery = 0

func (c *context) attend() {}

// procAddress finds a function of OpenGL.
func procAddress(name string) unsafe.Pointer {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return C.eglProc(s)
}
