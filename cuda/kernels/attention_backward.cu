// AttentionBackward makes the probabilities again from lse, as FlashAttention-2 does
// (Dao 2023), with D = dout·out = sum_j p_j dp_j:
//
//	out = sum_j p_j v_j               dv_j += p_j dout
//	                                  dp_j  = dout·v_j
//	p_j = exp(s_j - lse)              ds_j  = p_j (dp_j - D)
//	s_j = scale q·k_j                 dq    = scale sum_j ds_j k_j
//	                                  dk_j += scale ds_j q
//
// One kernel goes over tiles of rows for dq, one over tiles of keys for dk and dv: no
// two blocks write one value, so that sums are the same from run to run.
#include "attention.h"

// D of each row and head; a warp has one.
KERNEL(attention_delta, (float *delta, const float *dout, int64_t stride_dout, const float *out, int64_t stride_out, int rows, int heads, int head_dim)) {
	const int64_t n = (int64_t)blockIdx.x * (THREADS / 32) + threadIdx.x / 32;
	if (n >= (int64_t)rows * heads) return;
	const int64_t row = n / heads, column = n % heads * head_dim;
	float sum = 0;
	for (int d = threadIdx.x % 32; d < head_dim; d += 32) sum += dout[row * stride_dout + column + d] * out[row * stride_out + column + d];
	sum = sum_lanes(sum, 32);
	if (threadIdx.x % 32 == 0) delta[n] = sum;
}

// dq: block x has head x of tile y.
template <class S>
INLINE void gradient_of_queries(float *dq, int64_t stride_dq, const float *dout, int64_t stride_dout, const float *lse, int64_t stride_lse,
                                const float *delta, const float *q, int64_t stride_q, const float *k, int64_t stride_k, const float *v, int64_t stride_v,
                                const Span *spans, const Tile *tiles, int heads, int group, int head_dim, float scale) {
	DYNAMIC_SHARED(float, tile_q);
	float *tile_dout = tile_q + S::SIDE * S::STRIDE, *tile_k = tile_dout + S::SIDE * S::STRIDE, *tile_v = tile_k + S::SIDE * S::STRIDE;
	float *scores = tile_v + S::SIDE * S::STRIDE;
	const int head = blockIdx.x, column = head * head_dim, key_column = head / group * head_dim;
	const Tile tile = tiles[blockIdx.y];
	const int i = threadIdx.x / S::LANES, lane = threadIdx.x % S::LANES, row = tile.from + i;
	const int keys = length(tile.hull, 0) + length(tile.hull, 1);
	const Span span = row < tile.to ? spans[row] : Span{};
	const float own_lse = row < tile.to ? lse[row * stride_lse + head] : 0, own_delta = row < tile.to ? delta[(int64_t)row * heads + head] : 0;
	auto query = [&](int i) { return tile.from + i < tile.to ? tile.from + i : -1; };
	load_head<S>(tile_q, q + column, stride_q, head_dim, scale, query);
	load_head<S>(tile_dout, dout + column, stride_dout, head_dim, 1, query);
	float sum[S::VALUES] = {};
	for (int first = 0; first < keys; first += S::SIDE) {
		__syncthreads();
		auto key = [&](int j) { return first + j < keys ? key_of(tile.hull, first + j) : -1; };
		load_head<S>(tile_k, k + key_column, stride_k, head_dim, 1, key);
		load_head<S>(tile_v, v + key_column, stride_v, head_dim, 1, key);
		__syncthreads();
		for (int n = 0; n < S::SCORES; n++) {
			int j = lane + n * S::LANES;
			float ds = 0;
			if (first + j < keys && looks_at(span, tile.hull, first + j)) {
				float p = expf(dot(tile_q + i * S::STRIDE, tile_k + j * S::STRIDE, head_dim) - own_lse);
				ds = p * (dot(tile_dout + i * S::STRIDE, tile_v + j * S::STRIDE, head_dim) - own_delta);
			}
			scores[i * S::SCORE_STRIDE + j] = ds;
		}
		__syncwarp();
		for (int n = 0; n < S::VALUES; n++)
			for (int j = 0; j < S::SIDE; j++) sum[n] += scores[i * S::SCORE_STRIDE + j] * tile_k[j * S::STRIDE + lane + n * S::LANES];
	}
	if (row >= tile.to) return;
	for (int n = 0; n < S::VALUES; n++) {
		int d = lane + n * S::LANES;
		if (d < head_dim) dq[row * stride_dq + column + d] = scale * sum[n];
	}
}

