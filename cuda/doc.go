// Package cuda is the engine that runs on NVIDIA GPUs: every operation of
// [compute.Backend] as kernels that the driver compiles for the GPU at hand.
//
// Each operation has a file of its own, named as in compute/cpu; its kernels stand in
// kernels/, in a file of the same name. ptx.py compiles them ahead (make ptx); what it
// writes is checked in and embedded, so that building needs no toolkit of NVIDIA's.
// The program needs no driver in order to start: cuda/driver looks for one when an
// engine is opened.
//
// All work goes through one stream, in the order of the calls. Only Read, SumSquares,
// HeadTopK and NewWeight wait for it, and those who free memory. Working memory is kept
// from call to call: once a step has run, the next of its kind allocates nothing.
//
// Launches are not recorded as CUDA graphs. A graph repeats kernels with their grids and
// arguments, and here hardly anything repeats: with each token the keys are one more,
// and with them grids and shares, and uploads lie elsewhere in their ring; a training
// step has the rows and spans of its texts. A graph would have to be updated as often as
// it runs. Whether launches hold a card up at all is what BenchmarkHost measures, as a
// part of make bench-gpu.
//
// Without a GPU the same kernels run on an emulator (emulator/), compiled by g++: that
// is how the tests hold this engine against compute/conformance on any machine.
//
// The package is built with the tag cuda, on Linux and Windows with cgo, and needs
// cuda/driver in CPATH and LIBRARY_PATH (see the Makefile). Otherwise [Open] says that
// the program was built without it.
package cuda

import "errors"

// Options of an engine.
type Options struct {
	// Float16 also sends products with frozen weights to the tensor cores that a caller
	// wants to be exact: training gets several times as fast, and gradients are off by
	// less than a hundredth. The head, LoRA's own matrices and all sums stay in f32.
	Float16 bool
}

// ErrNotBuilt says that the program was built without this engine.
var ErrNotBuilt = errors.New("this program was built without the cuda engine")

// ErrUnavailable says that this machine has no NVIDIA driver that works, or no GPU that fits.
var ErrUnavailable = errors.New("there is no NVIDIA GPU to compute on")
