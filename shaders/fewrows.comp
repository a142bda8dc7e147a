// y = alpha x Wᵀ, or +=, for a few rows of x, as in decoding: bound by reading W, which
// a tile of 64 rows of x would leave mostly idle. A work group takes 8 rows of W (the
// outputs) and 4 of x; the eight invocations of an output take every eighth 32 values
// of its row, unpack them once for all 4 rows of x, and add up in shared memory.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Y { float y[]; };
layout(std430, binding = 1) readonly buffer X { float x[]; };

#define rows n[0]
#define cols n[1]
#define depth n[2]

shared vec4 sums[64];

void main() {
	int me = int(gl_LocalInvocationID.x), lane = me & 7;
	int j = 8 * int(gl_WorkGroupID.x) + (me >> 3), i0 = 4 * int(gl_WorkGroupID.y);
	vec4 sum = vec4(0.0);
	if (j < cols) {
		for (int b = lane; 32 * b < depth; b += 8) {
			Block32 k = block(at[2].x + j * at[2].y, b);
			int steps = min(8, (depth - 32 * b + 3) / 4), last = depth - 1;
			for (int k4 = 0; k4 < steps; k4++) {
				vec4 w = four(k, k4, depth);
				ivec4 c = min(ivec4(0, 1, 2, 3) + 32 * b + 4 * k4, last); // w is 0 beyond the depth
				for (int i = 0; i < 4; i++) {
					int from = at[1].x + min(i0 + i, rows - 1) * at[1].y;
					sum[i] += dot(vec4(x[from + c.x], x[from + c.y], x[from + c.z], x[from + c.w]), w);
				}
			}
		}
	}
	sums[me] = sum;
	for (int half_ = 4; half_ > 0; half_ >>= 1) {
		barrier();
		if (lane < half_) sums[me] += sums[me + half_];
	}
	if (lane != 0 || j >= cols) return;
	for (int i = 0; i < 4; i++) {
		if (i0 + i < rows) {
			int to = at[0].x + (i0 + i) * at[0].y + j;
			float v = f[0] * sums[me][i];
			y[to] = n[5] != 0 ? y[to] + v : v;
		}
	}
}
