// Matrix products c = alpha a b (or c +=) in f32. A block computes a tile of TILE x
// TILE values, a thread 4x4 of them, from DEPTH columns of a and rows of b at a time,
// which lie in shared memory with the inner dimension outside. While one such slice is
// multiplied the next one is on its way into registers.
//
// 4x4 is what 256 threads have of 64x64: a step of the inner dimension reads two times 16
// bytes of shared memory for 16 multiply-adds, and 16 sums with both slices' next values
// are few enough registers for several blocks on a processor. A slice of 16 gives each
// thread one load of four values for either operand. Rows of a slice are four values
// wider than the tile, so that 16-byte loads stay aligned and the stores of a turned
// operand meet two at a bank instead of four.
#pragma once
#include "weight.h"

const int TILE = 64, DEPTH = 16, TILE_STRIDE = TILE + 4;

// An operand brings its slices: load fetches this thread's four values of the slice
// that begins at row (or column) `at` of the matrix and `k` of the inner dimension,
// store puts them into the tile. The inner dimension runs along the rows in memory...
template <class T>
struct Along {
	const uint8_t *data;
	int64_t stride; // of rows, in bytes
	int rows, inner;
	MEMBER void load(int at, int k, float (&v)[4]) const {
		int row = at + threadIdx.x / 4;
		if (row < rows) {
			weight::Row<T>::load(data + row * stride, k + threadIdx.x % 4 * 4, inner, v);
			return;
		}
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = 0;
	}
	MEMBER void store(float *tile, const float (&v)[4]) const {
		UNROLL
		for (int i = 0; i < 4; i++) tile[(threadIdx.x % 4 * 4 + i) * TILE_STRIDE + threadIdx.x / 4] = v[i];
	}
};

// ... or across them.
template <class T>
struct Across {
	const uint8_t *data;
	int64_t stride;
	int columns, inner;
	MEMBER void load(int at, int k, float (&v)[4]) const {
		int row = k + threadIdx.x / 16;
		if (row < inner) {
			weight::Row<T>::load(data + row * stride, at + threadIdx.x % 16 * 4, columns, v);
			return;
		}
		UNROLL
		for (int i = 0; i < 4; i++) v[i] = 0;
	}
	MEMBER void store(float *tile, const float (&v)[4]) const {
		Four f = {{v[0], v[1], v[2], v[3]}};
		*(Four *)(tile + threadIdx.x / 16 * TILE_STRIDE + threadIdx.x % 16 * 4) = f;
	}
};

template <class A, class B>
INLINE void multiply(float *c, int64_t stride, const A &a, const B &b, int rows, int columns, int inner, float alpha, int accumulate) {
	SHARED(float, tile_a, DEPTH * TILE_STRIDE);
	SHARED(float, tile_b, DEPTH * TILE_STRIDE);
	const int row = blockIdx.y * TILE, column = blockIdx.x * TILE;
	const int y = threadIdx.x / 16 * 4, x = threadIdx.x % 16 * 4;
	float sum[4][4] = {}, next_a[4], next_b[4];
	a.load(row, 0, next_a);
	b.load(column, 0, next_b);
	for (int k = 0; k < inner; k += DEPTH) {
		a.store(tile_a, next_a);
		b.store(tile_b, next_b);
		__syncthreads();
		if (k + DEPTH < inner) {
			a.load(row, k + DEPTH, next_a);
			b.load(column, k + DEPTH, next_b);
		}
		UNROLL
		for (int i = 0; i < DEPTH; i++) {
			Four u = *(const Four *)(tile_a + i * TILE_STRIDE + y), w = *(const Four *)(tile_b + i * TILE_STRIDE + x);
			UNROLL
			for (int j = 0; j < 4; j++)
				UNROLL
				for (int l = 0; l < 4; l++) sum[j][l] += u.v[j] * w.v[l];
		}
		__syncthreads();
	}
	UNROLL
	for (int j = 0; j < 4; j++)
		UNROLL
		for (int l = 0; l < 4; l++)
			if (row + y + j < rows && column + x + l < columns) {
				float *p = c + (row + y + j) * stride + column + x + l;
				*p = accumulate ? *p + alpha * sum[j][l] : alpha * sum[j][l];
			}
}

// The same for R rows of a at most, as when tokens are decoded: a warp has one row of b
// (whose inner dimension runs along it) and passes over it once.
template <class T, int R>
INLINE void multiply_rows(float *c, int64_t stride, const float *a, int64_t stride_a, const uint8_t *b, int64_t stride_b,
                          int rows, int columns, int inner, float alpha, int accumulate) {
	const int column = blockIdx.x * (THREADS / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
	if (column >= columns) return;
	float sum[R] = {};
	for (int k = lane * 4; k < inner; k += 128) {
		float w[4];
		weight::Row<T>::load(b + column * stride_b, k, inner, w);
		UNROLL
		for (int i = 0; i < 4; i++)
			if (k + i < inner) {
				UNROLL
				for (int r = 0; r < R; r++)
					if (r < rows) sum[r] += w[i] * a[r * stride_a + k + i];
			}
	}
	UNROLL
	for (int r = 0; r < R; r++) {
		float v = alpha * sum_lanes(sum[r], 32);
		float *p = c + r * stride + column;
		if (lane == 0 && r < rows) *p = accumulate ? *p + v : v;
	}
}
