// The largest of 64 logits of a row and the sum of exp(z - largest) over the others, as
// head.comp leaves them, of logits that are in memory: one row and 64 logits a work group.
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Sums { vec2 tileSums[]; };
layout(std430, binding = 1) readonly buffer Z { float z[]; };

shared float most[64];
shared vec2 others[64];

void main() {
	int me = int(gl_LocalInvocationID.x), row = int(gl_WorkGroupID.y), column = int(gl_GlobalInvocationID.x);
	bool in_ = column < n[1];
	float v = in_ ? z[at[1].x + row * at[1].y + column] : -infinity;
	most[me] = v;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) most[me] = max(most[me], most[me + half_]);
	}
	barrier();
	float m = most[0];
	others[me] = !in_ ? vec2(0.0) : v == m ? vec2(0.0, 1.0) : vec2(exponential(v - m), 0.0);
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) others[me] += others[me + half_];
	}
	if (me == 0) tileSums[(at[0].x >> 1) + row * n[2] + int(gl_WorkGroupID.x)] = vec2(m, others[0].x + (others[0].y - 1.0));
}
