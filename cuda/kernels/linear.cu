// Linear and LinearBackward against a frozen weight of one layout, which is unpacked
// as it is read. Compiled once for each layout: WEIGHT is its name.
#include "gemm.h"
#include "half.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

// y = x Wᵀ, or y += x Wᵀ.
KERNEL(JOIN(linear, WEIGHT), (float *y, int64_t stride_y, const float *x, int64_t stride_x, const uint8_t *w, int64_t stride_w,
                              int rows, int outputs, int inputs, int accumulate)) {
	Along<weight::F32> a = {(const uint8_t *)x, 4 * stride_x, rows, inputs};
	Along<weight::WEIGHT> b = {w, stride_w, outputs, inputs};
	multiply(y, stride_y, a, b, rows, outputs, inputs, 1, accumulate);
}

// The same for one row of x, and for four at most.
KERNEL(JOIN(linear_row, WEIGHT), (float *y, int64_t stride_y, const float *x, int64_t stride_x, const uint8_t *w, int64_t stride_w,
                                  int rows, int outputs, int inputs, int accumulate)) {
	multiply_rows<weight::WEIGHT, 1>(y, stride_y, x, stride_x, w, stride_w, rows, outputs, inputs, 1, accumulate);
}

KERNEL(JOIN(linear_rows, WEIGHT), (float *y, int64_t stride_y, const float *x, int64_t stride_x, const uint8_t *w, int64_t stride_w,
                                   int rows, int outputs, int inputs, int accumulate)) {
	multiply_rows<weight::WEIGHT, 4>(y, stride_y, x, stride_x, w, stride_w, rows, outputs, inputs, 1, accumulate);
}

// dx = dy W, or dx += dy W.
KERNEL(JOIN(linear_backward, WEIGHT), (float *dx, int64_t stride_dx, const float *dy, int64_t stride_dy, const uint8_t *w, int64_t stride_w,
                                       int rows, int outputs, int inputs, int accumulate)) {
	Along<weight::F32> a = {(const uint8_t *)dy, 4 * stride_dy, rows, outputs};
	Across<weight::WEIGHT> b = {w, stride_w, inputs, outputs};
	multiply(dx, stride_dx, a, b, rows, inputs, outputs, 1, accumulate);
}

// Raises `largest` to the largest absolute value of the weight. (Of floating-point values
// that are not negative the larger one has the larger bits.)
KERNEL(JOIN(largest, WEIGHT), (uint32_t *largest, const uint8_t *w, int64_t stride_w, int rows, int columns)) {
	SHARED(float, room, THREADS / 32);
	float most = 0;
	for (int row = blockIdx.y; row < rows; row += gridDim.y)
		for (int column = (blockIdx.x * THREADS + threadIdx.x) * 4; column < columns; column += gridDim.x * THREADS * 4) {
			float v[4];
			weight::Row<weight::WEIGHT>::load(w + row * stride_w, column, columns, v);
			UNROLL
			for (int i = 0; i < 4; i++) most = fmaxf(most, fabsf(v[i]));
		}
	most = max_block(most, room);
	if (threadIdx.x == 0) atomicMax(largest, __float_as_uint(most));
}

// The weight in float16, for the tensor cores (half.h): rows of `inner` values, of which
// those beyond the columns are 0.
KERNEL(JOIN(unpack, WEIGHT), (uint32_t *to, const float *largest, const uint8_t *w, int64_t stride_w, int rows, int columns, int inner)) {
	const float scale = power_of_two(-exponent_for(*largest));
	for (int row = blockIdx.y; row < rows; row += gridDim.y)
		for (int column = (blockIdx.x * THREADS + threadIdx.x) * 4; column < inner; column += gridDim.x * THREADS * 4) {
			float v[4];
			weight::Row<weight::WEIGHT>::load(w + row * stride_w, column, columns, v);
			uint32_t *p = to + ((int64_t)row * inner + column) / 2;
			p[0] = to_half(v[0] * scale, v[1] * scale);
			p[1] = to_half(v[2] * scale, v[3] * scale);
		}
}

// The same of its transpose. A block turns 32x32 values about; inner is a multiple of 32.
KERNEL(JOIN(unpack_transposed, WEIGHT), (uint32_t *to, const float *largest, const uint8_t *w, int64_t stride_w, int rows, int columns, int inner)) {
	SHARED(float, turned, 32 * 33);
	const int i = threadIdx.x / 8, j = threadIdx.x % 8 * 4, column = blockIdx.x * 32, first = blockIdx.y * 32;
	const float scale = power_of_two(-exponent_for(*largest));
	float v[4] = {};
	if (first + i < rows) weight::Row<weight::WEIGHT>::load(w + (first + i) * stride_w, column + j, columns, v);
	UNROLL
	for (int n = 0; n < 4; n++) turned[(j + n) * 33 + i] = v[n] * scale;
	__syncthreads();
	if (column + i >= columns) return;
	uint32_t *p = to + ((int64_t)(column + i) * inner + first + j) / 2;
	p[0] = to_half(turned[i * 33 + j], turned[i * 33 + j + 1]);
	p[1] = to_half(turned[i * 33 + j + 2], turned[i * 33 + j + 3]);
}

// dst[i] = scale row ids[i] of w.
KERNEL(JOIN(embedding, WEIGHT), (float *dst, int64_t stride, const uint8_t *w, int64_t stride_w, const int *ids, int rows, int columns, float scale)) {
	for (int row = blockIdx.y; row < rows; row += gridDim.y)
		for (int column = (blockIdx.x * THREADS + threadIdx.x) * 4; column < columns; column += gridDim.x * THREADS * 4) {
			float v[4];
			weight::Row<weight::WEIGHT>::load(w + ids[row] * stride_w, column, columns, v);
			for (int i = 0; i < 4 && column + i < columns; i++) dst[row * stride + column + i] = v[i] * scale;
		}
}

#undef JOIN
#undef JOIN_
