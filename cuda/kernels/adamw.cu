// AdamW and SumSquares.
#include "device.h"

// The constants of a step, as the host computes them in f64 and rounds them once.
// With g the scaled gradient:
//
//	m = beta1 m + (1-beta1) g
//	v = beta2 v + (1-beta2) g²
//	param = decay param - step m / (sqrt(v inverse_bias2) + eps)
KERNEL(adamw, (float *param, const float *grad, float *m, float *v, int64_t n, float grad_scale, float beta1, float one_minus_beta1,
               float beta2, float one_minus_beta2, float decay, float step, float inverse_bias2, float eps)) {
	for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < n; i += (int64_t)gridDim.x * THREADS) {
		float g = grad_scale * grad[i];
		float m1 = beta1 * m[i] + one_minus_beta1 * g, v1 = beta2 * v[i] + one_minus_beta2 * g * g;
		m[i] = m1;
		v[i] = v1;
		param[i] = decay * param[i] - step * m1 / (sqrtf(v1 * inverse_bias2) + eps);
	}
}

// A sum of squares for each block, in f64: the blocks take the rows in turn.
KERNEL(sum_squares, (double *sums, const float *x, int64_t stride, int64_t rows, int64_t columns)) {
	SHARED(double, part, THREADS);
	double sum = 0;
	FOR_EACH_VALUE(row, rows, column, columns) {
		double v = x[row * stride + column];
		sum += v * v;
	}
	part[threadIdx.x] = sum;
	for (unsigned n = THREADS / 2; n > 0; n /= 2) {
		__syncthreads();
		if (threadIdx.x < n) part[threadIdx.x] += part[threadIdx.x + n];
	}
	if (threadIdx.x == 0) sums[blockIdx.y * gridDim.x + blockIdx.x] = part[0];
}
