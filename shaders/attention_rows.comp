// Attention of rows that look at keys of their own, as in decoding: a square of 32 rows
// and 32 keys (attention.comp) would be all but empty. A work group of 64 has one row,
// one head and CHUNK of the row's keys, prefix and own in their order, so that a long
// past is spread over the card. Each invocation has every 64th key for the scores, and
// then every 64th column for the sum over the values, where neighbours read neighbours.
// With more than one chunk their results go to scratch memory, for attention_join.comp.
#define CHUNK 256
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Out { float outs[]; };
layout(std430, binding = 1) writeonly buffer LSE { float lse[]; };
layout(std430, binding = 2) readonly buffer Q { float q[]; };
layout(std430, binding = 3) readonly buffer K { float k[]; };
layout(std430, binding = 4) readonly buffer V { float v[]; };
layout(std430, binding = 5) readonly buffer Plan { int plan[]; };
layout(std430, binding = 6) writeonly buffer Parts { float parts[]; };

#define dim n[0]
#define group n[1] // query heads of a key head
#define spansAt n[2]
#define firstRow n[3]
#define chunks n[4] // of the longest row

shared float weights[CHUNK], reduced[64];

int me = int(gl_LocalInvocationID.x);

void main() {
	int row = firstRow + int(gl_WorkGroupID.x), head = int(gl_WorkGroupID.y), keyHead = head / group;
	int chunk = int(gl_WorkGroupID.z), s = at[5].x + spansAt + 4 * row;
	// Key i of the row is prefix + i, or behind the prefix's end own + i.
	int prefix = plan[s], length_ = plan[s + 1] - prefix, own = plan[s + 2] - length_, all = length_ + plan[s + 3] - plan[s + 2];
	int from = CHUNK * chunk, to = min(from + CHUNK, all), qAt = at[2].x + row * at[2].y + head * dim;
	float largest = -infinity;
	for (int i = from + me; i < to; i += 64) {
		int kAt = at[3].x + (i < length_ ? prefix + i : own + i) * at[3].y + keyHead * dim;
		float sum = 0.0;
		for (int d = 0; d < dim; d++) sum += q[qAt + d] * k[kAt + d];
		sum *= f[0];
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
	for (int c = me; c < dim; c += 64) {
		float value = 0.0;
		for (int i = from; i < to; i++) {
			value += weights[i - from] * v[at[4].x + (i < length_ ? prefix + i : own + i) * at[4].y + keyHead * dim + c];
		}
		if (chunks > 1) parts[place + 2 + c] = value;
		else outs[at[0].x + row * at[0].y + head * dim + c] = from < to ? value / sum : 0.0;
	}
	if (me != 0) return;
	if (chunks > 1) {
		parts[place] = m;
		parts[place + 1] = from < to ? sum : 0.0;
	} else if (n[5] != 0) {
		lse[at[1].x + row * at[1].y + head] = from < to ? m + log1p(sum - 1.0) : -infinity;
	}
}
