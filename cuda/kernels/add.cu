// Add and Scale.
#include "device.h"

// y = alpha x + y.
KERNEL(add, (float *y, int64_t stride_y, const float *x, int64_t stride_x, int64_t rows, int64_t columns, float alpha)) {
	FOR_EACH_VALUE(row, rows, column, columns) y[row * stride_y + column] += alpha * x[row * stride_x + column];
}

// y = alpha y; 0 clears, also NaN and infinities.
KERNEL(scale, (float *y, int64_t stride, int64_t rows, int64_t columns, float alpha)) {
	FOR_EACH_VALUE(row, rows, column, columns) {
		float *p = y + row * stride + column;
		*p = alpha == 0 ? 0 : alpha * *p;
	}
}
