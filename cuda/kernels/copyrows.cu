// CopyRows, and the way of rows with gaps to and from the host.
#include "device.h"

// dst[di[i]] = src[si[i]], or +=; without an index 0, 1, 2, ...
KERNEL(copy_rows, (float *dst, int64_t stride_dst, const int *di, const float *src, int64_t stride_src, const int *si,
                   int64_t rows, int64_t columns, int accumulate)) {
	FOR_EACH_VALUE(row, rows, column, columns) {
		float *to = dst + (di ? di[row] : row) * stride_dst + column;
		const float *from = src + (si ? si[row] : row) * stride_src + column;
		*to = accumulate ? *to + *from : *from;
	}
}
