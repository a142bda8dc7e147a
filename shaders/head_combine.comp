// The end of HeadLogProbs: what the tiles of a row left becomes lse = (m, log of the sum
// of exp(z - m)) with m the largest logit, and the candidates' logits become
// log-probabilities. A work group a row; each invocation takes every 64th tile.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Logp { float logp[]; };
layout(std430, binding = 1) writeonly buffer LSE { float lse[]; };
layout(std430, binding = 2) readonly buffer Sums { vec2 tileSums[]; };
layout(std430, binding = 3) readonly buffer Ids { int ids[]; };

shared float most[64];
shared vec2 others[64]; // the sum of all but the largest, how often that is a tile's largest

void main() {
	int me = int(gl_LocalInvocationID.x), row = int(gl_WorkGroupID.x), tiles = n[1], candidates = n[2];
	int first = (at[2].x >> 1) + row * tiles;
	float m = -infinity;
	for (int t = me; t < tiles; t += 64) m = max(m, tileSums[first + t].x);
	most[me] = m;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) most[me] = max(most[me], most[me + half_]);
	}
	barrier();
	m = most[0];
	vec2 sum = vec2(0.0);
	for (int t = me; t < tiles; t += 64) {
		vec2 s = tileSums[first + t];
		float less = exponential(s.x - m);
		sum += s.x == m ? vec2(s.y, 1.0) : vec2(less + s.y * less, 0.0);
	}
	others[me] = sum;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) others[me] += others[me + half_];
	}
	barrier();
	float logSum = log1p(others[0].x + (others[0].y - 1.0));
	if (me == 0) {
		lse[at[1].x + row * at[1].y] = m;
		lse[at[1].x + row * at[1].y + 1] = logSum;
	}
	for (int c = me; c < candidates; c += 64) {
		int to = at[0].x + row * at[0].y + c;
		logp[to] = ids[at[3].x + row * candidates + c] < 0 ? 0.0 : (logp[to] - m) - logSum;
	}
}
