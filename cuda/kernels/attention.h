// What both directions of the attention have in common.
#pragma once
#include "device.h"

// The keys that a row looks at, the shared ones and its own: [from[i], to[i]).
struct Span {
	int from[2], to[2];
};

// Some rows that follow one another, [from, to), and the hulls of their two ranges:
// every key of a hull is one that a row of the tile looks at (a key outside of all
// spans may hold anything, even NaN, and must not be multiplied by 0).
struct Tile {
	int from, to;
	Span hull;
};

INLINE int length(const Span &s, int i) { return s.to[i] - s.from[i]; }

// Key j of a span, counted through both ranges.
INLINE int key_of(const Span &s, int j) {
	int first = length(s, 0);
	return j < first ? s.from[0] + j : s.from[1] + j - first;
}

// Whether key j of a hull is one of a row's span.
INLINE bool looks_at(const Span &row, const Span &hull, int j) {
	int range = j < length(hull, 0) ? 0 : 1, key = key_of(hull, j);
	return key >= row.from[range] && key < row.to[range];
}

// A tile of SIDE rows by SIDE keys with heads of up to WIDTH values: LANES threads have
// one row, SCORES scores of it and VALUES values of its head each, taking every LANES-th.
// A side of 32 reads keys and values once for 32 rows; heads of 256 take 16, for the
// backward pass has four of such tiles in shared memory, of which a block gets 99 KiB on
// the smallest cards. The lanes of a row lie in one warp, so that they share its sums
// without a barrier.
template <int SIDE_, int WIDTH_>
struct Shape {
	static const int SIDE = SIDE_, WIDTH = WIDTH_, LANES = THREADS / SIDE, SCORES = SIDE / LANES, VALUES = WIDTH / LANES;
	// Rows in shared memory are one value wider, so that a column lies in all banks.
	static const int STRIDE = WIDTH + 1, SCORE_STRIDE = SIDE + 1;
};

// Copies up to SIDE rows of a head into shared memory; what there is no row or value
// for becomes 0. row_of gives the place of row i, or -1.
template <class S, class F>
INLINE void load_head(float *to, const float *from, int64_t stride, int head_dim, float factor, F row_of) {
	for (int n = threadIdx.x; n < S::SIDE * S::WIDTH; n += THREADS) {
		int i = n / S::WIDTH, d = n % S::WIDTH, row = row_of(i);
		to[i * S::STRIDE + d] = row >= 0 && d < head_dim ? factor * from[row * stride + d] : 0;
	}
}

INLINE float dot(const float *a, const float *b, int n) {
	float sum = 0;
	for (int d = 0; d < n; d++) sum += a[d] * b[d];
	return sum;
}
