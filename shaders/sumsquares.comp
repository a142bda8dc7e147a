// SumSquares in f64: products of f32 values are exact there. Each of the 64 x groups
// invocations sums every so manieth value; a tree in shared memory adds up a group's;
// the groups' sums are added on the processor, in their order, so that the result
// depends on the shape alone.
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Sums { double sum[]; };
layout(std430, binding = 1) readonly buffer X { float x[]; };

shared double sums[64];

void main() {
	int me = int(gl_LocalInvocationID.x), all = int(gl_NumWorkGroups.x) * 64;
	double s = 0.0LF;
	for (int row = 0; row < n[0]; row++) {
		for (int i = int(gl_GlobalInvocationID.x); i < n[1]; i += all) {
			double v = double(x[at[1].x + row * at[1].y + i]);
			s += v * v;
		}
	}
	sums[me] = s;
	for (int half_ = 32; half_ > 0; half_ >>= 1) {
		barrier();
		if (me < half_) sums[me] += sums[me + half_];
	}
	if (me == 0) sum[(at[0].x >> 1) + int(gl_WorkGroupID.x)] = sums[0];
}
