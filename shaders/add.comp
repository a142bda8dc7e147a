// Add: y = x alpha + y. One value an invocation; neighbours read neighbours, so that a
// work group reads whole lines of memory. Bound by memory: nothing is shared.
layout(local_size_x = 256) in;
layout(std430, binding = 0) buffer Y { float y[]; };
layout(std430, binding = 1) readonly buffer X { float x[]; };

void main() {
	int column = int(gl_GlobalInvocationID.x), row = int(gl_WorkGroupID.y);
	if (column >= n[1]) return;
	int i = at[0].x + row * at[0].y + column;
	y[i] = x[at[1].x + row * at[1].y + column] * f[0] + y[i];
}
