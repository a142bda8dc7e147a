package cpu

import (
	"math"

	"clara/compute"
)

// portable is the tier for every machine, and the twin that the others are
// tested against.
func portable() *kernels {
	k := &kernels{
		tier:       "portable",
		tiles:      []tile{{4, gemm4x16}, {1, gemm1x16}},
		tileCols:   16,
		transposes: []transpose{{1, 1, transpose1}},
		copyPanel:  copyPanel,
		quantize:   quantize,
		dot:        dot, axpy: axpy, scale: scale, scaleMul: scaleMul, sumSquares: sumSquares,
		max: maximum, expSum: expSum,
		dotRows: dotRows, axpyRows: axpyRows, dot3: dot3, softmaxGrad: softmaxGrad,
		rotateHalves: rotateHalves, rotateInterleaved: rotateInterleaved, adamw: adamw,
		swiglu: swiglu, geglu: geglu, swigluBackward: swigluBackward, gegluBackward: gegluBackward,
	}
	for t := range k.groups {
		k.groups[t] = dequantGroups(compute.Type(t))
		switch l := layoutOf(compute.Type(t)); l.bits {
		case 4, 8:
			k.strips[t] = stripKernels{[]stripTile{{1, multiplyStrips(l)}}, unpackStrip(l), gemvStrips(l, addQuants(l))}
		case 16:
			k.strips[t] = stripKernels{nil, unpackFloats(compute.Type(t)), gemvStrips(l, addFloats(compute.Type(t)))}
		}
	}
	return k
}

// gemm4x16 keeps 4x4 sums in registers, four columns of the panel after another.
func gemm4x16(k int, ap, bp, cp *float32, ldc int, alpha float32, accumulate bool) {
	const rows, cols = 4, 16
	a, b, c := floatsAt(ap, k*rows), floatsAt(bp, k*cols), floatsAt(cp, (rows-1)*ldc+cols)
	for j := 0; j < cols; j += 4 {
		var s [rows][4]float32
		var s00, s01, s02, s03, s10, s11, s12, s13 float32
		var s20, s21, s22, s23, s30, s31, s32, s33 float32
		for p := range k {
			y := b[p*cols+j : p*cols+j+4 : p*cols+j+4]
			x := a[p*rows : p*rows+rows : p*rows+rows]
			y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
			s00, s01, s02, s03 = s00+x[0]*y0, s01+x[0]*y1, s02+x[0]*y2, s03+x[0]*y3
			s10, s11, s12, s13 = s10+x[1]*y0, s11+x[1]*y1, s12+x[1]*y2, s13+x[1]*y3
			s20, s21, s22, s23 = s20+x[2]*y0, s21+x[2]*y1, s22+x[2]*y2, s23+x[2]*y3
			s30, s31, s32, s33 = s30+x[3]*y0, s31+x[3]*y1, s32+x[3]*y2, s33+x[3]*y3
		}
		s[0] = [4]float32{s00, s01, s02, s03}
		s[1] = [4]float32{s10, s11, s12, s13}
		s[2] = [4]float32{s20, s21, s22, s23}
		s[3] = [4]float32{s30, s31, s32, s33}
		for i := range s {
			storeTile(c[i*ldc+j:], s[i][:], alpha, accumulate)
		}
	}
}

func gemm1x16(k int, ap, bp, cp *float32, _ int, alpha float32, accumulate bool) {
	const cols = 16
	a, b := floatsAt(ap, k), floatsAt(bp, k*cols)
	var s [cols]float32
	for p, x := range a {
		for j, y := range b[p*cols : p*cols+cols] {
			s[j] += x * y
		}
	}
	storeTile(floatsAt(cp, cols), s[:], alpha, accumulate)
}

func storeTile(c, s []float32, alpha float32, accumulate bool) {
	for j, v := range s {
		if accumulate {
			c[j] += alpha * v
		} else {
			c[j] = alpha * v
		}
	}
}

func transpose1(dst *float32, ldd int, src *float32, _, n int) {
	d := floatsAt(dst, (n-1)*ldd+1)
	for k, v := range floatsAt(src, n) {
		d[k*ldd] = v
	}
}

func copyPanel(dst *float32, ldd int, src *float32, lds, cols, n int) {
	d, s := floatsAt(dst, (n-1)*ldd+cols), floatsAt(src, (n-1)*lds+cols)
	for i := range n {
		copy(d[i*ldd:], s[i*lds:][:cols])
	}
}

