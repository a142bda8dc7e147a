// RoPE: each pair of a head is turned by position * frequency, in place.
#include "device.h"

// A thread has one pair of all heads of a row. The angle is formed and brought into
// one turn in f64: at position 100,000 an f32 angle would be off by half a hundredth.
KERNEL(rope, (float *x, int64_t stride, const int *positions, const float *frequencies, int rows, int heads, int pairs, int halves, int backward)) {
	const double turn = 6.283185307179586476925286766559;
	for (int row = blockIdx.y; row < rows; row += gridDim.y)
		for (int i = blockIdx.x * THREADS + threadIdx.x; i < pairs; i += gridDim.x * THREADS) {
			double angle = (double)positions[row] * (double)frequencies[i];
			float s, c;
			sincosf((float)(angle - turn * rint(angle / turn)), &s, &c);
			if (backward) s = -s;
			for (int head = 0; head < heads; head++) {
				float *p = x + row * stride + head * 2 * pairs + (halves ? i : 2 * i), *q = p + (halves ? pairs : 1);
				float u = *p, v = *q;
				*p = u * c - v * s;
				*q = u * s + v * c;
			}
		}
}
