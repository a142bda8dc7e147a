// Command gen writes the assembly kernels of package cpu:
//
//	go run . -out ../kernels_amd64.s -stubs ../stubs_amd64.go -pkg cpu
//
// It has a module of its own so that the program does not depend on avo. Its test
// generates again and compares with what is checked in. The comment of each stub
// is the scalar loop that the kernel stands for.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("amd64,!purego")
	pause()
	gemmKernels()
	transposeKernels()
	dequantKernels()
	vectorKernels()
	stripKernels()
	gemvKernels()
	Generate()
}

// pause is the hint of a spinning wait: it gives the other hyper-thread the core
// and saves power.
func pause() {
	TEXT("pauseAsm", NOSPLIT, "func(n int)")
	Doc("pauseAsm executes n PAUSE instructions; n > 0.")
	n := Load(Param("n"), GP64())
	Label("loop")
	PAUSE()
	DECQ(n)
	JNE(LabelRef("loop"))
	RET()
}
