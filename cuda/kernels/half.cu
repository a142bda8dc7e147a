// Matrix products on the tensor cores: c = a bᵀ, or c +=, with a and b in float16 and
// sums in f32. The operands lie ready (half.h): rows of whole slices of SLICE values, the
// last one filled up with zeros, and as many rows as whole tiles have (what lies in those
// beyond the matrix makes only values that nobody keeps).
#include "half.h"

// 32 values of the inner dimension are a row of 64 bytes, four of the 16-byte chunks that
// copies and ldmatrix take. With three slices in shared memory two are on their way while
// one is multiplied; at a side of 128 they take 48 KiB, which is what a launch gets
// without asking, and leaves room for a second block on a processor.
const int SLICE = 32, STAGES = 3;

// Where 16-byte chunk i of a row lies in a tile with rows of 64 bytes: turned about by
// the row, so that the eight rows of a matrix that is loaded lie in all banks.
INLINE int place(int row, int chunk) { return row * 64 + ((chunk ^ (row / 2 % 4)) * 16); }

// A block computes SIDE x SIDE values; its warps, two by four, SIDE/2 x SIDE/4 each. At a
// side of 128 that are 64x32, 64 sums in each thread: 16 products of 16x8 on the tensor
// cores for six loads. A side of 64 is for results too small to give each processor a
// block of 128.
// Slices are copied to shared memory STAGES - 1 ahead. exponents are those of the rows
// of a; all of b has one, that of its largest value.
template <int SIDE>
INLINE void multiply_tile(float *c, int64_t stride, const uint16_t *a, const int *exponents, const uint16_t *b, const float *largest_b,
                          int rows, int columns, int inner, int accumulate) {
	const int TILES = SIDE / 32; // of 16 rows down, and of 8 columns across, for a warp
	DYNAMIC_SHARED(unsigned char, shared);
	const int tid = threadIdx.x, lane = tid % 32, down = tid / 128 * (SIDE / 2), across = tid / 32 % 4 * (SIDE / 4);
	a += (int64_t)blockIdx.y * SIDE * inner;
	b += (int64_t)blockIdx.x * SIDE * inner;
	auto fetch = [&](int slice) {
		unsigned char *to = shared + slice % STAGES * (2 * SIDE * 64);
		for (int i = 0; i < SIDE / 64; i++) {
			int row = tid / 4 + i * 64, chunk = tid % 4;
			copy_later(to + place(row, chunk), a + (int64_t)row * inner + slice * SLICE + chunk * 8);
			copy_later(to + SIDE * 64 + place(row, chunk), b + (int64_t)row * inner + slice * SLICE + chunk * 8);
		}
	};
	float sum[TILES][TILES][4] = {};
	const int slices = inner / SLICE;
	UNROLL
	for (int s = 0; s < STAGES - 1; s++) {
		if (s < slices) fetch(s);
		end_copies();
	}
	for (int s = 0; s < slices; s++) {
		wait_for_copies<STAGES - 2>();
		__syncthreads();
		if (s + STAGES - 1 < slices) fetch(s + STAGES - 1);
		end_copies();
		const unsigned char *tile_a = shared + s % STAGES * (2 * SIDE * 64), *tile_b = tile_a + SIDE * 64;
		UNROLL
		for (int k = 0; k < 2; k++) { // 16 values of the inner dimension each
			uint32_t left[TILES][4], right[TILES / 2][4];
			UNROLL
			for (int i = 0; i < TILES; i++) load_matrices(left[i], tile_a + place(down + i * 16 + lane % 16, k * 2 + lane / 16));
			UNROLL
			for (int j = 0; j < TILES / 2; j++)
				load_matrices(right[j], tile_b + place(across + j * 16 + lane % 8 + lane / 16 * 8, k * 2 + lane / 8 % 2));
			UNROLL
			for (int i = 0; i < TILES; i++)
				UNROLL
				for (int j = 0; j < TILES; j++) multiply_half(sum[i][j], left[i], right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]);
		}
	}
	const int exponent_b = exponent_for(*largest_b);
	UNROLL
	for (int i = 0; i < TILES * 2; i++) {
		int row = blockIdx.y * SIDE + down + i * 8 + lane / 4;
		if (row >= rows) continue;
		const int exponent = exponents[row] + exponent_b;
		UNROLL
		for (int j = 0; j < TILES * 2; j++) {
			int column = blockIdx.x * SIDE + across + j / 2 * 8 + lane % 4 * 2 + j % 2;
			if (column < columns) {
				float *p = c + row * stride + column, v = multiply_back(sum[i / 2][j / 2][i % 2 * 2 + j % 2], exponent);
				*p = accumulate ? *p + v : v;
			}
		}
	}
}

#define PRODUCT(side) \
	KERNEL(product_##side, (float *c, int64_t stride, const uint16_t *a, const int *exponents, const uint16_t *b, const float *largest_b, \
	                        int rows, int columns, int inner, int accumulate)) { \
		multiply_tile<side>(c, stride, a, exponents, b, largest_b, rows, columns, inner, accumulate); \
	}

PRODUCT(64)
PRODUCT(128)

// Rounds a row of f32 values a block to a row of `inner` float16 values, two at a time,
// and gives its exponent.
KERNEL(round_rows, (uint32_t *to, int *exponents, const float *from, int64_t stride, int columns, int inner)) {
	SHARED(float, room, THREADS / 32);
	const int64_t row = blockIdx.x;
	from += row * stride;
	to += row * (inner / 2);
	float largest = 0;
	for (int i = threadIdx.x; i < columns; i += THREADS) largest = fmaxf(largest, fabsf(from[i]));
	const int exponent = exponent_for(max_block(largest, room));
	if (threadIdx.x == 0) exponents[row] = exponent;
	const float scale = power_of_two(-exponent);
	for (int i = threadIdx.x; i < inner / 2; i += THREADS)
		to[i] = to_half(2 * i < columns ? from[2 * i] * scale : 0, 2 * i + 1 < columns ? from[2 * i + 1] * scale : 0);
}
