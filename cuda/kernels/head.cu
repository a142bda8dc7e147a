// The fused output layer: what is done with some columns of the logits z = h Wᵀ at a
// time, which a matrix product has left in memory. A block has a row.
#include "device.h"

// The largest of some logits, and the sum of exp(z - largest) over all others. In one
// sum with the largest's own 1 the digits of the others would be lost, which are what
// is left of 1 - p of a sure token. Before any logit others is 0; a NaN, which is larger than
// nothing, stays in it.
struct LogSum {
	float most, others;
	MEMBER void add(float z) {
		if (z > most) {
			others = most == -INFINITY ? others : (others + 1) * expf(most - z);
			most = z;
		} else if (z != -INFINITY) {
			others += expf(z - most);
		}
	}
	MEMBER void add(const LogSum &o) {
		if (o.most == -INFINITY) {
			others += o.others;
		} else if (o.most > most) {
			others = o.others + (most == -INFINITY ? others : (others + 1) * expf(most - o.most));
			most = o.most;
		} else {
			others += (o.others + 1) * expf(o.most - most);
		}
	}
};

// Goes on with the columns [first, first+columns): lse is (largest, others) of those
// before, and in the end, when last, (m, log sum exp(z - m)); then the candidates'
// log-probabilities are complete too. Without candidates logp and ids may be null.
KERNEL(head_sum, (const float *z, int64_t stride_z, int first, int columns, int last, float *lse, int64_t stride_lse,
                  float *logp, int64_t stride_logp, const int *ids, int candidates)) {
	SHARED(LogSum, sums, THREADS);
	const int row = blockIdx.x, tid = threadIdx.x;
	z += row * stride_z;
	lse += row * stride_lse;
	LogSum s = {-INFINITY, 0};
	for (int i = tid; i < columns; i += THREADS) s.add(z[i]);
	sums[tid] = s;
	for (int n = THREADS / 2; n > 0; n /= 2) {
		__syncthreads();
		if (tid < n) sums[tid].add(sums[tid + n]);
	}
	if (tid == 0) {
		if (first > 0) {
			LogSum before = {lse[0], lse[1]};
			before.add(sums[0]);
			sums[0] = before;
		}
		lse[0] = sums[0].most;
		lse[1] = last ? log1pf(sums[0].others) : sums[0].others;
	}
	__syncthreads();
	for (int j = tid; j < candidates; j += THREADS) {
		float *p = logp + row * stride_logp + j;
		int id = ids[(int64_t)row * candidates + j];
		if (id >= first && id < first + columns) *p = z[id - first];
		if (last) *p = id < 0 ? 0 : (*p - sums[0].most) - log1pf(sums[0].others);
	}
}

// Replaces the logits of the columns [first, first+columns) by the derivatives with
// respect to them: with g = sum_j dlogp[j] and p = exp(z - m - sum), -g p; of a
// candidate (its dlogp - g) + g (1 - p), for what counts of a sure token is 1 - p.
KERNEL(head_gradient, (float *z, int64_t stride_z, int first, int columns, const float *lse, int64_t stride_lse,
                       const float *dlogp, int64_t stride_dlogp, const int *ids, int candidates, float *exact)) {
	const int row = blockIdx.x, tid = threadIdx.x;
	z += row * stride_z;
	dlogp += row * stride_dlogp;
	ids += (int64_t)row * candidates;
	exact += (int64_t)row * candidates;
	const float m = lse[row * stride_lse], sum = lse[row * stride_lse + 1];
	double total = 0;
	for (int j = 0; j < candidates; j++)
		if (ids[j] >= 0) total += dlogp[j];
	for (int j = tid; j < candidates; j += THREADS) {
		if (ids[j] < first || ids[j] >= first + columns) continue;
		double direct = 0; // of all that name this id
		for (int i = 0; i < candidates; i++)
			if (ids[i] == ids[j]) direct += dlogp[i];
		double x = (double)z[ids[j] - first] - (double)m - (double)sum;
		exact[j] = (float)(direct - total - total * expm1(x));
	}
	__syncthreads();
	const float factor = (float)(-total * exp(-(double)sum));
	for (int i = tid; i < columns; i += THREADS) z[i] = factor * expf(z[i] - m);
	__syncthreads();
	for (int j = tid; j < candidates; j += THREADS)
		if (ids[j] >= first && ids[j] < first + columns) z[ids[j] - first] = exact[j];
}

// Columns that head_top sorts together.
#define TOP_SPAN 1024

struct Scored {
	float z;
	int id;
};

// Descending logits; of equal ones the lower id comes first.
INLINE bool before(const Scored &a, const Scored &b) { return a.z > b.z || (a.z == b.z && a.id < b.id); }

// The k best of each TOP_SPAN columns of a row, in order: block x has the span, y the
// row. best is [rows, spans of all columns, k]; the columns begin at `first`. A bitonic
// sort (Batcher 1968) in shared memory; what is beyond the columns sorts last.
KERNEL(head_top, (const float *z, int64_t stride_z, int first, int columns, Scored *best, int spans, int k)) {
	SHARED(Scored, s, TOP_SPAN);
	const int row = blockIdx.y, span = blockIdx.x, tid = threadIdx.x;
	for (int i = tid; i < TOP_SPAN; i += THREADS) {
		int column = span * TOP_SPAN + i;
		s[i].z = column < columns ? z[row * stride_z + column] : -INFINITY;
		s[i].id = column < columns ? first + column : 0x7fffffff;
	}
	for (int size = 2; size <= TOP_SPAN; size *= 2)
		for (int step = size / 2; step > 0; step /= 2) {
			__syncthreads();
			for (int n = tid; n < TOP_SPAN / 2; n += THREADS) {
				int i = 2 * n - n % step, j = i + step; // n / step * 2 * step + n % step
				bool ascending = (i & size) != 0;
				if (before(s[j], s[i]) != ascending) {
					Scored t = s[i];
					s[i] = s[j];
					s[j] = t;
				}
			}
		}
	__syncthreads();
	best += ((int64_t)row * spans + first / TOP_SPAN + span) * k;
	for (int i = tid; i < k; i += THREADS) best[i] = s[i];
}
