// GLU and GLUBackward: y = act(gate) up.
#include "device.h"

// The gate's function and its derivative. SiLU: g s with s = 1/(1+exp(-g)), and
// s (1 + g (1-s)).
INLINE void silu(float g, float &a, float &d) {
	float s = 1 / (1 + expf(-g));
	a = g * s;
	d = s * (1 + g * (1 - s));
}

// GELU in its tanh form, u = sqrt(2/pi) (g + 0.044715 g³): g/2 (1 + tanh u), and
// (1 + tanh u)/2 + g/2 (1 - tanh² u) u'. 1 + tanh u = 2 s with s = 1/(1+exp(-2u)) keeps
// its digits where tanh is near -1, and 1 - tanh² u = 4 s (1-s).
INLINE void gelu(float g, float &a, float &d) {
	const float scale = 0.7978845608028654f, cubic = 0.044715f;
	float u = scale * (g + cubic * g * g * g), du = scale * (1 + 3 * cubic * g * g);
	float e = expf(-2 * fabsf(u)); // of the smaller side, so that it stays finite
	float small = e / (1 + e), large = 1 / (1 + e);
	float s = u < 0 ? small : large;
	a = g * s;
	d = s;
	float t = 2 * g * small * large;
	if (t != 0) d += t * du; // far out du is large, t is 0, and their product may be NaN
}

KERNEL(glu, (float *y, int64_t stride_y, const float *gate, int64_t stride_gate, const float *up, int64_t stride_up,
             int64_t rows, int64_t columns, int tanh_form)) {
	FOR_EACH_VALUE(row, rows, column, columns) {
		float a, d, g = gate[row * stride_gate + column];
		if (tanh_form) gelu(g, a, d);
		else silu(g, a, d);
		y[row * stride_y + column] = a * up[row * stride_up + column];
	}
}

// dup = dy act(gate), dgate = dy up act'(gate). All is read before anything is
// written: results may lie where operands do.
KERNEL(glu_backward, (float *dgate, int64_t stride_dgate, float *dup, int64_t stride_dup, const float *dy, int64_t stride_dy,
                      const float *gate, int64_t stride_gate, const float *up, int64_t stride_up, int64_t rows, int64_t columns, int tanh_form)) {
	FOR_EACH_VALUE(row, rows, column, columns) {
		float a, d, g = gate[row * stride_gate + column], u = up[row * stride_up + column], y = dy[row * stride_dy + column];
		if (tanh_form) gelu(g, a, d);
		else silu(g, a, d);
		dup[row * stride_dup + column] = y * a;
		dgate[row * stride_dgate + column] = y * u * d;
	}
}
