// RMSNorm: y = gain x r with r = 1 / sqrt(mean(x²) + eps), and with BACKWARD its
// gradient dx = r g - x r³ (g·x) / n of g = gain dy.
//
// One work group of 64 a row: the values of a row are read twice, the second time from
// the cache. Each invocation sums every 64th value, which keeps the partial sums
// short, and a tree in shared memory adds them up. A value is read by the invocation
// that writes it, so that y may be x, and dx dy.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Y { float y[]; }; // or dx
layout(std430, binding = 1) readonly buffer X { float x[]; };
layout(std430, binding = 2) readonly buffer Gain { float gain[]; };
#ifdef BACKWARD
layout(std430, binding = 3) readonly buffer DY { float dy[]; };
#endif

shared vec2 sums[64];

void main() {
	int cols = n[1], me = int(gl_LocalInvocationID.x), row = int(gl_WorkGroupID.x);
	int xRow = at[1].x + row * at[1].y, yRow = at[0].x + row * at[0].y;
#ifdef BACKWARD
	int dyRow = at[3].x + row * at[3].y;
#endif
	vec2 sum = vec2(0.0); // of x² and of gain dy x
	for (int i = me; i < cols; i += 64) {
		float v = x[xRow + i];
		sum.x += v * v;
#ifdef BACKWARD
		sum.y += gain[at[2].x + i] * dy[dyRow + i] * v;
#endif
	}
	sums[me] = sum;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) sums[me] += sums[me + half_];
	}
	barrier();
	float r = 1.0 / sqrt(sums[0].x / float(cols) + f[0]);
#ifdef BACKWARD
	float c = r * r * r * sums[0].y / float(cols);
#endif
	for (int i = me; i < cols; i += 64) {
#ifdef BACKWARD
		float v = r * gain[at[2].x + i] * dy[dyRow + i] - x[xRow + i] * c;
		y[yRow + i] = n[2] != 0 ? y[yRow + i] + v : v;
#else
		y[yRow + i] = gain[at[2].x + i] * x[xRow + i] * r;
#endif
	}
}
