// AdamW: one parameter an invocation, as in add.comp; its four values are read and
// written once, with no pass of its own for the decay or the bias correction.
layout(local_size_x = 256) in;
layout(std430, binding = 0) buffer Param { float param[]; };
layout(std430, binding = 1) buffer M { float m[]; };
layout(std430, binding = 2) buffer V { float v[]; };
layout(std430, binding = 3) readonly buffer Grad { float grad[]; };

void main() {
	int i = int(gl_GlobalInvocationID.x);
	if (i >= n[1]) return;
	float g = grad[at[3].x + i] * f[0];
	float mean = f[1] * m[at[1].x + i] + f[2] * g;
	float square = f[3] * v[at[2].x + i] + f[4] * g * g;
	m[at[1].x + i] = mean;
	v[at[2].x + i] = square;
	param[at[0].x + i] = f[5] * param[at[0].x + i] - f[6] * mean / (sqrt(square * f[7]) + f[8]);
}
