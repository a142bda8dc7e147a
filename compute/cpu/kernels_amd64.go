//go:build amd64 && !purego

package cpu

import (
	"clara/compute"

	"golang.org/x/sys/cpu"
)

// tiers are the tiers of this build that the machine can run, best first.
func tiers() []*kernels {
	var t []*kernels
	x := &cpu.X86
	avx2 := x.HasAVX2 && x.HasFMA && x.HasF16C
	if avx2 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI {
		t = append(t, avx512Tier())
	}
	if avx2 {
		t = append(t, avx2Tier())
	}
	return append(t, portable())
}

func avx2Tier() *kernels {
	k := portable()
	k.tier = "AVX2"
	k.tiles = []tile{{6, gemm6x16AVX2}, {4, gemm4x16AVX2}, {2, gemm2x16AVX2}, {1, gemm1x16AVX2}}
	k.tileCols = 16
	k.transposes = []transpose{
		{8, 4, transpose8AVX2},
		{4, 8, transpose4AVX2},
		{2, 4, transpose2AVX2},
		{1, 1, transpose1},
	}
	k.copyPanel = copyPanelAVX2
	k.dot = dotAVX2
	k.dot3 = dot3AVX2
	k.sumSquares = sumSquaresAVX2
	k.max = maxAVX2
	k.axpy = axpyAVX2
	k.scale = scaleAVX2
	k.scaleMul = scaleMulAVX2
	k.softmaxGrad = softmaxGradAVX2
	k.dotRows = dotRowsAVX2
	k.axpyRows = axpyRowsAVX2
	k.rotateHalves = rotateHalvesAVX2
	k.expSum = expSumAVX2
	k.swiglu = swigluAVX2
	k.geglu = gegluAVX2
	k.swigluBackward = swigluBackwardAVX2
	k.gegluBackward = gegluBackwardAVX2
	k.rotateInterleaved = rotateInterleavedWide
	k.adamw = func(param, grad, m, v []float32, c *adamwConstants) {
		adamwAVX2(param, grad, m, v, &c.gradScale)
	}
	k.groups[compute.F16] = dequantF16AVX2
	k.groups[compute.BF16] = dequantBF16AVX2
	k.groups[compute.Q4_0] = dequantQ4_0AVX2
	k.groups[compute.Q4_1] = dequantQ4_1AVX2
	k.groups[compute.Q5_0] = dequantQ5_0AVX2
	k.groups[compute.Q5_1] = dequantQ5_1AVX2
	k.groups[compute.Q8_0] = dequantQ8_0AVX2
	k.groups[compute.Q4_K] = dequantQ4KAVX2
	k.groups[compute.Q5_K] = dequantQ5KAVX2
	k.groups[compute.Q6_K] = dequantQ6KAVX2
	k.quantize = quantizeAVX2
	k.strips[compute.F16] = stripKernels{nil, unpackF16AVX2, gemvF16AVX2}
	k.strips[compute.BF16] = stripKernels{nil, unpackBF16AVX2, gemvBF16AVX2}
	k.strips[compute.Q4_0] = stripKernels{[]stripTile{{4, stripsQ4_0x4AVX2}, {1, stripsQ4_0x1AVX2}}, unpackQ4_0AVX2, gemvQ4_0AVX2}
	k.strips[compute.Q4_1] = stripKernels{[]stripTile{{4, stripsQ4_1x4AVX2}, {1, stripsQ4_1x1AVX2}}, unpackQ4_1AVX2, gemvQ4_1AVX2}
	k.strips[compute.Q5_0] = stripKernels{[]stripTile{{4, stripsQ5_0x4AVX2}, {1, stripsQ5_0x1AVX2}}, unpackQ5_0AVX2, gemvQ5_0AVX2}
	k.strips[compute.Q5_1] = stripKernels{[]stripTile{{4, stripsQ5_1x4AVX2}, {1, stripsQ5_1x1AVX2}}, unpackQ5_1AVX2, gemvQ5_1AVX2}
	k.strips[compute.Q8_0] = stripKernels{[]stripTile{{4, stripsQ8_0x4AVX2}, {1, stripsQ8_0x1AVX2}}, unpackQ8_0AVX2, gemvQ8_0AVX2}
	k.strips[compute.Q4_K] = stripKernels{[]stripTile{{4, stripsQ4Kx4AVX2}, {1, stripsQ4Kx1AVX2}}, unpackQ4KAVX2, gemvQ4KAVX2}
	k.strips[compute.Q5_K] = stripKernels{[]stripTile{{4, stripsQ5Kx4AVX2}, {1, stripsQ5Kx1AVX2}}, unpackQ5KAVX2, gemvQ5KAVX2}
	k.strips[compute.Q6_K] = stripKernels{[]stripTile{{4, stripsQ6Kx4AVX2}, {1, stripsQ6Kx1AVX2}}, unpackQ6KAVX2, gemvQ6KAVX2}
	return k
}

