// Attention of rows that look at keys of their own, as in decoding: a square of 32 rows
// and 32 keys (attention.comp) would be all but empty. A work group of 64 has one row,
// one head and CHUNK of the row's keys, prefix and own in their order, so that a long
// past is spread over the card. Each invocation has every 64th key for the scores, and
// then four columns of every PARTS-th key for the sum over the values, where neighbours
// read neighbours. Four values are read at once where all heads begin at a fourth (FOURS):
// a score is two reads for each multiplication, and nothing else to hide them behind.
// With more than one chunk their results go to scratch memory, for attention_join.comp.
#define CHUNK 256
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Out { float outs[]; };
layout(std430, binding = 1) writeonly buffer LSE { float lse[]; };
layout(std430, binding = 2) readonly buffer Q { float q[]; };
#ifdef FOURS
layout(std430, binding = 3) readonly buffer K { vec4 k[]; };
layout(std430, binding = 4) readonly buffer V { vec4 v[]; };
#define FOUR(FROM, first, d) FROM[(first + d) >> 2]
#else
layout(std430, binding = 3) readonly buffer K { float k[]; };
layout(std430, binding = 4) readonly buffer V { float v[]; };
#define FOUR(FROM, first, d) vec4(FROM[first + d], FROM[first + min(d + 1, dim - 1)], FROM[first + min(d + 2, dim - 1)], FROM[first + min(d + 3, dim - 1)])
#endif
layout(std430, binding = 5) readonly buffer Plan { int plan[]; };
layout(std430, binding = 6) writeonly buffer Parts { float parts[]; };

#define dim n[0]
#define group n[1] // query heads of a key head
#define spansAt n[2]
#define firstRow n[3]
#define chunks n[4] // of the longest row

const int QUADS = WIDTH / 4, PARTS = max(1, 64 / QUADS);

shared float weights[CHUNK], reduced[64];
shared vec4 query[QUADS], values[64];

int me = int(gl_LocalInvocationID.x);

void main() {
	int row = firstRow + int(gl_WorkGroupID.x), head = int(gl_WorkGroupID.y), keyHead = head / group;
	int chunk = int(gl_WorkGroupID.z), s = at[5].x + spansAt + 4 * row;
	// Key i of the row is prefix + i, or behind the prefix's end own + i.
	int prefix = plan[s], length_ = plan[s + 1] - prefix, own = plan[s + 2] - length_, all = length_ + plan[s + 3] - plan[s + 2];
	int from = CHUNK * chunk, to = min(from + CHUNK, all), qAt = at[2].x + row * at[2].y + head * dim;
	for (int d = 4 * me; d < dim; d += 256) { // 0 beyond the head, where k's values are not its own
		query[d >> 2] = f[0] * vec4(q[qAt + d], d + 1 < dim ? q[qAt + d + 1] : 0.0, d + 2 < dim ? q[qAt + d + 2] : 0.0, d + 3 < dim ? q[qAt + d + 3] : 0.0);
	}
	barrier();
	float largest = -infinity;
	for (int i = from + me; i < to; i += 64) {
		int kAt = at[3].x + (i < length_ ? prefix + i : own + i) * at[3].y + keyHead * dim;
		float sum = 0.0;
		for (int d = 0; d < dim; d += 4) sum += dot(query[d >> 2], FOUR(k, kAt, d));
		weights[i - from] = sum;
		largest = max(largest, sum);
	}
	reduced[me] = largest;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) reduced[me] = max(reduced[me], reduced[me + half_]);
	}
	barrier();
	float m = reduced[0], sum = 0.0;
	barrier();
	for (int i = from + me; i < to; i += 64) {
		float w = exponential(weights[i - from] - m);
		weights[i - from] = w;
		sum += w;
	}
	reduced[me] = sum;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) reduced[me] += reduced[me + half_];
	}
	barrier();
	sum = reduced[0];
	int place = at[6].x + ((row * int(gl_NumWorkGroups.y) + head) * chunks + chunk) * (dim + 2);
	for (int c0 = 0; c0 < dim; c0 += 4 * 64) {
		int c = c0 + 4 * (me % min(QUADS, 64));
		vec4 value = vec4(0.0);
		if (c < dim) {
			for (int i = from + me / QUADS; i < to; i += PARTS) {
				int vAt = at[4].x + (i < length_ ? prefix + i : own + i) * at[4].y + keyHead * dim;
				value += weights[i - from] * FOUR(v, vAt, c);
			}
		}
#if WIDTH < 256
		values[me] = value;
		barrier();
		if (me >= QUADS) continue;
		for (int p = 1; p < PARTS; p++) value += values[p * QUADS + me];
#endif
		for (int e = 0; e < 4 && c + e < dim; e++) {
			if (chunks > 1) parts[place + 2 + c + e] = value[e];
			else outs[at[0].x + row * at[0].y + head * dim + c + e] = from < to ? value[e] / sum : 0.0;
		}
	}
	if (me != 0) return;
	if (chunks > 1) {
		parts[place] = m;
		parts[place + 1] = from < to ? sum : 0.0;
	} else if (n[5] != 0) {
		lse[at[1].x + row * at[1].y + head] = from < to ? m + log1p(sum - 1.0) : -infinity;
	}
}
