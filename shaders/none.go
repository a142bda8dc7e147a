//go:build !cgo || !(linux || windows)

package shaders

import (
	"fmt"
	"runtime"

	"clara/compute"
)

// New returns [ErrNoOpenGL]: macOS has OpenGL 4.1 at most, and without cgo none of
// its functions can be called.
func New(Options) (compute.Backend, error) {
	return nil, fmt.Errorf("start the opengl engine on %s: this build has no OpenGL: %w", runtime.GOOS, ErrNoOpenGL)
}