func avx512Tier() *kernels {
	k := avx2Tier()
	k.tier = "AVX-512 VNNI"
	k.tiles = []tile{{14, gemm14x32AVX512}, {8, gemm8x32AVX512}, {4, gemm4x32AVX512}, {2, gemm2x32AVX512}, {1, gemm1x32AVX512}}
	k.tileCols = 32
	k.copyPanel = copyPanelAVX512
	k.dot = dotAVX512
	k.dot3 = dot3AVX512
	k.sumSquares = sumSquaresAVX512
	k.max = maxAVX512
	k.axpy = axpyAVX512
	k.scale = scaleAVX512
	k.scaleMul = scaleMulAVX512
	k.softmaxGrad = softmaxGradAVX512
	k.dotRows = dotRowsAVX512
	k.axpyRows = axpyRowsAVX512
	k.rotateHalves = rotateHalvesAVX512
	k.expSum = expSumAVX512
	k.swiglu = swigluAVX512
	k.geglu = gegluAVX512
	k.swigluBackward = swigluBackwardAVX512
	k.gegluBackward = gegluBackwardAVX512
	k.adamw = func(param, grad, m, v []float32, c *adamwConstants) {
		adamwAVX512(param, grad, m, v, &c.gradScale)
	}
	k.strips[compute.F16] = stripKernels{nil, unpackF16AVX512, gemvF16AVX512}
	k.strips[compute.BF16] = stripKernels{nil, unpackBF16AVX512, gemvBF16AVX512}
	k.strips[compute.Q4_0] = stripKernels{[]stripTile{{12, stripsQ4_0x12AVX512}, {4, stripsQ4_0x4AVX512}, {1, stripsQ4_0x1AVX512}}, unpackQ4_0AVX512, gemvQ4_0AVX512}
	k.strips[compute.Q4_1] = stripKernels{[]stripTile{{12, stripsQ4_1x12AVX512}, {4, stripsQ4_1x4AVX512}, {1, stripsQ4_1x1AVX512}}, unpackQ4_1AVX512, gemvQ4_1AVX512}
	k.strips[compute.Q5_0] = stripKernels{[]stripTile{{12, stripsQ5_0x12AVX512}, {4, stripsQ5_0x4AVX512}, {1, stripsQ5_0x1AVX512}}, unpackQ5_0AVX512, gemvQ5_0AVX512}
	k.strips[compute.Q5_1] = stripKernels{[]stripTile{{12, stripsQ5_1x12AVX512}, {4, stripsQ5_1x4AVX512}, {1, stripsQ5_1x1AVX512}}, unpackQ5_1AVX512, gemvQ5_1AVX512}
	k.strips[compute.Q8_0] = stripKernels{[]stripTile{{12, stripsQ8_0x12AVX512}, {4, stripsQ8_0x4AVX512}, {1, stripsQ8_0x1AVX512}}, unpackQ8_0AVX512, gemvQ8_0AVX512}
	k.strips[compute.Q4_K] = stripKernels{[]stripTile{{12, stripsQ4Kx12AVX512}, {4, stripsQ4Kx4AVX512}, {1, stripsQ4Kx1AVX512}}, unpackQ4KAVX512, gemvQ4KAVX512}
	k.strips[compute.Q5_K] = stripKernels{[]stripTile{{12, stripsQ5Kx12AVX512}, {4, stripsQ5Kx4AVX512}, {1, stripsQ5Kx1AVX512}}, unpackQ5KAVX512, gemvQ5KAVX512}
	k.strips[compute.Q6_K] = stripKernels{[]stripTile{{12, stripsQ6Kx12AVX512}, {4, stripsQ6Kx4AVX512}, {1, stripsQ6Kx1AVX512}}, unpackQ6KAVX512, gemvQ6KAVX512}
	k.transposes = append([]transpose{{16, 4, transpose16AVX512}, {14, 4, transpose14AVX512}}, k.transposes...)
	return k
}

// rotateInterleavedWide leaves the last few pairs to the portable loop.
func rotateInterleavedWide(x, cos, sin []float32) {
	n := len(cos) / 4 * 4
	if n > 0 {
		_, _ = x[2*n-1], sin[n-1]
		rotateInterleavedAVX2(n, &x[0], &cos[0], &sin[0])
	}
	rotateInterleaved(x[2*n:], cos[n:], sin[n:])
}

func pause(n int) { pauseAsm(n) }