// dk and dv: block x has a key head, y a tile of SIDE keys, for which lookers has the
// rows that may look at one of them.
template <class S>
INLINE void gradient_of_keys(float *dk, int64_t stride_dk, float *dv, int64_t stride_dv, const float *dout, int64_t stride_dout,
                             const float *lse, int64_t stride_lse, const float *delta, const float *q, int64_t stride_q,
                             const float *k, int64_t stride_k, const float *v, int64_t stride_v,
                             const Span *spans, const int *lookers, int keys, int heads, int group, int head_dim, float scale) {
	DYNAMIC_SHARED(float, tile_k);
	float *tile_v = tile_k + S::SIDE * S::STRIDE, *tile_q = tile_v + S::SIDE * S::STRIDE, *tile_dout = tile_q + S::SIDE * S::STRIDE;
	float *probabilities = tile_dout + S::SIDE * S::STRIDE, *scores = probabilities + S::SIDE * S::SCORE_STRIDE;
	const int key_head = blockIdx.x, key_column = key_head * head_dim, first_key = blockIdx.y * S::SIDE;
	const int j = threadIdx.x / S::LANES, lane = threadIdx.x % S::LANES, own = first_key + j;
	const int from = lookers[2 * blockIdx.y], to = lookers[2 * blockIdx.y + 1];
	if (from >= to) return;
	auto key = [&](int j) { return first_key + j < keys ? first_key + j : -1; };
	load_head<S>(tile_k, k + key_column, stride_k, head_dim, 1, key);
	load_head<S>(tile_v, v + key_column, stride_v, head_dim, 1, key);
	float sum_k[S::VALUES] = {}, sum_v[S::VALUES] = {};
	for (int head = key_head * group; head < (key_head + 1) * group; head++)
		for (int first = from; first < to; first += S::SIDE) {
			__syncthreads();
			auto query = [&](int i) { return first + i < to ? first + i : -1; };
			load_head<S>(tile_q, q + head * head_dim, stride_q, head_dim, scale, query);
			load_head<S>(tile_dout, dout + head * head_dim, stride_dout, head_dim, 1, query);
			__syncthreads();
			for (int n = 0; n < S::SCORES; n++) {
				int i = lane + n * S::LANES, row = first + i, times = 0; // a key may be in both ranges
				if (row < to && own < keys)
					for (int r = 0; r < 2; r++) times += own >= spans[row].from[r] && own < spans[row].to[r];
				float p = 0, ds = 0;
				if (times > 0) {
					p = times * expf(dot(tile_q + i * S::STRIDE, tile_k + j * S::STRIDE, head_dim) - lse[row * stride_lse + head]);
					ds = p * (dot(tile_dout + i * S::STRIDE, tile_v + j * S::STRIDE, head_dim) - delta[(int64_t)row * heads + head]);
				}
				probabilities[j * S::SCORE_STRIDE + i] = p;
				scores[j * S::SCORE_STRIDE + i] = ds;
			}
			__syncwarp();
			for (int n = 0; n < S::VALUES; n++)
				for (int i = 0; i < S::SIDE; i++) {
					sum_k[n] += scores[j * S::SCORE_STRIDE + i] * tile_q[i * S::STRIDE + lane + n * S::LANES];
					sum_v[n] += probabilities[j * S::SCORE_STRIDE + i] * tile_dout[i * S::STRIDE + lane + n * S::LANES];
				}
		}
	if (own >= keys) return;
	for (int n = 0; n < S::VALUES; n++) {
		int d = lane + n * S::LANES;
		if (d >= head_dim) continue;
		dk[own * stride_dk + key_column + d] += sum_k[n];
		dv[own * stride_dv + key_column + d] += sum_v[n];
	}
}

#define ATTENTION_BACKWARD(side, width) \
	KERNEL(attention_queries_##width, (float *dq, int64_t stride_dq, const float *dout, int64_t stride_dout, const float *lse, int64_t stride_lse, \
	                                   const float *delta, const float *q, int64_t stride_q, const float *k, int64_t stride_k, const float *v, int64_t stride_v, \
	                                   const Span *spans, const Tile *tiles, int heads, int group, int head_dim, float scale)) { \
		gradient_of_queries<Shape<side, width>>(dq, stride_dq, dout, stride_dout, lse, stride_lse, delta, q, stride_q, k, stride_k, v, stride_v, \
		                                        spans, tiles, heads, group, head_dim, scale); \
	} \
	KERNEL(attention_keys_##width, (float *dk, int64_t stride_dk, float *dv, int64_t stride_dv, const float *dout, int64_t stride_dout, \
	                                const float *lse, int64_t stride_lse, const float *delta, const float *q, int64_t stride_q, \
	                                const float *k, int64_t stride_k, const float *v, int64_t stride_v, \
	                                const Span *spans, const int *lookers, int keys, int heads, int group, int head_dim, float scale)) { \
		gradient_of_keys<Shape<side, width>>(dk, stride_dk, dv, stride_dv, dout, stride_dout, lse, stride_lse, delta, q, stride_q, k, stride_k, v, stride_v, \
		                                     spans, lookers, keys, heads, group, head_dim, scale); \
	}

ATTENTION_BACKWARD(32, 64)
ATTENTION_BACKWARD(32, 128)
ATTENTION_BACKWARD(16, 256)
