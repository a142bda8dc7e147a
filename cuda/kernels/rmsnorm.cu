// RMSNorm and RMSNormBackward; a block has a row.
#include "device.h"

// 1/sqrt(mean x² + eps) of a row.
INLINE float inverse_rms(const float *x, int columns, float eps, float *room) {
	float sum = 0;
	for (int i = threadIdx.x; i < columns; i += THREADS) sum += x[i] * x[i];
	return 1 / sqrtf(sum_block(sum, room) / columns + eps);
}

// y = gain x r with r = 1/sqrt(mean x² + eps).
KERNEL(rmsnorm, (float *y, int64_t stride_y, const float *x, int64_t stride_x, const float *gain, int rows, int columns, float eps)) {
	SHARED(float, room, THREADS / 32);
	for (int row = blockIdx.x; row < rows; row += gridDim.x) {
		const float *from = x + row * stride_x;
		float r = inverse_rms(from, columns, eps, room);
		for (int i = threadIdx.x; i < columns; i += THREADS) y[row * stride_y + i] = gain[i] * from[i] * r;
	}
}

// dx = r gain dy - x r³/n sum(gain dy x), or dx +=.
KERNEL(rmsnorm_backward, (float *dx, int64_t stride_dx, const float *dy, int64_t stride_dy, const float *x, int64_t stride_x, const float *gain,
                          int rows, int columns, float eps, int accumulate)) {
	SHARED(float, room, THREADS / 32);
	for (int row = blockIdx.x; row < rows; row += gridDim.x) {
		const float *from = x + row * stride_x, *d = dy + row * stride_dy;
		float *to = dx + row * stride_dx;
		float r = inverse_rms(from, columns, eps, room), sum = 0;
		for (int i = threadIdx.x; i < columns; i += THREADS) sum += gain[i] * d[i] * from[i];
		float c = r * r * r * sum_block(sum, room) / columns;
		for (int i = threadIdx.x; i < columns; i += THREADS) {
			float v = r * gain[i] * d[i] - from[i] * c;
			to[i] = accumulate ? to[i] + v : v;
		}
	}
}