// dequantGroups is compute.Dequantize with the placement of a groupDecoder.
func dequantGroups(t compute.Type) groupDecoder {
	values, bytes := groupBlock(t)
	return func(dst *float32, src *byte, blocks, half, step int) {
		s := bytesAt(src, blocks*bytes)
		d := floatsAt(dst, (blocks*values/32-1)*step+half+16)
		var block [256]float32
		for b := range blocks {
			// The type is valid and the sizes agree, which are its only errors.
			_ = compute.Dequantize(block[:values], t, s[b*bytes:][:bytes])
			for i := 0; i < values; i += 32 {
				o := (b*values + i) / 32 * step
				copy(d[o:o+16], block[i:])
				copy(d[o+half:o+half+16], block[i+16:])
			}
		}
	}
}

func dot(x, y []float32) float32 {
	y = y[:len(x)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += x[i] * y[i]
		s1 += x[i+1] * y[i+1]
		s2 += x[i+2] * y[i+2]
		s3 += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		s0 += x[i] * y[i]
	}
	return s0 + s1 + (s2 + s3)
}

func axpy(y, x []float32, alpha float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += alpha * x[i]
	}
}

func scale(y []float32, alpha float32) {
	for i := range y {
		y[i] *= alpha
	}
}

func scaleMul(y, x, g []float32, s float32) {
	x, g = x[:len(y)], g[:len(y)]
	for i := range y {
		y[i] = x[i] * s * g[i]
	}
}

func sumSquares(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += float64(v) * float64(v)
	}
	return s
}

func maximum(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m || v != v {
			m = v
		}
	}
	return m
}

func expSum(y, x []float32, shift float32) float32 {
	x = x[:len(y)]
	var s float32
	for i, v := range x {
		e := exp32(v - shift)
		y[i] = e
		s += e
	}
	return s
}

func exp32(x float32) float32   { return float32(math.Exp(float64(x))) }
func sigmoid(x float32) float32 { return 1 / (1 + exp32(-x)) }

func swiglu(y, gate, up []float32) {
	gate, up = gate[:len(y)], up[:len(y)]
	for i := range y {
		y[i] = gate[i] * sigmoid(gate[i]) * up[i]
	}
}

func swigluBackward(dgate, dup, dy, gate, up []float32) {
	for i, g := range gate {
		d, s := dy[i], sigmoid(g)
		u := up[i]
		dgate[i] = d * u * s * (1 + g*(1-s))
		dup[i] = d * g * s
	}
}

// gelu_tanh(x) = x/2 (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3).
const (
	geluScale = 2 * 0.7978845608028654 // 2 sqrt(2/pi)
	geluCubic = 0.044715
)

func geglu(y, gate, up []float32) {
	gate, up = gate[:len(y)], up[:len(y)]
	for i, g := range gate {
		y[i] = g * sigmoid(geluScale*g*(1+geluCubic*g*g)) * up[i]
	}
}

func gegluBackward(dgate, dup, dy, gate, up []float32) {
	for i, g := range gate {
		d, u := dy[i], up[i]
		s := sigmoid(geluScale * g * (1 + geluCubic*g*g))
		dgate[i] = d * u * (s + g*s*(1-s)*geluScale*(1+3*geluCubic*g*g))
		dup[i] = d * g * s
	}
}

func dotRows(y, m []float32, stride int, x []float32) {
	for j := range y {
		y[j] = dot(x, m[j*stride:])
	}
}

func axpyRows(y, m []float32, stride int, w []float32) {
	for j, a := range w {
		axpy(y, m[j*stride:], a)
	}
}

func dot3(x, y, z []float32) float32 {
	y, z = y[:len(x)], z[:len(x)]
	var s float32
	for i := range x {
		s += x[i] * y[i] * z[i]
	}
	return s
}

func softmaxGrad(ds, p, dp []float32, d, scale float32) {
	p, dp = p[:len(ds)], dp[:len(ds)]
	for i := range ds {
		ds[i] = p[i] * (dp[i] - d) * scale
	}
}

func rotateHalves(x, y, cos, sin []float32) {
	x, y, sin = x[:len(cos)], y[:len(cos)], sin[:len(cos)]
	for i, c := range cos {
		x[i], y[i] = x[i]*c-y[i]*sin[i], x[i]*sin[i]+y[i]*c
	}
}

func rotateInterleaved(x, cos, sin []float32) {
	x, sin = x[:2*len(cos)], sin[:len(cos)]
	for i, c := range cos {
		x[2*i], x[2*i+1] = x[2*i]*c-x[2*i+1]*sin[i], x[2*i]*sin[i]+x[2*i+1]*c
	}
}

func adamw(param, grad, m, v []float32, c *adamwConstants) {
	grad, m, v = grad[:len(param)], m[:len(param)], v[:len(param)]
	for i := range param {
		g := grad[i] * c.gradScale
		m[i] = c.beta1*m[i] + c.oneMinusBeta1*g
		v[i] = c.beta2*v[i] + c.oneMinusBeta2*g*g
		root := float32(math.Sqrt(float64(v[i] * c.invBias2)))
		param[i] = param[i]*c.decay - c.step*m[i]/(root+c.eps)
	}
}
