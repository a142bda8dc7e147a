// Package shaders is the engine that runs on any graphics card with OpenGL 4.3:
// every operation of [compute.Backend] as compute shaders (*.comp, embedded).
//
// It has a context of its own, without a window and shared with none: EGL on
// Linux, WGL on a window that is never shown on Windows. macOS has no compute
// shaders in its OpenGL. All calls of OpenGL are made by one goroutine that is
// locked to its thread; an operation checks its operands, hands its dispatches to
// that goroutine and returns, so that only what asks for host values waits.
//
// An operation is a pair of files, NAME.go and NAME.comp, with the equation in
// the twin of the same name in compute/cpu. What shaders share is in *.glsl:
// math.glsl (functions that drivers compute too roughly), weight.glsl (the quantised
// layouts), product.glsl (the tiled matrix product), attention.glsl. A shader has no
// #include; program.go puts the parts together. What LoRA adds to a linear layer is
// computed with the layer's own product (lowrank.go).
package shaders

import "errors"

// ErrNoOpenGL says that this machine, or this build of the program, has no OpenGL
// 4.3 to compute with.
var ErrNoOpenGL = errors.New("no OpenGL 4.3 with compute shaders")

// ErrSoftware says that the only OpenGL that there is computes on the processor, and was
// not asked for. It comes with ErrNoOpenGL.
var ErrSoftware = errors.New("computes on the processor, which the cpu engine does faster")

// Options of an engine.
type Options struct {
	// Software allows an OpenGL that computes on the processor, such as Mesa's
	// llvmpipe: right, good for tests, and many times slower than compute/cpu.
	Software bool

	// edit changes the text of a shader's file before it is compiled: so tests plant
	// errors in what runs on the card.
	edit func(file, text string) string
}
