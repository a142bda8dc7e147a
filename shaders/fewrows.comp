// y = alpha x Wᵀ, or +=, for a few rows of x, as in decoding, and for few outputs, as LoRA's
// x Aᵀ has: a tile of 64 by 64 would be mostly idle, and there would be few of them. A work
// group of 64 takes ROWS rows of x. LANES invocations share OUTS outputs, rows of W: each
// takes every LANES-th 32 values of the depth and unpacks them once for all ROWS of x, and
// the sums are added up in shared memory. Four values of a row of x serve all OUTS outputs,
// four of W all ROWS: with 8 of each, a step reads 8 vec4 of x and 8 times four packed
// values of W for 256 multiply-adds. With fewer rows there are fewer OUTS: the product is
// then bound by reading W, and wants many groups.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Y { float y[]; };
#ifdef FOURS // the rows of x begin at every fourth value, and the depth is whole blocks
layout(std430, binding = 1) readonly buffer X { vec4 x[]; };
#else
layout(std430, binding = 1) readonly buffer X { float x[]; };
#endif

#ifdef LORA
layout(std430, binding = 3) readonly buffer Low { float low[]; };
layout(std430, binding = 4) readonly buffer Up { float up[]; };
#define rank n[9]
#endif

#define rows n[0]
#define cols n[1]
#define depth n[2]

const int OUTPUTS = 64 / LANES; // of a work group, for each of OUTS

shared float sums[64 * ROWS * OUTS];

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

void put(int i, int j, float v) {
	if (i >= rows || j >= cols) return;
	int to = at[0].x + i * at[0].y + j;
	v *= f[0];
	y[to] = n[5] != 0 ? y[to] + v : v;
}

void main() {
	int me = int(gl_LocalInvocationID.x), lane = me % LANES, i0 = ROWS * int(gl_WorkGroupID.y);
	int j0 = OUTPUTS * OUTS * int(gl_WorkGroupID.x) + me / LANES; // then every OUTPUTS-th
	float sum[OUTS][ROWS];
	for (int o = 0; o < OUTS; o++)
		for (int i = 0; i < ROWS; i++) sum[o][i] = 0.0;
	for (int b = lane; 32 * b < depth; b += LANES) {
		Block32 k[OUTS];
		for (int o = 0; o < OUTS; o++) k[o] = block(at[2].x + min(j0 + OUTPUTS * o, cols - 1) * at[2].y, b);
#ifdef FOURS
		const int steps = 8;
#else
		int steps = min(8, (depth - 32 * b + 3) / 4);
#endif
		for (int k4 = 0; k4 < steps; k4++) {
			vec4 v[ROWS];
			for (int i = 0; i < ROWS; i++) v[i] = fourOf(i0 + i, 32 * b + 4 * k4);
			for (int o = 0; o < OUTS; o++) {
				vec4 w = four(k[o], k4, depth);
				for (int i = 0; i < ROWS; i++) sum[o][i] += dot(v[i], w);
			}
		}
	}
#ifdef LORA // scale low upᵀ besides
	for (int r = lane; r < rank; r += LANES) {
		float v[ROWS];
		for (int i = 0; i < ROWS; i++) v[i] = f[1] * low[at[3].x + min(i0 + i, rows - 1) * at[3].y + r];
		for (int o = 0; o < OUTS; o++) {
			float w = up[at[4].x + min(j0 + OUTPUTS * o, cols - 1) * at[4].y + r];
			for (int i = 0; i < ROWS; i++) sum[o][i] += v[i] * w;
		}
	}
#endif
#if LANES > 1
	for (int o = 0; o < OUTS; o++)
		for (int i = 0; i < ROWS; i++) sums[(o * ROWS + i) * 64 + me] = sum[o][i];
	barrier();
	// Each lane adds up its share of the OUTS times ROWS sums.
	for (int s = lane; s < OUTS * ROWS; s += LANES) {
		float total = 0.0;
		for (int l = 0; l < LANES; l++) total += sums[s * 64 + me - lane + l];
		put(i0 + s % ROWS, j0 + OUTPUTS * (s / ROWS), total);
	}
#else
	for (int o = 0; o < OUTS; o++)
		for (int i = 0; i < ROWS; i++) put(i0 + i, j0 + OUTPUTS * o, sum[o][i]);
#endif
}
