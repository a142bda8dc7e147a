// Attention: out = softmax(scale q kᵀ) v with an online softmax: a row keeps the
// largest score m so far, the sum l of exp(s - m) and the values weighted likewise, and
// scales both when a larger score comes (Milakov & Gimelshein 2018, Dao et al. 2022).
#include "attention.h"

// Block x has head x of tile y. lse may be null.
template <class S>
INLINE void attend(float *out, int64_t stride_out, float *lse, int64_t stride_lse, const float *q, int64_t stride_q,
                   const float *k, int64_t stride_k, const float *v, int64_t stride_v,
                   const Span *spans, const Tile *tiles, int group, int head_dim, float scale) {
	DYNAMIC_SHARED(float, tile_q);
	float *tile_k = tile_q + S::SIDE * S::STRIDE, *tile_v = tile_k + S::SIDE * S::STRIDE, *weights = tile_v + S::SIDE * S::STRIDE;
	const int head = blockIdx.x, column = head * head_dim, key_column = head / group * head_dim;
	const Tile tile = tiles[blockIdx.y];
	const int i = threadIdx.x / S::LANES, lane = threadIdx.x % S::LANES, row = tile.from + i;
	const int keys = length(tile.hull, 0) + length(tile.hull, 1);
	const Span span = row < tile.to ? spans[row] : Span{};
	load_head<S>(tile_q, q + column, stride_q, head_dim, scale, [&](int i) { return tile.from + i < tile.to ? tile.from + i : -1; });
	float m = -INFINITY, l = 0, sum[S::VALUES] = {};
	for (int first = 0; first < keys; first += S::SIDE) {
		__syncthreads();
		auto key = [&](int j) { return first + j < keys ? key_of(tile.hull, first + j) : -1; };
		load_head<S>(tile_k, k + key_column, stride_k, head_dim, 1, key);
		load_head<S>(tile_v, v + key_column, stride_v, head_dim, 1, key);
		__syncthreads();
		float s[S::SCORES], most = -INFINITY;
		for (int n = 0; n < S::SCORES; n++) {
			int j = lane + n * S::LANES;
			s[n] = -INFINITY;
			if (first + j < keys && looks_at(span, tile.hull, first + j)) s[n] = dot(tile_q + i * S::STRIDE, tile_k + j * S::STRIDE, head_dim);
			most = fmaxf(most, s[n]);
		}
		most = fmaxf(m, max_lanes(most, S::LANES));
		float factor = m == -INFINITY ? 0 : expf(m - most), weight = 0;
		for (int n = 0; n < S::SCORES; n++) {
			float p = s[n] == -INFINITY ? 0 : expf(s[n] - most);
			weights[i * S::SCORE_STRIDE + lane + n * S::LANES] = p;
			weight += p;
		}
		m = most;
		l = l * factor + sum_lanes(weight, S::LANES);
		__syncwarp(); // the lanes of a row belong to one warp
		for (int n = 0; n < S::VALUES; n++) {
			float x = sum[n] * factor;
			for (int j = 0; j < S::SIDE; j++) x += weights[i * S::SCORE_STRIDE + j] * tile_v[j * S::STRIDE + lane + n * S::LANES];
			sum[n] = x;
		}
	}
	if (row >= tile.to) return;
	for (int n = 0; n < S::VALUES; n++) {
		int d = lane + n * S::LANES;
		if (d < head_dim) out[row * stride_out + column + d] = l == 0 ? 0 : sum[n] / l;
	}
	if (lse && lane == 0) lse[row * stride_lse + head] = m + logf(l);
}

#define ATTENTION(side, width) \
	KERNEL(attention_##width, (float *out, int64_t stride_out, float *lse, int64_t stride_lse, const float *q, int64_t stride_q, \
	                           const float *k, int64_t stride_k, const float *v, int64_t stride_v, \
	                           const Span *spans, const Tile *tiles, int group, int head_dim, float scale)) { \
		attend<Shape<side, width>>(out, stride_out, lse, stride_lse, q, stride_q, k, stride_k, v, stride_v, spans, tiles, group, head_dim, scale); \
	}

