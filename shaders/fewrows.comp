// y = alpha x Wᵀ, or +=, for a few rows of x, as in decoding: bound by reading W, which
// a tile of 64 rows of x would leave mostly idle. A work group takes 8 rows of W (the
// outputs) and ROWS of x; the eight invocations of an output take every eighth 32 values
// of its row, unpack them once for all ROWS of x, and add up in shared memory. A byte of
// W meets several values of x, so that x is what most loads are for: with FOURS, where
// the rows of x begin at every fourth value and the depth is whole blocks, one brings
// four values.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Y { float y[]; };
#ifdef FOURS
layout(std430, binding = 1) readonly buffer X { vec4 x[]; };
#else
layout(std430, binding = 1) readonly buffer X { float x[]; };
#endif

#define rows n[0]
#define cols n[1]
#define depth n[2]

shared float sums[64 * ROWS];

// fourOf is values [k, k+4) of row i of x; W is 0 beyond the depth.
vec4 fourOf(int i, int k) {
	int from = at[1].x + min(i, rows - 1) * at[1].y;
#ifdef FOURS
	return x[(from + k) >> 2];
#else
	ivec4 c = min(ivec4(k, k + 1, k + 2, k + 3), depth - 1) + from;
	return vec4(x[c.x], x[c.y], x[c.z], x[c.w]);
#endif
}

void main() {
	int me = int(gl_LocalInvocationID.x), lane = me & 7;
	int j = 8 * int(gl_WorkGroupID.x) + (me >> 3), i0 = ROWS * int(gl_WorkGroupID.y);
	float sum[ROWS];
	for (int i = 0; i < ROWS; i++) sum[i] = 0.0;
	if (j < cols) {
		for (int b = lane; 32 * b < depth; b += 8) {
			Block32 k = block(at[2].x + j * at[2].y, b);
#ifdef FOURS
			const int steps = 8;
#else
			int steps = min(8, (depth - 32 * b + 3) / 4);
#endif
			for (int k4 = 0; k4 < steps; k4++) {
				vec4 w = four(k, k4, depth);
				for (int i = 0; i < ROWS; i++) sum[i] += dot(fourOf(i0 + i, 32 * b + 4 * k4), w);
			}
		}
	}
	for (int i = 0; i < ROWS; i++) sums[me * ROWS + i] = sum[i];
	for (int half_ = 4; half_ > 0; half_ >>= 1) {
		barrier();
		if (lane < half_) {
			for (int i = 0; i < ROWS; i++) sums[me * ROWS + i] += sums[(me + half_) * ROWS + i];
		}
	}
	if (lane != 0 || j >= cols) return;
	for (int i = 0; i < ROWS; i++) {
		if (i0 + i < rows) {
			int to = at[0].x + (i0 + i) * at[0].y + j;
			float v = f[0] * sums[me * ROWS + i];
			y[to] = n[5] != 0 ? y[to] + v : v;
		}
	}
}