ATTENTION(32, 64)
ATTENTION(32, 128)
ATTENTION(16, 256)

// A row that shares its keys with no other, as in decoding: block x has a head, y one of
// the rows, z a share of `share` keys; a thread scores a key at a time. With more than one
// share a block leaves (m, l, weighted values) in partial for attention_join.
KERNEL(attention_row, (float *out, int64_t stride_out, float *lse, int64_t stride_lse, const float *q, int64_t stride_q,
                       const float *k, int64_t stride_k, const float *v, int64_t stride_v,
                       const Span *spans, const int *rows, int group, int head_dim, float scale, int share, float *partial)) {
	SHARED(float, query, THREADS);
	SHARED(float, weights, THREADS);
	SHARED(float, parts, THREADS);
	SHARED(float, room, THREADS / 32);
	const int head = blockIdx.x, row = rows[blockIdx.y], tid = threadIdx.x;
	const Span span = spans[row];
	const int keys = length(span, 0) + length(span, 1), from = blockIdx.z * share, to = min(keys, from + share);
	k += head / group * head_dim;
	v += head / group * head_dim;
	// Values are shared out so that neighbours read neighbours; the threads left over
	// take turns with the keys.
	int width = 32;
	while (width < head_dim) width *= 2;
	const int d = tid % width, turn = tid / width, turns = THREADS / width;
	if (tid < head_dim) query[tid] = scale * q[row * stride_q + head * head_dim + tid];
	float m = -INFINITY, l = 0, sum = 0;
	for (int first = from; first < to; first += THREADS) {
		__syncthreads();
		float s = -INFINITY;
		if (first + tid < to) s = dot(query, k + key_of(span, first + tid) * stride_k, head_dim);
		float most = fmaxf(m, max_block(s, room)), factor = m == -INFINITY ? 0 : expf(m - most);
		float p = first + tid < to ? expf(s - most) : 0;
		weights[tid] = p;
		m = most;
		l = l * factor + sum_block(p, room);
		sum *= factor;
		if (d < head_dim)
			for (int j = turn; j < THREADS && first + j < to; j += turns) sum += weights[j] * v[key_of(span, first + j) * stride_v + d];
	}
	parts[tid] = sum;
	__syncthreads();
	if (turn > 0 || d >= head_dim) return;
	for (int i = 1; i < turns; i++) sum += parts[i * width + d];
	if (gridDim.z > 1) {
		float *p = partial + (((int64_t)blockIdx.y * gridDim.x + head) * gridDim.z + blockIdx.z) * (head_dim + 2);
		p[2 + d] = sum;
		if (d == 0) {
			p[0] = m;
			p[1] = l;
		}
		return;
	}
	out[row * stride_out + head * head_dim + d] = l == 0 ? 0 : sum / l;
	if (lse && d == 0) lse[row * stride_lse + head] = m + logf(l);
}

// Adds up the shares of the keys of a row.
KERNEL(attention_join, (float *out, int64_t stride_out, float *lse, int64_t stride_lse, const int *rows, int head_dim, int shares, const float *partial)) {
	const int head = blockIdx.x, row = rows[blockIdx.y], d = threadIdx.x;
	if (d >= head_dim) return;
	const float *p = partial + ((int64_t)blockIdx.y * gridDim.x + head) * shares * (head_dim + 2);
	float m = -INFINITY, l = 0, sum = 0;
	for (int i = 0; i < shares; i++) m = fmaxf(m, p[i * (head_dim + 2)]);
	for (int i = 0; i < shares; i++) {
		const float *share = p + i * (head_dim + 2);
		if (share[1] == 0) continue; // no keys; -inf less -inf would be NaN
		float factor = expf(share[0] - m);
		l += factor * share[1];
		sum += factor * share[2 + d];
	}
	out[row * stride_out + head * head_dim + d] = l == 0 ? 0 : sum / l;
	if (lse && d == 0) lse[row * stride_lse + head] = m + logf(l);
}
